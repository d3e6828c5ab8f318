package pm.daemon.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import pm.config.DaemonSpec;
import pm.config.Hook;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.instance.Step;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decided;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.plan.StartOrder;

/**
 * The decision about one event while it is being made. It reads the supervisor through what it has
 * changed itself, and writes to it in {@link #commit} only, where nothing can fail any more.
 */
final class Draft implements Scene {

  final Supervisor base;
  final Moment now;

  final Map<InstanceName, Optional<Instance>> changed = new LinkedHashMap<>();
  final Map<String, Optional<Program>> changedPrograms = new TreeMap<>();
  final List<Effect> effects = new ArrayList<>();
  private final TreeSet<InstanceName> changedNames = new TreeSet<>();
  private Optional<StartOrder> changedOrder = Optional.empty();
  final Dependencies dependencies = new Dependencies(this);
  final Consequences consequences = new Consequences(this);
  final Rolls rolls;

  /** Who starts, and who waits for that. */
  final Starts starts = new Starts(this);

  /** Who waits for an answer, and what this event answers. */
  final Requests requests;

  /** Who waits from now on until pools are drained. */
  final List<Intake.Wait> waits = new ArrayList<>();

  /** Tells pools what has changed, once it has. */
  final PoolNews news = new PoolNews(this);

  /** An essential instance that ended for good, which ends the daemon. */
  Optional<Instance> essential = Optional.empty();

  private int exitCode;

  Optional<DaemonSpec> daemon = Optional.empty();
  private Optional<Decisions.Builder> decisions = Optional.empty();
  private boolean begins;
  boolean shuttingDown;
  boolean hurried;
  Optional<Long> shutdownRequest = Optional.empty();

  Draft(Supervisor base, Moment now) {
    this.base = base;
    this.now = now;
    this.shuttingDown = base.shuttingDown;
    this.hurried = base.hurried;
    this.requests = new Requests(this, base.requests);
    this.rolls = new Rolls(this, base.rolls);
  }

  // What comes in.

  void command(Command command) {
    new Commands(this).handle(command);
  }

  void intake(TaskCommand command) {
    Intake intake = new Intake(this);
    switch (command) {
      case TaskCommand.Pause pause -> intake.pause(pause);
      case TaskCommand.Resume resume -> intake.resume(resume);
      case TaskCommand.Drain drain -> intake.drain(drain);
      case TaskCommand.Submit _, TaskCommand.Await _, TaskCommand.Cancel _, TaskCommand.Retry _ ->
          throw new IllegalStateException("about tasks, not about pools: " + command);
    }
  }

  void report(InstanceName name, Report.OfInvocation report) {
    Instance before = get(name);
    if (report instanceof Report.SpawnFailed failed && failed.shortage()) {
      note(name, "host-shortage", failed.inWords(), true);
    }
    if (report instanceof Report.Adopted adopted) {
      note(name, "adopted", "pid " + adopted.process().pid() + " goes on", false);
    }
    take(before, InstanceMachine.report(before, program(name).rules(), report, now, base.random));
    if (report instanceof Report.Used used) {
      news.used(name, used);
    }
  }

  /** Says how a hook ended, and goes on with what waited for it. */
  void hookEnded(Report.HookEnded ended) {
    String lastLine = ended.end().output().strip();
    note(
        ended.instance(),
        "hook",
        ended.kind().word()
            + ": "
            + ended.end().inWords()
            + (ended.end().isSuccess() || lastLine.isEmpty()
                ? ""
                : ": " + lastLine.substring(lastLine.lastIndexOf('\n') + 1)),
        !ended.end().isSuccess());
    if (ended.kind() == HookKind.RELOAD) {
      find(ended.instance()).ifPresent(instance -> requests.reloaded(instance, ended.end()));
    }
    Optional<Instance> instance =
        find(ended.instance())
            .filter(
                found ->
                    found.run().map(Run::invocation).stream().anyMatch(ended.invocation()::equals));
    if (instance.isPresent()) {
      Instance before = instance.get();
      take(
          before,
          InstanceMachine.hookEnded(
              before, program(before.name()).rules(), ended, now, base.random));
    }
  }

