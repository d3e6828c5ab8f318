package pm.daemon.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.StopScope;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.instance.Step;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.plan.ApplyPlanner;
import pm.daemon.core.plan.Selection;

/**
 * The decision about one event while it is being made. It reads the supervisor through what it has
 * changed itself, and writes to it in {@link #commit} only, where nothing can fail any more.
 */
final class Draft {

  private final Supervisor base;
  private final Moment now;

  private final Map<InstanceName, Optional<Instance>> changed = new LinkedHashMap<>();
  private final Map<String, Optional<Program>> changedPrograms = new TreeMap<>();
  private final List<Effect> effects = new ArrayList<>();
  private final Set<InstanceName> enqueued = new LinkedHashSet<>();
  private final Set<InstanceName> dequeued = new HashSet<>();
  private int slotsTaken;
  private Optional<DaemonSpec> daemon = Optional.empty();
  private Optional<Decisions> decisions = Optional.empty();
  private boolean shuttingDown;
  private boolean hurried;
  private Optional<Long> shutdownRequest = Optional.empty();

  /** Who waits, as of this event: those of before, then those that it adds. */
  private final Map<Long, Request> requests;

  private final Map<Long, List<Outcome>> settled = new HashMap<>();
  private final Map<Long, Set<InstanceName>> sawDown = new HashMap<>();

  Draft(Supervisor base, Moment now) {
    this.base = base;
    this.now = now;
    this.shuttingDown = base.shuttingDown;
    this.hurried = base.hurried;
    this.requests = new LinkedHashMap<>(base.requests);
  }

  // What comes in.

  void command(Command command) {
    switch (command) {
      case Command.Begin begin -> begin(begin);
      case Command.Resume resume -> resume(resume);
      case Command.Start start -> start(start);
      case Command.Stop stop -> stop(stop);
      case Command.Restart restart -> restart(restart);
      case Command.Signal signal -> signal(signal);
      case Command.Reset reset -> reset(reset);
      case Command.Apply apply -> apply(apply);
      case Command.Shutdown shutdown -> shutdown(shutdown);
    }
  }

