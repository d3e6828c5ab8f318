package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.TaskEffect;
import pm.protocol.Frames;
import pm.protocol.Json;

/**
 * Makes the frames about tasks, in one of the framings. A task's frame is a head, its data as they
 * are, and a tail. Loop thread only.
 */
final class TaskFrames {
  private static final byte[] LENGTH = ascii("Content-Length: ");
  private static final byte[] HEADER_END = ascii("\r\n\r\n");
  private static final byte[] ID = ascii("{\"jsonrpc\":\"2.0\",\"id\":\"");
  private static final byte[] METHOD = ascii("\",\"method\":\"task\",\"params\":{\"id\":\"");
  private static final byte[] TYPE = ascii("\",\"type\":");
  private static final byte[] DATA = ascii(",\"data\":");
  private static final byte[] ATTEMPT = ascii(",\"attempt\":");
  private static final byte[] DEADLINE = ascii(",\"deadline\":\"");
  private static final byte[] END = ascii("\"}}");

  /** What of a body is always there: all that is above, the slash and the moment. */
  private static final int FIXED_BYTES =
      ID.length
          + 1
          + METHOD.length
          + TYPE.length
          + DATA.length
          + ATTEMPT.length
          + DEADLINE.length
          + Timestamps.BYTES
          + END.length;

  private static final int MOST_TYPES = 256;

  private final boolean hasHeaders;
  private final TaskIds ids;
  private final Timestamps timestamps = new Timestamps();

  /** Types as JSON texts, so that each is written once. */
  private final Map<String, byte[]> types = new HashMap<>();

  /** The id of the task that was named last, which stands twice in its frame. */
  private final byte[] id = new byte[TaskIds.MOST_BYTES];

  private int idBytes;
  private TaskEffect.@Nullable Send named;

  private String lastType = "";
  private byte[] lastTypeText = ascii("\"\"");

  /**
   * @param hasHeaders whether frames are lengths and contents; else they are lines
   * @param ids how the ids of tasks without a key begin
   */
  TaskFrames(boolean hasHeaders, TaskIds ids) {
    this.hasHeaders = hasHeaders;
    this.ids = ids;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns how many bytes the whole frame has. */
  int bytes(TaskEffect.Send send, int dataBytes) {
    int body = bodyBytes(send, dataBytes);
    return hasHeaders ? headerBytes(body) + body : body + 1;
  }

  /** Returns how many bytes the head has. */
  int headBytes(TaskEffect.Send send, int dataBytes) {
    return bytes(send, dataBytes) - dataBytes - tailBytes(send);
  }

  /** Returns how many bytes the tail has. */
  int tailBytes(TaskEffect.Send send) {
    return ATTEMPT.length
        + Digits.count(send.attempt())
        + DEADLINE.length
        + Timestamps.BYTES
        + END.length
        + (hasHeaders ? 0 : 1);
  }

  private int bodyBytes(TaskEffect.Send send, int dataBytes) {
    return FIXED_BYTES
        + 2 * idBytes(send)
        + 2 * Digits.count(send.attempt())
        + typeText(send.type()).length
        + dataBytes;
  }

  private static int headerBytes(int body) {
    return LENGTH.length + Digits.count(body) + HEADER_END.length;
  }

  private int idBytes(TaskEffect.Send send) {
    if (named != send) {
      named = send;
      if (send.key().isEmpty()) {
        idBytes = Digits.put(send.task(), id, put(ids.prefix(), id, 0));
      } else {
        idBytes = put(send.key(), id, 0);
      }
    }
    return idBytes;
  }

  private int putId(TaskEffect.Send send, byte[] into, int at) {
    int bytes = idBytes(send);
    System.arraycopy(id, 0, into, at, bytes);
    return at + bytes;
  }

  private byte[] typeText(String type) {
    if (!type.equals(lastType)) {
      if (types.size() >= MOST_TYPES) {
        types.clear();
      }
      lastTypeText =
          types.computeIfAbsent(type, t -> Json.write(t).getBytes(StandardCharsets.UTF_8));
      lastType = type;
    }
    return lastTypeText;
  }

  /** Writes a whole frame; returns where it ends. */
  int put(TaskEffect.Send send, byte[] data, byte[] into, int at) {
    int head = putHead(send, data.length, into, at);
    System.arraycopy(data, 0, into, head, data.length);
    return putTail(send, into, head + data.length);
  }

  /** Writes what comes before the data; returns where that ends. */
  int putHead(TaskEffect.Send send, int dataBytes, byte[] into, int at) {
    int next = at;
    if (hasHeaders) {
      next = put(LENGTH, into, next);
      next = Digits.put(bodyBytes(send, dataBytes), into, next);
      next = put(HEADER_END, into, next);
    }
    next = put(ID, into, next);
    next = putId(send, into, next);
    into[next++] = '/';
    next = Digits.put(send.attempt(), into, next);
    next = put(METHOD, into, next);
    next = putId(send, into, next);
    next = put(TYPE, into, next);
    next = put(typeText(send.type()), into, next);
    return put(DATA, into, next);
  }

  /** Writes what comes behind the data; returns where that ends. */
  int putTail(TaskEffect.Send send, byte[] into, int at) {
    int next = put(ATTEMPT, into, at);
    next = Digits.put(send.attempt(), into, next);
    next = put(DEADLINE, into, next);
    timestamps.put(send.deadlineMillis(), into, next);
    next = put(END, into, next + Timestamps.BYTES);
    if (!hasHeaders) {
      into[next++] = '\n';
    }
    return next;
  }

  private static int put(byte[] text, byte[] into, int at) {
    System.arraycopy(text, 0, into, at, text.length);
    return at + text.length;
  }

  /** Ids of tasks are plain ASCII without anything to be escaped. */
  private static int put(String id, byte[] into, int at) {
    int length = id.length();
    for (int i = 0; i < length; i++) {
      into[at + i] = (byte) id.charAt(i);
    }
    return at + length;
  }

  /** Makes the frame of what is no task. */
  byte[] of(TaskEffect order) {
    return switch (order) {
      case TaskEffect.Cancel(var _, String id) ->
          frame("cancel", "{\"id\":" + Json.write(id) + "}");
      case TaskEffect.Finish finish -> frame("shutdown", "{}");
      case TaskEffect.Send _,
          TaskEffect.Withdraw _,
          TaskEffect.ReadEvidence _,
          TaskEffect.ReadLoad _ ->
          throw new IllegalArgumentException("no frame is made of " + order);
    };
  }

  private byte[] frame(String method, String params) {
    String json = "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}";
    return hasHeaders ? Frames.contentLength(json) : Frames.line(json);
  }
}
