package pm.daemon.core.instance;

import java.util.random.RandomGenerator;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.RestartSpec;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StartKind;

/**
 * What becomes of an instance whose process ended and nobody had asked for it.
 *
 * <p>In this order: a success that the policy does not restart is the end; {@code restart.prevent}
 * forbids; the policy decides; the window limits; the backoff delays.
 */
final class RestartRule {

  private RestartRule() {}

  /** Returns how the policy sees the end of a process that ended by itself. */
  static ExitCause causeOf(ExitStatus status, ProgramSpec spec) {
    return switch (status) {
      case ExitStatus.Code code ->
          spec.successExitCodes().contains(code.code()) && !isUnaskedZero(code, spec)
              ? ExitCause.CLEAN
              : ExitCause.EXIT;
      case ExitStatus.Signalled signalled -> ExitCause.SIGNAL;
      case ExitStatus.Unknown unknown -> ExitCause.UNKNOWN;
    };
  }

  /** A worker is there until it is stopped: that it ended well by itself is a failure. */
  private static boolean isUnaskedZero(ExitStatus.Code code, ProgramSpec spec) {
    return spec.type() == ProgramType.WORKER && code.code() == 0;
  }

  /**
   * Returns the phase that follows.
   *
   * @param instance with the streak that counts, that is after it was reset by good health
   * @param ended what happened, in words: {@code exit 1 after 0.3s}
   */
  static Phase.Dead after(
      Instance instance,
      ProgramSpec spec,
      ExitCause cause,
      ExitStatus status,
      String ended,
      Moment now,
      RandomGenerator random) {
    RestartSpec rule = spec.restart();
    if (status instanceof ExitStatus.Code code && rule.prevent().contains(code.code())) {
      return cause == ExitCause.CLEAN
          ? lasting(DeadReason.COMPLETED, ended)
          : lasting(
              DeadReason.FAILED, ended + "; not restarted: restart.prevent names " + code.code());
    }
    if (!wants(rule, cause)) {
      return cause == ExitCause.CLEAN
          ? lasting(DeadReason.COMPLETED, ended)
          : lasting(
              DeadReason.FAILED,
              ended + "; not restarted: restart.policy is " + rule.policy().word());
    }
    if (rule.maxRestarts().isPresent()
        && instance.window().isFull(rule.maxRestarts().getAsInt(), rule.window(), now.nanos())) {
      return givenUp(instance, rule, ended, now);
    }
    long startAt = now.after(Backoff.drawn(rule, instance.streak() + 1, random));
    String ordinal =
        rule.maxRestarts().isPresent()
            ? (instance.window().within(rule.window(), now.nanos()) + 1)
                + " of "
                + rule.maxRestarts().getAsInt()
            : Long.toString(instance.restarts() + 1);
    return new Phase.Dead(
        DeadReason.BACKOFF,
        ended + "; restart " + ordinal,
        startAt,
        StartKind.RESTART,
        Actor.POLICY);
  }

  /** Returns the phase after the host was short of something, which uses up no restart. */
  static Phase.Dead afterShortage(
      Instance instance, ProgramSpec spec, String reason, Moment now, RandomGenerator random) {
    return new Phase.Dead(
        DeadReason.BACKOFF,
        reason + "; tries again",
        now.after(Backoff.drawn(spec.restart(), instance.streak() + 1, random)),
        StartKind.SHORTAGE,
        Actor.POLICY);
  }

  private static Phase.Dead givenUp(Instance instance, RestartSpec rule, String ended, Moment now) {
    int limit = rule.maxRestarts().orElseThrow();
    String detail =
        ended
            + "; gave up: "
            + (limit == 0
                ? "restart.max_restarts is 0"
                : limit
                    + (limit == 1 ? " restart" : " restarts")
                    + " within "
                    + Wording.duration(rule.window().toNanos()));
    if (rule.retryAfter().isEmpty()) {
      return lasting(DeadReason.FAILED, detail);
    }
    // The window is obeyed here too: a short retry_after waits until there is room in it.
    long retryAt =
        Math.max(
            now.after(rule.retryAfter().get()),
            instance.window().roomAt(limit, rule.window(), now.nanos()));
    return new Phase.Dead(DeadReason.FAILED, detail, retryAt, StartKind.RESTART, Actor.POLICY);
  }

  private static boolean wants(RestartSpec rule, ExitCause cause) {
    return switch (rule.policy()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case ON_FAILURE -> cause != ExitCause.CLEAN;
      case ON_ABNORMAL ->
          switch (cause) {
            case SIGNAL, START_TIMEOUT, UNHEALTHY, TIME_LIMIT, OOM -> true;
            case CLEAN, EXIT, UNKNOWN, REQUESTED, RECYCLE, EXEC_ERROR, SPAWN_ERROR -> false;
          };
    };
  }

  private static Phase.Dead lasting(DeadReason reason, String detail) {
    return Phase.Dead.lasting(reason, detail, Actor.POLICY);
  }
}
