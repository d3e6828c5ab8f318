package pm.daemon.control;

import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.NewTask;
import pm.protocol.Id;

/**
 * A request to put tasks in, as its line says it.
 *
 * @param id empty where no answer is wanted
 * @param bytes length of its line
 * @param pool the pool that is named
 * @param untilEnded whether the answer comes when all have ended
 * @param waitNanos the longest wait for that, {@link Long#MAX_VALUE} for ever
 * @param spaceNanos how long to wait for room, 0 for not at all
 */
record Submission(
    Optional<Id> id,
    int bytes,
    String pool,
    List<NewTask> tasks,
    boolean untilEnded,
    long waitNanos,
    long spaceNanos) {
  /** Returns how many bytes of it are held in memory for as long as it waits for room. */
  int waitingBytes() {
    return spaceNanos > 0 ? bytes : 0;
  }
}
