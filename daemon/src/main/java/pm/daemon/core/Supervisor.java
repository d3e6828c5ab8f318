package pm.daemon.core;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.event.Turn;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.plan.Selection;
import pm.daemon.core.plan.Selector;
import pm.daemon.core.plan.StartOrder;
import pm.daemon.core.pool.Pools;

/**
 * Decides. It finds the instances that an event is about, asks their machine, and gathers what is
 * to be kept and done.
 *
 * <p>The one mutable object of the core; touched by the loop thread only, so there are no locks. An
 * event that cannot be handled has changed nothing when the exception leaves.
 */
public final class Supervisor implements Scene {

  /** For texts that tell no times. */
  static final Moment NO_MOMENT = new Moment(0, Instant.EPOCH);

  final TreeMap<String, Program> programs = new TreeMap<>();
  final TreeMap<InstanceName, Instance> instances = new TreeMap<>();
  final Map<InvocationId, InstanceName> invocations = new HashMap<>();
  final Deadlines deadlines = new Deadlines(instances);
  final StartSlots slots;
  final LinkedHashMap<Long, Request> requests = new LinkedHashMap<>();
  final RandomGenerator random;
  StartOrder order = StartOrder.NONE;

  /** How many instances of a program are on their way out and can still come to an end. */
  final Map<String, Integer> stopping = new HashMap<>();

  /** How often pools may want something in one settlement before others get their turn. */
  private static final int MOST_ROUNDS = 8;

  final Pools pools;

  /** Workers that are waited for until they have finished what they have in hand. */
  final Set<InstanceName> draining = new HashSet<>();

  /** What went wrong when it could not be thrown, since something was decided already. */
  Optional<RuntimeException> mistake = Optional.empty();

  /** Who waits until pools are drained. */
  List<Intake.Wait> waits = List.of();

  /** What operators want of the intake of pools, which is decided when the batch ends. */
  private final List<TaskCommand> intakes = new ArrayList<>(0);

  /** What was kept of tasks, until the pools are known. */
  List<Roll> rolls = List.of();

  DaemonSpec daemon = DaemonSpec.DEFAULT;
  Decisions decisions = Decisions.NONE;
  long decisionNumber;
  boolean shuttingDown;

  /** When it began to, monotonic nanoseconds; {@link Moment#NEVER} before. */
  long shutdownNanos = Moment.NEVER;

  boolean hurried;
  boolean ended;
  int exitCode;
  List<Long> shutdownRequests = List.of();
  private long droppedReports;

  /**
   * A supervisor of nothing.
   *
   * @param random draws invocation ids and jitter
   * @param cores processors of this machine, from which the default start limit follows
   */
  public Supervisor(RandomGenerator random, int cores) {
    this.random = random;
    this.slots = new StartSlots(cores);
    this.pools = new Pools(random);
  }

  /**
   * Takes what a daemon before us kept, in its order. Nothing is decided and nothing drawn.
   *
   * @throws IllegalStateException if this supervisor has handled an event before
   */
  public void replay(List<Entry> entries) {
    if (!instances.isEmpty() || !programs.isEmpty()) {
      throw new IllegalStateException("a supervisor that is in use cannot replay");
    }
    for (Entry entry : entries) {
      switch (entry) {
        case Entry.InstanceKept kept -> instances.put(kept.instance().name(), kept.instance());
        case Entry.InstanceForgotten forgotten -> instances.remove(forgotten.name());
        case Entry.ConfigurationKept kept -> {
          daemon = kept.configuration().daemon();
          programs.clear();
          kept.configuration()
              .programs()
              .forEach((name, spec) -> programs.put(name, Program.of(spec)));
          kept.configuration()
              .invalid()
              .forEach(
                  (name, problems) ->
                      programs.put(
                          name,
                          programs.containsKey(name)
                              ? programs.get(name).wrong(problems)
                              : new Program(name, Optional.empty(), problems, false)));
        }
        case Entry.DecisionsKept kept -> {
          decisions = kept.decisions();
          decisionNumber = kept.number();
        }
        case Entry.CleanEnd end -> {
          instances.clear();
          programs.clear();
        }
      }
    }
    slots.limit(daemon);
    for (Instance instance : instances.values()) {
      String name = instance.name().program();
      programs.computeIfAbsent(name, key -> new Program(key, Optional.empty(), List.of(), false));
      instance.run().ifPresent(run -> invocations.put(run.invocation(), instance.name()));
      slots.count(instance.name(), StartSlots.holds(instance.phase()));
      if (Consequences.stopping(instance) > 0) {
        stopping.merge(name, 1, Integer::sum);
      }
      deadlines.note(instance);
      noteDraining(instance);
    }
    markLeaving();
    order = orderOf(programs);
  }

