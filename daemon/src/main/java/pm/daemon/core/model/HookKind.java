package pm.daemon.core.model;

import java.util.Locale;

/** When a command that belongs to a program, but is not the program, is run. */
public enum HookKind {
  /** Before the process is spawned; its failure is a failed start. */
  PRE_START,
  /** When it is ready, before it is IDLE; its failure is a failed start. */
  POST_START,
  /** Before it is asked to stop. */
  PRE_STOP,
  /** When nothing of it is left, however it ended. */
  POST_STOP,
  /** When it has become DEAD and is not restarted any more. */
  ON_FAILURE,
  /** In place of the stop signal. */
  STOP_COMMAND,
  /** In place of the reload signal. */
  RELOAD,
  /** When its liveness is lost, before it is stopped. */
  BEFORE_KILL;

  /** Returns the word that users see. */
  public String word() {
    return switch (this) {
      case STOP_COMMAND -> "stop.command";
      case RELOAD -> "reload.command";
      case BEFORE_KILL -> "before_kill";
      case PRE_START, POST_START, PRE_STOP, POST_STOP, ON_FAILURE ->
          name().toLowerCase(Locale.ROOT);
    };
  }
}