  /**
   * Tells a process to read its own configuration again.
   *
   * @return what was done, in words; empty if there is no process to tell
   */
  Optional<String> reload(Instance instance, Actor actor) {
    Optional<Run> run = instance.run().filter(found -> found.process().isPresent());
    boolean ended =
        instance.phase() instanceof Phase.Stopping stopping && stopping.exit().isPresent();
    if (run.isEmpty() || ended) {
      return Optional.empty();
    }
    ProgramSpec spec = program(instance.name()).rules();
    ProcessIdentity process = run.get().process().orElseThrow();
    String done;
    if (spec.reload().command().isPresent()) {
      effects.add(
          new Effect.RunHook(
              instance.name(),
              run.get().invocation(),
              HookKind.RELOAD,
              new Hook(spec.reload().command().get()),
              new HookFacts(
                  OptionalInt.empty(), Optional.empty(), "reload", OptionalInt.of(process.pid())),
              spec));
      done = "reload.command runs";
    } else {
      effects.add(
          new Effect.Signal(
              run.get().invocation(), process, spec.reload().signal(), StopScope.PROCESS, false));
      done = "SIG" + spec.reload().signal() + " sent to " + pid(run.get());
    }
    effects.add(
        new Effect.Publish(
            new Happening.InstanceNote(now, instance.name(), "reload", done, false, actor)));
    return Optional.of(done);
  }

  void outputBlocked(Report.OutputBlocked blocked) {
    note(
        blocked.instance(),
        "output-blocked",
        blocked.file() + ": " + blocked.reason() + "; its output is held back, nothing is dropped",
        true);
  }

  void outputFlows(Report.OutputFlows flows) {
    note(flows.instance(), "output-flows", flows.file() + " can be written again", false);
  }

  void remarked(Report.Remarked remarked) {
    note(remarked.instance(), remarked.type(), remarked.detail(), false);
  }

  void timePassed() {
    for (InstanceName name : base.deadlines.over(now.nanos())) {
      Instance before = get(name);
      if (before.phase() instanceof Phase.Dead) {
        starts.last(() -> starts.ifDue(name));
        continue;
      }
      Step step = InstanceMachine.timePassed(before, program(name).rules(), now, base.random);
      take(before, step);
    }
    requests.timePassed();
  }

  /**
   * Stops an instance that lives, or changes what comes after its stop. What depends on it and is
   * on its way out goes first.
   */
  void stop(Instance instance, StopCause cause, AfterStop after, Actor actor) {
    // Whoever wants it up again has looked at it.
    Instance asked =
        after == AfterStop.START && cause != StopCause.DEPENDENCY ? instance.forgiven() : instance;
    boolean goesOn = instance.phase() instanceof Phase.Stopping;
    boolean isAlone = order().dependants(instance.name().program()).isEmpty();
    take(
        instance,
        goesOn || isAlone
            ? InstanceMachine.stop(
                asked,
                program(instance.name()).rules(),
                cause,
                after,
                actor,
                hasWork(instance),
                now)
            : InstanceMachine.stopAfterDependants(
                asked, program(instance.name()).rules(), cause, after, actor, now));
    if (after == AfterStop.FORGET
        && find(instance.name()).stream().anyMatch(found -> found.phase() instanceof Phase.Dead)) {
      // It had no process yet, so that there was no stop it could have been seen leaving in.
      forget(instance.name());
      dropIfEmpty(instance.name().program());
    }
  }

  /** Returns whether it has tasks in hand. */
  boolean hasWork(Instance instance) {
    return base.pools.inHand(instance) > 0;
  }