  /** Takes what was kept of a task, in its order; before the first event. */
  public void replayTask(TaskEntry entry) {
    pools.replay(entry);
  }

  /**
   * All that was kept of tasks has been taken; before the first event.
   *
   * @param epoch what ids of tasks begin with, as the store says
   * @param lastTask the greatest number that was ever given to a task
   * @param isOfThisBoot whether nanoseconds in what was kept are those of this boot
   */
  public void beginTasks(String epoch, long lastTask, boolean isOfThisBoot, Moment now) {
    pools.begin(epoch, lastTask, isOfThisBoot, now);
  }

  /** Holds no data of tasks, for the store has them at hand. Before the first task. */
  public void leaveTaskData() {
    pools.leaveData();
  }

  static StartOrder orderOf(SortedMap<String, Program> programs) {
    TreeMap<String, Set<String>> dependsOn = new TreeMap<>();
    programs.forEach(
        (name, program) ->
            dependsOn.put(
                name, program.spec().map(spec -> spec.dependsOn().keySet()).orElse(Set.of())));
    return StartOrder.of(dependsOn);
  }

  /** A program is leaving if it has a definition but none of its instances is to stay. */
  private void markLeaving() {
    Map<String, Boolean> stays = new HashMap<>();
    for (Instance instance : instances.values()) {
      stays.merge(instance.name().program(), !isLeaving(instance), Boolean::logicalOr);
    }
    programs.replaceAll(
        (name, program) ->
            program.spec().map(ProgramSpec::instances).orElse(1) > 0
                    && !stays.getOrDefault(name, false)
                ? program.leave()
                : program);
    programs.values().removeIf(program -> program.leaving() && !stays.containsKey(program.name()));
  }

  static boolean isLeaving(Instance instance) {
    return instance.phase() instanceof Phase.Stopping stopping
        && stopping.after() == AfterStop.FORGET;
  }

  /**
   * Handles one event.
   *
   * @param now not before that of the last event
   * @return what is to be kept, then done
   * @throws IllegalStateException if the event is impossible; nothing has changed then
   */
  public Decision handle(Event event, Moment now) {
    if (event instanceof TaskEvent task) {
      Gathering turn = new Gathering();
      return gathered(
          turn,
          () -> {
            take(task, now, turn);
            decideIntakes(now, turn);
          });
    }
    Draft draft = new Draft(this, now);
    switch (event) {
      case Command command -> draft.command(command);
      case Report.OfInvocation report -> {
        InstanceName name = invocations.get(report.invocation());
        if (name == null) {
          droppedReports++;
          return new Decision(List.of(), List.of());
        }
        draft.report(name, report);
      }
      case Report.HookEnded ended -> draft.hookEnded(ended);
      case Report.OutputBlocked blocked -> draft.outputBlocked(blocked);
      case Report.OutputFlows flows -> draft.outputFlows(flows);
      case Report.Remarked remarked -> draft.remarked(remarked);
      case TimePassed passed -> draft.timePassed();
      case TaskEvent task -> throw new IllegalStateException("handled already: " + task);
    }
    return draft.commit();
  }

