package pm.daemon.core;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.DependencyCondition;
import pm.config.Durations;
import pm.config.Location;
import pm.config.LogSpec;
import pm.config.MalformedValueException;
import pm.config.OnDependencyRestart;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.ReloadSpec;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.config.Word;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;

/**
 * A story as text: what comes in above {@code ----}, what goes out below it. {@code
 * scenarios/README.md} tells the words.
 */
final class Scenario {

  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final Actor TERM = Actor.signal("SIGTERM");
  private static final int CORES = 1;
  private static final String EPOCH = "t";

  private final Transcript transcript = new Transcript();
  private final TreeMap<String, ProgramSpec> programs = new TreeMap<>();
  private final TreeMap<String, List<Problem>> invalid = new TreeMap<>();
  private final List<Problem> fileProblems = new ArrayList<>();
  private final Map<InvocationId, ProcessIdentity> processes = new HashMap<>();
  private final List<Entry> journal = new ArrayList<>();
  private OptionalInt maxStarts = OptionalInt.empty();
  private final List<TaskEntry> taskJournal = new ArrayList<>();
  private List<Entry> lastEntries = List.of();
  private List<TaskEntry> lastTaskEntries = List.of();
  private Supervisor core = newCore();
  private long nanos = 1_000_000_000_000L;
  private long requests;
  private int daemons;
  private String lastNamed = "";
  private final List<String> out = new ArrayList<>();

  /** Returns the whole text with what goes out now. */
  static String play(String text) {
    Scenario scenario = new Scenario();
    scenario.core.beginTasks(EPOCH, 0, true, scenario.now());
    StringBuilder played = new StringBuilder();
    boolean isOutput = false;
    List<String> input = new ArrayList<>();
    for (String line : text.lines().toList()) {
      if (line.equals("----")) {
        played.append("----\n");
        scenario.take(input);
        scenario.out.forEach(told -> played.append(told).append('\n'));
        scenario.out.clear();
        input.clear();
        isOutput = true;
      } else if (line.isBlank()) {
        played.append('\n');
        isOutput = false;
      } else if (!isOutput) {
        played.append(line).append('\n');
        input.add(line);
      }
    }
    scenario.take(input);
    if (!scenario.out.isEmpty()) {
      throw new IllegalArgumentException("the last lines have no ---- below them");
    }
    return played.toString();
  }

  private Supervisor newCore() {
    return new Supervisor(new SplittableRandom(1 + daemons), CORES);
  }

  private void take(List<String> lines) {
    int before = out.size();
    for (String line : lines) {
      if (line.startsWith("#")) {
        continue;
      }
      int told = out.size();
      takeLine(line.strip());
      // Where several come in, what comes of each is told apart.
      if (lines.size() > 1 && out.size() > told) {
        out.add(told, "> " + line.strip());
      }
    }
    if (out.size() > before && out.stream().filter(line -> line.startsWith("> ")).count() == 1) {
      out.removeIf(line -> line.startsWith("> "));
    }
  }

  private void takeLine(String line) {
    if (line.startsWith("+")) {
      String[] parts = line.split(" ", 2);
      pass(duration(parts[0].substring(1)));
      if (parts.length > 1) {
        takeLine(parts[1]);
      }
      return;
    }
    List<String> words = new ArrayList<>(Arrays.asList(line.split(" +", -1)));
    String verb = words.removeFirst();
    switch (verb) {
      case "program" -> program(words);
      case "no-program" -> programs.remove(words.getFirst());
      case "broken" -> broken(words.getFirst());
      case "broken-file" ->
          fileProblems.add(
              new Problem(new Location(words.getFirst(), 3, 1), "", "is not YAML", ""));
      case "mended" -> {
        invalid.clear();
        fileProblems.clear();
      }
      case "max-starts" -> maxStarts = OptionalInt.of(Integer.parseInt(words.getFirst()));
      case "begin" -> handle(new Command.Begin(Actor.AUTOSTART, files(), lastDecisions()));
      case "kill" -> killed(words);
      case "asleep" -> nanos += duration(words.getFirst());
      case "resume" -> handle(new Command.Resume(Actor.AUTOSTART));
      case "status" -> core.instances().forEach(this::status);
      case "why" -> out.addAll(core.why(instance(words.getFirst()), now()));
      default -> handle(event(verb, words));
    }
  }

