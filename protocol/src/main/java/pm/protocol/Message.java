package pm.protocol;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One JSON-RPC 2.0 message. */
public sealed interface Message {

  /** Asks for something and wants a response. */
  record Request(Id id, String method, Map<String, Object> params) implements Message {}

  /** Says something and wants no response. Streams consist of these. */
  record Notification(String method, Map<String, Object> params) implements Message {}

  /** The response to a request that worked. */
  record Response(Id id, Object result) implements Message {}

  /**
   * The response to a request that did not.
   *
   * @param id empty if the request's own could not be read
   * @param code an {@link ErrorCode} number, or another one from a newer daemon
   * @param message a sentence: what, why, and what to do
   * @param data more for programs, {@link Json#NULL} for nothing
   */
  record ErrorResponse(Optional<Id> id, long code, String message, Object data) implements Message {
    /** An error with one of our codes and no data. */
    public static ErrorResponse of(Optional<Id> id, ErrorCode code, String message) {
      return new ErrorResponse(id, code.code(), message, Json.NULL);
    }
  }

  /** The message as a JSON object, its members in the order that specification uses. */
  default Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("jsonrpc", "2.0");
    switch (this) {
      case Request request -> {
        json.put("id", request.id().json());
        json.put("method", request.method());
        putParams(json, request.params());
      }
      case Notification notification -> {
        json.put("method", notification.method());
        putParams(json, notification.params());
      }
      case Response response -> {
        json.put("id", response.id().json());
        json.put("result", response.result());
      }
      case ErrorResponse response -> {
        json.put("id", response.id().map(Id::json).orElse(Json.NULL));
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", response.code());
        error.put("message", response.message());
        if (response.data() != Json.NULL) {
          error.put("data", response.data());
        }
        json.put("error", error);
      }
    }
    return json;
  }

  private static void putParams(Map<String, Object> json, Map<String, Object> params) {
    if (!params.isEmpty()) {
      json.put("params", params);
    }
  }
}
