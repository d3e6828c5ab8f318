package pm.daemon.process;

import java.util.OptionalInt;
import pm.config.LogSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.posix.Stdio;

/** What becomes of what children print, as far as those who start and end them must know. */
public interface ChildOutput {

  /**
   * Makes what a child is to write to, readable from now on. On a spawn thread; may block.
   *
   * @param plan whose files and whose user; the child's ends must be such that the child can open
   *     {@code /dev/stdout}
   * @throws OutputRefusedException if that is not possible; nothing is left of the attempt
   */
  Ends open(SpawnPlan plan) throws OutputRefusedException;

  /**
   * Holds what a child of a daemon before us has written and nobody has read, also if the child
   * ends now. On the loop thread; does not block.
   *
   * @return lets go of it, on any thread; to be called once
   */
  Runnable holdUnread(InstanceName instance, InvocationId invocation);

  /**
   * Goes on reading what a child of a daemon before us writes. On a blocking thread; may block.
   *
   * @param pid of the child, if it is known: its pipe is found there if it has lost its name
   * @param logs with every template expanded
   * @throws OutputRefusedException if that is not possible; the child is held back when its pipe is
   *     full
   */
  void reattach(InstanceName instance, InvocationId invocation, OptionalInt pid, LogSpec logs)
      throws OutputRefusedException;

  /**
   * Where a child of a daemon before us is to be read to is not known, so its output is not read
   * again; whatever else is spoken with it goes on. On a blocking thread; may block.
   *
   * @throws OutputRefusedException if that cannot go on either
   */
  default void unlogged(InstanceName instance, InvocationId invocation)
      throws OutputRefusedException {}

  /**
   * Calls {@code whenDone} once on the loop thread when all is read that had been written when this
   * was called. On the loop thread. Also for an invocation that has no output here.
   */
  void drain(InvocationId invocation, Runnable whenDone);

  /** Drops what served an invocation, which is over. On the loop thread. */
  void release(InvocationId invocation);

  /** The child's ends, which the daemon closes as soon as the child has them. */
  interface Ends extends Provision {
    /** Returns what becomes descriptor 1. */
    Stdio stdout();

    /** Returns what becomes descriptor 2. */
    Stdio stderr();
  }
}
