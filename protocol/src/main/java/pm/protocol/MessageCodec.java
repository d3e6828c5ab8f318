package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns lines into JSON-RPC 2.0 messages and back. Params must be an object and ids integers or
 * strings; batches are refused. Members that the specification does not name are ignored. Any
 * thread.
 */
public final class MessageCodec {
  private MessageCodec() {}

  /**
   * Reads the message of one line, without its line feed.
   *
   * @throws MessageException if it is none; the exception holds the error response
   */
  public static Message decode(byte[] line) throws MessageException {
    return decode(line, Set.of());
  }

  /**
   * As {@link #decode(byte[])}, of a message that holds what others have written: the data and
   * results of tasks.
   *
   * @param foreign as {@link Json#parse(byte[], Set)} has it
   */
  public static Message decode(byte[] line, Set<String> foreign) throws MessageException {
    Object value;
    try {
      value = Json.parse(line, foreign);
    } catch (JsonException e) {
      throw new MessageException(
          Optional.empty(), ErrorCode.PARSE_ERROR, "not JSON: " + e.sentence());
    }
    if (value instanceof List<?>) {
      throw invalid(Optional.empty(), "batches are not supported: send one request a line");
    }
    Members message;
    try {
      message = Members.of(value, "a message");
    } catch (JsonException e) {
      throw invalid(Optional.empty(), e.sentence());
    }
    return decode(message.values());
  }

  private static Message decode(Map<String, Object> message) throws MessageException {
    Object rawId = message.getOrDefault("id", Json.NULL);
    Optional<Id> id = id(rawId);
    if (rawId != Json.NULL && id.isEmpty()) {
      throw invalid(
          id, "id must be an integer or a string of at most " + Id.MAX_LENGTH + " characters");
    }
    if (!"2.0".equals(message.getOrDefault("jsonrpc", Json.NULL))) {
      throw invalid(id, "jsonrpc must be \"2.0\"");
    }
    boolean call = message.containsKey("method");
    boolean result = message.containsKey("result");
    boolean error = message.containsKey("error");
    if ((call ? 1 : 0) + (result ? 1 : 0) + (error ? 1 : 0) != 1) {
      throw invalid(id, "a message has exactly one of method, result and error");
    }
    if (call) {
      return call(message, id);
    }
    if (result) {
      if (id.isEmpty()) {
        throw invalid(id, "a result must have an id");
      }
      return new Message.Response(id.get(), message.getOrDefault("result", Json.NULL));
    }
    return error(message, id);
  }

  private static Message call(Map<String, Object> message, Optional<Id> id)
      throws MessageException {
    if (!(message.getOrDefault("method", Json.NULL) instanceof String method)) {
      throw invalid(id, "method must be a string");
    }
    Map<String, Object> params = Map.of();
    if (message.containsKey("params")) {
      try {
        params = Members.of(message.getOrDefault("params", Json.NULL), "params").values();
      } catch (JsonException e) {
        throw new MessageException(id, ErrorCode.INVALID_PARAMS, e.sentence());
      }
    }
    if (id.isPresent()) {
      return new Message.Request(id.get(), method, params);
    }
    if (message.containsKey("id")) {
      throw invalid(id, "id must not be null: leave it out to get no response");
    }
    return new Message.Notification(method, params);
  }

  private static Message error(Map<String, Object> message, Optional<Id> id)
      throws MessageException {
    if (message.getOrDefault("error", Json.NULL) instanceof Map<?, ?> error
        && error.get("code") instanceof Long code
        && error.get("message") instanceof String sentence) {
      Object data = error.get("data");
      return new Message.ErrorResponse(id, code, sentence, data == null ? Json.NULL : data);
    }
    throw invalid(id, "an error must have an integer code and a message");
  }

  private static Optional<Id> id(Object value) {
    if (value instanceof Long number) {
      return Optional.of(new Id.Number(number));
    }
    if (value instanceof String text && text.length() <= Id.MAX_LENGTH) {
      return Optional.of(new Id.Text(text));
    }
    return Optional.empty();
  }

  private static MessageException invalid(Optional<Id> id, String message) {
    return new MessageException(id, ErrorCode.INVALID_REQUEST, message);
  }

  /** The line of a message, with its line feed. */
  public static byte[] encode(Message message) {
    StringBuilder out = new StringBuilder(256);
    Json.write(message.json(), out);
    return out.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }
}