  /** A worker has tasks in hand now, or has none any more. */
  void turn(Instance instance, boolean isBusy) {
    Step step = InstanceMachine.busy(instance, program(instance.name()).rules(), isBusy, now);
    if (!step.after().equals(instance)) {
      take(instance, step);
    }
  }

  /** Takes a transition and what follows from it at once. */
  void take(Instance before, Step step) {
    Instance after = withWork(before, drainedInTime(step.after()));
    effects.addAll(step.effects());
    put(before, after);
    if (after.phase() instanceof Phase.Stopping stopping) {
      Step faster = InstanceMachine.hurry(after, program(after.name()).rules(), now);
      if (hurried && !faster.after().equals(after)) {
        take(after, faster);
      } else if (stopping.step() == StopStep.STUCK && !isStuck(before)) {
        note(after.name(), "stuck", Wording.detail(stopping, now), true);
      }
      return;
    }
    if (after.phase() instanceof Phase.Dead dead) {
      if (Supervisor.isLeaving(before)) {
        forget(after.name());
        dropIfEmpty(after.name().program());
      } else if (switchedOff(after).isPresent()) {
        put(
            after,
            after.in(
                Phase.Dead.lasting(
                    DeadReason.DISABLED, switchedOff(after).orElseThrow(), dead.actor())));
      } else if (dead.startAt() <= now.nanos()) {
        starts.attempt(after, after);
      }
    }
  }

  /** When the daemon ends, tasks in hand get no more than {@code shutdown.timeout} from then on. */
  private Instance drainedInTime(Instance instance) {
    if (!shuttingDown
        || !InstanceMachine.isDraining(instance.phase())
        || !(instance.phase() instanceof Phase.Stopping stopping)) {
      return instance;
    }
    long began = base.shuttingDown ? base.shutdownNanos : now.nanos();
    long until = Moment.after(began, daemon.orElse(base.daemon).shutdownTimeout());
    return stopping.until() <= until ? instance : instance.in(stopping.at(stopping.step(), until));
  }

  /** What is well again goes on with what it has in hand. */
  private Instance withWork(Instance before, Instance after) {
    return before.phase() instanceof Phase.Up was
            && was.state() == InstanceState.UNHEALTHY
            && after.phase() instanceof Phase.Up up
            && up.state() == InstanceState.IDLE
            && hasWork(after)
        ? InstanceMachine.busy(after, program(after.name()).rules(), true, now).after()
        : after;
  }

  private static boolean isStuck(Instance instance) {
    return instance.phase() instanceof Phase.Stopping stopping && stopping.step() == StopStep.STUCK;
  }

  /** What no file defines is gone once it has ended with success or was stopped. */
  private boolean isOver(Instance instance) {
    return program(instance.name()).isTransient()
        && instance.phase() instanceof Phase.Dead dead
        && switch (dead.reason()) {
          case COMPLETED, STOPPED, NEW -> true;
          case DISABLED, WAITING, SCHEDULED, BACKOFF, FAILED, INVALID -> false;
        };
  }

  private void dropWhatIsOver() {
    for (InstanceName name : List.copyOf(changedNames)) {
      Optional<Instance> instance = find(name);
      if (instance.isPresent() && isOver(instance.get())) {
        forget(name);
        if (instancesOf(name.program()).isEmpty()) {
          changedPrograms.put(name.program(), Optional.empty());
        }
      }
    }
  }

  /** A leaving program is gone with its last instance. */
  void dropIfEmpty(String name) {
    Optional<Program> program = programOf(name);
    if (program.isPresent() && program.get().leaving() && instancesOf(name).isEmpty()) {
      changedPrograms.put(name, Optional.empty());
    }
  }

  /** Takes a new version of an instance, tells the world and those who wait for it. */
  void put(Instance before, Instance after) {
    change(after.name(), Optional.of(after));
    starts.noted(after);
    consequences.noted(before, after);
    publish(before, after);
    requests.noted(after);
  }

