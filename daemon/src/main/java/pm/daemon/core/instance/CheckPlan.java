package pm.daemon.core.instance;

import java.time.Duration;
import java.util.Optional;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;

/**
 * What is asked of a process, and how often.
 *
 * @param probe what; empty for a ping
 * @param period from one check to the next
 * @param timeout after which a check has failed
 * @param overlaps whether a check is due even while the one before it is not answered: liveness is
 *     lost after {@code failure_threshold} periods and one timeout, however long that is
 */
record CheckPlan(Optional<Probe> probe, Duration period, Duration timeout, boolean overlaps) {

  /** Returns what is asked until it is ready; empty where it says so by itself. */
  static Optional<CheckPlan> ofReadiness(ProgramSpec spec) {
    if (spec.type() == ProgramType.ONESHOT) {
      return Optional.empty();
    }
    return switch (spec.readiness()) {
      case Readiness.Probed probed ->
          Optional.of(
              new CheckPlan(Optional.of(probed.probe()), probed.period(), probed.timeout(), false));
      case Readiness.Ping ping ->
          Optional.of(
              new CheckPlan(Optional.empty(), Readiness.Ping.PERIOD, pingTimeout(spec), false));
      case Readiness.Uptime uptime -> Optional.empty();
      case Readiness.Notify notify -> Optional.empty();
      case Readiness.FdLine line -> Optional.empty();
      case Readiness.LogLine line -> Optional.empty();
    };
  }

  private static Duration pingTimeout(ProgramSpec spec) {
    return spec.liveness()
        .filter(liveness -> liveness.kind() instanceof LivenessKind.Ping)
        .map(Liveness::timeout)
        .orElse(Liveness.USUAL_TIMEOUT);
  }

  /** Returns what is asked once it is ready; empty where nothing is. */
  static Optional<CheckPlan> ofLiveness(ProgramSpec spec) {
    if (spec.type() == ProgramType.ONESHOT) {
      return Optional.empty();
    }
    return spec.liveness().flatMap(CheckPlan::of);
  }

  private static Optional<CheckPlan> of(Liveness liveness) {
    return switch (liveness.kind()) {
      case LivenessKind.Ping ping ->
          Optional.of(new CheckPlan(Optional.empty(), liveness.period(), liveness.timeout(), true));
      case LivenessKind.Probed probed ->
          Optional.of(
              new CheckPlan(
                  Optional.of(probed.probe()), liveness.period(), liveness.timeout(), true));
      case LivenessKind.Watchdog watchdog -> Optional.empty();
    };
  }

  /** Tells what is asked: {@code http http://127.0.0.1/}, {@code ping}. */
  String target() {
    return probe.map(CheckPlan::target).orElse("ping");
  }

  private static String target(Probe probe) {
    return switch (probe) {
      case Probe.Http http -> "http " + http.url();
      case Probe.Tcp tcp -> "tcp " + tcp.address();
      case Probe.Exec exec -> "exec " + String.join(" ", exec.command().argv());
    };
  }

  /** Tells that no answer came. */
  String silence() {
    return probe.isPresent()
        ? target() + ": no answer within " + Wording.duration(timeout.toNanos())
        : "no answer to ping within " + Wording.duration(timeout.toNanos());
  }

  /** Tells what a failed check has seen. */
  String failure(String detail) {
    if (probe.isEmpty()) {
      return detail;
    }
    // What was asked may be named already, as it is with its variables expanded.
    int space = target().indexOf(' ');
    String address = target().substring(space + 1);
    if (address.indexOf('$') >= 0 && !(probe.get() instanceof Probe.Exec)) {
      return target().substring(0, space + 1) + detail;
    }
    return detail.startsWith(address + ": ")
        ? target() + detail.substring(address.length())
        : target() + ": " + detail;
  }
}
