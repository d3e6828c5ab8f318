package pm.daemon;

import java.util.Optional;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.InstanceState;

/** One line of the daemon's log for what happened. */
final class EventText {

  private EventText() {}

  /** Returns such as {@code web@1 IDLE -> DEAD/backoff: exit 1 after 3s; restart 2 of 3 in 2s}. */
  static String of(Happening happening) {
    return switch (happening) {
      case Happening.StateChanged changed ->
          changed.instance()
              + " "
              + state(changed.from(), changed.fromReason())
              + " -> "
              + state(changed.to(), changed.reason())
              + (changed.pid() == 0 ? "" : " (pid " + changed.pid() + ")")
              + (changed.detail().isEmpty() ? "" : ": " + changed.detail());
      case Happening.InstanceNote note ->
          note.instance() + " " + note.type() + ": " + note.detail();
      case Happening.DaemonNote note ->
          note.type() + ": " + note.detail() + " [" + who(note.actor()) + "]";
      case Happening.PoolNote note ->
          note.pool()
              + " "
              + note.type()
              + (note.task().isEmpty() ? "" : " " + note.task())
              + ": "
              + note.detail();
    };
  }

  private static String state(InstanceState state, Optional<DeadReason> reason) {
    return reason.map(why -> state + "/" + why.word()).orElseGet(state::toString);
  }

  /** Every change is logged with the user and the process that asked for it. */
  private static String who(Actor actor) {
    return actor.uid() < 0
        ? actor.name()
        : actor.name() + ", uid " + actor.uid() + ", pid " + actor.pid();
  }

  /** Returns whether a person must act. */
  static boolean isGrave(Happening happening) {
    return switch (happening) {
      case Happening.StateChanged changed ->
          changed.reason().map(reason -> reason == DeadReason.FAILED).orElse(false)
              || changed.to() == InstanceState.UNHEALTHY;
      case Happening.InstanceNote note -> note.grave();
      case Happening.DaemonNote note -> note.grave();
      case Happening.PoolNote note -> note.grave();
    };
  }
}