  /** An instance without a process is gone; nobody needs to wait for it any longer. */
  void forget(InstanceName name) {
    requests.forgotten(name);
    if (find(name).isPresent()) {
      note(name, "removed", "it is no longer part of the configuration", false);
    }
    news.forgotten(name);
    decide().forget(name);
    change(name, Optional.empty());
  }

  /** There is another version of an instance, or none any more. */
  void change(InstanceName name, Optional<Instance> instance) {
    changed.put(name, instance);
    changedNames.add(name);
  }

  private void publish(Instance before, Instance after) {
    Optional<DeadReason> fromReason = reason(before.phase());
    Optional<DeadReason> toReason = reason(after.phase());
    boolean isSame = before.state() == after.state() && fromReason.equals(toReason);
    if (isSame || (isAtWork(before) && isAtWork(after))) {
      return;
    }
    Optional<Run> run = after.run().or(before::run);
    // What was never spawned has no end of its own; the youngest end is that of an older one then.
    Optional<PastInvocation> end =
        after
            .lastEnd()
            .filter(past -> run.map(Run::invocation).equals(Optional.of(past.invocation())));
    effects.add(
        new Effect.Publish(
            new Happening.StateChanged(
                now,
                after.name(),
                before.state(),
                fromReason,
                after.state(),
                toReason,
                Wording.detail(after.phase(), now),
                run.map(Run::invocation),
                run.flatMap(Run::process).map(process -> process.pid()).orElse(0),
                end.<ExitCause>map(PastInvocation::cause),
                end.<ExitStatus>flatMap(PastInvocation::status),
                actor(after.phase()))));
  }

  /** Between IDLE and BUSY it turns too often to be told. */
  private static boolean isAtWork(Instance instance) {
    return instance.state() == InstanceState.IDLE || instance.state() == InstanceState.BUSY;
  }

  private static Optional<DeadReason> reason(Phase phase) {
    return phase instanceof Phase.Dead dead ? Optional.of(dead.reason()) : Optional.empty();
  }

