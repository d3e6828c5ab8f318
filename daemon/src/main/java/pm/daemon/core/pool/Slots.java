package pm.daemon.core.pool;

import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * What pools want of their instances. Each is a wish: whoever takes it knows more of the instance
 * and may find that it is not possible any more; what comes of it is told by {@link Pools#changed}.
 */
public interface Slots {

  /** Why a worker is stopped that does nothing wrong. */
  enum Reason {
    /** Its pool needs fewer. */
    SCALED_DOWN,
    /** It has done so much work, or lived so long, that another takes its place. */
    RECYCLED,
    /** Nothing of its pool's queue has ended for too long. */
    STALLED,
    /** Nothing can be told to it any more. */
    UNREACHABLE
  }

  /**
   * Start the process of a slot that is down.
   *
   * @param why the rest of the sentence: {@code oldest task waited 4.1s}
   */
  void start(InstanceName slot, String why);

  /**
   * Stop a worker that has nothing in hand, or replace it; it is drained first all the same.
   *
   * @param reason after STALLED it is started again, after UNREACHABLE its restart policy decides,
   *     else it stays down until it is wanted
   */
  void stop(InstanceName slot, InvocationId invocation, Reason reason, String why);

  /**
   * Kill a worker that does not answer; it is started again at once.
   *
   * @param why the rest of the sentence: {@code task k3f9-17 exceeded its limit of 5m}
   */
  void kill(InstanceName slot, InvocationId invocation, String why);

  /** It has tasks in hand now and had none, or has none any more. */
  void busy(InstanceName slot, InvocationId invocation, boolean isBusy);
}
