package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import pm.daemon.core.model.InvocationId;
import pm.protocol.Envelope;
import pm.protocol.ErrorCode;
import pm.protocol.Frames;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;

/**
 * What is said between the daemon and one worker: makes the frames to it and understands those from
 * it. Loop thread only.
 *
 * <p>A ping's id is {@code hb-<mark>-<number>}. The mark is drawn by each daemon anew, so that an
 * answer which was waiting for a daemon before us is never taken for one to us.
 */
final class Dialogue {
  /** A longer one goes to the log as it came. */
  private static final int MOST_LOG_PARAMS = 64 * 1024;

  private static final int MOST_LEVEL_CHARS = 16;
  private static final String PING_PREFIX = "hb-";

  private final InvocationId invocation;
  private final boolean hasHeaders;
  private final String pingMethod;
  private final String pingMark;
  private final Envelope envelope;
  private final TaskIds ids;
  private final TaskReplies replies;
  private final WorkerListener listener;
  private final Predicate<byte[]> send;
  private final Consumer<byte[]> say;
  private final WorkerMeters meters;

  /** Where the id of an answer is read. */
  private final byte[] id = new byte[TaskIds.MOST_BYTES];

  /** The youngest ping; 0 before the first. */
  private long pinged;

  private boolean isAnswered = true;
  private boolean isReady;

  /**
   * @param hasHeaders whether frames are lengths and contents; else they are lines
   * @param pingMark what makes the ids of this daemon's pings its own
   * @param send takes a frame to the worker; false if there are too many already
   * @param say takes a text to the worker's log
   */
  Dialogue(
      InvocationId invocation,
      boolean hasHeaders,
      String pingMethod,
      String pingMark,
      Envelope envelope,
      TaskIds ids,
      TaskReplies replies,
      WorkerListener listener,
      Predicate<byte[]> send,
      Consumer<byte[]> say,
      WorkerMeters meters) {
    this.invocation = invocation;
    this.hasHeaders = hasHeaders;
    this.pingMethod = pingMethod;
    this.pingMark = pingMark;
    this.envelope = envelope;
    this.ids = ids;
    this.replies = replies;
    this.listener = listener;
    this.send = send;
    this.say = say;
    this.meters = meters;
  }

  /** Makes the frame of a ping, whose answer is told by its number from now on. */
  byte[] ping(long number) {
    pinged = number;
    isAnswered = false;
    // Some servers refuse a ping with any other member.
    return frame(
        "{\"jsonrpc\":\"2.0\",\"id\":\""
            + pingId(number)
            + "\",\"method\":"
            + Json.write(pingMethod)
            + "}");
  }

  private String pingId(long number) {
    return PING_PREFIX + pingMark + "-" + number;
  }

  private byte[] frame(String json) {
    return hasHeaders ? Frames.contentLength(json) : Frames.line(json);
  }

  /**
   * Understands a frame.
   *
   * @return false if it is no message: it has led to nothing
   */
  boolean take(byte[] bytes, int from, int to) {
    boolean isMessage =
        switch (envelope.read(bytes, from, to)) {
          case NONE -> false;
          case RESULT -> {
            if (isTasks()) {
              replies.succeeded();
            } else {
              answered();
            }
            yield true;
          }
          case ERROR -> {
            if (isTasks()) {
              replies.failed();
            } else {
              answered();
            }
            yield true;
          }
          case NOTIFICATION -> notified();
          case REQUEST -> {
            requested();
            yield true;
          }
        };
    if (isMessage) {
      meters.messages.incrementAndGet();
    }
    return isMessage;
  }

  /** A frame is too long to be read, of which this is the beginning. */
  void tooLong(byte[] bytes, int from, int to, long mostBytes) {
    Envelope.Kind kind = envelope.readBeginning(bytes, from, to);
    boolean isAnswer = kind == Envelope.Kind.RESULT || kind == Envelope.Kind.ERROR;
    if (isAnswer && isTasks()) {
      replies.tooLong(kind == Envelope.Kind.ERROR, mostBytes);
    }
  }

  /** Returns whether the answer is one to an attempt at a task, which {@link #ids} has then. */
  private boolean isTasks() {
    int length = envelope.textId(id);
    return length > 0 && ids.read(id, length) && ids.attempt() > 0;
  }

  /** Any answer to a ping means that it is alive. */
  private void answered() {
    Optional<Id> answer = envelope.id();
    if (answer.isPresent() && answer.get() instanceof Id.Text(String text) && isPing(text)) {
      if (!isAnswered && text.equals(pingId(pinged))) {
        isAnswered = true;
        listener.checked(invocation, pinged, true, "");
      } else {
        meters.lateAnswers.incrementAndGet();
      }
    } else {
      meters.unknownAnswers.incrementAndGet();
    }
  }

  private static boolean isPing(String id) {
    return id.startsWith(PING_PREFIX);
  }

  private boolean notified() {
    if (envelope.isMethod("ready")) {
      if (!isReady) {
        isReady = true;
        listener.ready(invocation);
      }
      return true;
    }
    if (envelope.isMethod("log")) {
      return logged();
    }
    if (!envelope.isMethod("progress") || !replies.progressed()) {
      meters.unknownNotifications.incrementAndGet();
    }
    return true;
  }

  private boolean logged() {
    int bytes = envelope.bytes(Envelope.Part.PARAMS);
    if (bytes == 0 || bytes > MOST_LOG_PARAMS) {
      return false;
    }
    try {
      Members members = Members.of(Json.parse(envelope.copy(Envelope.Part.PARAMS)), "params");
      String level = members.optionalString("level").orElse("info");
      String message = members.string("message");
      if (level.length() > MOST_LEVEL_CHARS || !level.chars().allMatch(Character::isLetter)) {
        return false;
      }
      StringBuilder text = new StringBuilder(message.length() + MOST_LEVEL_CHARS);
      for (String line :
          message.lines().toList().isEmpty() ? List.of("") : message.lines().toList()) {
        text.append('[').append(level).append("] ").append(line).append('\n');
      }
      say.accept(text.toString().getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (JsonException notALog) {
      return false;
    }
  }

  /** We offer nothing but to say that we are there. */
  private void requested() {
    meters.requests.incrementAndGet();
    Id request = envelope.id().orElseThrow();
    Message answer =
        envelope.isMethod("ping")
            ? new Message.Response(request, java.util.Map.of())
            : Message.ErrorResponse.of(
                Optional.of(request),
                ErrorCode.METHOD_NOT_FOUND,
                "pmd has no such method; a worker may call ping only");
    if (!send.test(frame(Json.write(answer.json())))) {
      meters.droppedAnswers.incrementAndGet();
    }
  }
}
