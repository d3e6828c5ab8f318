package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.protocol.Envelope;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * Understands what a worker says about tasks. Whether it may say so, the core decides: what is
 * late, doubled or about a task of somebody else is told all the same. Loop thread only.
 */
final class TaskReplies {
  /** Words of progress of one worker that are told in a second. */
  static final int MOST_PROGRESS = 50;

  private static final long PROGRESS_NANOS = 1_000_000_000L;
  private static final int MOST_PROGRESS_BYTES = 16 * 1024;
  private static final int MOST_PROGRESS_CHARS = 512;

  /** A longer error is not read, but for its length. */
  private static final int MOST_ERROR_BYTES = 64 * 1024;

  private static final int MOST_MESSAGE_CHARS = 4_000;
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private final InvocationId invocation;
  private final boolean hasHeaders;
  private final Envelope envelope;
  private final TaskIds ids;
  private final WorkerListener listener;
  private final WorkerMeters meters;
  private final BatchBudget budget;
  private final LongSupplier clock;

  private int progressTold;
  private long progressSince;

  /**
   * @param hasHeaders whether messages may hold line breaks
   */
  TaskReplies(
      InvocationId invocation,
      boolean hasHeaders,
      Envelope envelope,
      TaskIds ids,
      WorkerListener listener,
      WorkerMeters meters,
      BatchBudget budget,
      LongSupplier clock) {
    this.invocation = invocation;
    this.hasHeaders = hasHeaders;
    this.envelope = envelope;
    this.ids = ids;
    this.listener = listener;
    this.meters = meters;
    this.budget = budget;
    this.clock = clock;
  }

  /** The task that {@link TaskIds} has read has a result. */
  void succeeded() {
    int bytes = envelope.bytes(Envelope.Part.RESULT);
    if (bytes > NewTask.MOST_DATA_BYTES) {
      failed(
          "its result has " + bytes + " bytes; " + NewTask.MOST_DATA_BYTES + " are the most",
          false);
      return;
    }
    budget.spend(bytes);
    byte[] result = bytes > 0 ? envelope.copy(Envelope.Part.RESULT) : NULL;
    if (hasHeaders) {
      // Line breaks stand between values only, and whoever gets it may be told in lines.
      for (int i = 0; i < result.length; i++) {
        if (result[i] == '\n' || result[i] == '\r') {
          result[i] = ' ';
        }
      }
    }
    listener.task(
        new TaskReport.Succeeded(invocation, ids.task(), ids.key(), ids.attempt(), result));
  }

  /** The task that {@link TaskIds} has read has failed. */
  void failed() {
    int bytes = envelope.bytes(Envelope.Part.ERROR);
    if (bytes > MOST_ERROR_BYTES) {
      failed("its error has " + bytes + " bytes, too many to be read", true);
      return;
    }
    Object error;
    try {
      error = Json.parse(envelope.copy(Envelope.Part.ERROR));
    } catch (JsonException unreadable) {
      failed("its error cannot be read: " + unreadable.sentence(), true);
      return;
    }
    failed(sentence(error), mayRetry(error));
  }

  /** The answer to the task that {@link TaskIds} has read is too long to be read. */
  void tooLong(boolean isError, long mostBytes) {
    failed(
        (isError ? "its error" : "its result")
            + " is in a message of more than "
            + mostBytes
            + " bytes (max_frame)",
        isError);
  }

  private void failed(String message, boolean mayRetry) {
    listener.task(
        new TaskReport.Failed(invocation, ids.task(), ids.key(), ids.attempt(), message, mayRetry));
  }

  private static boolean mayRetry(Object error) {
    return !(error instanceof Map<?, ?> members
        && members.get("data") instanceof Map<?, ?> data
        && Boolean.FALSE.equals(data.get("retry")));
  }

  private static String sentence(Object error) {
    if (error instanceof Map<?, ?> members) {
      String message = words(members.get("message"));
      return members.get("code") instanceof Long code ? message + " (code " + code + ")" : message;
    }
    return error instanceof String ? words(error) : bounded(Json.write(error), MOST_MESSAGE_CHARS);
  }

  private static String words(@Nullable Object message) {
    return message instanceof String text && !text.isBlank()
        ? bounded(text, MOST_MESSAGE_CHARS)
        : "an error without a message";
  }

  /** Cuts a text, never inside a character. */
  private static String bounded(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 2)) ? most - 2 : most - 1;
    return text.substring(0, end) + "…";
  }

  /**
   * A notification of progress.
   *
   * @return false if it does not say of what
   */
  boolean progressed() {
    int bytes = envelope.bytes(Envelope.Part.PARAMS);
    if (bytes == 0 || bytes > MOST_PROGRESS_BYTES) {
      return false;
    }
    if (!mayTell()) {
      meters.droppedProgress.incrementAndGet();
      return true;
    }
    Object value;
    try {
      value = Json.parse(envelope.copy(Envelope.Part.PARAMS));
    } catch (JsonException unreadable) {
      return false;
    }
    if (!(value instanceof Map<?, ?> members && members.get("id") instanceof String id)) {
      return false;
    }
    byte[] idBytes = id.getBytes(StandardCharsets.UTF_8);
    if (!ids.read(idBytes, idBytes.length)) {
      return false;
    }
    Optional<Double> number =
        members.get("value") instanceof Number given
            ? Optional.of(given.doubleValue())
            : Optional.empty();
    listener.task(
        new TaskReport.Progressed(
            invocation,
            ids.task(),
            ids.key(),
            ids.attempt(),
            number.filter(Double::isFinite).orElse(Double.NaN),
            members.get("message") instanceof String text
                ? bounded(text, MOST_PROGRESS_CHARS)
                : ""));
    return true;
  }

  private boolean mayTell() {
    if (progressTold > 0 && progressTold < MOST_PROGRESS) {
      progressTold++;
      return true;
    }
    long now = clock.getAsLong();
    if (progressTold == 0 || now - progressSince >= PROGRESS_NANOS) {
      progressSince = now;
      progressTold = 1;
      return true;
    }
    return false;
  }
}
