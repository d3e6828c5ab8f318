package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.protocol.FrameScanner;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * Takes any bytes for what a worker has written and judges what is made of them: the same however
 * they come in pieces, every byte in exactly one stretch, and of each frame what a slow reader that
 * builds everything makes of it too.
 */
final class StreamJudge {
  static final int MAX_FRAME = 400;

  private static final Pattern ID =
      Pattern.compile(
          "(?:k3f9-([1-9][0-9]{0,17})|([A-Za-z0-9][A-Za-z0-9_.:-]{0,127}))/([1-9][0-9]{0,8})");

  private final boolean hasHeaders;
  private final FrameScanner scanner;
  private final Conversation worker;
  private int answers;

  private StreamJudge(boolean hasHeaders) {
    this.hasHeaders = hasHeaders;
    scanner =
        hasHeaders ? FrameScanner.ofContentLengths(MAX_FRAME) : FrameScanner.ofLines(MAX_FRAME);
    worker = new Conversation(hasHeaders, Listener::new);
    worker.dialogue.ping(7);
  }

  /** What was found in a stream. */
  record Tally(int messages, int taskAnswers, int strays, int tooLong) {}

  /**
   * Judges a stream.
   *
   * @throws AssertionError if something is wrong
   */
  static Tally judge(byte[] stream, boolean hasHeaders, RandomGenerator random) {
    StreamJudge whole = new StreamJudge(hasHeaders);
    Tally tally = whole.listen(stream, random, stream.length);
    StreamJudge pieces = new StreamJudge(hasHeaders);
    pieces.listen(stream, random, 1 + random.nextInt(9));
    if (!whole.worker.heard.equals(pieces.worker.heard)) {
      throw new AssertionError(
          HexFormat.of().formatHex(stream)
              + "\nwhole  "
              + whole.worker.heard
              + "\npieces "
              + pieces.worker.heard);
    }
    return tally;
  }

  private Tally listen(byte[] stream, RandomGenerator random, int most) {
    int told = 0;
    int at = 0;
    int messages = 0;
    int strays = 0;
    int tooLong = 0;
    while (at < stream.length) {
      int piece = most == stream.length ? most : 1 + random.nextInt(most);
      int end = Math.min(stream.length, at + piece);
      while (at < end) {
        FrameScanner.Found found = scanner.next(stream, at, end);
        at = scanner.end();
        int from = told;
        if (found != FrameScanner.Found.UNFINISHED) {
          told += (int) scanner.unitBytes();
        }
        switch (found) {
          case UNFINISHED -> {}
          case FRAME -> {
            int body = from + scanner.bodyOffset();
            if (frame(stream, body, body + (int) scanner.bodyBytes())) {
              messages++;
            }
          }
          case STRAY -> strays++;
          case TOO_LONG -> {
            if (scanner.isFirst()) {
              tooLong++;
              // How much of it is there depends on the pieces, so what is said does too.
              int before = worker.heard.size();
              int answersBefore = answers;
              worker.dialogue.tooLong(
                  stream, Math.min(told, from + scanner.bodyOffset()), told, MAX_FRAME);
              worker.heard.subList(before, worker.heard.size()).clear();
              answers = answersBefore;
            }
          }
        }
      }
    }
    if (scanner.pendingBytes() != stream.length - told) {
      throw new AssertionError(scanner.pendingBytes() + " bytes are pending after " + told);
    }
    return new Tally(messages, answers, strays, tooLong);
  }

  private boolean frame(byte[] stream, int from, int to) {
    int before = worker.heard.size();
    int answersBefore = answers;
    boolean isMessage = worker.dialogue.take(stream, from, to);
    byte[] body = Arrays.copyOfRange(stream, from, to);
    Optional<String> expected = expected(body);
    List<String> said = List.copyOf(worker.heard.subList(before, worker.heard.size()));
    if (expected.isPresent()) {
      if (!isMessage || !said.equals(List.of(expected.get()))) {
        throw new AssertionError(
            new String(body, StandardCharsets.UTF_8) + "\nexpected " + expected + "\nsaid " + said);
      }
    } else if (answers > answersBefore && isReadable(body)) {
      throw new AssertionError(new String(body, StandardCharsets.UTF_8) + "\nsaid " + said);
    }
    return isMessage;
  }