  // Time and the daemon.

  /** Time passes; each deadline is met when it comes. */
  private void pass(long length) {
    long until = nanos + length;
    for (long next = core.nextDeadline(); next <= until; next = core.nextDeadline()) {
      long waited = Math.max(0, next - nanos);
      nanos = Math.max(nanos, next);
      out.add("(time passes" + (waited > 0 ? ", " + waited / 1_000_000 + "ms)" : ")"));
      handle(new TimePassed());
    }
    nanos = until;
  }

  private Moment now() {
    return new Moment(nanos, Instant.parse("2026-01-01T00:00:00Z").plusNanos(nanos - ORIGIN));
  }

  private static final long ORIGIN = 1_000_000_000_000L;

  private void handle(Event event) {
    lastEntries = new ArrayList<>();
    lastTaskEntries = new ArrayList<>();
    try {
      take(core.handle(event, now()));
    } catch (IllegalStateException impossible) {
      out.add("impossible");
      return;
    }
    // As at the end of each batch.
    for (Decision settled = core.settle(now()); !isEmpty(settled); settled = core.settle(now())) {
      take(settled);
    }
  }

  private static boolean isEmpty(Decision decision) {
    return decision.entries().isEmpty()
        && decision.taskEntries().isEmpty()
        && decision.effects().isEmpty();
  }

  private void take(Decision decision) {
    lastEntries.addAll(decision.entries());
    lastTaskEntries.addAll(decision.taskEntries());
    journal.addAll(decision.entries());
    taskJournal.addAll(decision.taskEntries());
    out.addAll(transcript.lines(decision, now()));
  }

  /** The daemon is killed; what it decided last may not have been kept. */
  private void killed(List<String> words) {
    if (words.contains("unkept")) {
      for (int i = 0; i < lastEntries.size(); i++) {
        journal.removeLast();
      }
      for (int i = 0; i < lastTaskEntries.size(); i++) {
        taskJournal.removeLast();
      }
    }
    daemons++;
    core = newCore();
    if (journal.isEmpty() || !(journal.getLast() instanceof Entry.CleanEnd)) {
      core.replay(journal);
    }
    taskJournal.forEach(core::replayTask);
    core.beginTasks(EPOCH, 0, true, now());
  }

  private Decisions lastDecisions() {
    Decisions last = Decisions.NONE;
    for (Entry entry : journal) {
      if (entry instanceof Entry.DecisionsKept kept) {
        last = kept.decisions();
      }
    }
    return last;
  }

  private void status(Instance instance) {
    InstanceView view = core.view(instance.name(), now());
    out.add(
        transcript.instance(view.instance(), now())
            + (view.detail().isEmpty() ? "" : ": " + view.detail())
            + (view.asDesired() ? "" : " (not as desired)"));
  }

  // What comes in.

