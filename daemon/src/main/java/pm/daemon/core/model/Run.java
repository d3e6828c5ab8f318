package pm.daemon.core.model;

import java.time.Instant;
import java.util.Optional;

/**
 * One invocation, as long as it lasts.
 *
 * @param invocation its id
 * @param intendedNanos when its start was decided, monotonic
 * @param process the process, once it is known
 * @param spawnedNanos when the process was started, monotonic; {@link Moment#NEVER} before
 * @param spawnedAt the same on the wall clock; {@link Instant#EPOCH} before
 * @param startedBy who or what started it: an operator, {@code autostart}, the restart policy
 * @param adopted whether a daemon before us started it
 */
public record Run(
    InvocationId invocation,
    long intendedNanos,
    Optional<ProcessIdentity> process,
    long spawnedNanos,
    Instant spawnedAt,
    String startedBy,
    boolean adopted) {

  /** Returns a run whose start has just been decided. */
  public static Run intended(InvocationId invocation, Moment now, String startedBy) {
    return new Run(
        invocation, now.nanos(), Optional.empty(), Moment.NEVER, Instant.EPOCH, startedBy, false);
  }

  /** Returns this run with its process. */
  public Run spawned(ProcessIdentity identity, Moment at) {
    return new Run(
        invocation,
        intendedNanos,
        Optional.of(identity),
        at.nanos(),
        at.wall(),
        startedBy,
        adopted);
  }

  /** Returns this run as one that was taken over. */
  public Run taken() {
    return new Run(invocation, intendedNanos, process, spawnedNanos, spawnedAt, startedBy, true);
  }

  /** Returns how long the process has been up, 0 where there is none yet. */
  public long upNanos(Moment now) {
    return process.isEmpty() ? 0 : Math.max(0, now.nanos() - spawnedNanos);
  }
}