  /**
   * Handles an event about tasks as {@link #handle} does, but adds what is decided to lists of the
   * caller: there are hundreds of thousands of them a second. What it means for instances, and what
   * operators want of the intake of pools, is decided by {@link #settle}.
   */
  public void take(TaskEvent event, Moment now, Turn turn) {
    // Nearly all are these, and a switch over types takes longer than it seems.
    if (event instanceof TaskReport.Succeeded succeeded) {
      pools.handle(succeeded, now, turn);
      return;
    }
    switch (event) {
      case TaskReport report -> pools.handle(report, now, turn);
      case TaskCommand.Pause pause -> intakes.add(pause);
      case TaskCommand.Resume resume -> intakes.add(resume);
      case TaskCommand.Drain drain -> intakes.add(drain);
      case TaskCommand.Submit submit -> pools.handle(submit, now, turn);
      case TaskCommand.Await await -> pools.handle(await, now, turn);
      case TaskCommand.Cancel cancel -> pools.handle(cancel, now, turn);
      case TaskCommand.Retry retry -> pools.handle(retry, now, turn);
    }
  }

  private void decideIntakes(Moment now, Gatherer turn) {
    if (intakes.isEmpty()) {
      return;
    }
    List<TaskCommand> commands = List.copyOf(intakes);
    intakes.clear();
    for (TaskCommand command : commands) {
      Draft draft = new Draft(this, now);
      draft.intake(command);
      turn.add(draft.commit());
    }
  }

  /**
   * Ends a batch of events: gives tasks out, and starts and stops workers as pools want it. It is
   * called after all events of a batch.
   *
   * @throws IllegalStateException if something of it is impossible; whatever was decided before was
   *     returned before
   */
  public Decision settle(Moment now) {
    throwMistake();
    Gathering turn = new Gathering();
    return gathered(turn, () -> decideAll(now, turn));
  }

  /**
   * As {@link #settle(Moment)}, but adds what is decided to lists of the caller, where it stays if
   * something of it is impossible.
   */
  public void settle(Moment now, Gatherer turn) {
    throwMistake();
    decideAll(now, turn);
  }

  private void throwMistake() {
    if (mistake.isPresent()) {
      RuntimeException wrong = mistake.get();
      mistake = Optional.empty();
      throw wrong;
    }
  }

  /**
   * What was decided before something went wrong is kept and done; what went wrong is told next.
   */
  private Decision gathered(Gathering turn, Runnable decide) {
    try {
      decide.run();
    } catch (RuntimeException wrong) {
      if (turn.isEmpty()) {
        throw wrong;
      }
      mistake = Optional.of(wrong);
    }
    return turn.decision();
  }

