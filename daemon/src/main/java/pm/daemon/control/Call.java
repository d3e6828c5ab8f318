package pm.daemon.control;

import java.util.Optional;
import pm.protocol.ErrorCode;
import pm.protocol.Id;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * One request of a client, from its line to its answer.
 *
 * @param id empty where no answer is wanted
 */
record Call(Connection connection, Optional<Id> id, Method method, Members params) {

  /** Answers with a JSON value. */
  void result(Object result) {
    id.ifPresent(each -> sendWithinBound(Wire.result(each, result)));
  }

  /** Answers with JSON text. */
  void resultText(CharSequence result) {
    id.ifPresent(each -> sendWithinBound(Wire.resultText(each, result)));
  }

  void error(ErrorCode code, String message) {
    id.ifPresent(each -> connection.send(Wire.error(id, code, message)));
  }

  void error(ErrorCode code, String message, Object data) {
    id.ifPresent(each -> connection.send(Wire.error(id, code, message, data)));
  }

  private void sendWithinBound(byte[] line) {
    if (line.length > Bounds.LINE_BYTES) {
      error(
          ErrorCode.REFUSED, "the answer would be longer than a line may be: ask for less at once");
    } else {
      connection.send(line);
    }
  }
}