  private static Optional<Actor> actor(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead -> Optional.of(dead.actor());
      case Phase.Stopping stopping -> Optional.of(stopping.actor());
      case Phase.Starting starting -> Optional.of(new Actor(starting.current().startedBy(), -1, 0));
      case Phase.Up up -> Optional.empty();
    };
  }

  void say(String type, String detail, boolean grave, Actor actor) {
    effects.add(new Effect.Publish(new Happening.DaemonNote(now, type, detail, grave, actor)));
  }

  void note(InstanceName name, String type, String detail, boolean grave) {
    effects.add(
        new Effect.Publish(
            new Happening.InstanceNote(now, name, type, detail, grave, Actor.POLICY)));
  }

  // Reading through what has changed.

  Optional<Instance> find(InstanceName name) {
    Optional<Instance> mine = changed.get(name);
    return mine != null ? mine : Optional.ofNullable(base.instances.get(name));
  }

  Instance get(InstanceName name) {
    return find(name).orElseThrow(() -> new IllegalStateException("no instance " + name));
  }

  @Override
  public Optional<Program> programOf(String name) {
    Optional<Program> mine = changedPrograms.get(name);
    return mine != null ? mine : Optional.ofNullable(base.programs.get(name));
  }

  Program program(InstanceName name) {
    return programOf(name.program())
        .orElseThrow(() -> new IllegalStateException("instance " + name + " has no program"));
  }

  @Override
  public List<Instance> instancesOf(String program) {
    InstanceName first = new InstanceName(program, 1);
    InstanceName last = new InstanceName(program, Integer.MAX_VALUE);
    var mine = changedNames.subSet(first, true, last, true);
    if (mine.isEmpty()) {
      return base.instancesOf(program);
    }
    TreeMap<InstanceName, Instance> found =
        new TreeMap<>(base.instances.subMap(first, true, last, true));
    for (InstanceName name : mine) {
      find(name).ifPresentOrElse(instance -> found.put(name, instance), () -> found.remove(name));
    }
    return List.copyOf(found.values());
  }

  @Override
  public Decided decided() {
    return decisions.<Decided>map(changing -> changing).orElse(base.decisions);
  }

  /** Returns what operators have decided, to be changed by this event. */
  Decisions.Builder decide() {
    if (decisions.isEmpty()) {
      decisions = Optional.of(new Decisions.Builder(base.decisions));
    }
    return decisions.get();
  }

  /** A daemon begins with what operators decided before it, which is kept anew. */
  void goOnWith(Decisions before) {
    decisions = Optional.of(new Decisions.Builder(before));
    begins = true;
  }

  /** Returns whether this event leaves a decision of an operator to be kept. */
  boolean hasDecided() {
    return begins || (decisions.isPresent() && decisions.get().isChanged());
  }

  /** A program has this definition from now on, or is gone. */
  void define(String name, Optional<Program> program) {
    changedPrograms.put(name, program);
    changedOrder = Optional.empty();
    if (program.isPresent()) {
      consequences.redefined(name);
    }
  }

  /** Returns the graph of dependencies with what has changed. */
  StartOrder order() {
    if (changedPrograms.isEmpty()) {
      return base.order;
    }
    if (changedOrder.isEmpty()) {
      changedOrder = Optional.of(Supervisor.orderOf(allPrograms()));
    }
    return changedOrder.get();
  }

  private SortedMap<String, Program> allPrograms() {
    TreeMap<String, Program> all = new TreeMap<>(base.programs);
    changedPrograms.forEach(
        (name, program) ->
            program.ifPresentOrElse(found -> all.put(name, found), () -> all.remove(name)));
    return all;
  }

  /** Returns all instances, ascending. */
  List<Instance> allInstances() {
    TreeMap<InstanceName, Instance> all = new TreeMap<>(base.instances);
    changed.forEach(
        (name, instance) ->
            instance.ifPresentOrElse(found -> all.put(name, found), () -> all.remove(name)));
    return List.copyOf(all.values());
  }

  /** Returns the names with those first that others depend on. */
  List<InstanceName> inOrder(Collection<InstanceName> names) {
    StartOrder graph = order();
    List<InstanceName> sorted = new ArrayList<>(names);
    sorted.sort(
        Comparator.<InstanceName>comparingInt(name -> graph.level(name.program()))
            .thenComparing(Comparator.naturalOrder()));
    return sorted;
  }

  boolean isRolling(String program) {
    return rolls.isAbout(program);
  }

  static String pid(Run run) {
    return run.process().map(process -> "pid " + process.pid()).orElse("being spawned");
  }

  static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : noun.endsWith("s") ? "es" : "s");
  }

  // What goes out.

  Decision commit() {
    // First, so that nothing is started that would be stopped at once.
    endWithEssential();
    drawConsequences();
    starts.runLast();
    endWithEssential();
    drawConsequences();
    consequences.goOnStopping();
    consequences.follow();
    dropWhatIsOver();
    requests.judgeHopeless();
    List<Entry> entries = new ArrayList<>();
    if (!changedPrograms.isEmpty() || daemon.isPresent()) {
      base.order = order();
      changedPrograms.forEach(
          (name, program) -> {
            news.redefined(name, Optional.ofNullable(base.programs.get(name)), program);
            program.ifPresentOrElse(
                found -> base.programs.put(name, found), () -> base.programs.remove(name));
          });
      daemon.ifPresent(
          spec -> {
            base.daemon = spec;
            base.slots.limit(spec);
          });
      entries.add(new Entry.ConfigurationKept(base.kept()));
    }
    changed.forEach(
        (name, instance) -> {
          Instance before = base.instances.get(name);
          if (before != null) {
            before.run().ifPresent(run -> base.invocations.remove(run.invocation()));
          }
          if (instance.isEmpty()) {
            base.instances.remove(name);
            base.slots.count(name, false);
            base.draining.remove(name);
            entries.add(new Entry.InstanceForgotten(name));
            return;
          }
          Instance after = instance.get();
          base.instances.put(name, after);
          after.run().ifPresent(run -> base.invocations.put(run.invocation(), name));
          base.slots.count(name, StartSlots.holds(after.phase()));
          base.deadlines.note(after);
          base.noteDraining(after);
          if (before == null || !before.kept().equals(after.kept())) {
            entries.add(new Entry.InstanceKept(after.kept()));
          }
        });
    consequences.commit();
    base.rolls = rolls.rolls();
    starts.commit();
    if (hasDecided()) {
      Decisions next = decide().build();
      news.decided(base.decisions, next);
      base.decisions = next;
      base.decisionNumber++;
      entries.add(new Entry.DecisionsKept(next, base.decisionNumber));
    }
    requests.commit();
    if (shuttingDown && !base.shuttingDown) {
      base.shutdownNanos = now.nanos();
      news.shutsDown();
    }
    base.shuttingDown = shuttingDown;
    base.hurried = hurried;
    base.exitCode = Math.max(base.exitCode, exitCode);
    shutdownRequest.ifPresent(
        request -> {
          List<Long> longer = new ArrayList<>(base.shutdownRequests);
          longer.add(request);
          base.shutdownRequests = longer;
        });
    if (!waits.isEmpty()) {
      List<Intake.Wait> longer = new ArrayList<>(base.waits);
      longer.addAll(waits);
      base.waits = longer;
    }
    Gathering told = new Gathering();
    try {
      news.tell(told);
    } catch (RuntimeException wrong) {
      // The decision is made; that pools cannot follow is told when the batch ends.
      base.mistake = Optional.of(wrong);
    }
    if (shuttingDown) {
      base.waits = Intake.answered(base, base.waits, now, told);
    }
    effects.addAll(told.effects());
    if (shuttingDown) {
      end(entries);
    }
    return new Decision(entries, told.taskEntries(), effects);
  }

  private void endWithEssential() {
    if (essential.isPresent() && !shuttingDown) {
      Instance ended = essential.get();
      exitCode = Consequences.exitCode(ended);
      new Commands(this)
          .shutdown(
              new Command.Shutdown(
                  Command.UNANSWERED, new Actor("the end of " + ended.name(), -1, 0)));
    }
  }

  private void drawConsequences() {
    boolean again;
    do {
      // A roll goes on before anybody starts on what it takes down next.
      again = rolls.advance();
      again |= consequences.follow();
      again |= starts.admit();
    } while (again);
  }

  /** Ends the daemon once nothing lives any more, or only what cannot be killed. */
  private void end(List<Entry> entries) {
    int stuck = 0;
    for (Instance instance : base.instances.values()) {
      switch (instance.phase()) {
        case Phase.Dead dead -> {}
        case Phase.Starting starting -> {
          return;
        }
        case Phase.Up up -> {
          return;
        }
        case Phase.Stopping stopping -> {
          if (stopping.step() != StopStep.STUCK) {
            return;
          }
          stuck++;
        }
      }
    }
    for (Request request : List.copyOf(base.requests.values())) {
      effects.add(
          new Effect.Reply(request.number(), new Answer.Refused("the daemon is shutting down"), 0));
    }
    base.requests.clear();
    for (long request : base.shutdownRequests) {
      effects.add(new Effect.Reply(request, new Answer.Outcomes(List.of()), 0));
    }
    base.shutdownRequests = List.of();
    if (base.ended) {
      return;
    }
    base.ended = true;
    if (stuck == 0) {
      entries.add(new Entry.CleanEnd());
    }
    effects.add(new Effect.Exit(base.exitCode != 0 ? base.exitCode : stuck == 0 ? 0 : 1));
  }
}