  private Event event(String verb, List<String> words) {
    Command.Patience taskPatience =
        verb.equals("drain") ? patience(words) : Command.Patience.ENDLESS;
    Optional<TaskEvent> task =
        TaskWords.event(verb, words, requests + 1, ALICE, taskPatience, this::invocation);
    if (task.isPresent()) {
      requests += task.get() instanceof TaskCommand ? 1 : 0;
      return task.get();
    }
    return switch (verb) {
      case "start" -> {
        Command.Patience patience = patience(words);
        yield new Command.Start(++requests, ALICE, words, patience);
      }
      case "stop" -> {
        Command.Patience patience = patience(words);
        yield new Command.Stop(++requests, ALICE, words, patience);
      }
      case "restart" -> {
        Command.Patience patience = patience(words);
        yield new Command.Restart(++requests, ALICE, words, patience);
      }
      case "signal" -> {
        String name = words.removeFirst();
        yield new Command.Signal(++requests, ALICE, words, 1, name);
      }
      case "reset" -> new Command.Reset(++requests, ALICE, words);
      case "apply" -> {
        Command.Patience patience = patience(words);
        yield new Command.Apply(++requests, ALICE, files(), words.contains("--dry-run"), patience);
      }
      case "reload" -> {
        Command.Patience patience = patience(words);
        yield new Command.Reload(++requests, ALICE, words, patience);
      }
      case "enable" -> {
        Command.Patience patience = patience(words);
        yield new Command.Enable(++requests, ALICE, words, patience);
      }
      case "disable" -> {
        Command.Patience patience = patience(words);
        yield new Command.Disable(++requests, ALICE, words, patience);
      }
      case "scale" -> {
        Command.Patience patience = patience(words);
        TreeMap<String, InstanceBounds> counts = new TreeMap<>();
        for (String word : words) {
          String[] pair = word.split("=", 2);
          String[] ends = pair[1].split("\\.\\.", 2);
          int min = Integer.parseInt(ends[0]);
          counts.put(
              pair[0],
              ends.length > 1
                  ? new InstanceBounds(min, Integer.parseInt(ends[1]))
                  : InstanceBounds.of(min));
        }
        yield new Command.Scale(++requests, ALICE, counts, patience);
      }
      case "roll" -> {
        Command.Patience patience = patience(words);
        int pause = words.indexOf("--pause");
        Duration length = Duration.ZERO;
        if (pause >= 0) {
          words.remove(pause);
          length = Duration.ofNanos(duration(words.remove(pause)));
        }
        yield new Command.RollingRestart(++requests, ALICE, words, length, patience);
      }
      case "wait" -> {
        Command.Patience patience = patience(words);
        String state = words.removeFirst();
        yield new Command.Await(
            ++requests,
            ALICE,
            words,
            state.equals("ready")
                ? AwaitedState.READY
                : new AwaitedState.In(InstanceState.valueOf(state)),
            patience);
      }
      case "run" -> {
        Command.Patience patience = patience(words);
        program(words);
        ProgramSpec made =
            Optional.ofNullable(programs.remove(lastNamed))
                .orElseThrow(() -> new IllegalArgumentException("no program to run"));
        yield new Command.Run(
            ++requests,
            ALICE,
            new ProgramSpec.Builder(made).location(new Location(Command.RUN, 0, 0)).build(),
            patience);
      }
      case "shutdown" -> new Command.Shutdown(Command.UNANSWERED, TERM);
      case "spawned" -> {
        InvocationId id = invocation(words.getFirst());
        processes.putIfAbsent(id, new ProcessIdentity(101 + processes.size(), 5, 5));
        int why = words.indexOf("unenforced") + 1;
        List<String> notes =
            why == 0 ? List.of() : List.of(String.join(" ", words.subList(why, words.size())));
        yield words.contains("enforced") || why > 0
            ? new Report.Spawned(id, process(id), notes, why == 0)
            : new Report.Spawned(id, process(id));
      }
      case "adopted" -> {
        InvocationId id = invocation(words.getFirst());
        yield new Report.Adopted(id, process(id));
      }
      case "spawn-failed" -> {
        String[] why = String.join(" ", words.subList(1, words.size())).split(": ", 2);
        yield new Report.SpawnFailed(invocation(words.getFirst()), why[0], why[1], false);
      }
      case "host-short" -> {
        String[] why = String.join(" ", words.subList(1, words.size())).split(": ", 2);
        yield new Report.SpawnFailed(invocation(words.getFirst()), why[0], why[1], true);
      }
      case "exited" -> {
        boolean remains = words.remove("remains");
        boolean oom = words.remove("oom");
        yield new Report.Exited(invocation(words.removeFirst()), status(words), remains, oom);
      }
      case "became-ready" ->
          new Report.BecameReady(invocation(words.removeFirst()), String.join(" ", words));
      case "notified" -> LifeWords.notified(invocation(words.removeFirst()), words);
      case "checked" ->
          new Report.Checked(
              invocation(words.removeFirst()),
              Long.parseLong(words.removeFirst()),
              words.removeFirst().equals("passed"),
              String.join(" ", words));
      case "used" -> LifeWords.used(invocation(words.removeFirst()), words);
      case "hook-ended" ->
          LifeWords.hookEnded(
              instance(words.removeFirst()), invocation(words.removeFirst()), words);
      case "remains-gone" -> new Report.RemainsGone(invocation(words.getFirst()));
      case "remains-left" ->
          new Report.RemainsLeft(
              invocation(words.removeFirst()), words.stream().map(Integer::valueOf).toList());
      case "reloaded" ->
          new Report.HookEnded(
              instance(words.get(0)),
              invocation(words.get(1)),
              HookKind.RELOAD,
              HookEnd.code(Integer.parseInt(words.get(2))));
      case "never-spawned" -> new Report.NeverSpawned(invocation(words.getFirst()));
      case "output-blocked" ->
          new Report.OutputBlocked(
              instance(words.getFirst()),
              "/var/log/pm/" + words.getFirst() + ".log",
              String.join(" ", words.subList(1, words.size())));
      case "remarked" ->
          new Report.Remarked(
              instance(words.get(0)),
              words.get(1),
              String.join(" ", words.subList(2, words.size())));
      case "output-flows" ->
          new Report.OutputFlows(
              instance(words.getFirst()), "/var/log/pm/" + words.getFirst() + ".log");
      default -> throw new IllegalArgumentException("no such line: " + verb + " " + words);
    };
  }

