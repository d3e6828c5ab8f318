package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.cli.client.ConnectionClosed;
import pm.cli.render.Escapes;
import pm.config.Durations;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;

/**
 * Waits for the answer to a request that takes as long as programs take to start and stop, or tasks
 * to be done. Meanwhile it asks on the same connection what is being waited for: on a terminal
 * every second, to show it; else now and then, to notice a daemon that does not answer any more.
 */
final class Waiting {
  /** What is asked and shown while the answer is awaited. */
  interface Subject {
    /** What tells how far it is; only asked for a terminal. */
    Method method();

    /** The parameters of that. */
    Map<String, Object> params();

    /** What is waited for, in a few words, from the answer; empty to show nothing. */
    String text(Members answer) throws JsonException;
  }

  /** The instances that are on their way to another state. */
  private record Instances(Map<String, Object> params) implements Subject {
    @Override
    public Method method() {
      return Method.STATUS;
    }

    @Override
    public String text(Members answer) throws JsonException {
      StringBuilder line = new StringBuilder();
      int count = 0;
      for (Members item : answer.objects("items")) {
        if (isUnderWay(item)) {
          count++;
          if (count <= MAX_NAMES) {
            line.append(count == 1 ? "" : ", ")
                .append(item.string("name"))
                .append(" (")
                .append(item.string("state"));
            String detail = item.optionalString("detail").orElse("");
            line.append(detail.isEmpty() ? "" : ": ").append(detail).append(')');
          }
        }
      }
      if (count > MAX_NAMES) {
        line.append(" and ").append(count - MAX_NAMES).append(" more");
      }
      return count == 0 ? "the daemon" : line.toString();
    }

    private static boolean isUnderWay(Members item) throws JsonException {
      String state = item.string("state");
      return state.equals("STARTING")
          || state.equals("STOPPING")
          || (state.equals("DEAD") && item.optionalString("reason").orElse("").equals("waiting"));
    }
  }

  private static final Duration SHOW_INTERVAL = Duration.ofSeconds(1);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(15);

  /** What is given to the daemon to answer in time by itself before we give up. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static final int MAX_NAMES = 3;
  private static final int MAX_WIDTH = 79;
  private static final String ERASE_LINE = "\r\u001b[K";

  private final Session session;
  private final Connection connection;
  private final Subject subject;
  private final long started = System.nanoTime();
  private final boolean shown;
  private Optional<Id> poll = Optional.empty();
  private long nextPoll;
  private boolean lineIsUsed;

  Waiting(Session session, Connection connection, Subject subject) {
    this.session = session;
    this.connection = connection;
    this.subject = subject;
    this.shown = session.err().isTerminal();
    this.nextPoll = (shown ? SHOW_INTERVAL : CHECK_INTERVAL).toNanos();
  }

  /**
   * Asks and waits.
   *
   * @param selectors of what is waited for, as parameters of {@code status}
   * @param timeout after which the daemon has promised to answer
   */
  static Object call(
      Session session,
      Connection connection,
      Method method,
      Map<String, Object> params,
      Map<String, Object> selectors,
      Optional<Duration> timeout)
      throws CommandFailure, JsonException, IOException {
    return call(
        session,
        connection,
        method,
        params,
        new Instances(selectors),
        timeout,
        new Farewell(session, "What was begun goes on; see: pmctl status"));
  }

  /** As the other, for what is no instance. */
  static Object call(
      Session session,
      Connection connection,
      Method method,
      Map<String, Object> params,
      Subject subject,
      Optional<Duration> timeout,
      Farewell farewell)
      throws CommandFailure, JsonException, IOException {
    Id id = connection.send(method, params);
    Waiting waiting = new Waiting(session, connection, subject);
    // Ctrl-C ends a JVM through its shutdown hooks, with 130.
    Runtime.getRuntime().addShutdownHook(farewell);
    try {
      return waiting.result(id, timeout);
    } finally {
      waiting.eraseLine();
      Runtime.getRuntime().removeShutdownHook(farewell);
    }
  }

  private Object result(Id id, Optional<Duration> timeout)
      throws CommandFailure, JsonException, IOException {
    long deadline = timeout.isPresent() ? timeout.get().plus(GRACE).toNanos() : Long.MAX_VALUE;
    while (true) {
      Optional<Message> message = next(deadline);
      if (message.isEmpty()) {
        throw new CommandFailure(
            ExitCode.TIMED_OUT,
            "the daemon has not answered in time. What was begun goes on; see: pmctl status");
      }
      Optional<Object> result = Connection.result(message.get(), id);
      if (result.isPresent()) {
        return result.get();
      }
    }
  }

