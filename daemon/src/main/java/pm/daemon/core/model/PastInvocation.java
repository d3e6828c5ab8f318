package pm.daemon.core.model;

import java.time.Instant;
import java.util.Optional;

/**
 * An invocation that is over.
 *
 * @param invocation its id
 * @param pid its process; 0 if there was none
 * @param startedAt when it was spawned, or failed to be
 * @param endedAt when its end was seen
 * @param ranNanos how long its process lived, nanoseconds
 * @param wasReady whether it had become ready
 * @param status how the process ended; empty if there was none
 * @param cause why it ended
 * @param summary the same in words: {@code exit 1 after 0.3s}
 */
public record PastInvocation(
    InvocationId invocation,
    int pid,
    Instant startedAt,
    Instant endedAt,
    long ranNanos,
    boolean wasReady,
    Optional<ExitStatus> status,
    ExitCause cause,
    String summary) {}