  private ProcessIdentity process(InvocationId id) {
    ProcessIdentity process = processes.get(id);
    if (process == null) {
      throw new IllegalArgumentException("it was never spawned: " + id);
    }
    return process;
  }

  private InvocationId invocation(String name) {
    return transcript
        .invocation(name)
        .orElseThrow(() -> new IllegalArgumentException("no invocation " + name));
  }

  private static InstanceName instance(String name) {
    return InstanceName.parse(name).orElseThrow();
  }

  private static Command.Patience patience(List<String> words) {
    if (words.remove("--no-wait")) {
      return Command.Patience.NONE;
    }
    int timeout = words.indexOf("--timeout");
    if (timeout < 0) {
      return Command.Patience.ENDLESS;
    }
    words.remove(timeout);
    return new Command.Patience(true, duration(words.remove(timeout)));
  }

  private static ExitStatus status(List<String> words) {
    return switch (words.getFirst()) {
      case "code" -> new ExitStatus.Code(Integer.parseInt(words.get(1)));
      case "unknown" -> new ExitStatus.Unknown();
      default -> {
        boolean core = words.contains("core");
        yield new ExitStatus.Signalled(words.getFirst(), 1, core);
      }
    };
  }

  private static long duration(String text) {
    try {
      return Durations.parse(text).toNanos();
    } catch (MalformedValueException malformed) {
      throw new IllegalArgumentException(text, malformed);
    }
  }

  // The files.

  private Configuration files() {
    List<Problem> problems = new ArrayList<>(fileProblems);
    invalid.values().forEach(problems::addAll);
    TreeMap<String, ProgramSpec> readable = new TreeMap<>(programs);
    readable
        .values()
        .removeIf(
            spec ->
                invalid.containsKey(spec.name())
                    || fileProblems.stream()
                        .anyMatch(
                            problem -> problem.location().file().equals(spec.location().file())));
    TreeMap<String, List<Problem>> unread = new TreeMap<>();
    for (Problem problem : fileProblems) {
      unread.put(problem.location().file(), List.of(problem));
    }
    DaemonSpec daemon = DaemonSpec.DEFAULT;
    return new Configuration(
        new DaemonSpec(
            daemon.socket(),
            daemon.level(),
            daemon.format(),
            daemon.shutdownTimeout(),
            maxStarts,
            daemon.tasks(),
            daemon.include()),
        readable,
        invalid,
        unread,
        problems);
  }

  private void broken(String name) {
    invalid.put(
        name,
        List.of(
            new Problem(new Location("web.yaml", 7, 3), "programs." + name, "has no command", "")));
  }

