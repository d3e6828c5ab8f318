package pm.daemon.control;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;
import pm.config.MalformedValueException;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.SignalName;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.plan.Selection;
import pm.daemon.core.plan.Selector;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.protocol.ErrorCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.MessageCodec;
import pm.protocol.MessageException;
import pm.protocol.Method;

/**
 * What each line of a client means: checks it against the table of methods and the rights of the
 * peer, and makes a command, a query or a stream of it. Loop thread only.
 */
final class Calls {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);
  private static final int DEFAULT_LINES = 10;
  private static final int MOST_LINES = 100_000;
  private static final long MOST_SECONDS = Duration.ofDays(36_500).toSeconds();

  private final Supervisor supervisor;
  private final CommandSink commands;
  private final EventLoop loop;
  private final BlockingPool pool;
  private final SystemTime time;
  private final ConfigurationSource configuration;
  private final EventSource events;
  private final LogSource logs;
  private final Queries queries;
  private final Answers answers;
  private final UserNames users = new UserNames();

  /** Calls whose command is under way, by the number of its request. */
  private final Map<Long, Call> waiting = new HashMap<>();

  private long lastRequest = Command.UNANSWERED;
  private boolean readingConfiguration;

  Calls(
      Supervisor supervisor,
      CommandSink commands,
      EventLoop loop,
      BlockingPool pool,
      SystemTime time,
      ConfigurationSource configuration,
      EventSource events,
      LogSource logs,
      ProcessSampler sampler,
      DaemonFacts facts) {
    this.supervisor = supervisor;
    this.commands = commands;
    this.loop = loop;
    this.pool = pool;
    this.time = time;
    this.configuration = configuration;
    this.events = events;
    this.logs = logs;
    Output output = new Output(logs);
    this.queries =
        new Queries(supervisor, time, pool, configuration, facts, new Samples(sampler), output);
    this.answers = new Answers(supervisor, time, queries, output);
  }

  /** Handles a line of a client. */
  void line(Connection connection, byte[] line, int connections) {
    Message message;
    try {
      message = MessageCodec.decode(line);
    } catch (MessageException e) {
      connection.send(MessageCodec.encode(e.answer()));
      return;
    }
    switch (message) {
      case Message.Request request ->
          call(connection, Optional.of(request), request.method(), request.params(), connections);
      case Message.Notification notification ->
          call(
              connection,
              Optional.empty(),
              notification.method(),
              notification.params(),
              connections);
      case Message.Response _, Message.ErrorResponse _ ->
          connection.send(
              Wire.error(
                  Optional.empty(),
                  ErrorCode.INVALID_REQUEST,
                  "nothing was asked of you: send requests"));
    }
  }

  /** Answers the request of a command; nothing happens if who asked has gone. */
  void reply(long request, Answer answer) {
    Call call = waiting.remove(request);
    if (call != null) {
      answers.answer(call, answer);
      call.connection().done();
    }
  }

  /** Forgets the requests of a connection that is closed. */
  void forget(Connection connection) {
    waiting.values().removeIf(call -> call.connection() == connection);
  }

  private void call(
      Connection connection,
      Optional<Message.Request> request,
      String name,
      Map<String, Object> params,
      int connections) {
    Optional<Method> method = Method.of(name);
    if (method.isEmpty()) {
      request.ifPresent(
          each ->
              connection.send(
                  Wire.error(
                      Optional.of(each.id()),
                      ErrorCode.METHOD_NOT_FOUND,
                      "there is no method " + shortened(name))));
      return;
    }
    Call call =
        new Call(connection, request.map(Message.Request::id), method.get(), new Members(params));
    if (!connection.peer().role().may(method.get().access())) {
      call.error(ErrorCode.NOT_PERMITTED, name + " is only for root and the user that pmd runs as");
      return;
    }
    try {
      call.params().only(method.get().parameters());
      dispatch(call, connections);
    } catch (JsonException e) {
      call.error(ErrorCode.INVALID_PARAMS, name + ": " + e.sentence());
    } catch (RuntimeException e) {
      failed(call, e);
    }
  }

  private void failed(Call call, RuntimeException why) {
    queries.failed(call, why);
    if (waiting.values().removeIf(each -> each == call)) {
      call.connection().done();
    }
  }

  private void dispatch(Call call, int connections) throws JsonException {
    switch (call.method()) {
      case PING -> queries.ping(call);
      case VERSION -> queries.version(call);
      case STATUS -> {
        Optional<List<InstanceName>> names = select(call, call.params().strings("selectors"));
        if (names.isPresent()) {
          queries.status(call, names.get());
        }
      }
      case DESCRIBE -> {
        Optional<List<InstanceName>> names = select(call, call.params().strings("selectors"));
        if (names.isPresent()) {
          queries.describe(call, names.get());
        }
      }
      case WHY ->
          select(call, List.of(call.params().string("selector")))
              .ifPresent(names -> queries.why(call, names));
      case CONFIG_SHOW -> queries.configShow(call);
      case DAEMON_STATUS -> queries.daemonStatus(call, connections);
      case START -> {
        List<String> selectors = someSelectors(call);
        Command.Patience patience = patience(call);
        submit(call, (request, actor) -> new Command.Start(request, actor, selectors, patience));
      }
      case STOP -> {
        List<String> selectors = someSelectors(call);
        Command.Patience patience = patience(call);
        submit(call, (request, actor) -> new Command.Stop(request, actor, selectors, patience));
      }
      case RESTART -> {
        List<String> selectors = someSelectors(call);
        Command.Patience patience = patience(call);
        submit(call, (request, actor) -> new Command.Restart(request, actor, selectors, patience));
      }
      case SIGNAL -> {
        List<String> selectors = someSelectors(call);
        int signal = signal(call);
        submit(
            call,
            (request, actor) ->
                new Command.Signal(request, actor, selectors, signal, SignalName.of(signal)));
      }
      case RESET -> {
        List<String> selectors = someSelectors(call);
        submit(call, (request, actor) -> new Command.Reset(request, actor, selectors));
      }
      case APPLY -> apply(call, call.params().bool("dry_run", false));
      case DAEMON_SHUTDOWN -> shutdown(call);
      case LOGS -> logs(call);
      case EVENTS -> events(call);
      case UNSUBSCRIBE -> unsubscribe(call);
    }
  }

  /** Returns what the selectors name; if one names nothing that is answered. */
  private Optional<List<InstanceName>> select(Call call, List<String> selectors) {
    return switch (supervisor.select(selectors)) {
      case Selection.Found found -> Optional.of(found.instances());
      case Selection.Nothing nothing -> {
        queries.noMatch(call, nothing.selector());
        yield Optional.empty();
      }
    };
  }

  private static List<String> someSelectors(Call call) throws JsonException {
    List<String> selectors = call.params().strings("selectors");
    if (selectors.isEmpty()) {
      throw new JsonException("selectors is missing: name programs or instances, or all");
    }
    return selectors;
  }

  private static Command.Patience patience(Call call) throws JsonException {
    boolean wait = call.params().bool("wait", true);
    Optional<Duration> timeout = seconds(call, "timeout_seconds");
    return wait
        ? new Command.Patience(true, timeout.map(Duration::toNanos).orElse(Long.MAX_VALUE))
        : Command.Patience.NONE;
  }

  private static Optional<Duration> seconds(Call call, String name) throws JsonException {
    Optional<Number> number = call.params().optionalNumber(name);
    if (number.isEmpty()) {
      return Optional.empty();
    }
    BigDecimal seconds = new BigDecimal(number.get().toString());
    if (seconds.signum() < 0 || seconds.compareTo(BigDecimal.valueOf(MOST_SECONDS)) > 0) {
      throw new JsonException(name + " must be from 0 to " + MOST_SECONDS);
    }
    return Optional.of(Duration.ofNanos(seconds.movePointRight(9).longValue()));
  }

  private static int signal(Call call) throws JsonException {
    Object value =
        call.params().value("signal").orElseThrow(() -> new JsonException("signal is missing"));
    String text = value instanceof Long || value instanceof String ? value.toString() : "";
    if (text.matches("[0-9]{1,2}")) {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= 64) {
        return number;
      }
    }
    try {
      OptionalInt number = SignalName.number(SignalName.parse(text));
      if (number.isPresent()) {
        return number.getAsInt();
      }
    } catch (MalformedValueException e) {
      LOG.debug("signal {}: {}", shortened(text), e.getMessage());
    }
    throw new JsonException("signal must be a name such as TERM or HUP, or a number from 1 to 64");
  }

  /** Makes a command and gives it to the core, which answers by {@link #reply}. */
  private void submit(Call call, BiFunction<Long, Actor, Command> maker) {
    withActor(
        call,
        actor -> {
          LOG.debug("{}: {} {}", who(actor), call.method().wireName(), shortParams(call));
          commands.submit(maker.apply(await(call), actor));
        });
  }

  /** Returns the number under which the answer to the call is awaited. */
  private long await(Call call) {
    lastRequest++;
    waiting.put(lastRequest, call);
    call.connection().begin();
    return lastRequest;
  }

  /** Goes on with who asks; a name that is not known yet is looked up off the loop first. */
  private void withActor(Call call, Consumer<Actor> then) {
    Peer peer = call.connection().peer();
    Optional<String> name = users.known(peer.uid());
    if (name.isPresent()) {
      then.accept(new Actor(name.get(), peer.uid(), peer.pid()));
      return;
    }
    queries.onPool(
        call,
        () -> UserNames.lookUp(peer.uid()),
        found -> {
          users.remember(peer.uid(), found);
          guarded(call, () -> then.accept(new Actor(found, peer.uid(), peer.pid())));
        });
  }

  private void guarded(Call call, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      failed(call, e);
    }
  }

  private void apply(Call call, boolean dryRun) {
    if (readingConfiguration) {
      call.error(ErrorCode.BUSY, "the configuration is being read already; try again");
      return;
    }
    withActor(
        call,
        actor -> {
          LOG.debug("{}: apply {}", who(actor), shortParams(call));
          readingConfiguration = true;
          boolean begun =
              queries.onPool(
                  call,
                  () -> {
                    try {
                      return configuration.read();
                    } finally {
                      loop.post(() -> readingConfiguration = false);
                    }
                  },
                  read -> guarded(call, () -> apply(call, actor, read, dryRun)));
          if (!begun) {
            readingConfiguration = false;
          }
        });
  }

  private void apply(Call call, Actor actor, Configuration read, boolean dryRun) {
    List<Problem> own = read.daemonProblems();
    if (own.isEmpty()) {
      Command.Patience patience = dryRun ? Command.Patience.NONE : Command.Patience.ENDLESS;
      commands.submit(new Command.Apply(await(call), actor, read, dryRun, patience));
    } else {
      call.error(
          ErrorCode.CONFIGURATION,
          "the configuration of the daemon itself has errors, so nothing is applied",
          Map.of("problems", DefinitionJson.problems(read.problems())));
    }
  }

  private void shutdown(Call call) {
    withActor(
        call,
        actor -> {
          LOG.debug("{}: daemon.shutdown", who(actor));
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("accepted", true);
          json.put(
              "timeout_seconds",
              InstanceJson.seconds(
                  supervisor.configuration().daemon().shutdownTimeout().toNanos()));
          call.result(json);
          commands.submit(new Command.Shutdown(Command.UNANSWERED, actor));
        });
  }

  private void events(Call call) throws JsonException {
    List<String> selectors = call.params().strings("selectors");
    OptionalLong since = call.params().optionalLong("since");
    boolean follow = call.params().bool("follow", false);
    if (since.isPresent() && since.getAsLong() < 0) {
      throw new JsonException("since must not be negative");
    }
    if (select(call, selectors).isEmpty() || call.id().isEmpty()) {
      return;
    }
    long start = since.orElse(follow ? events.lastSeq() : 0);
    Predicate<Optional<InstanceName>> filter = filter(selectors);
    subscribe(
        call,
        number ->
            new EventStream(
                call.connection(),
                number,
                events,
                pool,
                filter,
                Math.min(start, events.lastSeq()),
                follow));
  }

  /** Returns which events are wanted; those of the daemon only where everything is. */
  private Predicate<Optional<InstanceName>> filter(List<String> selectors) {
    if (selectors.isEmpty() || selectors.contains("all")) {
      return instance -> true;
    }
    Map<String, Set<String>> groups = new HashMap<>();
    for (ProgramSpec spec : supervisor.configuration().programs().values()) {
      groups.put(spec.name(), Set.copyOf(spec.groups()));
    }
    // By name and not by what exists now: what has been removed had its events too.
    return instance ->
        instance.isPresent()
            && selectors.stream()
                .anyMatch(
                    selector ->
                        Selector.select(
                                List.of(selector),
                                List.of(instance.get()),
                                (program, group) ->
                                    groups.getOrDefault(program, Set.of()).contains(group))
                            instanceof Selection.Found);
  }

  private void logs(Call call) throws JsonException {
    boolean follow = call.params().bool("follow", false);
    long lines = call.params().optionalLong("lines").orElse(-1);
    Optional<Duration> since = seconds(call, "since_seconds");
    if (call.params().has("lines") && (lines < 0 || lines > MOST_LINES)) {
      throw new JsonException("lines must be from 0 to " + MOST_LINES);
    }
    LogSource.Stream stream =
        call.params().bool("stderr", false) ? LogSource.Stream.ERR : LogSource.Stream.OUT;
    Optional<List<InstanceName>> names = select(call, call.params().strings("selectors"));
    if (names.isEmpty()) {
      return;
    }
    Instant now = time.now().wall();
    OptionalInt most =
        lines >= 0
            ? OptionalInt.of((int) lines)
            : since.isPresent() ? OptionalInt.empty() : OptionalInt.of(DEFAULT_LINES);
    LogSource.From from = new LogSource.From(most, since.map(now::minus), !follow);
    if (call.id().isEmpty()) {
      // Nobody could tell what belongs to the stream.
      return;
    }
    List<LogStream.Wanted> wanted = wanted(names.get(), stream);
    queries.onPool(
        call,
        () -> LogStream.open(wanted, logs, from, follow, loop),
        opened -> {
          boolean begun =
              subscribe(
                  call, number -> new LogStream(call.connection(), number, pool, opened, follow));
          if (!begun) {
            LogStream.letGo(opened);
          }
        });
  }

  private List<LogStream.Wanted> wanted(List<InstanceName> names, LogSource.Stream stream) {
    List<LogStream.Wanted> wanted = new ArrayList<>();
    for (InstanceName name : names) {
      Optional<ProgramSpec> spec = supervisor.view(name, time.now()).spec();
      Optional<Path> file = spec.flatMap(each -> logs.file(name, each, stream));
      file.ifPresent(path -> wanted.add(new LogStream.Wanted(name, stream, path)));
    }
    return wanted;
  }

  /** Begins a stream; returns false if that is not possible, which is answered. */
  private static boolean subscribe(Call call, LongFunction<Subscription> maker) {
    if (!call.connection().isOpen()) {
      return false;
    }
    OptionalLong number = call.connection().subscribe(maker);
    if (number.isEmpty()) {
      call.error(
          ErrorCode.BUSY,
          "this connection has " + Bounds.SUBSCRIPTIONS + " streams; end one of them first");
      return false;
    }
    call.result(Map.of("subscription", number.getAsLong()));
    call.connection().pumpStream(number.getAsLong());
    return true;
  }

  private static void unsubscribe(Call call) throws JsonException {
    long number =
        call.params()
            .optionalLong("subscription")
            .orElseThrow(() -> new JsonException("subscription is missing"));
    if (!call.connection().hasStream(number)) {
      call.error(ErrorCode.REFUSED, "this connection has no stream " + number);
      return;
    }
    call.result(Map.of());
    call.connection().unsubscribe(number, "unsubscribed");
  }

  private static String who(Actor actor) {
    return actor.name() + " (uid " + actor.uid() + ", pid " + actor.pid() + ")";
  }

  private static String shortParams(Call call) {
    return shortened(Json.write(call.params().values()));
  }

  private static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }
}
