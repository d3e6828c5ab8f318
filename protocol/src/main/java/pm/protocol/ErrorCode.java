package pm.protocol;

import java.util.Optional;

/**
 * The error codes of a response: those of JSON-RPC 2.0 and our own, with what {@code pmctl} exits
 * with.
 */
public enum ErrorCode {
  /** Not JSON, or not UTF-8. */
  PARSE_ERROR(-32700, ExitCode.FAILED),
  /** JSON, but not a request; also a batch, which is not supported. */
  INVALID_REQUEST(-32600, ExitCode.FAILED),
  /** No such method. */
  METHOD_NOT_FOUND(-32601, ExitCode.FAILED),
  /** A parameter is missing, unknown or has the wrong type. */
  INVALID_PARAMS(-32602, ExitCode.USAGE),
  /** A defect of the daemon; its log says more. */
  INTERNAL_ERROR(-32603, ExitCode.FAILED),
  /**
   * A selector matches nothing, or there is no such pool or task. {@code data} is {@code
   * {"selector":…,"similar":[…]}}.
   */
  NO_MATCH(-32001, ExitCode.NO_MATCH),
  /** The daemon will not do it in the present state; the message says why. */
  REFUSED(-32002, ExitCode.FAILED),
  /** The caller's user may not call this. */
  NOT_PERMITTED(-32003, ExitCode.NOT_PERMITTED),
  /** It is not possible just now, or another operation is under way: try again. */
  BUSY(-32004, ExitCode.TRY_AGAIN),
  /** The configuration has errors. {@code data} is {@code {"problems":[…]}}. */
  CONFIGURATION(-32005, ExitCode.CONFIGURATION),
  /** It was not done within {@code timeout_seconds}. */
  TIMED_OUT(-32006, ExitCode.TIMED_OUT),
  /** The daemon is shutting down. */
  SHUTTING_DOWN(-32007, ExitCode.TRY_AGAIN),
  /**
   * There was not room for all tasks. {@code data} is {@code {"pool":…,"capacity":…,"accepted":
   * [{"id":…}]}}: those are in, the others are not.
   */
  QUEUE_FULL(-32008, ExitCode.TRY_AGAIN);

  private final int code;
  private final ExitCode exitCode;

  ErrorCode(int code, ExitCode exitCode) {
    this.code = code;
    this.exitCode = exitCode;
  }

  /** The number in the message. */
  public int code() {
    return code;
  }

  /** What {@code pmctl} exits with when a response carries this code. */
  public ExitCode exitCode() {
    return exitCode;
  }

  /** The constant with this number, if it is one of ours. */
  public static Optional<ErrorCode> of(long code) {
    for (ErrorCode candidate : values()) {
      if (candidate.code == code) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
