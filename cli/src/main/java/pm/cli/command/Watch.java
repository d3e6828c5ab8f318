package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.cli.render.StatusTable;
import pm.cli.render.Table;
import pm.cli.render.YamlText;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;
import pm.protocol.Streams;

/**
 * {@code status --watch}: the daemon sends what changes, so nobody asks again and again. On a
 * terminal the table is drawn in place; elsewhere a table follows at each change, or a line for
 * each instance that has changed.
 */
final class Watch {
  /** How long a time shown on a terminal may stand still. */
  private static final Duration TICK = Duration.ofSeconds(1);

  private final Session session;
  private final Connection connection;
  private final WatchedInstances instances = new WatchedInstances();
  private boolean changed = true;

  private Watch(Session session, Connection connection) {
    this.session = session;
    this.connection = connection;
  }

  /** Shows what the operands name until the daemon or the user ends it. */
  static ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    boolean drawn = session.format().isForPeople() && session.out().isTerminal();
    Optional<Duration> interval = session.arguments().duration(StatusCommand.INTERVAL);
    Map<String, Object> params = session.selectors();
    if (interval.isPresent() || !drawn) {
      params.put("interval_seconds", Action.seconds(interval.orElse(Duration.ZERO)));
    }
    try (Connection connection = session.connect()) {
      Watch watch = new Watch(session, connection);
      Id id = connection.send(Method.STATUS_WATCH, params);
      if (!drawn) {
        return watch.print(id);
      }
      try (Screen screen = Screen.open(session, connection)) {
        return watch.draw(id, screen);
      }
    }
  }

  /** Writes what changes, one after the other. */
  private ExitCode print(Id id) throws CommandFailure, JsonException, IOException {
    Duration limit = connection.answerLimit();
    while (true) {
      Optional<Message> received = connection.receive(limit);
      if (received.isEmpty()) {
        throw connection.notAnswering();
      }
      Optional<ExitCode> end = take(received.get());
      if (end.isPresent()) {
        return end.get();
      }
      if (received.get() instanceof Message.Notification notification) {
        if (notification.method().equals(Streams.STATUS)) {
          printChange(new Members(notification.params()));
          session.out().flush();
        }
      } else if (Connection.result(received.get(), id).isPresent()) {
        limit = Connection.FOREVER;
      }
    }
  }

  private void printChange(Members change) throws JsonException, IOException {
    switch (session.format()) {
      case TABLE, WIDE -> {
        if (changed && !change.bool("more", false)) {
          changed = false;
          session
              .out()
              .print(
                  StatusTable.of(
                          instances.items(), session.format() == Format.WIDE, session.style())
                      .render());
          session.out().line("");
        }
      }
      case JSON, JSONL -> {
        for (Object item : change.list("items")) {
          session.out().line(Json.write(item));
        }
        for (String name : change.strings("gone")) {
          session.out().line(Json.write(gone(name)));
        }
      }
      case YAML -> {
        for (Object item : change.list("items")) {
          session.out().print(YamlText.document(List.of(item)));
        }
        for (String name : change.strings("gone")) {
          session.out().print(YamlText.document(List.of(gone(name))));
        }
      }
      case NAME -> {
        for (Members item : change.objects("items")) {
          session.out().line(Escapes.cell(item.string("name")));
        }
      }
    }
  }

  private static Map<String, Object> gone(String name) {
    Map<String, Object> gone = new LinkedHashMap<>();
    gone.put("name", name);
    gone.put("gone", true);
    return gone;
  }

  /** Draws the table anew at each change, and each second, for the times in it go on. */
  private ExitCode draw(Id id, Screen screen) throws CommandFailure, JsonException, IOException {
    boolean answered = false;
    boolean complete = false;
    long asked = System.nanoTime();
    while (true) {
      Optional<Message> received = connection.receive(TICK);
      if (received.isPresent()) {
        Optional<ExitCode> end = take(received.get());
        if (end.isPresent()) {
          return end.get();
        }
        if (received.get() instanceof Message.Notification notification) {
          complete = !new Members(notification.params()).bool("more", false);
        } else {
          answered |= Connection.result(received.get(), id).isPresent();
        }
      } else if (!answered && System.nanoTime() - asked > connection.answerLimit().toNanos()) {
        throw connection.notAnswering();
      }
      if (complete) {
        List<Members> items = instances.items();
        Table table = StatusTable.of(items, session.format() == Format.WIDE, session.style());
        screen.show(
            summary(items), table.render(screen.columns()), table.width() <= screen.columns());
      }
    }
  }

  /** Takes over what a message says; returns how it ends, if it does. */
  private Optional<ExitCode> take(Message message) throws JsonException, IOException {
    if (!(message instanceof Message.Notification notification)) {
      return Optional.empty();
    }
    Members params = new Members(notification.params());
    if (notification.method().equals(Streams.END)) {
      return Optional.of(Subscription.end(session, params));
    }
    if (notification.method().equals(Streams.STATUS)) {
      changed |= instances.take(params);
    }
    return Optional.empty();
  }

  private static String summary(List<Members> items) throws JsonException {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Members item : items) {
      String reason = item.optionalString("reason").orElse("");
      String state = item.string("state");
      counts.merge(reason.isEmpty() ? state : reason, 1, Integer::sum);
    }
    StringBuilder summary = new StringBuilder();
    summary.append(items.size()).append(items.size() == 1 ? " instance" : " instances");
    String separator = ": ";
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      summary.append(separator).append(count.getValue()).append(' ').append(count.getKey());
      separator = ", ";
    }
    return summary.toString();
  }
}
