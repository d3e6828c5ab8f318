package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;
import pm.protocol.Streams;

/** Reads one stream until it ends. */
final class Subscription {
  /** What is done with what comes. */
  interface Reader {
    /** A log line or an event. */
    void item(Members params) throws IOException, JsonException;

    /**
     * What was left out because we were too slow.
     *
     * @return a sentence for people; empty if it was written where items go
     */
    Optional<String> gap(Members params) throws IOException, JsonException;
  }

  private Subscription() {}

  /**
   * Asks for a stream and hands on what comes; what is shown already is flushed whenever nothing
   * more waits.
   */
  static ExitCode read(
      Session session,
      Connection connection,
      Method method,
      Map<String, Object> params,
      String kind,
      Reader reader)
      throws CommandFailure, JsonException, IOException {
    Id id = connection.send(method, params);
    Duration limit = connection.answerLimit();
    while (true) {
      Optional<Message> received = connection.receive(Duration.ZERO);
      if (received.isEmpty()) {
        session.out().flush();
        received = connection.receive(limit);
      }
      if (received.isEmpty()) {
        throw connection.notAnswering();
      }
      Message message = received.get();
      if (message instanceof Message.Notification notification) {
        Members item = new Members(notification.params());
        if (notification.method().equals(kind)) {
          reader.item(item);
        } else if (notification.method().equals(Streams.GAP)) {
          Optional<String> sentence = reader.gap(item);
          if (sentence.isPresent()) {
            session.notice(sentence.get());
          }
        } else if (notification.method().equals(Streams.END)) {
          return end(session, item);
        }
      } else {
        Optional<Object> result = Connection.result(message, id);
        if (result.isPresent()) {
          // From here on silence only says that nothing happens.
          limit = Connection.FOREVER;
          notes(session, Members.of(result.get(), "result"));
        }
      }
    }
  }

  private static void notes(Session session, Members result) throws IOException, JsonException {
    if (result.has("notes")) {
      for (String note : result.strings("notes")) {
        session.notice(note + ".");
      }
    }
  }

  static ExitCode end(Session session, Members params) throws IOException, JsonException {
    return switch (params.optionalString("reason").orElse("")) {
      case "shutting_down" -> {
        session.notice("the daemon is shutting down, so nothing more will come.");
        yield ExitCode.UNREACHABLE;
      }
      case "upgrading" -> {
        session.notice("the daemon is being upgraded, so nothing more will come. Ask again.");
        yield ExitCode.UNREACHABLE;
      }
      default -> ExitCode.DONE;
    };
  }
}
