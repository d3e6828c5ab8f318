package pm.daemon.core.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One invocation, as long as it lasts.
 *
 * @param invocation its id
 * @param intendedNanos when its start was decided, monotonic
 * @param process the main process, once it is known
 * @param spawnedNanos when the process was started, monotonic; {@link Moment#NEVER} before
 * @param spawnedAt the same on the wall clock; {@link Instant#EPOCH} before
 * @param startedBy who or what started it: an operator, {@code autostart}, the restart policy
 * @param adopted whether a daemon before us started it
 * @param leader the process that was spawned, where that is not the main process any more: it named
 *     another by {@code MAINPID=}
 * @param notes what of its limits could not be enforced, in words
 * @param isEnforced whether the kernel itself holds its limits of memory, cpu and tasks; they are
 *     watched where it does not
 * @param told what it has said of itself
 * @param endedNanos when the end of its main process was seen, monotonic; {@link Moment#NEVER}
 *     before
 */
public record Run(
    InvocationId invocation,
    long intendedNanos,
    Optional<ProcessIdentity> process,
    long spawnedNanos,
    Instant spawnedAt,
    String startedBy,
    boolean adopted,
    Optional<ProcessIdentity> leader,
    List<String> notes,
    boolean isEnforced,
    Told told,
    long endedNanos) {

  public Run {
    notes = List.copyOf(notes);
  }

  /** A run of which nothing more is known. */
  public Run(
      InvocationId invocation,
      long intendedNanos,
      Optional<ProcessIdentity> process,
      long spawnedNanos,
      Instant spawnedAt,
      String startedBy,
      boolean adopted) {
    this(
        invocation,
        intendedNanos,
        process,
        spawnedNanos,
        spawnedAt,
        startedBy,
        adopted,
        Optional.empty(),
        List.of(),
        false,
        Told.NOTHING,
        Moment.NEVER);
  }

  /** Returns a run whose start has just been decided. */
  public static Run intended(InvocationId invocation, Moment now, String startedBy) {
    return new Run(
        invocation, now.nanos(), Optional.empty(), Moment.NEVER, Instant.EPOCH, startedBy, false);
  }

  /** Returns this run with its process, of which nothing is enforced. */
  public Run spawned(ProcessIdentity identity, Moment at) {
    return spawned(identity, List.of(), false, at);
  }

  /** Returns this run with its process. */
  public Run spawned(
      ProcessIdentity identity, List<String> limitNotes, boolean enforced, Moment at) {
    return new Run(
        invocation,
        intendedNanos,
        Optional.of(identity),
        at.nanos(),
        at.wall(),
        startedBy,
        adopted,
        leader,
        limitNotes,
        enforced,
        told,
        endedNanos);
  }

  /** Returns this run as one that was taken over. */
  public Run taken() {
    return new Run(
        invocation,
        intendedNanos,
        process,
        spawnedNanos,
        spawnedAt,
        startedBy,
        true,
        leader,
        notes,
        isEnforced,
        told,
        endedNanos);
  }

  /** Returns this run with another main process, which the one that was spawned has named. */
  public Run led(ProcessIdentity main) {
    return new Run(
        invocation,
        intendedNanos,
        Optional.of(main),
        spawnedNanos,
        spawnedAt,
        startedBy,
        adopted,
        leader.or(() -> process).filter(first -> !first.equals(main)),
        notes,
        isEnforced,
        told,
        endedNanos);
  }

  /** Returns this run with what it says of itself. */
  public Run telling(Told now) {
    return new Run(
        invocation,
        intendedNanos,
        process,
        spawnedNanos,
        spawnedAt,
        startedBy,
        adopted,
        leader,
        notes,
        isEnforced,
        now,
        endedNanos);
  }

  /** Returns this run with the end of its main process. */
  public Run ended(Moment at) {
    return new Run(
        invocation,
        intendedNanos,
        process,
        spawnedNanos,
        spawnedAt,
        startedBy,
        adopted,
        leader,
        notes,
        isEnforced,
        told,
        at.nanos());
  }

  /** Returns how long the process has been up, or had been, 0 where there is none yet. */
  public long upNanos(Moment now) {
    return process.isEmpty() ? 0 : Math.max(0, Math.min(now.nanos(), endedNanos) - spawnedNanos);
  }
}
