package pm.daemon.core.event;

import java.util.Optional;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;

/** An event as operators see it: what happened, when, why, and who asked for it. */
public sealed interface Happening {

  /** Returns when. */
  Moment at();

  /**
   * An instance changed its state.
   *
   * @param from the state before
   * @param fromReason its reason, where that was DEAD
   * @param to the state now
   * @param reason its reason, where that is DEAD
   * @param detail why, in words
   * @param invocation the invocation it is about
   * @param pid its process, 0 if there is none
   * @param cause why the invocation ended, where it did
   * @param status how its process ended, where it did
   * @param actor who asked for it, where somebody did
   */
  record StateChanged(
      Moment at,
      InstanceName instance,
      InstanceState from,
      Optional<DeadReason> fromReason,
      InstanceState to,
      Optional<DeadReason> reason,
      String detail,
      Optional<InvocationId> invocation,
      int pid,
      Optional<ExitCause> cause,
      Optional<ExitStatus> status,
      Optional<Actor> actor)
      implements Happening {}

  /**
   * Something about an instance that is no change of its state.
   *
   * @param type a word: {@code output-blocked}, {@code output-flows}, {@code adopted}, {@code
   *     stuck}, {@code host-shortage}, {@code signalled}, {@code reset}
   * @param grave whether a person must act
   */
  record InstanceNote(
      Moment at, InstanceName instance, String type, String detail, boolean grave, Actor actor)
      implements Happening {}

  /**
   * Something about the daemon.
   *
   * @param type a word: {@code started}, {@code resumed}, {@code applied}, {@code command}, {@code
   *     shutdown}
   */
  record DaemonNote(Moment at, String type, String detail, boolean grave, Actor actor)
      implements Happening {}

  /**
   * Something about a pool or a task of it.
   *
   * @param task the id of the task; empty if it is about the pool
   * @param type a word: {@code task-failed}, {@code task-timed-out}, {@code task-lost}, {@code
   *     task-cancelled}, {@code scale}, {@code recycle}, {@code breaker}, {@code throttle}, {@code
   *     stall}, {@code paused}, {@code resumed}, {@code draining}, {@code queue-full}, {@code
   *     store}
   * @param grave whether a person must act
   */
  record PoolNote(
      Moment at, String pool, String task, String type, String detail, boolean grave, Actor actor)
      implements Happening {}
}
