package pm.daemon.core.model;

/**
 * A task as it is submitted. What is left out is the pool's.
 *
 * @param key what makes the submit idempotent; empty for none
 * @param type such as {@code thumbnail}
 * @param priority how urgent it is
 * @param timeoutNanos how long an attempt may last; {@link #POOLS} for the pool's rule
 * @param retries how many failed attempts are followed by another; {@link #POOLS} for the pool's
 *     rule
 * @param delayNanos how long it is held back before it may begin
 * @param data a JSON value as UTF-8 text, at most {@link #MOST_DATA_BYTES}; passed on as it is. Not
 *     copied: whoever makes one gives the array away. Empty where they are only in the store, which
 *     is so for long ones once the task is kept
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes on the hot path; nobody compares new tasks.
public record NewTask(
    String key,
    String type,
    Priority priority,
    long timeoutNanos,
    int retries,
    long delayNanos,
    byte[] data) {

  /** In place of a number: as the pool has it. */
  public static final int POOLS = -1;

  /** The most bytes of data, and of a result. */
  public static final int MOST_DATA_BYTES = 1_000_000;

  /** The type of a task for which none is named. */
  public static final String DEFAULT_TYPE = "default";
}
