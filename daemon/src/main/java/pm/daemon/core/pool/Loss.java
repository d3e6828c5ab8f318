package pm.daemon.core.pool;

import java.util.Optional;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.PastInvocation;

/**
 * How a worker ended that had tasks in hand.
 *
 * @param isDeath whether what it had in hand may be to blame
 * @param inWords how it ended
 */
record Loss(boolean isDeath, String inWords) {

  static final Loss UNSEEN = new Loss(false, "its worker ended, how is unknown");
  static final Loss ANOTHER_BOOT = new Loss(false, "the machine was started anew");

  /**
   * What is known of the end of an invocation.
   *
   * @param isAsked whether its pool has asked for it
   */
  static Loss of(Optional<PastInvocation> past, boolean isAsked) {
    return past.map(ended -> of(ended, isAsked)).orElse(UNSEEN);
  }

  private static Loss of(PastInvocation past, boolean isAsked) {
    return switch (past.cause()) {
      case CLEAN, EXIT, SIGNAL, OOM, UNHEALTHY ->
          isAsked ? stopped(past) : new Loss(true, past.summary());
      case REQUESTED, START_TIMEOUT, TIME_LIMIT, RECYCLE, EXEC_ERROR, SPAWN_ERROR -> stopped(past);
      case UNKNOWN -> UNSEEN;
    };
  }

  private static Loss stopped(PastInvocation past) {
    return new Loss(
        false,
        "its worker was stopped"
            + (past.cause() == ExitCause.REQUESTED ? "" : ": " + past.cause().word()));
  }
}
