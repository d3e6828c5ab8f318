package pm.protocol;

import java.util.Optional;

/** A line that is no message we accept, with the error that answers it. */
public final class MessageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Message.ErrorResponse answer;

  MessageException(Optional<Id> id, ErrorCode code, String message) {
    super(message);
    this.answer = Message.ErrorResponse.of(id, code, message);
  }

  /** What is to be sent back if the line was meant as a request. */
  public Message.ErrorResponse answer() {
    return answer;
  }
}
