package pm.daemon.core.event;

import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/** What is to be done about tasks. */
public sealed interface TaskEffect extends Effect {

  /**
   * Send an attempt to a worker.
   *
   * @param sequence ascending from 1 for each invocation; the last one that was sent is remembered
   *     beyond the death of the daemon
   * @param key its key; empty if its id is made of its number
   * @param data the JSON text; empty if the store has it, which is read first
   * @param deadlineMillis wall clock milliseconds since 1970
   */
  @SuppressWarnings("ArrayRecordComponent") // Bytes on the hot path, compared by nobody.
  record Send(
      InvocationId invocation,
      long sequence,
      long task,
      String key,
      int attempt,
      String type,
      byte[] data,
      long deadlineMillis)
      implements TaskEffect {}

  /** Tell a worker to give a task up. */
  record Cancel(InvocationId invocation, String id) implements TaskEffect {}

  /**
   * Do not send an attempt whose data cannot be read, but what was given to its worker after it.
   */
  record Withdraw(InvocationId invocation, long task, int attempt) implements TaskEffect {}

  /** Tell a worker to finish what it has and exit. */
  record Finish(InvocationId invocation) implements TaskEffect {}

  /**
   * Read the last lines that a worker wrote; answered by {@link TaskReport.Evidence}.
   *
   * @param beganMillis when it began, so that none of those before it are read: wall clock
   *     milliseconds since 1970
   * @param endedMillis when it ended: its successor may write already
   */
  record ReadEvidence(
      InstanceName instance, InvocationId invocation, long task, long beganMillis, long endedMillis)
      implements TaskEffect {}

  /** Read how loaded the machine is; answered by {@link TaskReport.Load}. */
  record ReadLoad() implements TaskEffect {}
}
