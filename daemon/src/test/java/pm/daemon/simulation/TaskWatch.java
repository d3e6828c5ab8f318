package pm.daemon.simulation;

import static pm.daemon.simulation.TaskViolation.unless;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pm.config.Configuration;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.pool.PoolOracle;
import pm.daemon.core.pool.Slots;

/**
 * Holds what a daemon decides about tasks against what must be so: what its entries tell is the
 * matter of one {@link PoolOracle} for each pool; here is what the world sees beside it.
 */
final class TaskWatch {

  private static final Pattern SCALE = Pattern.compile("(\\d+) to (\\d+): ");

  private final TaskSabotage sabotage;
  private final TreeMap<String, PoolOracle> oracles = new TreeMap<>();

  /** As the core has them, and as they should be. */
  private final Map<String, ProgramSpec> inForce = new HashMap<>();

  private final Map<String, ProgramSpec> specs = new HashMap<>();
  private final Map<PoolSpec, PoolSpec> bent = new HashMap<>();
  private final Map<Long, String> poolOf = new HashMap<>();
  private final Map<String, Long> keys = new HashMap<>();
  private final Map<Long, byte[]> data = new HashMap<>();

  /** What any worker has ever sent for an attempt. */
  private final Map<String, Set<String>> said = new HashMap<>();

  /** The last attempt of each task that a worker was given. */
  private final Map<Long, Integer> given = new HashMap<>();

  /** Tasks of which somebody was told that they are in. */
  private final Set<String> acknowledged = new HashSet<>();

  private final Map<InstanceName, Phase> phases = new HashMap<>();
  private final Set<InvocationId> released = new HashSet<>();
  private long greatest;
  private long rests;
  private String epoch = "";
  private Optional<Supervisor> daemon = Optional.empty();

  TaskWatch(TaskSabotage sabotage) {
    this.sabotage = sabotage;
  }

  private Supervisor core() {
    return daemon.orElseThrow();
  }

  private Collection<Instance> instances() {
    return daemon.isPresent() ? daemon.get().instances() : List.of();
  }

