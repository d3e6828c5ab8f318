package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.InvocationId;

/**
 * What happened to a task or a pool.
 *
 * <p>A task is named by its number, or, where that is 0, by its key. What is said of an attempt
 * that is not the current one of this task in the hands of this invocation is dropped and counted.
 */
public sealed interface TaskReport extends TaskEvent {

  /** A worker has sent a result. */
  @SuppressWarnings("ArrayRecordComponent") // Bytes on the hot path, compared by nobody.
  record Succeeded(InvocationId invocation, long task, String key, int attempt, byte[] result)
      implements TaskReport {}

  /**
   * A worker has sent an error.
   *
   * @param message in words; at most 4,096 characters
   * @param mayRetry whether another attempt may help
   */
  record Failed(
      InvocationId invocation, long task, String key, int attempt, String message, boolean mayRetry)
      implements TaskReport {}

  /**
   * A worker says how far it is.
   *
   * @param attempt 0 where it did not say which
   * @param value as it says; NaN for none
   */
  record Progressed(
      InvocationId invocation, long task, String key, int attempt, double value, String message)
      implements TaskReport {}

  /** The frame of an attempt could not be sent, and no byte of it was. */
  record NotSent(InvocationId invocation, long task, int attempt, String why)
      implements TaskReport {}

  /**
   * The data of an attempt cannot be read from the store, so that its frame cannot be sent. What
   * was given to its worker after it waits until it is withdrawn: {@link TaskEffect.Withdraw}.
   *
   * @param isDamage whether they may never be; else there was only too much to read
   * @param why what could not be read, and where
   */
  record NoData(InvocationId invocation, long task, int attempt, boolean isDamage, String why)
      implements TaskReport {}

  /**
   * The first word about a worker that was taken over: which frames a daemon before us had surely
   * sent.
   *
   * @param sequence that of the last lease whose frame was sent; 0 for none
   */
  record SentThrough(InvocationId invocation, long sequence) implements TaskReport {}

  /**
   * Nothing can be told to a worker any more, as long as it lives. Of one that was taken over this
   * may be the first and only word.
   *
   * @param canAnswer whether it can still answer what it has in hand
   * @param why the rest of the sentence: {@code it has closed its input}
   */
  record Unreachable(InvocationId invocation, boolean canAnswer, String why)
      implements TaskReport {}

  /**
   * What the end of a worker left behind: the last lines of its log.
   *
   * @param task the task that it had in hand
   */
  record Evidence(long task, InvocationId invocation, String lines) implements TaskReport {}

  /**
   * How loaded the machine is; the answer to {@link TaskEffect.ReadLoad}.
   *
   * @param cpuPercent of all processors together since the look before; negative if not known
   * @param memoryPercent what is not available; negative if not known
   */
  record Load(double cpuPercent, double memoryPercent) implements TaskReport {}

  /**
   * Tasks cannot be kept any more: nothing is acknowledged.
   *
   * @param ids tasks whose submit could not be made safe and has not been answered
   */
  record StoreFailed(String why, List<String> ids) implements TaskReport {
    public StoreFailed {
      ids = List.copyOf(ids);
    }
  }

  /**
   * Whoever asked has gone and need not be answered: nothing of a submit that waits for room comes
   * in any more.
   */
  record Left(long request) implements TaskReport {}

  /**
   * The store holds as much as it may, or does not any more. Told again as long as it does and
   * something is kept.
   *
   * @param why what it holds too much of; empty if it does not
   */
  record StoreFull(boolean isFull, String why) implements TaskReport {}

  /** Tasks can be kept again. */
  record StoreWorks() implements TaskReport {}
}