  /**
   * Shuts the daemon down and waits until it closes the connection, which it does last of all.
   *
   * @return how that went
   */
  static ExitCode shutdown(Session session, Connection connection)
      throws CommandFailure, JsonException, IOException {
    Optional<Duration> timeout = session.arguments().duration(Action.TIMEOUT);
    connection.call(Method.DAEMON_SHUTDOWN, Map.of());
    if (session.arguments().has(Action.NO_WAIT)) {
      tell(session, "pmd is shutting down");
      return ExitCode.DONE;
    }
    Waiting waiting = new Waiting(session, connection, new Instances(Map.of()));
    Thread farewell = new Farewell(session, "What was begun goes on; see: pmctl status");
    Runtime.getRuntime().addShutdownHook(farewell);
    try {
      waiting.end(timeout);
    } finally {
      waiting.eraseLine();
      Runtime.getRuntime().removeShutdownHook(farewell);
    }
    tell(session, "pmd has ended");
    return ExitCode.DONE;
  }

  private static void tell(Session session, String sentence) throws IOException {
    if (session.format().isForPeople()) {
      session.out().line(sentence);
    }
  }

  private void end(Optional<Duration> timeout) throws CommandFailure, JsonException, IOException {
    long deadline = timeout.isPresent() ? timeout.get().toNanos() : Long.MAX_VALUE;
    try {
      while (next(deadline).isPresent()) {
        // Nothing but the end is waited for.
      }
    } catch (ConnectionClosed e) {
      return;
    }
    throw new CommandFailure(
        ExitCode.TIMED_OUT,
        "pmd has not ended within "
            + Durations.format(timeout.orElse(Duration.ZERO))
            + ". It goes on stopping; see: pmctl status");
  }

  /**
   * Waits for the next message that is no answer to our own polls.
   *
   * @param deadline in nanoseconds since the wait began
   * @return empty when the time is over
   */
  private Optional<Message> next(long deadline) throws CommandFailure, JsonException, IOException {
    while (true) {
      Optional<Message> message = nextOrWoken(deadline);
      if (message.isPresent() || elapsedNanos() >= deadline) {
        return message;
      }
    }
  }

  /** As {@link #next}, but also empty after {@link Connection#wakeUp}. */
  Optional<Message> nextOrWoken(long deadline) throws CommandFailure, JsonException, IOException {
    while (true) {
      if (poll.isEmpty() && elapsedNanos() >= nextPoll) {
        sendPoll();
      }
      long limit = Math.min(deadline, nextPoll) - elapsedNanos();
      Optional<Message> message = connection.receive(Duration.ofNanos(Math.max(0, limit)));
      if (message.isPresent()) {
        if (!takePoll(message.get())) {
          return message;
        }
      } else if (elapsedNanos() < nextPoll || elapsedNanos() >= deadline) {
        return Optional.empty();
      } else if (poll.isPresent()) {
        // It is as old as the answer limit.
        throw connection.notAnswering();
      }
    }
  }

  private void sendPoll() throws CommandFailure {
    poll =
        Optional.of(
            shown
                ? connection.send(subject.method(), subject.params())
                : connection.send(Method.PING, Map.of()));
    nextPoll = elapsedNanos() + connection.answerLimit().toNanos();
  }

  /** Whether a message is the answer to our poll; if so, it is shown. */
  private boolean takePoll(Message message) throws JsonException, IOException {
    if (poll.isEmpty()) {
      return false;
    }
    Optional<Object> status;
    try {
      status = Connection.result(message, poll.get());
      if (status.isEmpty()) {
        return false;
      }
    } catch (CommandFailure e) {
      // What we wait for may be gone by now; the answer that we wait for will say so.
      status = Optional.empty();
    }
    poll = Optional.empty();
    nextPoll = elapsedNanos() + (shown ? SHOW_INTERVAL : CHECK_INTERVAL).toNanos();
    if (shown && status.isPresent()) {
      show(subject.text(Members.of(status.get(), "the answer")));
    }
    return true;
  }

  /** Nanoseconds since the wait began. */
  long elapsedNanos() {
    return System.nanoTime() - started;
  }

  private void show(String what) throws IOException {
    if (what.isEmpty()) {
      eraseLine();
      return;
    }
    String line = "waiting for " + what;
    String time = " " + elapsedNanos() / 1_000_000_000 + "s";
    String text = Escapes.cell(line);
    // A line that wraps could not be erased.
    if (text.length() + time.length() > MAX_WIDTH) {
      text = text.substring(0, MAX_WIDTH - time.length() - 1) + "\u2026";
    }
    session.err().print(ERASE_LINE + text + time);
    session.err().flush();
    lineIsUsed = true;
  }

  /** Makes room on the terminal for what is to be shown there otherwise. */
  void eraseLine() throws IOException {
    if (lineIsUsed) {
      session.err().print(ERASE_LINE);
      session.err().flush();
      lineIsUsed = false;
    }
  }

  /** Says, when the user ends the wait, that this is all that ends. */
  static final class Farewell extends Thread {
    private final Session session;
    private final String sentence;

    Farewell(Session session, String sentence) {
      super("farewell");
      this.session = session;
      this.sentence = sentence;
    }

    @Override
    public void run() {
      try {
        session.err().print(session.err().isTerminal() ? ERASE_LINE : "");
        session.err().line("pmctl: interrupted. " + sentence);
        session.err().flush();
      } catch (IOException e) {
        // Nobody is left to be told.
      }
    }
  }
}
