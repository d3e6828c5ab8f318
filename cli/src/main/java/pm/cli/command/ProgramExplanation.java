package pm.cli.command;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.config.BeforeKill;
import pm.config.Durations;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.OnUnhealthy;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.RestartCurve;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.config.StopSpec;

/** What the numbers of one program mean in practice: for {@code config check --explain}. */
final class ProgramExplanation {
  private final ProgramSpec program;
  private final RestartCurve curve;

  ProgramExplanation(ProgramSpec program) {
    this.program = program;
    curve = RestartCurve.of(program.restart());
  }

  List<String> lines() {
    var lines = new ArrayList<String>();
    restart(lines);
    lines.add("");
    lines.add("When it is stopped:");
    for (String step : stop()) {
      lines.add("  " + step);
    }
    lines.add("");
    lines.add(liveness());
    return lines;
  }

  private void restart(List<String> lines) {
    RestartSpec restart = program.restart();
    if (restart.policy() == RestartPolicy.NEVER) {
      lines.add("It is never restarted by itself.");
      return;
    }
    lines.add("If it fails at once each time (restart: " + restart.policy().word() + "):");
    lines.add("  start    at 0s");
    for (RestartCurve.Attempt attempt : curve.attempts()) {
      lines.add(
          "  restart "
              + attempt.ordinal()
              + " after "
              + range(attempt.leastDelay(), attempt.delay())
              + ", at "
              + range(attempt.leastTime(), attempt.time()));
    }
    if (curve.givesUpAfter().isEmpty()) {
      lines.add("  and so on: it is never given up.");
      return;
    }
    int known = curve.attempts().size();
    if (known == RestartCurve.MOST) {
      lines.add("  and so on");
    }
    Duration least =
        known == 0 || known == RestartCurve.MOST
            ? curve.givesUpAfter().get()
            : curve.attempts().getLast().leastTime();
    lines.add(
        "  given up at "
            + range(least, curve.givesUpAfter().get())
            + " (DEAD/failed): max_restarts within "
            + Durations.format(restart.window())
            + " are used up");
    curve
        .retryAfter()
        .ifPresent(retry -> lines.add("  and tried again " + Durations.format(retry) + " later"));
  }

  private static String range(Duration least, Duration most) {
    return least.equals(most)
        ? Durations.format(most)
        : Durations.format(least) + " to " + Durations.format(most);
  }

  private List<String> stop() {
    StopSpec stop = program.stop();
    var steps = new ArrayList<String>();
    if (program.drain().isPositive()) {
      steps.add("the tasks in hand have " + Durations.format(program.drain()) + " to end");
    }
    program.hooks().preStop().ifPresent(hook -> steps.add("the hook pre_stop runs"));
    stop.command().ifPresent(command -> steps.add("the command " + command.argv() + " runs"));
    String killed =
        switch (stop.scope()) {
          case TREE -> "everything that it started";
          case GROUP -> "its process group";
          case PROCESS -> "its main process";
        };
    if (stop.timeout().isZero()) {
      steps.add("KILL to " + killed + " at once");
    } else {
      steps.add(stop.signal() + " is sent");
      steps.add(Durations.format(stop.timeout()) + " later KILL is sent to " + killed);
    }
    program.hooks().postStop().ifPresent(hook -> steps.add("the hook post_stop runs"));
    return steps;
  }

  private String liveness() {
    if (program.liveness().isEmpty()) {
      return "It is not checked once it is ready (no liveness).";
    }
    Liveness liveness = program.liveness().get();
    var text =
        new StringBuilder("If it stops working (")
            .append(kind(liveness.kind()))
            .append(" every ")
            .append(Durations.format(liveness.period()))
            .append("): UNHEALTHY at most ")
            .append(Durations.format(detection(liveness)))
            .append(" later");
    if (liveness.onFailure() == OnUnhealthy.REPORT) {
      return text.append(", which is only said.").toString();
    }
    Optional<BeforeKill> before = liveness.beforeKill();
    if (before.isPresent()) {
      text.append(
          switch (before.get()) {
            case BeforeKill.Signal signal -> ", then " + signal.signal() + " is sent";
            case BeforeKill.Run run -> ", then " + run.hook().command().argv() + " runs";
          });
    }
    return text.append(", then it is stopped as above and restarted.").toString();
  }

  /** The longest time from the failure to UNHEALTHY. */
  private static Duration detection(Liveness liveness) {
    Duration periods = liveness.period().multipliedBy(liveness.failureThreshold());
    return liveness.kind() instanceof LivenessKind.Watchdog
        ? periods
        : periods.plus(liveness.timeout());
  }

  private static String kind(LivenessKind kind) {
    return switch (kind) {
      case LivenessKind.Ping ping -> "a ping";
      case LivenessKind.Watchdog watchdog -> "a watchdog";
      case LivenessKind.Probed probed ->
          switch (probed.probe()) {
            case Probe.Http http -> "http";
            case Probe.Tcp tcp -> "tcp";
            case Probe.Exec exec -> "exec";
          };
    };
  }

  Map<String, Object> value() {
    var restarts = new ArrayList<Object>();
    for (RestartCurve.Attempt attempt : curve.attempts()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("restart", attempt.ordinal());
      one.put("delay_seconds", seconds(attempt.delay()));
      one.put("least_delay_seconds", seconds(attempt.leastDelay()));
      one.put("at_seconds", seconds(attempt.time()));
      one.put("least_at_seconds", seconds(attempt.leastTime()));
      restarts.add(one);
    }
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("program", program.name());
    value.put("restarts", restarts);
    curve.givesUpAfter().ifPresent(at -> value.put("gives_up_at_seconds", seconds(at)));
    curve.retryAfter().ifPresent(retry -> value.put("retry_after_seconds", seconds(retry)));
    value.put("stop", stop());
    program
        .liveness()
        .ifPresent(liveness -> value.put("unhealthy_after_seconds", seconds(detection(liveness))));
    return value;
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
