package pm.protocol;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One JSON-RPC 2.0 message. */
public sealed interface Message {

  /** The message as a JSON object, its members in the order that the specification uses. */
  Map<String, Object> json();

  /** Asks for something and wants a response. */
  record Request(Id id, String method, Map<String, Object> params) implements Message {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = envelope();
      json.put("id", id.json());
      json.put("method", method);
      if (!params.isEmpty()) {
        json.put("params", params);
      }
      return json;
    }
  }

  /** Says something and wants no response. Streams consist of these. */
  record Notification(String method, Map<String, Object> params) implements Message {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = envelope();
      json.put("method", method);
      if (!params.isEmpty()) {
        json.put("params", params);
      }
      return json;
    }
  }

  /** The response to a request that worked. */
  record Response(Id id, Object result) implements Message {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = envelope();
      json.put("id", id.json());
      json.put("result", result);
      return json;
    }
  }

  /**
   * The response to a request that did not.
   *
   * @param id empty if the request's own could not be read
   * @param code the number of an {@link ErrorCode}, or another one from a newer daemon
   * @param message a sentence: what, why, and what to do
   * @param data more for programs, {@link Json#NULL} for nothing
   */
  record ErrorResponse(Optional<Id> id, long code, String message, Object data) implements Message {
    /** An error with one of our codes and no data. */
    public static ErrorResponse of(Optional<Id> id, ErrorCode code, String message) {
      return new ErrorResponse(id, code.code(), message, Json.NULL);
    }

    @Override
    public Map<String, Object> json() {
      Map<String, Object> error = new LinkedHashMap<>();
      error.put("code", code);
      error.put("message", message);
      if (data != Json.NULL) {
        error.put("data", data);
      }
      Map<String, Object> json = envelope();
      json.put("id", id.isPresent() ? id.get().json() : Json.NULL);
      json.put("error", error);
      return json;
    }
  }

  private static Map<String, Object> envelope() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("jsonrpc", "2.0");
    return json;
  }
}