  void report(InstanceName name, Report.OfInvocation report) {
    Instance before = get(name);
    if (report instanceof Report.SpawnFailed failed && failed.shortage()) {
      note(name, "host-shortage", failed.stage() + ": " + failed.reason(), true);
    }
    if (report instanceof Report.Adopted adopted) {
      note(name, "adopted", "pid " + adopted.process().pid() + " goes on", false);
    }
    take(
        before, InstanceMachine.report(before, program(name).rules(), report, now, base.random));
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

  void timePassed() {
    for (InstanceName name : base.deadlines.over(now.nanos())) {
      Instance before = get(name);
      if (before.phase() instanceof Phase.Dead) {
        tryStart(before, before);
        continue;
      }
      Step step = InstanceMachine.timePassed(before, program(name).rules(), now);
      take(before, step);
    }
    for (Request request : List.copyOf(requests.values())) {
      if (request.deadline() <= now.nanos()) {
        for (InstanceName name : List.copyOf(request.open().keySet())) {
          if (isOpen(request, name)) {
            Instance instance = get(name);
            String detail = Wording.detail(instance.phase(), now);
            settle(
                request,
                new Outcome(
                    name,
                    Result.TIMED_OUT,
                    "still " + instance.state() + (detail.isEmpty() ? "" : ": " + detail),
                    instance.state(),
                    ""));
          }
        }
      }
    }
  }

  // Commands.

  private void begin(Command.Begin begin) {
    decisions = Optional.of(begin.decisions());
    daemon = Optional.of(begin.configuration().daemon());
    begin.configuration().programs().values().forEach(spec -> define(Program.of(spec)));
    begin
        .configuration()
        .invalid()
        .forEach(
            (name, problems) -> define(new Program(name, Optional.empty(), problems, false)));
    say("started", "began with " + count(changed.size(), "instance"), false, begin.actor());
  }

  private void resume(Command.Resume resume) {
    int alive = 0;
    for (Instance instance : List.copyOf(base.instances.values())) {
      if (instance.phase() instanceof Phase.Dead dead) {
        if (dead.reason() == DeadReason.WAITING && dead.startAt() == Moment.NEVER) {
          enqueued.add(instance.name());
        }
        continue;
      }
      alive++;
      effects.addAll(
          InstanceMachine.resume(instance, program(instance.name()).rules()));
    }
    say(
        "resumed",
        "went on after an unclean end; looks for " + count(alive, "process"),
        true,
        resume.actor());
  }

  private void start(Command.Start start) {
    List<InstanceName> names = select(start, start.selectors());
    Ask ask = new Ask(start.actor());
    for (InstanceName name : names) {
      startOne(get(name), ask);
    }
    audit("start", start.selectors(), start.actor(), names);
    open(start, start.patience(), ask, names, Optional.empty());
  }

  private void startOne(Instance instance, Ask ask) {
    Program program = program(instance.name());
    if (program.spec().isEmpty()) {
      ask.known(instance, Result.FAILED, Wording.detail(instance.phase(), now));
      return;
    }
    if (!program.spec().get().enabled()) {
      ask.known(instance, Result.FAILED, "it is disabled: its definition says enabled: false");
      return;
    }
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        decide(decided().start(instance.name()));
        ask.wish(instance, Request.Wish.UP);
        if (!isQueued(instance.name())) {
          ask.later(
              () ->
                  tryStart(
                      instance,
                      instance
                          .forgiven()
                          .in(Phase.Dead.about("asked for by " + ask.actor, ask.actor, now))));
        }
      }
      case Phase.Starting starting -> ask.wish(instance, Request.Wish.UP);
      case Phase.Up up -> {
        if (program.rules().type() == ProgramType.ONESHOT) {
          ask.wish(instance, Request.Wish.UP);
        } else {
          ask.known(instance, Result.UNCHANGED, "already up, " + pid(up.current()));
        }
      }
      case Phase.Stopping stopping -> again(instance, stopping, ask);
    }
  }

  /** A stop is under way and it is wanted up. */
  private void again(Instance instance, Phase.Stopping stopping, Ask ask) {
    if (stopping.after() == AfterStop.FORGET) {
      ask.known(instance, Result.FAILED, "it is being removed from the configuration");
      return;
    }
    decide(decided().start(instance.name()));
    ask.wish(instance, Request.Wish.AGAIN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance.forgiven(),
                    program(instance.name()).rules(),
                    StopCause.REQUESTED,
                    AfterStop.START,
                    ask.actor,
                    now)));
  }

  private void stop(Command.Stop stop) {
    List<InstanceName> names = select(stop, stop.selectors());
    Ask ask = new Ask(stop.actor());
    for (InstanceName name : names) {
      stopOne(get(name), ask);
    }
    audit("stop", stop.selectors(), stop.actor(), names);
    open(stop, stop.patience(), ask, names, Optional.empty());
  }

  private void stopOne(Instance instance, Ask ask) {
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        switch (dead.reason()) {
          case INVALID, DISABLED, STOPPED ->
              ask.known(instance, Result.UNCHANGED, Wording.detail(dead, now));
          case NEW, COMPLETED, WAITING, SCHEDULED, BACKOFF, FAILED -> {
            Instance stopped =
                instance.in(
                    Phase.Dead.lasting(
                        DeadReason.STOPPED, "stopped by " + ask.actor, ask.actor));
            decide(decided().stop(instance.name(), ask.actor.toString()));
            boolean wasDown =
                dead.reason() == DeadReason.NEW || dead.reason() == DeadReason.COMPLETED;
            ask.known(
                stopped,
                wasDown ? Result.UNCHANGED : Result.DONE,
                wasDown ? "was not running" : "will not be started");
            ask.later(() -> put(instance, stopped));
          }
        }
      }
      case Phase.Starting starting -> stopLive(instance, AfterStop.STAY, ask);
      case Phase.Up up -> stopLive(instance, AfterStop.STAY, ask);
      case Phase.Stopping stopping ->
          stopLive(
              instance,
              stopping.after() == AfterStop.FORGET ? AfterStop.FORGET : AfterStop.STAY,
              ask);
    }
  }

  private void stopLive(Instance instance, AfterStop after, Ask ask) {
    decide(decided().stop(instance.name(), ask.actor.toString()));
    ask.wish(instance, Request.Wish.DOWN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance,
                    program(instance.name()).rules(),
                    StopCause.REQUESTED,
                    after,
                    ask.actor,
                    now)));
  }

  private void restart(Command.Restart restart) {
    List<InstanceName> names = select(restart, restart.selectors());
    Ask ask = new Ask(restart.actor());
    for (InstanceName name : names) {
      Instance instance = get(name);
      switch (instance.phase()) {
        case Phase.Dead dead -> startOne(instance, ask);
        case Phase.Stopping stopping -> startOne(instance, ask);
        case Phase.Starting starting -> restartLive(instance, ask);
        case Phase.Up up -> restartLive(instance, ask);
      }
    }
    audit("restart", restart.selectors(), restart.actor(), names);
    open(restart, restart.patience(), ask, names, Optional.empty());
  }

  private void restartLive(Instance instance, Ask ask) {
    decide(decided().start(instance.name()));
    ask.wish(instance, Request.Wish.AGAIN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance.forgiven(),
                    program(instance.name()).rules(),
                    StopCause.REQUESTED,
                    AfterStop.START,
                    ask.actor,
                    now)));
  }

  private void signal(Command.Signal signal) {
    List<InstanceName> names = select(signal, signal.selectors());
    Ask ask = new Ask(signal.actor());
    for (InstanceName name : names) {
      Instance instance = get(name);
      Optional<Run> run = instance.run();
      boolean ended =
          instance.phase() instanceof Phase.Stopping stopping && stopping.exit().isPresent();
      if (run.isEmpty() || run.get().process().isEmpty() || ended) {
        ask.known(instance, Result.FAILED, "it has no process to signal");
        continue;
      }
      effects.add(
          new Effect.Signal(
              run.get().invocation(),
              run.get().process().get(),
              signal.signalName(),
              StopScope.PROCESS,
              false));
      ask.known(
          instance, Result.DONE, "SIG" + signal.signalName() + " sent to " + pid(run.get()));
    }
    audit("signal " + signal.signalName(), signal.selectors(), signal.actor(), names);
    open(signal, Command.Patience.NONE, ask, names, Optional.empty());
  }

  private void reset(Command.Reset reset) {
    List<InstanceName> names = select(reset, reset.selectors());
    Ask ask = new Ask(reset.actor());
    for (InstanceName name : names) {
      Instance instance = get(name);
      Instance forgiven = instance.forgiven();
      Instance after =
          instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.FAILED
              ? forgiven.in(
                  Phase.Dead.lasting(
                      DeadReason.NEW, "reset by " + reset.actor(), reset.actor()))
              : forgiven;
      if (after.equals(instance)) {
        ask.known(instance, Result.UNCHANGED, "nothing to reset");
      } else {
        ask.known(after, Result.DONE, "restart history cleared");
        ask.later(() -> put(instance, after));
      }
    }
    audit("reset", reset.selectors(), reset.actor(), names);
    open(reset, Command.Patience.NONE, ask, names, Optional.empty());
  }

  private void shutdown(Command.Shutdown shutdown) {
    if (shuttingDown) {
      hurried = true;
      say("shutdown", "asked for again: kills instead of waiting", false, shutdown.actor());
    } else {
      shuttingDown = true;
      say("shutdown", "stops everything, then ends", false, shutdown.actor());
    }
    if (shutdown.request() != Command.UNANSWERED) {
      shutdownRequest = Optional.of(shutdown.request());
    }
    for (Instance instance : List.copyOf(base.instances.values())) {
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          if (dead.startAt() != Moment.NEVER || dead.reason() == DeadReason.WAITING) {
            put(
                instance,
                instance.in(
                    Phase.Dead.lasting(
                        DeadReason.STOPPED, "the daemon shut down", shutdown.actor())));
          }
        }
        case Phase.Starting starting -> stopForGood(instance, AfterStop.STAY, shutdown.actor());
        case Phase.Up up -> stopForGood(instance, AfterStop.STAY, shutdown.actor());
        case Phase.Stopping stopping ->
            stopForGood(
                instance,
                stopping.after() == AfterStop.FORGET ? AfterStop.FORGET : AfterStop.STAY,
                shutdown.actor());
      }
    }
  }

  private void stopForGood(Instance instance, AfterStop after, Actor actor) {
    take(
        instance,
        InstanceMachine.stop(
            instance,
            program(instance.name()).rules(),
            StopCause.SHUTDOWN,
            after,
            actor,
            now));
  }

  // Another configuration.

  private void apply(Command.Apply apply) {
    Configuration next = apply.configuration();
    ApplyPlan plan = ApplyPlanner.plan(base.specsInForce(), next);
    if (apply.dryRun()) {
      reply(apply.request(), new Answer.Applied(plan, List.of()), 0);
      return;
    }
    if (shuttingDown) {
      reply(apply.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return;
    }
    daemon = Optional.of(next.daemon());
    Ask ask = new Ask(apply.actor());
    for (ApplyPlan.ProgramStep step : plan.programs()) {
      String name = step.program();
      Optional<Program> known = programOf(name);
      switch (step.action()) {
        case ADD -> {
          Program added = Program.of(next.programs().get(name));
          changedPrograms.put(name, Optional.of(added));
          resize(added, ask);
        }
        case REMOVE -> remove(known.orElseThrow(), ask);
        case RESTART -> redefine(next.programs().get(name), true, ask);
        case LIVE -> redefine(next.programs().get(name), false, ask);
        case UNCHANGED ->
            changedPrograms.put(name, Optional.of(Program.of(next.programs().get(name))));
        case INVALID -> {
          List<Problem> problems = next.invalid().getOrDefault(name, next.daemonProblems());
          if (known.isPresent() && known.get().spec().isPresent() && !known.get().leaving()) {
            changedPrograms.put(name, Optional.of(known.get().wrong(problems)));
          } else if (known.isEmpty() || !known.get().leaving()) {
            ask.later(
                () -> define(new Program(name, Optional.empty(), problems, false)));
          }
        }
      }
    }
    for (Program program : base.programs.values()) {
      if (program.spec().isEmpty()
          && !next.programs().containsKey(program.name())
          && !next.invalid().containsKey(program.name())) {
        remove(program, ask);
      }
    }
    say("applied", summary(plan), !plan.problems().isEmpty(), apply.actor());
    open(apply, apply.patience(), ask, ask.touched(), Optional.of(plan));
  }

  private static String summary(ApplyPlan plan) {
    Map<ApplyPlan.Action, Integer> counts = new TreeMap<>();
    plan.programs().forEach(step -> counts.merge(step.action(), 1, Integer::sum));
    StringBuilder text = new StringBuilder();
    counts.forEach(
        (action, number) ->
            text.append(text.isEmpty() ? "" : ", ")
                .append(action.name().toLowerCase(java.util.Locale.ROOT))
                .append(' ')
                .append(number.intValue()));
    return text.isEmpty() ? "nothing is configured" : text.toString();
  }

  private void remove(Program program, Ask ask) {
    changedPrograms.put(program.name(), Optional.of(program.leave()));
    for (Instance instance : instancesOf(program.name())) {
      forget(instance, ask);
    }
    ask.later(() -> dropIfEmpty(program.name()));
  }

  private void forget(Instance instance, Ask ask) {
    decide(decided().start(instance.name()));
    if (instance.phase() instanceof Phase.Dead) {
      ask.later(() -> changed.put(instance.name(), Optional.empty()));
      return;
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance,
                    program(instance.name()).rules(),
                    StopCause.CHANGED,
                    AfterStop.FORGET,
                    ask.actor,
                    now)));
  }

  private void redefine(ProgramSpec spec, boolean restart, Ask ask) {
    Program program = Program.of(spec);
    Optional<ProgramSpec> before = programOf(spec.name()).flatMap(Program::spec);
    boolean wasOff = before.isPresent() && !(before.get().enabled() && before.get().autostart());
    changedPrograms.put(spec.name(), Optional.of(program));
    for (Instance instance : instancesOf(spec.name())) {
      if (instance.name().number() > spec.instances()) {
        continue;
      }
      if (!spec.enabled()) {
        disable(instance, ask);
        continue;
      }
      if (before.isPresent() && !before.get().logs().equals(spec.logs())) {
        effects.add(new Effect.ChangeLogs(instance.name(), spec.logs()));
      }
      switch (instance.phase()) {
        case Phase.Dead dead -> reconsider(instance, dead, spec, restart, wasOff, ask);
        case Phase.Starting starting -> replace(instance, restart, ask);
        case Phase.Up up -> replace(instance, restart, ask);
        case Phase.Stopping stopping -> {
          if (stopping.after() == AfterStop.POLICY) {
            replace(instance, restart, ask);
          }
        }
      }
    }
    resize(program, ask);
  }

  /** A definition that changed deserves a new try, unless an operator wants it down. */
  private void reconsider(
      Instance instance,
      Phase.Dead dead,
      ProgramSpec spec,
      boolean restart,
      boolean wasOff,
      Ask ask) {
    boolean tryAgain =
        switch (dead.reason()) {
          case FAILED, BACKOFF -> restart;
          case INVALID, DISABLED -> spec.autostart();
          case NEW -> spec.autostart() && wasOff;
          case WAITING, SCHEDULED, STOPPED, COMPLETED -> false;
        };
    if (tryAgain) {
      ask.wish(instance, Request.Wish.UP);
      ask.later(
          () ->
              tryStart(
                  instance,
                  instance
                      .forgiven()
                      .in(Phase.Dead.about("its definition changed", ask.actor, now))));
    }
  }

  private void replace(Instance instance, boolean restart, Ask ask) {
    if (!restart) {
      return;
    }
    ask.wish(instance, Request.Wish.AGAIN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance.forgiven(),
                    program(instance.name()).rules(),
                    StopCause.CHANGED,
                    AfterStop.START,
                    ask.actor,
                    now)));
  }

  private void disable(Instance instance, Ask ask) {
    Phase.Dead disabled =
        Phase.Dead.lasting(
            DeadReason.DISABLED, "its definition says enabled: false", ask.actor);
    if (instance.phase() instanceof Phase.Dead) {
      ask.later(() -> put(instance, instance.in(disabled)));
      return;
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.later(
        () ->
            take(
                instance,
                InstanceMachine.stop(
                    instance,
                    program(instance.name()).rules(),
                    StopCause.CHANGED,
                    AfterStop.STAY,
                    ask.actor,
                    now)));
  }

  /** Adds the instances that a program lacks, takes away those beyond its number. */
  private void resize(Program program, Ask ask) {
    ProgramSpec spec = program.rules();
    for (Instance instance : instancesOf(program.name())) {
      if (instance.name().number() > spec.instances()) {
        forget(instance, ask);
      } else if (Supervisor.isLeaving(instance)) {
        ask.wish(instance, Request.Wish.AGAIN);
        ask.later(
            () ->
                take(
                    instance,
                    InstanceMachine.stop(
                        instance,
                        spec,
                        StopCause.CHANGED,
                        AfterStop.START,
                        ask.actor,
                        now)));
      } else if (instance.phase() instanceof Phase.Dead dead
          && dead.reason() == DeadReason.INVALID) {
        ask.later(() -> changed.put(instance.name(), Optional.empty()));
      }
    }
    ask.later(
        () -> {
          for (int number = 1; number <= spec.instances(); number++) {
            create(program, new InstanceName(program.name(), number), ask);
          }
        });
    if (spec.enabled() && spec.autostart()) {
      for (int number = 1; number <= spec.instances(); number++) {
        InstanceName name = new InstanceName(program.name(), number);
        boolean isNew =
            find(name).isEmpty()
                || find(name).get().phase() instanceof Phase.Dead dead
                    && dead.reason() == DeadReason.INVALID;
        if (isNew && !decided().stopped().containsKey(name)) {
          ask.wishes.put(name, Request.Wish.UP);
        }
      }
    }
  }

  // Instances.

  /** Adds a program with all its instances; those that are wanted up are started. */
  private void define(Program program) {
    changedPrograms.put(program.name(), Optional.of(program));
    int count = program.spec().map(ProgramSpec::instances).orElse(1);
    for (int number = 1; number <= count; number++) {
      create(program, new InstanceName(program.name(), number), new Ask(Actor.AUTOSTART));
    }
  }

  private void create(Program program, InstanceName name, Ask ask) {
    if (find(name).isPresent()) {
      return;
    }
    Phase.Dead phase = initial(program, name);
    Instance fresh = Instance.fresh(name, phase);
    changed.put(name, Optional.of(fresh));
    if (phase.reason() == DeadReason.NEW
        && program.rules().autostart()
        && program.rules().enabled()) {
      tryStart(fresh, fresh.in(Phase.Dead.about("to be started", ask.actor, now)));
    }
  }

  private Phase.Dead initial(Program program, InstanceName name) {
    if (program.spec().isEmpty()) {
      return Supervisor.invalid(program.problems());
    }
    if (!program.spec().get().enabled()) {
      return Phase.Dead.lasting(
          DeadReason.DISABLED, "its definition says enabled: false", Actor.AUTOSTART);
    }
    String stoppedBy = decided().stopped().get(name);
    if (stoppedBy != null) {
      return Phase.Dead.lasting(
          DeadReason.STOPPED, "stopped by " + stoppedBy, new Actor(stoppedBy, -1, 0));
    }
    return Phase.Dead.lasting(
        DeadReason.NEW,
        program.spec().get().autostart() ? "never started" : "never started; autostart is off",
        Actor.AUTOSTART);
  }

  /** Takes a transition and what follows from it at once. */
  private void take(Instance before, Step step) {
    Instance after = step.after();
    effects.addAll(step.effects());
    put(before, after);
    if (after.phase() instanceof Phase.Stopping stopping) {
      if (hurried && stopping.step() == StopStep.SIGNALLED) {
        take(after, InstanceMachine.hurry(after, program(after.name()).rules(), now));
      } else if (stopping.step() == StopStep.STUCK) {
        note(after.name(), "stuck", Wording.detail(stopping, now), true);
      }
      return;
    }
    if (after.phase() instanceof Phase.Dead dead) {
      if (Supervisor.isLeaving(before)) {
        changed.put(after.name(), Optional.empty());
        dropIfEmpty(after.name().program());
      } else if (isSwitchedOff(after)) {
        put(
            after,
            after.in(
                Phase.Dead.lasting(
                    DeadReason.DISABLED, "its definition says enabled: false", dead.actor())));
      } else if (dead.startAt() <= now.nanos()) {
        tryStart(after, after);
      }
    }
  }

  private boolean isSwitchedOff(Instance instance) {
    return program(instance.name()).spec().map(spec -> !spec.enabled()).orElse(false);
  }

  /** A leaving program is gone with its last instance. */
  private void dropIfEmpty(String name) {
    Optional<Program> program = programOf(name);
    if (program.isPresent() && program.get().leaving() && instancesOf(name).isEmpty()) {
      changedPrograms.put(name, Optional.empty());
    }
  }

  /**
   * Starts an instance, or lets it wait for a place.
   *
   * @param before as it was last published
   * @param asked the same with the phase that says what the start costs and who wants it
   */
  private void tryStart(Instance before, Instance asked) {
    if (!(asked.phase() instanceof Phase.Dead dead)) {
      throw new IllegalStateException(asked.name() + " is not dead: " + asked.phase());
    }
    if (shuttingDown) {
      put(
          before,
          asked.in(
              Phase.Dead.lasting(DeadReason.STOPPED, "the daemon shut down", dead.actor())));
      return;
    }
    if (hasFreeSlot() && !isAnyoneWaiting()) {
      spawn(before, asked, dead);
      return;
    }
    enqueued.add(asked.name());
    put(
        before,
        asked.in(
            new Phase.Dead(
                DeadReason.WAITING,
                "for a start slot: " + count(most(), "start") + " under way",
                Moment.NEVER,
                dead.kind(),
                dead.actor())));
  }

  private void spawn(Instance before, Instance asked, Phase.Dead dead) {
    Actor actor = dead.kind() == StartKind.ASKED ? dead.actor() : Actor.POLICY;
    InvocationId fresh = InvocationId.draw(base.random);
    take(
        before,
        InstanceMachine.start(asked, program(asked.name()).rules(), fresh, actor, now));
  }

  private int most() {
    return daemon.isPresent()
        ? daemon.get().maxConcurrentStarts().orElse(base.slots.byDefault())
        : base.slots.most();
  }

  private boolean hasFreeSlot() {
    return base.slots.inUse() + slotsTaken < most();
  }

  private boolean isAnyoneWaiting() {
    return firstWaiting().isPresent();
  }

  private boolean isQueued(InstanceName name) {
    return find(name).map(Draft::waitsForSlot).orElse(false);
  }

  private static boolean waitsForSlot(Instance instance) {
    return instance.phase() instanceof Phase.Dead dead
        && dead.reason() == DeadReason.WAITING
        && dead.startAt() == Moment.NEVER;
  }

  private Optional<InstanceName> firstWaiting() {
    for (InstanceName name : base.slots.waiting()) {
      if (!dequeued.contains(name)) {
        if (isQueued(name)) {
          return Optional.of(name);
        }
        dequeued.add(name);
      }
    }
    for (InstanceName name : enqueued) {
      if (isQueued(name)) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  /** Lets those in who wait for a place, as long as there is one. */
  private void admit() {
    while (!shuttingDown && hasFreeSlot()) {
      Optional<InstanceName> next = firstWaiting();
      if (next.isEmpty()) {
        return;
      }
      dequeued.add(next.get());
      enqueued.remove(next.get());
      Instance instance = get(next.get());
      if (instance.phase() instanceof Phase.Dead dead) {
        spawn(instance, instance, dead);
      }
    }
  }

  /** Takes a new version of an instance, tells the world and those who wait for it. */
  private void put(Instance before, Instance after) {
    changed.put(after.name(), Optional.of(after));
    slotsTaken += slot(after.phase()) - slot(before.phase());
    publish(before, after);
    for (Request request : requests.values()) {
      if (!isOpen(request, after.name())) {
        continue;
      }
      Request.Wish wish = wish(request, after.name());
      if (wish == Request.Wish.AGAIN && after.phase() instanceof Phase.Dead) {
        sawDown.computeIfAbsent(request.number(), key -> new HashSet<>()).add(after.name());
        wish = Request.Wish.UP;
      }
      Request.judge(wish, program(after.name()).rules().type(), after)
          .ifPresent(outcome -> settle(request, outcome));
    }
  }

  private static int slot(Phase phase) {
    return StartSlots.holds(phase) ? 1 : 0;
  }

  private void publish(Instance before, Instance after) {
    Optional<DeadReason> fromReason = reason(before.phase());
    Optional<DeadReason> toReason = reason(after.phase());
    if (before.state() == after.state() && fromReason.equals(toReason)) {
      return;
    }
    boolean ended = after.run().isEmpty() && before.run().isPresent();
    Optional<PastInvocation> end = ended ? after.lastEnd() : Optional.empty();
    Optional<Run> run = after.run().or(before::run);
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

  private static Optional<DeadReason> reason(Phase phase) {
    return phase instanceof Phase.Dead dead ? Optional.of(dead.reason()) : Optional.empty();
  }

  private static Optional<Actor> actor(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead -> Optional.of(dead.actor());
      case Phase.Stopping stopping -> Optional.of(stopping.actor());
      case Phase.Starting starting ->
          Optional.of(new Actor(starting.current().startedBy(), -1, 0));
      case Phase.Up up -> Optional.empty();
    };
  }

  // Requests.

  /** What somebody asks for, gathered over the instances it names, before anything is done. */
  private static final class Ask {
    private final Actor actor;
    private final Map<InstanceName, Request.Wish> wishes = new LinkedHashMap<>();
    private final List<Outcome> known = new ArrayList<>();
    private final List<Runnable> later = new ArrayList<>();

    Ask(Actor actor) {
      this.actor = actor;
    }

    void wish(Instance instance, Request.Wish wish) {
      wishes.put(instance.name(), wish);
    }

    void known(Instance instance, Result result, String detail) {
      known.add(Request.outcome(instance, result, detail));
    }

    /** The deed itself comes after the request is open, so that it is judged like any other. */
    void later(Runnable deed) {
      later.add(deed);
    }

    List<InstanceName> touched() {
      return List.copyOf(wishes.keySet());
    }
  }

  private List<InstanceName> select(Command command, List<String> selectors) {
    if (shuttingDown) {
      reply(command.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return List.of();
    }
    return switch (base.select(selectors)) {
      case Selection.Found found -> found.instances();
      case Selection.Nothing nothing -> {
        reply(command.request(), new Answer.NoMatch(nothing.selector()), 0);
        yield List.of();
      }
    };
  }

  private void open(
      Command command,
      Command.Patience patience,
      Ask ask,
      List<InstanceName> names,
      Optional<ApplyPlan> plan) {
    boolean answered = settled.containsKey(command.request());
    if (answered) {
      return;
    }
    long after = decisions.isPresent() ? base.decisionNumber + 1 : 0;
    Map<InstanceName, Request.Wish> open = patience.untilDone() ? ask.wishes : Map.of();
    List<Outcome> outcomes = new ArrayList<>(ask.known);
    long deadline =
        patience.timeoutNanos() >= Moment.NEVER - now.nanos()
            ? Moment.NEVER
            : now.nanos() + patience.timeoutNanos();
    Request request =
        new Request(command.request(), deadline, after, plan, open, outcomes);
    boolean awaited = command.request() != Command.UNANSWERED;
    if (awaited && !open.isEmpty()) {
      requests.put(command.request(), request);
    }
    ask.later.forEach(Runnable::run);
    if (awaited && open.isEmpty()) {
      List<Outcome> accepted = new ArrayList<>();
      for (InstanceName name : ask.wishes.keySet()) {
        find(name)
            .ifPresent(
                instance ->
                    accepted.add(
                        Request.outcome(
                            instance,
                            Result.ACCEPTED,
                            Wording.detail(instance.phase(), now))));
      }
      reply(command.request(), request.answer(accepted), after);
    }
  }

  private boolean isOpen(Request request, InstanceName name) {
    if (!request.open().containsKey(name)) {
      return false;
    }
    for (Outcome outcome : settled.getOrDefault(request.number(), List.of())) {
      if (outcome.instance().equals(name)) {
        return false;
      }
    }
    return true;
  }

  private Request.Wish wish(Request request, InstanceName name) {
    return sawDown.getOrDefault(request.number(), Set.of()).contains(name)
        ? Request.Wish.UP
        : request.open().get(name);
  }

  private void settle(Request request, Outcome outcome) {
    settled.computeIfAbsent(request.number(), key -> new ArrayList<>()).add(outcome);
  }

  private void reply(long request, Answer answer, long afterDecision) {
    if (request == Command.UNANSWERED) {
      return;
    }
    settled.put(request, new ArrayList<>());
    effects.add(new Effect.Reply(request, answer, afterDecision));
  }

  private void audit(
      String verb, List<String> selectors, Actor actor, List<InstanceName> names) {
    if (!names.isEmpty()) {
      say("command", verb + " " + String.join(" ", selectors), false, actor);
    }
  }

  private void say(String type, String detail, boolean grave, Actor actor) {
    effects.add(new Effect.Publish(new Happening.DaemonNote(now, type, detail, grave, actor)));
  }

  private void note(InstanceName name, String type, String detail, boolean grave) {
    effects.add(
        new Effect.Publish(
            new Happening.InstanceNote(now, name, type, detail, grave, Actor.POLICY)));
  }

  // Reading through what has changed.

  private Optional<Instance> find(InstanceName name) {
    Optional<Instance> mine = changed.get(name);
    return mine != null ? mine : Optional.ofNullable(base.instances.get(name));
  }

  private Instance get(InstanceName name) {
    return find(name).orElseThrow(() -> new IllegalStateException("no instance " + name));
  }

  private Optional<Program> programOf(String name) {
    Optional<Program> mine = changedPrograms.get(name);
    return mine != null ? mine : Optional.ofNullable(base.programs.get(name));
  }

  private Program program(InstanceName name) {
    return programOf(name.program())
        .orElseThrow(() -> new IllegalStateException("instance " + name + " has no program"));
  }

  private List<Instance> instancesOf(String program) {
    Map<InstanceName, Instance> found = new TreeMap<>();
    InstanceName first = new InstanceName(program, 1);
    for (Instance instance : base.instances.tailMap(first).values()) {
      if (!instance.name().program().equals(program)) {
        break;
      }
      found.put(instance.name(), instance);
    }
    changed.forEach(
        (name, instance) -> {
          if (name.program().equals(program)) {
            if (instance.isPresent()) {
              found.put(name, instance.get());
            } else {
              found.remove(name);
            }
          }
        });
    return List.copyOf(found.values());
  }

  private Decisions decided() {
    return decisions.orElse(base.decisions);
  }

  private void decide(Decisions next) {
    if (!next.equals(decided())) {
      decisions = Optional.of(next);
    }
  }

  private static String pid(Run run) {
    return run.process().map(process -> "pid " + process.pid()).orElse("being spawned");
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : noun.endsWith("s") ? "es" : "s");
  }

  // What goes out.

  Decision commit() {
    admit();
    List<Entry> entries = new ArrayList<>();
    if (!changedPrograms.isEmpty() || daemon.isPresent()) {
      changedPrograms.forEach(
          (name, program) ->
              program.ifPresentOrElse(
                  found -> base.programs.put(name, found), () -> base.programs.remove(name)));
      daemon.ifPresent(
          spec -> {
            base.daemon = spec;
            base.slots.limit(spec);
          });
      entries.add(new Entry.ConfigurationKept(kept()));
    }
    changed.forEach(
        (name, instance) -> {
          Instance before = base.instances.get(name);
          if (before != null) {
            before.run().ifPresent(run -> base.invocations.remove(run.invocation()));
            base.slots.count(before.phase(), -1);
          }
          if (instance.isEmpty()) {
            base.instances.remove(name);
            entries.add(new Entry.InstanceForgotten(name));
            return;
          }
          Instance after = instance.get();
          base.instances.put(name, after);
          after.run().ifPresent(run -> base.invocations.put(run.invocation(), name));
          base.slots.count(after.phase(), 1);
          base.deadlines.note(after);
          entries.add(new Entry.InstanceKept(after));
        });
    base.slots.waiting().removeAll(dequeued);
    base.slots.waiting().addAll(enqueued);
    decisions.ifPresent(
        next -> {
          base.decisions = next;
          base.decisionNumber++;
          entries.add(new Entry.DecisionsKept(next, base.decisionNumber));
        });
    commitRequests();
    base.shuttingDown = shuttingDown;
    base.hurried = hurried;
    shutdownRequest.ifPresent(
        request -> {
          List<Long> longer = new ArrayList<>(base.shutdownRequests);
          longer.add(request);
          base.shutdownRequests = longer;
        });
    if (shuttingDown) {
      end(entries);
    }
    return new Decision(entries, effects);
  }

  private void commitRequests() {
    for (Request request : requests.values()) {
      for (InstanceName name : sawDown.getOrDefault(request.number(), Set.of())) {
        request.sawDown(name);
      }
      settled.getOrDefault(request.number(), List.of()).forEach(request::settle);
      if (request.open().isEmpty()) {
        base.requests.remove(request.number());
        effects.add(
            new Effect.Reply(
                request.number(), request.answer(List.of()), request.afterDecision()));
      } else {
        base.requests.put(request.number(), request);
      }
    }
  }

  /** All definitions, those that are leaving too: their instances are stopped by them. */
  private Configuration kept() {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>();
    for (Program program : base.programs.values()) {
      program.spec().ifPresent(spec -> specs.put(program.name(), spec));
    }
    return new Configuration(base.daemon, specs, new TreeMap<>(), List.of());
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
          new Effect.Reply(
              request.number(), new Answer.Refused("the daemon is shutting down"), 0));
    }
    base.requests.clear();
    for (long request : base.shutdownRequests) {
      effects.add(new Effect.Reply(request, new Answer.Outcomes(List.of()), 0));
    }
    if (stuck == 0) {
      entries.add(new Entry.CleanEnd());
    }
    effects.add(new Effect.Exit(stuck == 0 ? 0 : 1));
  }
}
