package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.Table;
import pm.cli.render.TopTables;
import pm.cli.render.Units;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;
import pm.protocol.Streams;

/**
 * {@code top}. The daemon sends instances as they change, and measures them while we look; pools
 * are asked for at the interval, and what they did is the difference.
 */
final class Top {
  /** How long a time shown on a terminal may stand still. */
  private static final Duration TICK = Duration.ofSeconds(1);

  private final Session session;
  private final Connection connection;
  private final Duration interval;
  private final WatchedInstances instances = new WatchedInstances();

  /** The pages of an answer that is not complete yet. */
  private final List<Members> pages = new ArrayList<>();

  private List<Members> pools = List.of();
  private Map<String, Members> before = Map.of();
  private double seconds;
  private long poolsAt;
  private long nextPools;
  private Optional<Id> question = Optional.empty();
  private boolean instancesAreComplete;
  private boolean poolsAreKnown;
  private long asked;

  private Top(Session session, Connection connection, Duration interval) {
    this.session = session;
    this.connection = connection;
    this.interval = interval;
  }

  /** Measures once, and writes it. */
  static ExitCode once(Session session, Duration interval)
      throws CommandFailure, JsonException, IOException {
    if (session.format() == Format.NAME) {
      throw Results.noNames();
    }
    try (Connection connection = session.connect()) {
      // Whoever asks first is told of the whole life of a process.
      Pages.read(connection, Method.STATUS, Map.of());
      Map<String, Members> before = byName(PoolNames.list(connection, List.of()));
      long begin = System.nanoTime();
      long end = begin + interval.toNanos();
      while (System.nanoTime() < end) {
        connection.receive(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      }
      List<Members> pools = PoolNames.list(connection, List.of());
      double seconds = (System.nanoTime() - begin) / 1e9;
      List<Members> items = Pages.read(connection, Method.STATUS, Map.of()).objects();
      TopSample sample = TopSample.of(items, pools, before, seconds);
      if (!session.format().isForPeople()) {
        Results.value(session, sample.json(seconds));
        return ExitCode.DONE;
      }
      session.out().line(summary(sample));
      for (Table table : tables(session, sample)) {
        session.out().line("");
        session.out().print(table.render());
      }
    }
    return ExitCode.DONE;
  }

  /** Shows it on a terminal until the user or the daemon ends it. */
  static ExitCode live(Session session, Duration interval)
      throws CommandFailure, JsonException, IOException {
    try (Connection connection = session.connect()) {
      Top top = new Top(session, connection, interval);
      Map<String, Object> params = new LinkedHashMap<>();
      params.put("interval_seconds", Action.seconds(interval));
      Id watch = connection.send(Method.STATUS_WATCH, params);
      try (Screen screen = Screen.withKeys(session, connection)) {
        return top.run(watch, screen);
      }
    }
  }

  private ExitCode run(Id watch, Screen screen) throws CommandFailure, JsonException, IOException {
    asked = System.nanoTime();
    nextPools = asked;
    while (!screen.isQuit()) {
      long now = System.nanoTime();
      if (question.isEmpty() && now >= nextPools) {
        asked = now;
        question = Optional.of(connection.send(Method.POOL_LIST, Map.of()));
      }
      if (question.isPresent() && now - asked > connection.answerLimit().toNanos()) {
        throw connection.notAnswering();
      }
      Optional<Message> received = connection.receive(TICK);
      if (received.isPresent()) {
        Optional<ExitCode> end = take(received.get(), watch);
        if (end.isPresent()) {
          return end.get();
        }
      }
      if (instancesAreComplete && poolsAreKnown) {
        draw(screen);
      }
    }
    return ExitCode.DONE;
  }

  private Optional<ExitCode> take(Message message, Id watch)
      throws CommandFailure, JsonException, IOException {
    if (message instanceof Message.Notification notification) {
      Members params = new Members(notification.params());
      if (notification.method().equals(Streams.END)) {
        return Optional.of(Subscription.end(session, params));
      }
      if (notification.method().equals(Streams.STATUS)) {
        instances.take(params);
        instancesAreComplete = !params.bool("more", false);
      }
      return Optional.empty();
    }
    if (question.isPresent()) {
      Optional<Object> result = Connection.result(message, question.get());
      if (result.isPresent()) {
        takePools(Members.of(result.get(), "the answer"));
        return Optional.empty();
      }
    }
    // If the daemon refuses to be watched, this says why.
    Connection.result(message, watch);
    return Optional.empty();
  }

  private void takePools(Members page) throws CommandFailure, JsonException {
    pages.addAll(page.objects("pools"));
    Optional<String> cursor = page.optionalString("cursor");
    if (cursor.isPresent()) {
      question = Optional.of(connection.send(Method.POOL_LIST, Map.of("cursor", cursor.get())));
      return;
    }
    question = Optional.empty();
    long now = System.nanoTime();
    seconds = poolsAreKnown ? (now - poolsAt) / 1e9 : 0;
    before = poolsAreKnown ? byName(pools) : Map.of();
    pools = List.copyOf(pages);
    pages.clear();
    poolsAt = now;
    poolsAreKnown = true;
    nextPools = now + interval.toNanos();
  }

  private static Map<String, Members> byName(List<Members> pools) throws JsonException {
    Map<String, Members> byName = new LinkedHashMap<>();
    for (Members pool : pools) {
      byName.put(pool.string("name"), pool);
    }
    return byName;
  }

  private void draw(Screen screen) throws JsonException, IOException {
    TopSample sample = TopSample.of(instances.items(), pools, before, seconds);
    int columns = screen.columns();
    StringBuilder text = new StringBuilder();
    boolean fits = true;
    for (Table table : tables(session, sample)) {
      text.append(text.isEmpty() ? "" : "\n").append(table.render(columns));
      fits &= table.width() <= columns;
    }
    screen.show(summary(sample), text.toString(), fits);
  }

  private static List<Table> tables(Session session, TopSample sample) throws JsonException {
    List<Table> tables = new ArrayList<>();
    if (!sample.pools().isEmpty()) {
      tables.add(TopTables.pools(sample.pools(), session.style()));
    }
    tables.add(TopTables.instances(sample.instances(), session.style()));
    return tables;
  }

  /** As {@code 3 of 4 instances up, CPU 12.4%, memory 93.1MiB; 2 pools, 310 tasks/s}. */
  private static String summary(TopSample sample) {
    StringBuilder text = new StringBuilder();
    text.append(sample.instances().size()).append(" of ").append(sample.all());
    text.append(sample.all() == 1 ? " instance up" : " instances up");
    text.append(", CPU ").append(Units.percent(sample.total("cpu_percent")));
    text.append(", memory ").append(Units.bytes(sample.total("memory_bytes")));
    if (!sample.pools().isEmpty()) {
      int pools = sample.pools().size();
      text.append("; ").append(pools).append(pools == 1 ? " pool, " : " pools, ");
      text.append((long) sample.ofPools("queued")).append(" queued, ");
      text.append((long) sample.ofPools("running")).append(" running, ");
      double done = sample.ofPools("succeeded_per_second") + sample.ofPools("failed_per_second");
      text.append(TopTables.rate(done)).append(" tasks/s");
    }
    return text.toString();
  }
}
