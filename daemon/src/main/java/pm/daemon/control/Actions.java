package pm.daemon.control;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;
import pm.config.MalformedValueException;
import pm.config.Problem;
import pm.config.SignalName;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceState;
import pm.protocol.ErrorCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * Calls that change something: makes a command of each, gives it to the core, and keeps the call
 * until the core has answered. Loop thread only.
 */
final class Actions {
  private static final Logger LOG = LoggerFactory.getLogger(Actions.class);

  private static final int MOST_INSTANCES = 10_000;

  private final ControlPorts ports;
  private final Queries queries;
  private final Answers answers;
  private final Requests requests;
  private final Actors actors;
  private final Runs runs;

  private boolean readingConfiguration;
  private boolean upgrading;

  Actions(
      ControlPorts ports,
      Reads reads,
      Queries queries,
      Answers answers,
      Requests requests,
      Actors actors,
      int daemonUid) {
    this.ports = ports;
    this.queries = queries;
    this.answers = answers;
    this.requests = requests;
    this.actors = actors;
    this.runs = new Runs(ports, reads, queries, daemonUid);
  }

  void start(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    Command.Patience patience = Params.patience(call.params());
    submit(call, (request, actor) -> new Command.Start(request, actor, selectors, patience));
  }

  void stop(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    Command.Patience patience = Params.patience(call.params());
    submit(call, (request, actor) -> new Command.Stop(request, actor, selectors, patience));
  }

  void restart(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    Command.Patience patience = Params.patience(call.params());
    Optional<Duration> pause = Params.seconds(call.params(), "pause_seconds");
    if (call.params().bool("rolling", false)) {
      Duration between = pause.orElse(Duration.ZERO);
      submit(
          call,
          (request, actor) ->
              new Command.RollingRestart(request, actor, selectors, between, patience));
    } else if (pause.isPresent()) {
      throw new JsonException("pause_seconds needs rolling");
    } else {
      submit(call, (request, actor) -> new Command.Restart(request, actor, selectors, patience));
    }
  }

  void reload(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    Command.Patience patience = Params.patience(call.params());
    submit(call, (request, actor) -> new Command.Reload(request, actor, selectors, patience));
  }

  void enable(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    submit(
        call,
        (request, actor) ->
            new Command.Enable(request, actor, selectors, Command.Patience.ENDLESS));
  }

  void disable(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    Command.Patience patience = Params.patience(call.params());
    submit(call, (request, actor) -> new Command.Disable(request, actor, selectors, patience));
  }

  void scale(Call call) throws JsonException {
    Members counts =
        call.params()
            .optionalObject("counts")
            .orElseThrow(() -> new JsonException("counts is missing: {\"web\":4}"));
    SortedMap<String, InstanceBounds> wanted = new TreeMap<>();
    for (String program : counts.values().keySet()) {
      InstanceBounds bounds = bounds(counts, program);
      if (!ports.supervisor().configuration().programs().containsKey(program)) {
        queries.noMatch(call, program);
        return;
      }
      wanted.put(program, bounds);
    }
    if (wanted.isEmpty()) {
      throw new JsonException("counts names no program");
    }
    Command.Patience patience = Params.patience(call.params());
    submit(call, (request, actor) -> new Command.Scale(request, actor, wanted, patience));
  }

  /** A number, or bounds of a pool; what of these a program can have is the core's to say. */
  private static InstanceBounds bounds(Members counts, String program) throws JsonException {
    Object value = counts.values().getOrDefault(program, Json.NULL);
    String name = "counts: " + Params.shortened(program);
    if (value instanceof Map<?, ?>) {
      Members bounds = Members.of(value, name);
      bounds.only(List.of("min", "max"));
      int min = count(name + ".min", bounds.values().getOrDefault("min", Json.NULL));
      int max = count(name + ".max", bounds.values().getOrDefault("max", Json.NULL));
      if (min > max) {
        throw new JsonException(name + ".min must be at most its max");
      }
      return new InstanceBounds(min, max);
    }
    return InstanceBounds.of(count(name, value));
  }

  private static int count(String name, Object value) throws JsonException {
    if (value instanceof Long count && count >= 0 && count <= MOST_INSTANCES) {
      return count.intValue();
    }
    throw new JsonException(name + " must be from 0 to " + MOST_INSTANCES);
  }

  void awaitState(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    AwaitedState awaited = awaited(call.params().optionalString("for").orElse("ready"));
    long nanos =
        Params.seconds(call.params(), "timeout_seconds")
            .map(Duration::toNanos)
            .orElse(Long.MAX_VALUE);
    Command.Patience patience = new Command.Patience(true, nanos);
    submit(
        call, (request, actor) -> new Command.Await(request, actor, selectors, awaited, patience));
  }

