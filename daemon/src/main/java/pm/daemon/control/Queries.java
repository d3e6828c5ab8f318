package pm.daemon.control;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskView;
import pm.daemon.core.plan.Selection;
import pm.daemon.loop.SystemTime;
import pm.protocol.ErrorCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Streams;
import pm.protocol.Times;

/**
 * Answers what only looks. What the supervisor knows is gathered on the loop thread; measuring,
 * reading files and making text of it happens on the pool. A connection's queries are answered one
 * after the other, so one client has at most one in work.
 */
final class Queries {
  private static final Logger LOG = LoggerFactory.getLogger(Queries.class);

  static final String TOO_MUCH = "the daemon has too much to do; try again";
  static final String DEFECT = "a defect of the daemon; its log says more";

  private final ControlPorts ports;
  private final Reads reads;
  private final Supervisor supervisor;
  private final SystemTime time;
  private final Samples samples;
  private final Output output;

  Queries(ControlPorts ports, Reads reads, Samples samples, Output output) {
    this.ports = ports;
    this.reads = reads;
    this.supervisor = ports.supervisor();
    this.time = ports.time();
    this.samples = samples;
    this.output = output;
  }

  /** Returns what the selectors name; if one names nothing that is answered. */
  Optional<List<InstanceName>> select(Call call, List<String> selectors) {
    return switch (supervisor.select(selectors)) {
      case Selection.Found found -> Optional.of(found.instances());
      case Selection.Nothing nothing -> {
        noMatch(call, nothing.selector());
        yield Optional.empty();
      }
    };
  }

  /** As {@link #select}, of the parameters, and only what comes after the page before. */
  private Optional<List<InstanceName>> selectRest(Call call) throws JsonException {
    Optional<List<InstanceName>> names = select(call, call.params().strings("selectors"));
    return names.isPresent() ? Optional.of(rest(names.get(), call.params())) : names;
  }

  void ping(Call call) {
    call.result(Map.of("pong", true));
  }

