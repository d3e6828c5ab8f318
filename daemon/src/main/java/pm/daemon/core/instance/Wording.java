package pm.daemon.core.instance;

import java.util.List;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Sizes;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.model.Told;

/** How states and times are told to people. */
public final class Wording {

  private Wording() {}

  /** Tells a length of time in at most two units: {@code 8ms}, {@code 0.3s}, {@code 3h12m}. */
  public static String duration(long nanos) {
    return Durations.told(nanos);
  }

  /** Tells where an instance is, as of {@code now}; empty where the state says it all. */
  public static String detail(Phase phase, Moment now) {
    return switch (phase) {
      case Phase.Dead dead -> dead(dead, now);
      case Phase.Starting starting -> starting(starting, now);
      case Phase.Up up -> up(up);
      case Phase.Stopping stopping -> stopping(stopping, now);
    };
  }

  private static String dead(Phase.Dead dead, Moment now) {
    if (dead.startAt() == Moment.NEVER || dead.startAt() <= now.nanos()) {
      return dead.detail();
    }
    String in = " in " + duration(dead.startAt() - now.nanos());
    return dead.reason() == DeadReason.FAILED
        ? dead.detail() + "; tries again" + in
        : dead.detail() + in;
  }

  private static String up(Phase.Up up) {
    StringBuilder text = new StringBuilder();
    if (up.state() == InstanceState.UNHEALTHY) {
      text.append(up.detail().isEmpty() ? "liveness lost" : up.detail());
    }
    said(up.current().told(), text);
    return text.toString();
  }

  private static void said(Told told, StringBuilder text) {
    if (told.reloading()) {
      text.append(text.isEmpty() ? "" : "; ").append("reloading");
    }
    if (!told.status().isEmpty()) {
      text.append(text.isEmpty() ? "" : "; ").append(told.status());
    }
  }

  private static String starting(Phase.Starting starting, Moment now) {
    return switch (starting.step()) {
      case PRE_START -> "pre_start runs";
      case SPAWNING -> "being spawned";
      case READYING -> {
        if (starting.until() != Moment.NEVER) {
          yield "ready in " + duration(starting.until() - now.nanos()) + " if it stays up";
        }
        String reason = unready(starting);
        StringBuilder text =
            new StringBuilder(
                !reason.isEmpty()
                    ? "not ready: " + reason
                    : starting.awaits().isEmpty()
                        ? "not ready yet"
                        : "not ready yet: waits for " + starting.awaits());
        said(starting.current().told(), text);
        yield text.toString();
      }
      case POST_START -> "ready, post_start runs";
    };
  }

  /** Tells what its checks have seen: {@code tcp 127.0.0.1:80: connection refused (12 tries)}. */
  static String unready(Phase.Starting starting) {
    long tries = starting.health().tries();
    return tries == 0
        ? ""
        : starting.health().lastFailure() + " (" + tries + (tries == 1 ? " try)" : " tries)");
  }

  /** Tells an amount of memory: {@code 130MiB}, {@code 1.5GiB}. */
  public static String bytes(long bytes) {
    return Sizes.told(bytes);
  }

  private static String stopping(Phase.Stopping stopping, Moment now) {
    String why =
        switch (stopping.cause()) {
          case REQUESTED -> "stopped by " + stopping.actor();
          case CHANGED -> "its definition changed";
          case DEPENDENCY -> "because of " + stopping.actor();
          case SHUTDOWN -> "the daemon shuts down";
          case START_TIMEOUT -> "not ready within start_timeout";
          case UNHEALTHY -> "liveness lost";
          case REMAINS ->
              stopping.step() == StopStep.POST_STOP
                  ? "its process ended"
                  : "its main process ended and left others behind";
          case OOM -> "out of memory";
          case ITSELF -> "it stops by itself";
          case SCALED_DOWN, RECYCLED -> "stopped by the pool";
          case STALLED, TIME_LIMIT -> "";
          case MEMORY, HOOK_FAILED, HOOK_KILLED, HOOK_TIMEOUT, EXEC_ERROR, SHORTAGE -> "";
        };
    return why
        + (why.isEmpty() || stopping.detail().isEmpty() ? "" : ": ")
        + stopping.detail()
        + switch (stopping.step()) {
          case DRAIN ->
              "; finishes its tasks"
                  + (stopping.until() == Moment.NEVER
                      ? ""
                      : ", asked to stop in " + duration(stopping.until() - now.nanos()));
          case BEFORE_KILL -> "; told so before it is stopped";
          case PRE_STOP -> "; pre_stop runs";
          case COMMAND ->
              "; asked to stop by command, killed in " + duration(stopping.until() - now.nanos());
          case POST_STOP -> "; gone, post_stop runs";
          case AWAIT_DEPENDANTS -> "; waits until what depends on it is gone";
          case AWAIT_SPAWN -> "; being spawned, stops as soon as it is";
          case SIGNALLED ->
              (stopping.exit().isPresent()
                      ? "; waiting for what it started"
                      : stopping.cause() == StopCause.ITSELF ? "" : "; asked to stop")
                  + ", killed in "
                  + duration(stopping.until() - now.nanos());
          case KILLED -> "; killed";
          case KILLED_AGAIN -> "; killed, and looked for again";
          case STUCK ->
              stopping.isBeingSpawned()
                  ? "; still being spawned, which cannot be interrupted"
                  : stopping.leftovers().isEmpty()
                      ? "; killed, but nobody could see whether it is gone"
                      : "; cannot be killed" + pids(stopping.leftovers());
        };
  }

  static String pids(List<Integer> pids) {
    if (pids.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(pids.size() == 1 ? ": pid " : ": pids ");
    for (int i = 0; i < pids.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(pids.get(i).intValue());
    }
    return text.toString();
  }
}