  private static AwaitedState awaited(String text) throws JsonException {
    if (text.equalsIgnoreCase("ready")) {
      return AwaitedState.READY;
    }
    for (InstanceState state : InstanceState.values()) {
      if (state.name().equalsIgnoreCase(text)) {
        return new AwaitedState.In(state);
      }
    }
    throw new JsonException("for must be ready, dead or a state such as IDLE");
  }

  void run(Call call) throws JsonException {
    Runs.Wanted wanted = Runs.Wanted.of(call.params());
    Command.Patience patience = Params.patience(call.params());
    withActor(
        call,
        actor ->
            runs.make(
                call,
                actor,
                wanted,
                (program, beside) ->
                    guarded(
                        call,
                        () ->
                            ports
                                .commands()
                                .submit(
                                    new Command.Run(
                                        await(call, beside), actor, program, patience)))));
  }

  void signal(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    int signal = signal(call.params());
    submit(
        call,
        (request, actor) ->
            new Command.Signal(request, actor, selectors, signal, SignalName.of(signal)));
  }

  void reset(Call call) throws JsonException {
    List<String> selectors = Params.someSelectors(call.params());
    submit(call, (request, actor) -> new Command.Reset(request, actor, selectors));
  }

  private static int signal(Members params) throws JsonException {
    Object value = params.value("signal").orElseThrow(() -> new JsonException("signal is missing"));
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
      LOG.debug("signal {}: {}", Params.shortened(text), e.getMessage());
    }
    throw new JsonException("signal must be a name such as TERM or HUP, or a number from 1 to 64");
  }

  void apply(Call call) throws JsonException {
    boolean dryRun = call.params().bool("dry_run", false);
    if (readingConfiguration) {
      call.error(ErrorCode.BUSY, "the configuration is being read already; try again");
      return;
    }
    withActor(
        call,
        actor -> {
          readingConfiguration = true;
          boolean begun =
              queries.onPool(
                  call,
                  () -> {
                    try {
                      return ports.configuration().read();
                    } finally {
                      ports.loop().post(() -> readingConfiguration = false);
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
      ports.commands().submit(new Command.Apply(await(call), actor, read, dryRun, patience));
    } else {
      call.error(
          ErrorCode.CONFIGURATION,
          "the configuration of the daemon itself has errors, so nothing is applied",
          Map.of("problems", DefinitionJson.problems(read.problems())));
    }
  }

  void shutdown(Call call) {
    withActor(
        call,
        actor -> {
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("accepted", true);
          json.put(
              "timeout_seconds",
              InstanceJson.seconds(
                  ports.supervisor().configuration().daemon().shutdownTimeout().toNanos()));
          call.result(json);
          ports.commands().submit(new Command.Shutdown(Command.UNANSWERED, actor));
        });
  }

  /** The installed version is asked first, which takes its time; the answer is its. */
  void upgrade(Call call) {
    withActor(
        call,
        actor -> {
          if (upgrading) {
            call.error(ErrorCode.BUSY, "an upgrade is under way already; try again");
            return;
          }
          upgrading = true;
          call.connection().begin();
          LOG.info("{} wants the installed version to take over", Actors.who(actor));
          ports.upgrade().begin(actor, answer -> upgrade(call, answer));
        });
  }

  private void upgrade(Call call, Upgrade.Answer answer) {
    upgrading = false;
    switch (answer) {
      case Upgrade.Answer.Accepted accepted -> {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("accepted", true);
        json.put("pid", (long) ports.facts().pid());
        json.put("from", ports.facts().version());
        json.put("to", accepted.version());
        call.result(json);
      }
      case Upgrade.Answer.Refused refused -> call.error(ErrorCode.REFUSED, refused.why());
    }
    call.connection().done();
  }

  /** Makes a command and gives it to the core, which answers by {@link Requests#reply}. */
  private void submit(Call call, BiFunction<Long, Actor, Command> maker) {
    withActor(call, actor -> ports.commands().submit(maker.apply(await(call), actor)));
  }

  /** Returns the number under which the answer to the call is awaited. */
  private long await(Call call) {
    return await(call, Map.of());
  }

  private long await(Call call, Map<String, Object> beside) {
    return requests.await(call, (asked, answer) -> answers.answer(asked, answer, beside));
  }

  private void withActor(Call call, Consumer<Actor> then) {
    actors.with(call, requests, then);
  }

  private void guarded(Call call, Runnable work) {
    actors.guarded(call, requests, work);
  }
}