  /** Returns the configuration as the core gets it. */
  Configuration bent(Configuration files) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    files
        .programs()
        .forEach(
            (name, spec) -> {
              Optional<PoolSpec> rules = spec.pool().map(sabotage::rules);
              rules.ifPresent(other -> bent.put(other.withBounds(1, 1), spec.pool().orElseThrow()));
              programs.put(name, new ProgramSpec.Builder(spec).pool(rules).build());
            });
    return new Configuration(files.daemon(), programs, new TreeMap<>(), List.of());
  }

  private ProgramSpec straight(ProgramSpec spec) {
    PoolSpec rules = spec.pool().orElseThrow();
    PoolSpec straight = bent.get(rules.withBounds(1, 1));
    if (straight == null) {
      throw new IllegalStateException("never bent: " + rules);
    }
    return new ProgramSpec.Builder(spec)
        .pool(Optional.of(straight.withBounds(rules.min(), rules.max())))
        .build();
  }

  private PoolOracle oracle(String pool) {
    return oracles.computeIfAbsent(
        pool,
        name ->
            new PoolOracle(
                Optional.ofNullable(specs.get(name)).orElseThrow(), this::instances, epoch));
  }

  private PoolOracle oracleOf(long task) {
    return oracle(
        Optional.ofNullable(poolOf.get(task))
            .orElseThrow(
                () -> new TaskViolation(TaskLaw.ONE_NAME, "task " + task + " never was queued")));
  }

  /** The rules that are in force may have changed. */
  void define() {
    for (ProgramSpec spec : core().configuration().programs().values()) {
      if (spec.pool().isPresent() && inForce.put(spec.name(), spec) != spec) {
        ProgramSpec straight = straight(spec);
        specs.put(spec.name(), straight);
        oracle(spec.name()).define(straight);
      }
    }
    for (PoolOracle oracle : oracles.values()) {
      oracle.isEnding = core().isShuttingDown();
    }
  }

  // The life of a daemon.

  /** A daemon begins, and is told what its store has. */
  void begins(Supervisor core, String storeEpoch, long lastTask, List<TaskEntry> told) {
    daemon = Optional.of(core);
    if (!epoch.equals(storeEpoch)) {
      // Nothing was ever flushed of the one before.
      oracles.clear();
      epoch = storeEpoch;
    }
    inForce.clear();
    phases.clear();
    released.clear();
    poolOf.clear();
    keys.clear();
    greatest = lastTask;
    Map<String, List<TaskEntry>> of = new TreeMap<>();
    oracles.keySet().forEach(pool -> of.put(pool, new ArrayList<>()));
    for (TaskEntry entry : told) {
      if (entry instanceof TaskEntry.Queued queued) {
        poolOf.put(queued.task(), queued.pool());
        keys.put(queued.content().key(), queued.task());
      } else if (entry instanceof TaskEntry.Whole whole) {
        poolOf.put(whole.task(), whole.pool());
        keys.put(whole.content().key(), whole.task());
      }
      String pool = poolOf.get(entry.task());
      if (pool != null) {
        of.computeIfAbsent(pool, key -> new ArrayList<>()).add(entry);
      }
    }
    of.forEach((pool, entries) -> oracle(pool).replay(entries));
    int known = oracles.values().stream().mapToInt(oracle -> oracle.known.size()).sum();
    PoolOracle.unless(
        core.pools().size() == known,
        PoolOracle.Law.RECOVERY,
        core.pools().size(),
        " tasks are known, not ",
        known);
    oracles.values().forEach(oracle -> oracle.mustBeKnownBy(core.pools()));
    turn();
  }

  /** What was acknowledged is there, or was forgotten since. */
  void mustKnowAcknowledged(TaskLaw law, Moment now) {
    for (String id : acknowledged) {
      unless(
          core().pools().task(id, now).isPresent(), law, id, " was acknowledged and is not known");
    }
  }

  void powerLost() {
    given.clear();
  }

  void isGone() {
    daemon = Optional.empty();
  }

  // What it hears and decides.

  /** It is told something of a worker. */
  void heard(TaskReport report) {
    if (report instanceof TaskReport.SentThrough sent) {
      released.add(sent.invocation());
    }
    TaskReport named =
        switch (report) {
          case TaskReport.Succeeded done ->
              new TaskReport.Succeeded(
                  done.invocation(),
                  number(done.task(), done.key()),
                  "",
                  done.attempt(),
                  done.result());
          case TaskReport.Failed failed ->
              new TaskReport.Failed(
                  failed.invocation(),
                  number(failed.task(), failed.key()),
                  "",
                  failed.attempt(),
                  failed.message(),
                  failed.mayRetry());
          case TaskReport.Progressed progressed -> progressed;
          case TaskReport.NotSent not -> not;
          case TaskReport.SentThrough sent -> sent;
          case TaskReport.NoData none -> none;
          case TaskReport.Unreachable cut -> cut;
          case TaskReport.Evidence evidence -> evidence;
          case TaskReport.Load load -> load;
          case TaskReport.StoreFailed failed -> failed;
          case TaskReport.StoreWorks works -> works;
          case TaskReport.StoreFull full -> full;
          case TaskReport.Left left -> left;
        };
    oracles.values().forEach(oracle -> oracle.heard(named));
  }

  private long number(long task, String key) {
    return key.isEmpty() ? task : keys.getOrDefault(key, 0L);
  }

  /** It has decided something about its instances. */
  void decided() {
    Map<InstanceName, Phase> earlier = new HashMap<>(phases);
    for (Instance instance : instances()) {
      Phase before = phases.put(instance.name(), instance.phase());
      if (before != null
          && before != instance.phase()
          && instance.phase() instanceof Phase.Stopping stopping) {
        stops(instance, before, stopping, earlier);
      }
    }
  }

  private void stops(
      Instance instance, Phase before, Phase.Stopping stopping, Map<InstanceName, Phase> earlier) {
    String pool = instance.name().program();
    if (!specs.containsKey(pool)) {
      return;
    }
    InvocationId invocation = stopping.current().invocation();
    if (!(before instanceof Phase.Stopping)
        && (stopping.cause() == StopCause.SCALED_DOWN || stopping.cause() == StopCause.RECYCLED)) {
      // Another that was up may go in the same turn, for another reason.
      boolean wasAnotherUp =
          earlier.entrySet().stream()
              .filter(other -> other.getKey().program().equals(pool))
              .filter(other -> !other.getKey().equals(instance.name()))
              .anyMatch(other -> other.getValue() instanceof Phase.Up);
      oracle(pool)
          .stops(
              instance.name().number(),
              stopping.cause() == StopCause.RECYCLED && !wasAnotherUp
                  ? Slots.Reason.RECYCLED
                  : Slots.Reason.SCALED_DOWN,
              invocation);
    }
    if (stopping.cause() == StopCause.TIME_LIMIT
        || stopping.step() == StopStep.SIGNALLED
        || stopping.step() == StopStep.KILLED
        || stopping.step() == StopStep.KILLED_AGAIN
        || stopping.step() == StopStep.STUCK) {
      oracle(pool).killed.add(invocation);
    }
  }

  /** It wants an entry kept. */
  void entry(TaskEntry entry, Moment now) {
    if (entry instanceof TaskEntry.Queued queued) {
      queued(queued);
    }
    PoolOracle oracle = oracleOf(entry.task());
    PoolOracle.Known task = oracle.known.get(entry.task());
    if (entry instanceof TaskEntry.Started started) {
      unless(
          intake(started) != PoolView.Intake.PAUSED || released.contains(started.invocation()),
          TaskLaw.HELD,
          started,
          " while its pool is paused");
    } else if (entry instanceof TaskEntry.Forgotten && task != null) {
      keys.remove(task.content.key());
      acknowledged.remove(id(task));
    }
    oracle.kept(entry, now.nanos());
    if (entry instanceof TaskEntry.Ended ended
        && ended.state() == TaskState.SUCCEEDED
        && task != null) {
      mustBeSaid(task, ended);
    }
  }

  private void queued(TaskEntry.Queued queued) {
    unless(queued.task() > greatest, TaskLaw.ONE_NAME, "number ", queued.task(), " is given again");
    greatest = queued.task();
    poolOf.put(queued.task(), queued.pool());
    data.put(queued.task(), queued.content().data());
    String key = queued.content().key();
    if (!key.isEmpty()) {
      Long other = keys.put(key, queued.task());
      unless(
          other == null || !oracleOf(other).known.containsKey(other),
          TaskLaw.ONE_NAME,
          key,
          " is another task now");
    }
    unless(
        intake(queued) != PoolView.Intake.DRAINING,
        TaskLaw.HELD,
        queued,
        " while its pool is drained");
  }

  private PoolView.Intake intake(TaskEntry entry) {
    String pool = Optional.ofNullable(poolOf.get(entry.task())).orElse("");
    return Optional.ofNullable(core().decisions().held().get(pool))
        .map(held -> held.intake())
        .orElse(PoolView.Intake.OPEN);
  }

  /** As a worker of the world names it. */
  private static String name(PoolOracle.Known task) {
    return task.content.key().isEmpty() ? "#" + task.number : task.content.key();
  }

  private String id(PoolOracle.Known task) {
    return task.content.key().isEmpty() ? epoch + "-" + task.number : task.content.key();
  }

  private static String attempt(InvocationId invocation, String id, int attempt) {
    return invocation + " " + id + "/" + attempt;
  }

  private void mustBeSaid(PoolOracle.Known task, TaskEntry.Ended ended) {
    String result = new String(ended.result(), java.nio.charset.StandardCharsets.UTF_8);
    unless(
        said.getOrDefault(attempt(task.invocation(), name(task), task.attempt), Set.of())
            .contains(result),
        TaskLaw.TRUE_RESULT,
        "nobody sent ",
        result,
        " for ",
        id(task),
        "/",
        task.attempt);
  }

  /** It wants something done. */
  void effect(Effect effect, Moment now) {
    if (effect instanceof TaskEffect.Cancel cancel) {
      oracles
          .values()
          .forEach(oracle -> oracle.cancels(cancel.invocation(), cancel.id(), now.nanos()));
    } else if (effect instanceof Effect.Publish publish
        && publish.happening() instanceof Happening.PoolNote note
        && note.type().equals("scale")) {
      Matcher sizes = SCALE.matcher(note.detail());
      unless(sizes.lookingAt(), TaskLaw.POSSIBLE, "it does not say how many: ", note.detail());
      oracle(note.pool())
          .scaled(Integer.parseInt(sizes.group(1)), Integer.parseInt(sizes.group(2)), now.nanos());
    }
  }

  /** All is settled for now. */
  void settled(Moment now) {
    long deadline = sabotage.deadline(core().pools().nextDeadline());
    for (PoolOracle oracle : oracles.values()) {
      oracle.settled(now.nanos(), deadline, PoolPrograms.GRACE);
    }
  }

  /** What was heard is kept and done. */
  void turn() {
    oracles.values().forEach(PoolOracle::turn);
    released.clear();
  }

  // What the world sees.

  /** A worker is given an attempt. */
  void given(
      SimulatedWorker worker,
      TaskEffect.Send send,
      byte[] sent,
      Optional<TaskEntry.Started> lease) {
    Integer before = given.put(send.task(), send.attempt());
    unless(
        before == null || before < send.attempt(),
        TaskLaw.EXPLAINED,
        send,
        " after attempt ",
        before == null ? 0 : before);
    unless(lease.isPresent(), TaskLaw.KEPT_FIRST, worker, " gets ", send, ", which is not kept");
    unless(
        send.sequence() > worker.lastSequence
            && lease.orElseThrow().sequence() == send.sequence()
            && worker.given.add(send.task() + "/" + send.attempt()),
        TaskLaw.FRAMES,
        worker,
        " gets ",
        send,
        " after ",
        worker.lastSequence);
    byte[] submitted = data.get(send.task());
    unless(
        submitted != null && java.util.Arrays.equals(submitted, sent),
        TaskLaw.FRAMES,
        worker,
        " gets other data than were submitted: ",
        send);
    worker.lastSequence = send.sequence();
  }

  /** What a worker has sent is taken out of its pipe. */
  void taken(TaskReport report) {
    if (report instanceof TaskReport.Succeeded done) {
      mustBeOver(done.invocation(), done.task(), done.key(), done.attempt());
    } else if (report instanceof TaskReport.Failed failed) {
      mustBeOver(failed.invocation(), failed.task(), failed.key(), failed.attempt());
    }
  }

  private void mustBeOver(InvocationId invocation, long task, String key, int attempt) {
    PoolOracle.Known known = known(task, key);
    unless(
        !known.isRunning()
            || known.attempt != attempt
            || !known.invocation().equals(invocation)
            || oracleOf(known.number).killed.contains(invocation),
        TaskLaw.RESULTS,
        "what was sent of ",
        known.number,
        "/",
        attempt,
        " is gone, and it goes on");
  }

  /** Every attempt in hand has been given to its worker, or will be. */
  void mustBeGiven(BiPredicate<PoolOracle.Known, InvocationId> isGiven) {
    for (PoolOracle oracle : oracles.values()) {
      for (PoolOracle.Known task : oracle.known.values()) {
        unless(
            !task.isRunning() || task.isCancelling || isGiven.test(task, task.invocation()),
            TaskLaw.FRAMES,
            "nobody sends ",
            task.number,
            "/",
            task.attempt);
      }
    }
  }

  /** A worker sends a result. */
  void says(SimulatedWorker worker, String id, int attempt, String result) {
    said.computeIfAbsent(attempt(worker.id, id, attempt), key -> new HashSet<>()).add(result);
  }

  /** A client is answered. */
  void answered(Answer answer) {
    for (TaskOutcome outcome : acknowledging(answer)) {
      if (outcome.isNew()) {
        acknowledged.add(outcome.id());
      }
    }
    // It may have been forgotten while its answer waited.
    acknowledged.removeIf(id -> number(id).filter(this::isKnown).isEmpty());
  }

  private Optional<Long> number(String id) {
    return id.startsWith(epoch + "-")
        ? Optional.of(Long.parseLong(id.substring(epoch.length() + 1)))
        : Optional.ofNullable(keys.get(id));
  }

  /** Returns what its entries tell of a task; one that never was if they tell nothing. */
  PoolOracle.Known known(long task, String key) {
    long number = number(task, key);
    PoolOracle.Known known = poolOf.containsKey(number) ? oracleOf(number).known.get(number) : null;
    return known != null ? known : PoolOracle.Known.STRANGER;
  }

  private boolean isKnown(long task) {
    String pool = poolOf.get(task);
    return pool != null && oracle(pool).known.containsKey(task);
  }

  /** Returns what an answer says is so of tasks. */
  static List<TaskOutcome> acknowledging(Answer answer) {
    return switch (answer) {
      case Answer.Tasks tasks ->
          tasks.outcomes().stream().filter(outcome -> !outcome.isRefused()).toList();
      case Answer.QueueFull full -> full.accepted();
      case Answer.Outcomes outcomes -> List.of();
      case Answer.Applied applied -> List.of();
      case Answer.TryAgain again -> List.of();
      case Answer.NoMatch none -> List.of();
      case Answer.Refused refused -> List.of();
    };
  }

  /** Between batches. */
  void atRest(Moment now) {
    Map<String, Integer> live = new HashMap<>();
    boolean isExplained = ++rests % 10 == 0;
    for (Instance instance : instances()) {
      String pool = instance.name().program();
      if (isExplained) {
        core().why(instance.name(), now);
      }
      if (!core().pools().isPool(pool)) {
        continue;
      }
      int inHand = core().pools().inHand(instance);
      switch (instance.phase()) {
        case Phase.Up up -> {
          live.merge(pool, 1, Integer::sum);
          unless(
              up.state() == InstanceState.UNHEALTHY
                  || (up.state() == InstanceState.BUSY) == inHand > 0,
              TaskLaw.BOUNDS,
              instance.name(),
              " is ",
              up.state(),
              " with ",
              inHand);
        }
        case Phase.Starting starting -> live.merge(pool, 1, Integer::sum);
        case Phase.Dead dead ->
            unless(inHand == 0, TaskLaw.BOUNDS, instance.name(), " is dead with ", inHand);
        case Phase.Stopping stopping -> {}
      }
    }
    live.forEach(
        (pool, count) -> {
          PoolSpec rules = oracle(pool).rules();
          int most = sabotage.bound(rules.max() + (rules.recycle().isAny() ? 1 : 0));
          unless(count <= most, TaskLaw.BOUNDS, pool, " has ", count, ", at most ", most);
        });
  }

  /** Returns any task that was submitted, by its id. */
  Optional<String> anyId(SplittableRandom random) {
    return greatest == 0
        ? Optional.empty()
        : Optional.of(epoch + "-" + (1 + random.nextLong(greatest)));
  }

  /** Returns whether every task has ended. */
  boolean isAllEnded() {
    return oracles.values().stream()
        .flatMap(oracle -> oracle.known.values().stream())
        .allMatch(task -> task.state.isEnd());
  }

  /** Returns the first task that has not ended. */
  String open() {
    return oracles.values().stream()
        .flatMap(oracle -> oracle.known.values().stream())
        .filter(task -> !task.state.isEnd())
        .findFirst()
        .map(task -> id(task) + " is " + task.state + " after " + task.attempt + " attempts")
        .orElse("none");
  }
}