  /** Names that stand twice inside of a part are for the slow reader only. */
  private static boolean isReadable(byte[] body) {
    try {
      return Json.parse(body) != Json.NULL;
    } catch (JsonException e) {
      return !e.sentence().contains("stands twice");
    }
  }

  /** What is to be said of a frame; empty if it is no answer to a task, or cannot be judged. */
  private Optional<String> expected(byte[] body) {
    Object message;
    try {
      message = Json.parse(body);
    } catch (JsonException e) {
      return Optional.empty();
    }
    if (!(message instanceof Map<?, ?> members
        && "2.0".equals(members.get("jsonrpc"))
        && value(members, "method") == Json.NULL
        && members.get("id") instanceof String id)) {
      return Optional.empty();
    }
    Matcher matcher = ID.matcher(id);
    Object result = value(members, "result");
    boolean hasResult = result != Json.NULL;
    boolean hasError = value(members, "error") != Json.NULL;
    if (!matcher.matches()
        || (hasResult && hasError)
        || (!members.containsKey("result") && !hasError)) {
      return Optional.empty();
    }
    String task = matcher.group(1) == null ? matcher.group(2) : "#" + matcher.group(1);
    String name = task + "/" + matcher.group(3);
    if (!hasError) {
      return Optional.of(name + " -> " + (hasResult ? Json.write(result) : "null"));
    }
    boolean isForGood =
        members.get("error") instanceof Map<?, ?> error
            && error.get("data") instanceof Map<?, ?> data
            && Boolean.FALSE.equals(data.get("retry"));
    return Optional.of(name + (isForGood ? " failed for good: " : " failed: "));
  }

  private static Object value(Map<?, ?> members, String name) {
    Object value = members.get(name);
    return value == null ? Json.NULL : value;
  }

  /** Passes on what comes of a frame as the slow reader would say it. */
  private final class Listener implements WorkerListener {
    private final WorkerListener words;

    Listener(WorkerListener words) {
      this.words = words;
    }

    @Override
    public void checked(InvocationId invocation, long number, boolean passed, String detail) {
      words.checked(invocation, number, passed, detail);
    }

    @Override
    public void ready(InvocationId invocation) {
      words.ready(invocation);
    }

    @Override
    public void remarked(InstanceName instance, String type, String detail) {
      throw new AssertionError(type);
    }

    @Override
    public void task(TaskReport report) {
      words.task(
          switch (report) {
            case TaskReport.Succeeded(
                    var from,
                    long task,
                    String key,
                    int attempt,
                    byte[] result) -> {
              answers++;
              if (hasHeaders
                  && new String(result, StandardCharsets.UTF_8).matches("(?s).*[\r\n].*")) {
                throw new AssertionError("a result of several lines");
              }
              byte[] rewritten = rewritten(result).getBytes(StandardCharsets.UTF_8);
              yield new TaskReport.Succeeded(from, task, key, attempt, rewritten);
            }
            case TaskReport.Failed(
                    var from,
                    long task,
                    String key,
                    int attempt,
                    String message,
                    boolean mayRetry) -> {
              answers++;
              if (message.isEmpty() || message.length() > 4_096) {
                throw new AssertionError("a message of " + message.length() + " characters");
              }
              yield new TaskReport.Failed(from, task, key, attempt, "", mayRetry);
            }
            case TaskReport.Progressed progress -> {
              if (progress.message().length() > 512 || progress.attempt() < 0) {
                throw new AssertionError(progress.toString());
              }
              yield progress;
            }
            case TaskReport.NotSent _,
                TaskReport.NoData _,
                TaskReport.SentThrough _,
                TaskReport.Unreachable _,
                TaskReport.Evidence _,
                TaskReport.Load _,
                TaskReport.Left _,
                TaskReport.StoreFailed _,
                TaskReport.StoreFull _,
                TaskReport.StoreWorks _ ->
                throw new AssertionError(report.toString());
          });
    }

    private static String rewritten(byte[] result) {
      try {
        return Json.write(Json.parse(result));
      } catch (JsonException e) {
        if (e.sentence().contains("stands twice")) {
          return "names twice";
        }
        throw new AssertionError(new String(result, StandardCharsets.UTF_8), e);
      }
    }
  }
}
