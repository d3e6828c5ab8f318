package pm.daemon.core.model;

/**
 * What whoever asked is told of one task.
 *
 * @param id its id
 * @param state its state now
 * @param isNew whether this submit made it; false for a key that was known, and where nothing was
 *     submitted
 * @param detail why it has failed, or why what was asked for is not possible, in words; else empty
 * @param isRefused whether what was asked for is not possible
 * @param result the JSON text of the result, where somebody waits for it and there is one; else
 *     empty
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes on the hot path; nobody compares outcomes.
public record TaskOutcome(
    String id, TaskState state, boolean isNew, String detail, boolean isRefused, byte[] result) {

  private static final byte[] NO_RESULT = {};

  /** One without a result. */
  public TaskOutcome(String id, TaskState state, boolean isNew, String detail, boolean isRefused) {
    this(id, state, isNew, detail, isRefused, NO_RESULT);
  }
}
