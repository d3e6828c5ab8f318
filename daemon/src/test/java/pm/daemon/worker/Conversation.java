package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import pm.daemon.core.model.InvocationId;
import pm.protocol.Envelope;

/** A dialogue with a worker that the test plays, without a pipe and with a clock of its own. */
final class Conversation {
  static final InvocationId INVOCATION = new InvocationId("0".repeat(32));
  private static final String EPOCH = "k3f9";

  /** What came of what the worker said, in words. */
  final List<String> heard = new ArrayList<>();

  final WorkerMeters meters = new WorkerMeters();
  final BatchBudget budget = new BatchBudget();
  final TaskIds ids = new TaskIds();
  final Dialogue dialogue;

  /** Whether there is no place for answers to the worker. */
  boolean isFull;

  long now = 5_000_000_000L;

  Conversation(boolean hasHeaders) {
    this(hasHeaders, words -> words);
  }

  /**
   * @param listening who listens; it passes on what is to be heard
   */
  Conversation(boolean hasHeaders, UnaryOperator<WorkerListener> listening) {
    ids.begin(EPOCH);
    Envelope envelope = new Envelope();
    WorkerListener listener = listening.apply(new HeardInWords(heard::add, heard::add));
    dialogue =
        new Dialogue(
            INVOCATION,
            hasHeaders,
            "ping",
            "mark",
            envelope,
            ids,
            new TaskReplies(
                INVOCATION, hasHeaders, envelope, ids, listener, meters, budget, () -> now),
            listener,
            frame -> {
              if (!isFull) {
                heard.add("answered " + text(frame));
              }
              return !isFull;
            },
            text -> heard.add("logged " + text(text)),
            meters);
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