  /** {@code program web key=value …}; what is not said is as it was, at first the default. */
  private void program(List<String> words) {
    String name = words.removeFirst();
    lastNamed = name;
    invalid.remove(name);
    ProgramSpec old = programs.get(name);
    ProgramSpec.Builder builder =
        old == null
            ? new ProgramSpec.Builder(name, new pm.config.Command(List.of("/bin/" + name), false))
                .location(new Location("web.yaml", 1, 1))
            : new ProgramSpec.Builder(old);
    ProgramSpec before = builder.build();
    RestartSpec restart = before.restart();
    StopSpec stop = before.stop();
    for (String word : words) {
      String[] pair = word.split("=", 2);
      String value = pair[1];
      if (LifeWords.key(builder.restart(restart).stop(stop), pair[0], value)
          || TaskWords.key(builder, pair[0], value)) {
        stop = builder.build().stop();
        continue;
      }
      switch (pair[0]) {
        case "command" -> builder.command(new pm.config.Command(List.of(value), false));
        case "type" -> builder.type(word(ProgramType.values(), value));
        case "instances" -> builder.instances(Integer.parseInt(value));
        case "enabled" -> builder.enabled(Boolean.parseBoolean(value));
        case "autostart" -> builder.autostart(Boolean.parseBoolean(value));
        case "essential" -> builder.essential(Boolean.parseBoolean(value));
        case "depends_on" -> builder.dependsOn(dependsOn(value));
        case "on_dependency_restart" ->
            builder.onDependencyRestart(word(OnDependencyRestart.values(), value));
        case "groups" -> builder.groups(List.of(value.split(",", -1)));
        case "uptime" -> builder.readiness(new Readiness.Uptime(Duration.ofNanos(duration(value))));
        case "start_timeout" -> builder.startTimeout(Duration.ofNanos(duration(value)));
        case "success" -> builder.successExitCodes(codes(value));
        case "file" -> builder.location(new Location(value, 1, 1));
        case "max_size" ->
            builder.logs(
                new LogSpec(
                    before.logs().file(),
                    before.logs().stderr(),
                    Long.parseLong(value),
                    before.logs().keep()));
        case "reload_command" ->
            builder.reload(
                new ReloadSpec("HUP", Optional.of(new pm.config.Command(List.of(value), false))));
        case "stop_signal" ->
            stop = new StopSpec(value, stop.timeout(), stop.scope(), stop.drain(), stop.command());
        case "stop_timeout" ->
            stop =
                new StopSpec(
                    stop.signal(),
                    Duration.ofNanos(duration(value)),
                    stop.scope(),
                    stop.drain(),
                    stop.command());
        case "scope" ->
            stop = new StopSpec(stop.signal(), stop.timeout(), word(StopScope.values(), value));
        default -> restart = restart(restart, pair[0], value);
      }
    }
    programs.put(name, builder.restart(restart).stop(stop).build());
  }

  private static RestartSpec restart(RestartSpec old, String key, String value) {
    boolean isTime =
        Set.of("window", "delay", "max_delay", "reset_after", "retry_after").contains(key);
    Duration time = isTime ? Duration.ofNanos(duration(value)) : Duration.ZERO;
    OptionalInt most =
        value.equals("unlimited")
            ? OptionalInt.empty()
            : key.equals("max_restarts")
                ? OptionalInt.of(Integer.parseInt(value))
                : old.maxRestarts();
    return new RestartSpec(
        key.equals("policy") ? word(RestartPolicy.values(), value) : old.policy(),
        most,
        key.equals("window") ? time : old.window(),
        key.equals("delay") ? time : old.delay(),
        key.equals("factor") ? Double.parseDouble(value) : old.factor(),
        key.equals("max_delay") ? time : old.maxDelay(),
        old.jitter(),
        key.equals("reset_after") ? time : old.resetAfter(),
        key.equals("prevent") ? codes(value) : old.prevent(),
        key.equals("retry_after") ? Optional.of(time) : old.retryAfter());
  }

  /** {@code db,cache:started}. */
  private static java.util.SortedMap<String, DependencyCondition> dependsOn(String value) {
    TreeMap<String, DependencyCondition> needed = new TreeMap<>();
    for (String each : value.isEmpty() ? new String[0] : value.split(",", -1)) {
      String[] pair = each.split(":", 2);
      needed.put(
          pair[0],
          pair.length > 1
              ? word(DependencyCondition.values(), pair[1])
              : DependencyCondition.READY);
    }
    return needed;
  }

  private static <T extends Word> T word(T[] values, String word) {
    for (T value : values) {
      if (value.word().equals(word)) {
        return value;
      }
    }
    throw new IllegalArgumentException(word);
  }

  private static Set<Integer> codes(String value) {
    TreeSet<Integer> codes = new TreeSet<>();
    for (String code : value.split(",", -1)) {
      codes.add(Integer.valueOf(code));
    }
    return codes;
  }
}