  void version(Call call) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", ports.facts().version());
    json.put("protocol", (long) Streams.PROTOCOL_VERSION);
    call.result(json);
  }

  void status(Call call) throws JsonException {
    List<String> columns = call.params().strings("columns");
    if (columns.size() > InstanceJson.STATUS.size()) {
      throw new JsonException("columns: there are only " + InstanceJson.STATUS.size());
    }
    for (String column : columns) {
      if (!InstanceJson.STATUS.contains(column)) {
        throw new JsonException("columns: status has no member " + Params.shortened(column));
      }
    }
    Optional<List<InstanceName>> names = selectRest(call);
    if (names.isEmpty()) {
      return;
    }
    Moment now = time.now();
    List<Shown> all = shown(names.get(), now);
    answer(
        call,
        () -> {
          Page page = new Page("items");
          for (Shown each : all) {
            Map<String, Object> item = InstanceJson.status(each, samples.of(each.view(), now), now);
            if (!page.add(each.name().toString(), columns.isEmpty() ? item : row(item, columns))) {
              break;
            }
          }
          return page.end(Optional.of(ports.configuration().isNewer()));
        });
  }

  private static List<Object> row(Map<String, Object> item, List<String> columns) {
    List<Object> row = new ArrayList<>(columns.size());
    for (String column : columns) {
      row.add(item.getOrDefault(column, Json.NULL));
    }
    return row;
  }

  void describe(Call call) throws JsonException {
    Optional<List<InstanceName>> names = selectRest(call);
    if (names.isEmpty()) {
      return;
    }
    Moment now = time.now();
    List<Shown> all = shown(names.get(), now);
    Map<InstanceName, List<TaskView>> tasks = Shown.tasks(ports, all, now);
    Background background = Background.of(supervisor, ports.events());
    answer(
        call,
        () -> {
          Page page = new Page("items");
          for (Shown each : all) {
            List<TaskView> inHand = tasks.getOrDefault(each.name(), List.of());
            if (!page.add(each.name().toString(), describe(each, inHand, background, now))) {
              break;
            }
          }
          return page.end(Optional.empty());
        });
  }

  private Map<String, Object> describe(
      Shown shown, List<TaskView> tasks, Background background, Moment now) {
    InstanceView view = shown.view();
    InstanceName name = shown.name();
    List<Optional<String>> files = new ArrayList<>();
    for (LogSource.Stream stream : LogSource.Stream.values()) {
      files.add(output.file(name, view.spec(), stream).map(Path::toString));
    }
    return InstanceJson.describe(
        shown,
        samples.of(view, now),
        tasks,
        background,
        samples.cgroup(view),
        files,
        output.last(name, view.spec(), Optional.empty()),
        now);
  }

  void why(Call call) throws JsonException {
    Optional<List<InstanceName>> names = select(call, List.of(call.params().string("selector")));
    if (names.isEmpty()) {
      return;
    }
    Moment now = time.now();
    Page page = new Page("items");
    for (InstanceName name : rest(names.get(), call.params())) {
      InstanceView view = supervisor.view(name, now);
      List<String> sentences =
          supervisor.why(name, now).stream().filter(sentence -> !sentence.isBlank()).toList();
      int causes = Math.max(1, sentences.size() - 1);
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("name", name.toString());
      json.put("state", view.instance().state().name());
      json.put("reason", InstanceJson.reason(view.instance()));
      json.put("causes", sentences.subList(0, Math.min(causes, sentences.size())));
      json.put("next", sentences.size() > 1 ? sentences.getLast() : Json.NULL);
      if (!page.add(name.toString(), json)) {
        break;
      }
    }
    call.resultText(page.end(Optional.empty()));
  }

  /** All that a selector can be, for those who complete one. */
  void names(Call call) throws JsonException {
    TreeSet<String> all = new TreeSet<>();
    all.add("all");
    for (Instance instance : supervisor.instances()) {
      all.add(instance.name().program());
      all.add(instance.name().toString());
    }
    for (ProgramSpec spec : supervisor.configuration().programs().values()) {
      all.add(spec.name());
      spec.groups().forEach(group -> all.add("group:" + group));
    }
    Optional<String> cursor = call.params().optionalString("cursor");
    Page page = new Page("items");
    for (String name : cursor.isPresent() ? all.tailSet(cursor.get(), false) : all) {
      if (!page.add(name, name)) {
        break;
      }
    }
    call.resultText(page.end(Optional.empty()));
  }

  void configShow(Call call) throws JsonException {
    Optional<String> program = call.params().optionalString("program");
    Optional<String> cursor = call.params().optionalString("cursor");
    Configuration inForce = supervisor.configuration();
    if (program.isPresent() && !inForce.programs().containsKey(program.get())) {
      noMatch(call, program.get());
      return;
    }
    SortedMap<String, ProgramSpec> programs =
        program.isPresent()
            ? inForce.programs().subMap(program.get(), program.get() + '\0')
            : cursor.isPresent()
                ? inForce.programs().tailMap(cursor.get() + '\0')
                : inForce.programs();
    answer(
        call,
        () -> {
          Map<String, Object> json = new LinkedHashMap<>();
          if (program.isEmpty() && cursor.isEmpty()) {
            json.put("daemon", DefinitionJson.daemon(inForce.daemon()));
          }
          Map<String, Object> shown = new LinkedHashMap<>();
          json.put("programs", shown);
          int bytes = 0;
          String last = "";
          for (ProgramSpec spec : programs.values()) {
            Object definition = DefinitionJson.program(spec);
            bytes += Page.utf8Length(Json.write(definition)) + 80;
            if (!shown.isEmpty() && bytes > Page.BYTES) {
              json.put("cursor", last);
              break;
            }
            shown.put(spec.name(), definition);
            last = spec.name();
          }
          return Json.write(json);
        });
  }

  void daemonStatus(Call call, int connections) {
    Moment now = time.now();
    Map<String, Long> instances = new TreeMap<>();
    for (Instance instance : supervisor.instances()) {
      instances.merge(instance.state().name(), 1L, Long::sum);
    }
    Map<String, Long> byState = new LinkedHashMap<>();
    for (InstanceState state : InstanceState.values()) {
      byState.put(state.name(), instances.getOrDefault(state.name(), 0L));
    }
    ConfigurationSource.Loaded loaded = ports.configuration().loaded();
    DaemonFacts facts = ports.facts();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", facts.version());
    json.put("pid", (long) facts.pid());
    json.put("started_at", Times.format(facts.startedAt().wall()));
    json.put("uptime_seconds", InstanceJson.seconds(now.nanos() - facts.startedAt().nanos()));
    json.put("socket", facts.socket().toString());
    Map<String, Object> folders = new LinkedHashMap<>();
    folders.put("config", facts.folders().config().toString());
    folders.put("run", facts.folders().run().toString());
    folders.put("state", facts.folders().state().toString());
    folders.put("log", facts.folders().log().toString());
    json.put("folders", folders);
    long programs = supervisor.configuration().programs().size();
    Map<String, Object> rest = new LinkedHashMap<>();
    rest.put("programs", programs);
    rest.put("instances", byState);
    rest.put("shutting_down", supervisor.isShuttingDown());
    rest.put("start_slots", (long) supervisor.startSlots());
    rest.put("start_slots_in_use", (long) supervisor.startSlotsInUse());
    rest.put("dropped_reports", supervisor.droppedReports());
    rest.put("connections", (long) connections);
    rest.put(
        "last_upgrade", ports.upgrade().last().<Object>map(Queries::upgrade).orElse(Json.NULL));
    rest.putAll(facts.counters().get());
    answer(
        call,
        () -> {
          Map<String, Object> files = new LinkedHashMap<>();
          files.put("files", loaded.files().stream().map(Path::toString).toList());
          files.put("loaded_at", Times.format(loaded.at()));
          files.put("files_newer", ports.configuration().isNewer());
          files.put("problems", (long) loaded.problems());
          json.put("configuration", files);
          json.putAll(rest);
          Optional<Long> memory = Samples.ownMemoryBytes();
          json.put("memory_bytes", memory.isPresent() ? (Object) memory.get() : Json.NULL);
          return Json.write(json);
        });
  }

  private static Map<String, Object> upgrade(Upgrade.Last last) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("from", last.from());
    json.put("to", last.to());
    json.put("at", Times.format(last.at()));
    json.put("failure", last.failure().isEmpty() ? Json.NULL : last.failure());
    return json;
  }

  /** Numbers for a monitoring system, in pages of whole lines. */
  void metrics(Call call) throws JsonException {
    Optional<TextPage.Cursor> cursor = TextPage.Cursor.of(call.params());
    onPool(
        call,
        ports.metrics().gather(time.now()),
        text -> {
          if (TextPage.fits(text, cursor)) {
            call.result(TextPage.of(text, cursor));
          } else {
            call.error(
                ErrorCode.BUSY,
                "there is more or less to be measured than for the page before; begin again");
          }
        });
  }

  /** Answers that a selector names nothing, and what may have been meant. */
  void noMatch(Call call, String selector) {
    List<String> names = new ArrayList<>();
    supervisor
        .configuration()
        .programs()
        .forEach(
            (name, spec) -> {
              names.add(name);
              spec.groups().forEach(group -> names.add("group:" + group));
            });
    if (selector.indexOf('@') >= 0) {
      supervisor.instances().forEach(instance -> names.add(instance.name().toString()));
    }
    List<String> similar = Similar.to(selector, names);
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("selector", selector);
    data.put("similar", similar);
    String hint =
        similar.isEmpty()
            ? "pmctl status shows all"
            : "did you mean " + String.join(" or ", similar) + "?";
    call.error(ErrorCode.NO_MATCH, "nothing is named " + selector + "; " + hint, data);
  }

  /** Does work on the pool and answers with the JSON that it returns. */
  void answer(Call call, Callable<String> work) {
    onPool(call, work, call::resultText);
  }

  /**
   * Does work on the pool, then the rest on the loop. Meanwhile the connection's later requests
   * wait.
   *
   * @return false if it is not done because the pool has too much to do, which is answered
   */
  <T> boolean onPool(Call call, Callable<T> work, Consumer<T> then) {
    Connection connection = call.connection();
    connection.begin();
    connection.pause();
    boolean taken =
        reads.submit(
            work,
            result -> finish(connection, () -> then.accept(result)),
            thrown -> finish(connection, () -> failed(call, thrown)));
    if (!taken) {
      finish(connection, () -> call.error(ErrorCode.BUSY, TOO_MUCH));
    }
    return taken;
  }

  /** Answers that we have a defect. */
  void failed(Call call, Throwable why) {
    LOG.error("{} failed", call.method().wireName(), why);
    call.error(ErrorCode.INTERNAL_ERROR, DEFECT);
  }

  private static void finish(Connection connection, Runnable last) {
    try {
      last.run();
    } finally {
      connection.resume();
      connection.done();
    }
  }

  private List<Shown> shown(List<InstanceName> names, Moment now) {
    List<Shown> all = new ArrayList<>(names.size());
    for (InstanceName name : names) {
      all.add(Shown.of(ports, name, now));
    }
    return all;
  }

  /** What comes after the cursor: the name of the last one of the page before. */
  private static List<InstanceName> rest(List<InstanceName> names, Members params)
      throws JsonException {
    Optional<String> cursor = params.optionalString("cursor");
    if (cursor.isEmpty()) {
      return names;
    }
    InstanceName last =
        InstanceName.parse(cursor.get())
            .orElseThrow(() -> new JsonException("cursor is not one that was given"));
    return names.stream().filter(name -> name.compareTo(last) > 0).toList();
  }
}
