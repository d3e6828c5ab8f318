package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;

/**
 * What happened.
 *
 * <p>Those about an invocation carry its id; one about an invocation that is over is dropped and
 * counted, which ends all races between an exit, a late answer and a restart.
 */
public sealed interface Report extends Event {

  /** A report about one invocation. */
  sealed interface OfInvocation extends Report {
    /** Returns the invocation it is about. */
    InvocationId invocation();
  }

  /** Its process runs: exec has succeeded. Also the answer where a lost spawn was found. */
  record Spawned(InvocationId invocation, ProcessIdentity process) implements OfInvocation {}

  /**
   * It could not be started, and certainly no process of it lives.
   *
   * @param stage where it failed: {@code user}, {@code working_dir}, {@code log}, {@code exec} …
   * @param reason the rest of the sentence: {@code no such user: wwww}
   * @param shortage whether the host was short of something, so that trying again may help
   */
  record SpawnFailed(InvocationId invocation, String stage, String reason, boolean shortage)
      implements OfInvocation {}

  /**
   * Its main process has ended; it is not reaped yet.
   *
   * @param remains whether anything that it started still runs; if not, its output is all read
   */
  record Exited(InvocationId invocation, ExitStatus status, boolean remains)
      implements OfInvocation {}

  /** Nothing of it is left, main process included, and its output is all read. */
  record RemainsGone(InvocationId invocation) implements OfInvocation {}

  /**
   * Some of it is still there although it was killed.
   *
   * @param pids what was found at the last look
   */
  record RemainsLeft(InvocationId invocation, List<Integer> pids) implements OfInvocation {}

  /** A process that a daemon before us started is found, is its own, and is watched again. */
  record Adopted(InvocationId invocation, ProcessIdentity process) implements OfInvocation {}

  /** The start of it had been decided, and no process of it was ever made. */
  record NeverSpawned(InvocationId invocation) implements OfInvocation {}

  /**
   * Its output cannot be written for now; the program is held back, nothing is dropped.
   *
   * @param file the file
   * @param reason such as {@code No space left on device}
   */
  record OutputBlocked(InstanceName instance, String file, String reason) implements Report {}

  /** Its output can be written again. */
  record OutputFlows(InstanceName instance, String file) implements Report {}
}
