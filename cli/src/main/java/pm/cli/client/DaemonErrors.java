package pm.cli.client;

import java.util.List;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.protocol.ErrorCode;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;

/** What an error response says to the user, and what the command exits with. */
final class DaemonErrors {
  /** How the daemon begins where no program was named, but a pool or a task. */
  private static final String NO_POOL_OR_TASK = "there is no ";

  private DaemonErrors() {}

  static CommandFailure failure(Message.ErrorResponse error) {
    Optional<ErrorCode> code = ErrorCode.of(error.code());
    ExitCode exitCode = code.isPresent() ? code.get().exitCode() : ExitCode.FAILED;
    String sentence = error.message();
    if (code.isPresent() && code.get() == ErrorCode.NO_MATCH) {
      return noMatch(error);
    } else if (code.isPresent() && code.get() == ErrorCode.METHOD_NOT_FOUND) {
      sentence += ". The daemon is older than this pmctl: see pmctl version.";
    }
    return new CommandFailure(exitCode, sentence);
  }

  private static CommandFailure noMatch(Message.ErrorResponse error) {
    try {
      Members data = Members.of(error.data(), "data");
      String selector = data.string("selector");
      if (error.message().startsWith(NO_POOL_OR_TASK)) {
        return new NoMatchFailure(selector, error.message());
      }
      List<String> similar = data.strings("similar");
      return new NoMatchFailure(
          selector,
          similar.isEmpty()
              ? selector + ": no such program. See: pmctl status"
              : selector + ": no such program. Did you mean " + String.join(" or ", similar) + "?");
    } catch (JsonException e) {
      return new CommandFailure(ErrorCode.NO_MATCH.exitCode(), error.message());
    }
  }
}
