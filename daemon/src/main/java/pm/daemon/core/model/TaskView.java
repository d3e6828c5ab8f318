package pm.daemon.core.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is shown of a task, but for its data and its result, which the store has.
 *
 * @param number its number in the store
 * @param id its id
 * @param pool the pool it waits in, or has waited in
 * @param type its type
 * @param state its state
 * @param priority as it was submitted
 * @param attempts how often a worker has got it
 * @param failures how many of these attempts have failed
 * @param retries how many failed attempts are followed by another
 * @param enqueuedAt when it was submitted, or put back by an operator
 * @param notBefore when it may begin, where that is not now
 * @param startedAt when its youngest attempt began
 * @param deadline when that attempt must have ended, while it lasts
 * @param endedAt when it ended
 * @param instance the instance that has it in hand; empty for none
 * @param error why its youngest failed attempt failed, in words; empty for none
 * @param past its attempts but for the youngest, and what killed workers left, oldest first
 * @param progress how far it is, as its worker says; NaN where it says nothing
 * @param progressMessage what its worker says of that
 * @param submittedBy who submitted it
 */
public record TaskView(
    long number,
    String id,
    String pool,
    String type,
    TaskState state,
    Priority priority,
    int attempts,
    int failures,
    int retries,
    Instant enqueuedAt,
    Optional<Instant> notBefore,
    Optional<Instant> startedAt,
    Optional<Instant> deadline,
    Optional<Instant> endedAt,
    String instance,
    String error,
    List<Attempt> past,
    double progress,
    String progressMessage,
    String submittedBy) {

  /**
   * An attempt that is over.
   *
   * @param number from 1
   * @param instance who had it
   * @param startedAt when it began
   * @param endedAt when it was over
   * @param end how it ended, in words: {@code error: no such file}, {@code worker died: signal
   *     KILL}
   * @param evidence the last lines that a worker which died of it wrote; else empty
   */
  public record Attempt(
      int number,
      String instance,
      Instant startedAt,
      Instant endedAt,
      String end,
      String evidence) {}

  public TaskView {
    past = List.copyOf(past);
  }
}