  private void decideAll(Moment now, Gatherer turn) {
    decideIntakes(now, turn);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Wishes wishes = new Wishes(this, now);
      pools.settle(now, turn, wishes);
      for (InstanceName name : draining) {
        Instance instance = instances.get(name);
        if (instance != null && InstanceMachine.isDraining(instance.phase())) {
          instance
              .run()
              .filter(run -> pools.inHand(instance) == 0)
              .ifPresent(run -> wishes.busy(name, run.invocation(), false));
        }
      }
      if (wishes.isEmpty()) {
        break;
      }
      Draft draft = new Draft(this, now);
      wishes.grant(draft);
      Decision granted = draft.commit();
      if (granted.equals(Gathering.NOTHING)) {
        break;
      }
      turn.add(granted);
    }
    if (!waits.isEmpty()) {
      waits = Intake.answered(this, waits, now, turn);
    }
  }

  /**
   * Turns a worker between IDLE and BUSY, which is nothing that is kept or told.
   *
   * @return whether that is done, or too late; else it is to be decided
   */
  boolean turn(InstanceName name, InvocationId invocation, boolean isBusy, Moment now) {
    Instance before = instances.get(name);
    if (before == null || !Wishes.isCurrent(before, invocation)) {
      return true;
    }
    if (!(before.phase() instanceof Phase.Up) || isAwaited(name)) {
      return false;
    }
    Instance after = InstanceMachine.busy(before, program(name).rules(), isBusy, now).after();
    if (after != before) {
      instances.put(name, after);
      if (after.phase().deadline() != before.phase().deadline()) {
        deadlines.note(after);
      }
    }
    return true;
  }

  private boolean isAwaited(InstanceName name) {
    for (Request request : requests.values()) {
      if (request.open().containsKey(name)) {
        return true;
      }
    }
    return false;
  }

  void noteDraining(Instance instance) {
    if (instance.phase() instanceof Phase.Stopping stopping && stopping.step() == StopStep.DRAIN) {
      draining.add(instance.name());
    } else {
      draining.remove(instance.name());
    }
  }

  /** Returns the pools, for queries. */
  public Pools pools() {
    return pools;
  }

  /**
   * Returns when time itself must act next, monotonic nanoseconds; {@link Moment#NEVER} if nothing
   * waits for it.
   */
  public long nextDeadline() {
    long earliest = deadlines.earliest();
    for (Request request : requests.values()) {
      earliest = Math.min(earliest, request.deadline());
    }
    earliest = Math.min(earliest, Intake.deadline(waits));
    return Math.min(Math.min(earliest, pools.nextDeadline()), Rolls.deadline(rolls));
  }

  @Override
  public Optional<Program> programOf(String name) {
    return Optional.ofNullable(programs.get(name));
  }

  @Override
  public List<Instance> instancesOf(String program) {
    return List.copyOf(
        instances
            .subMap(
                new InstanceName(program, 1),
                true,
                new InstanceName(program, Integer.MAX_VALUE),
                true)
            .values());
  }

  @Override
  public Decisions decided() {
    return decisions;
  }

  /** Returns what the selectors name. */
  public Selection select(List<String> selectors) {
    return Selector.select(selectors, instances.keySet(), this::isIn);
  }

  private boolean isIn(String program, String group) {
    Program found = programs.get(program);
    return found != null && found.isIn(group);
  }

  /**
   * Returns what is shown of an instance.
   *
   * @throws IllegalArgumentException if there is no such instance
   */
  public InstanceView view(InstanceName name, Moment now) {
    Instance instance = instances.get(name);
    if (instance == null) {
      throw new IllegalArgumentException("no instance " + name);
    }
    Program program = program(name);
    String detail = Wording.detail(instance.phase(), now);
    List<String> chain = new Dependencies(this).chain(instance, now);
    if (!chain.isEmpty()) {
      // What it waits for may have changed since it began to.
      detail =
          chain.getFirst().substring((name + " waits ").length())
              + (chain.size() > 1 ? "; " + chain.getLast() : "");
    }
    if (!program.problems().isEmpty() && program.spec().isPresent()) {
      detail =
          (detail.isEmpty() ? "" : detail + "; ")
              + "its new definition has an error, it goes on as it was";
    }
    return new InstanceView(
        instance,
        program.spec(),
        program.problems(),
        detail,
        isAsDesired(instance, program),
        program.spec().isPresent() && switchedOff(instance).isEmpty());
  }

  private static boolean isAsDesired(Instance instance, Program program) {
    return program.problems().isEmpty()
        && switch (instance.phase()) {
          case Phase.Starting starting -> true;
          case Phase.Stopping stopping -> stopping.after() != AfterStop.POLICY;
          case Phase.Up up ->
              switch (up.state()) {
                case IDLE, BUSY -> true;
                case UNHEALTHY, STARTING, STOPPING, DEAD -> false;
              };
          case Phase.Dead dead ->
              switch (dead.reason()) {
                case NEW, DISABLED, SCHEDULED, STOPPED, COMPLETED -> true;
                case WAITING, BACKOFF, FAILED, INVALID -> false;
              };
        };
  }

  /** Returns why an instance is in its state and what happens next, one sentence each. */
  public List<String> why(InstanceName name, Moment now) {
    InstanceView view = view(name, now);
    return Explanation.of(
        view,
        new Dependencies(this).chain(view.instance(), now),
        switchedOff(view.instance()),
        slots,
        pools.inHand(view.instance()),
        now);
  }

  /** Returns the configuration in force, without what is only waiting for its end. */
  public Configuration configuration() {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>();
    TreeMap<String, List<Problem>> invalid = new TreeMap<>();
    for (Program program : programs.values()) {
      if (program.leaving()) {
        continue;
      }
      if (program.spec().isPresent()) {
        specs.put(program.name(), program.spec().get());
      } else {
        invalid.put(program.name(), program.problems());
      }
    }
    return new Configuration(daemon, specs, invalid, List.of());
  }

  /**
   * All definitions, those that are leaving too: their instances are stopped by them. What is wrong
   * with the newest one of a program stands beside the one that it goes on with.
   */
  Configuration kept() {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>();
    TreeMap<String, List<Problem>> invalid = new TreeMap<>();
    for (Program program : programs.values()) {
      if (program.spec().isEmpty()) {
        invalid.put(program.name(), program.problems());
        continue;
      }
      if (!program.problems().isEmpty()) {
        invalid.put(program.name(), program.problems());
      }
      ProgramSpec spec = program.spec().get();
      // A replay takes a program for leaving if it should have instances and has none that stays,
      // which must not depend on how many it had at last.
      specs.put(
          program.name(),
          program.leaving() && spec.instances() == 0
              ? new ProgramSpec.Builder(spec).instances(1).build()
              : spec);
    }
    return new Configuration(daemon, specs, invalid, List.of());
  }

  /**
   * Returns all that a daemon after this one needs to know, as it would have been kept if all of it
   * had been decided at once.
   */
  public List<Entry> wholeTruth() {
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry.ConfigurationKept(kept()));
    entries.add(new Entry.DecisionsKept(decisions, decisionNumber));
    instances.values().forEach(each -> entries.add(new Entry.InstanceKept(each.kept())));
    return entries;
  }

  /** Returns all instances, ascending; a view that must not be kept. */
  public Collection<Instance> instances() {
    return java.util.Collections.unmodifiableCollection(instances.values());
  }

  /** Returns what operators have decided. */
  public Decisions decisions() {
    return decisions;
  }

  /** Returns whether the daemon is about to end. */
  public boolean isShuttingDown() {
    return shuttingDown;
  }

  /** Returns how many instances are on their way from their spawn to being ready. */
  public int startSlotsInUse() {
    return slots.inUse();
  }

  /** Returns how many may be. */
  public int startSlots() {
    return slots.most();
  }

  /** Returns how many reports came too late to matter. */
  public long droppedReports() {
    return droppedReports;
  }

  Program program(InstanceName name) {
    Program program = programs.get(name.program());
    if (program == null) {
      throw new IllegalStateException("instance " + name + " has no program");
    }
    return program;
  }

  /** Returns the definitions in force that files made, or make now. */
  SortedMap<String, ProgramSpec> specsInForce(Configuration next) {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>();
    for (Program program : programs.values()) {
      if (!program.leaving()
          && program.spec().isPresent()
          && (!program.isTransient() || next.programs().containsKey(program.name()))) {
        specs.put(program.name(), program.spec().get());
      }
    }
    return specs;
  }

  /** Returns a phase for an instance whose program cannot be started at all. */
  static Phase.Dead invalid(List<Problem> problems) {
    return Phase.Dead.lasting(
        DeadReason.INVALID,
        problems.isEmpty() ? "its definition has an error" : problems.getFirst().toString(),
        Actor.POLICY);
  }
}
