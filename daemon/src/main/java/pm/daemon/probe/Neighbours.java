package pm.daemon.probe;

import java.io.IOException;
import java.util.OptionalLong;
import pm.daemon.core.model.InvocationId;

/**
 * What a command needs of those who look after processes: its exit code must be left to it, and
 * what it leaves behind must go.
 */
public interface Neighbours {

  /** A child is about to be started; nobody else may reap it. Any thread. */
  Start begin();

  /** A start that is under way. Any thread. */
  interface Start {
    /** It has this pid. */
    void started(int pid);

    /** There is none. */
    void failed();
  }

  /** The child has ended and is reaped. Any thread. */
  void ended(int pid);

  /**
   * Returns when a process began, in clock ticks since boot; empty if it is gone. Off the loop.
   *
   * @throws IOException if that cannot be found out
   */
  OptionalLong startTicks(int pid) throws IOException;

  /**
   * Kills what a command has started, itself included. Off the loop.
   *
   * @param session its pid; it leads a session
   * @param startTicks when it began; empty if that is not known
   * @param hook the value of {@code PM_HOOK} in its environment
   * @param escaped whether what left the session is meant too
   * @return how many there were
   * @throws IOException if the machine is short of something; some may be left
   */
  int killStrays(
      int session, OptionalLong startTicks, InvocationId invocation, String hook, boolean escaped)
      throws IOException;

  /**
   * Kills what a command has started that a daemon before us ran, itself included. Off the loop.
   *
   * @param hook the value of {@code PM_HOOK} in its environment
   * @return how many there were
   * @throws IOException if the machine is short of something; some may be left
   */
  int killEarlier(InvocationId invocation, String hook) throws IOException;
}
