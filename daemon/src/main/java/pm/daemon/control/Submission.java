package pm.daemon.control;

import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.NewTask;
import pm.protocol.Id;

/**
 * A request to put tasks in, as its line says it.
 *
 * @param id empty where no answer is wanted
 * @param pool the pool that is named
 * @param untilEnded whether the answer comes when all have ended
 * @param waitNanos the longest wait for that, {@link Long#MAX_VALUE} for ever
 * @param spaceNanos how long to wait for room, 0 for not at all
 */
record Submission(
    Optional<Id> id,
    String pool,
    List<NewTask> tasks,
    boolean untilEnded,
    long waitNanos,
    long spaceNanos) {}
