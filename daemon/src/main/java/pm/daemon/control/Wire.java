package pm.daemon.control;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import pm.protocol.ErrorCode;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.Message;
import pm.protocol.MessageCodec;

/** Lines that we send, as bytes. Any thread. */
final class Wire {
  private Wire() {}

  static byte[] result(Id id, Object result) {
    return MessageCodec.encode(new Message.Response(id, result));
  }

  /** As {@link #result}, of a result that is JSON already. */
  static byte[] resultText(Id id, CharSequence result) {
    StringBuilder line = new StringBuilder(result.length() + 64);
    line.append("{\"jsonrpc\":\"2.0\",\"id\":");
    Json.write(id.json(), line);
    return bytes(line.append(",\"result\":").append(result).append("}\n"));
  }

  static byte[] error(Optional<Id> id, ErrorCode code, String message) {
    return MessageCodec.encode(Message.ErrorResponse.of(id, code, message));
  }

  static byte[] error(Optional<Id> id, ErrorCode code, String message, Object data) {
    return MessageCodec.encode(new Message.ErrorResponse(id, code.code(), message, data));
  }

  static byte[] notification(String method, Map<String, Object> params) {
    return MessageCodec.encode(new Message.Notification(method, params));
  }

  /** A notification whose parameters are an object that is JSON already, joined to ours. */
  static byte[] notification(String method, long subscription, String object) {
    StringBuilder line = new StringBuilder(object.length() + 80);
    line.append("{\"jsonrpc\":\"2.0\",\"method\":");
    Json.quote(method, line);
    line.append(",\"params\":{\"subscription\":").append(subscription).append(',');
    return bytes(line.append(object, 1, object.length()).append("}\n"));
  }

  private static byte[] bytes(StringBuilder line) {
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }
}
