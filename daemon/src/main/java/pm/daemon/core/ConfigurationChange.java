package pm.daemon.core;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import pm.config.Configuration;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.instance.Step;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decided;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.plan.ApplyPlanner;

/** A configuration comes into force: the first one, or another in place of the one in force. */
final class ConfigurationChange {

  private final Draft draft;
  private final Set<InstanceName> leavingForGood = new HashSet<>();

  /** How many slots of a pool are still to be started. */
  private final Map<String, Integer> lacking = new HashMap<>();

  ConfigurationChange(Draft draft) {
    this.draft = draft;
  }

  void begin(Command.Begin begin) {
    draft.goOnWith(begin.decisions());
    draft.daemon = Optional.of(begin.configuration().daemon());
    begin.configuration().programs().values().forEach(spec -> define(Program.of(asDecided(spec))));
    begin
        .configuration()
        .invalid()
        .forEach((name, problems) -> define(new Program(name, Optional.empty(), problems, false)));
    decideAnew(begin.configuration());
    if (begin.configuration().isValid()) {
      forgetUnknown(Set.of());
    }
    // All are known before the first is started, since it may need any of them.
    for (InstanceName name : draft.inOrder(draft.changed.keySet())) {
      startIfWanted(draft.get(name), Actor.AUTOSTART);
    }
    draft.say(
        "started",
        "began with " + Draft.count(draft.changed.size(), "instance"),
        false,
        begin.actor());
  }

  /** Returns the definition with the number of instances that an operator gave it. */
  private ProgramSpec asDecided(ProgramSpec spec) {
    Decisions.Scaled scaled = draft.decided().scaled().get(spec.name());
    return scaled == null || !holds(scaled, spec) ? spec : scaled.bounds().in(spec);
  }

  /** A decision holds while the files say what they said by then, and it is possible at all. */
  private static boolean holds(Decisions.Scaled scaled, ProgramSpec spec) {
    return scaled.configured().equals(InstanceBounds.of(spec))
        && scaled.bounds().obstacle(spec).isEmpty();
  }

  private Configuration asDecided(Configuration files) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>(files.programs());
    programs.replaceAll((name, spec) -> asDecided(spec));
    return new Configuration(
        files.daemon(), programs, files.invalid(), files.unread(), files.problems());
  }

  /**
   * What was decided about a program holds no longer than the program is there.
   *
   * @param faulty programs that are there with an error in their definition
   */
  private void forgetUnknown(Set<String> faulty) {
    Decided decided = draft.decided();
    for (InstanceName name : namesIn(decided)) {
      if (!faulty.contains(name.program()) && isGone(name.program())) {
        draft.decide().forget(name);
      }
    }
    for (String name : List.copyOf(decided.scaled().keySet())) {
      if (!faulty.contains(name) && isGone(name)) {
        draft.decide().unscale(name);
      }
    }
    for (String name : List.copyOf(decided.held().keySet())) {
      if (!faulty.contains(name) && isGone(name)) {
        draft.decide().resume(name);
      }
    }
  }

  private boolean isGone(String name) {
    Optional<Program> program = draft.programOf(name);
    return program.isEmpty() || program.get().leaving();
  }

  private static Set<InstanceName> namesIn(Decided decided) {
    Set<InstanceName> names = new TreeSet<>(decided.stopped().keySet());
    names.addAll(decided.disabled().keySet());
    names.addAll(decided.enabled().keySet());
    return names;
  }

  void scale(Command.Scale scale) {
    if (draft.shuttingDown) {
      draft.requests.reply(scale.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return;
    }
    for (Map.Entry<String, InstanceBounds> each : scale.counts().entrySet()) {
      Optional<Program> program = draft.programOf(each.getKey());
      Optional<String> refusal = Optional.empty();
      if (program.isEmpty() || program.get().leaving()) {
        draft.requests.reply(scale.request(), new Answer.NoMatch(each.getKey()), 0);
        return;
      } else if (program.get().spec().isEmpty()) {
        refusal = Optional.of("its definition has an error");
      } else if (program.get().isTransient()) {
        refusal = Optional.of("it was made by pmctl run");
      } else {
        String obstacle = each.getValue().obstacle(program.get().spec().get());
        refusal = obstacle.isEmpty() ? Optional.empty() : Optional.of(obstacle);
      }
      if (refusal.isPresent()) {
        draft.requests.reply(
            scale.request(),
            new Answer.Refused("cannot scale " + each.getKey() + ": " + refusal.get()),
            0);
        return;
      }
    }
    Ask ask = new Ask(draft, scale.actor());
    scale.counts().forEach((name, bounds) -> scaleOne(name, bounds, ask));
    new Departure(draft, ask).withDependants(leavingForGood);
    draft.say("command", "scale " + scale.counts(), false, scale.actor());
    ask.open(scale, scale.patience(), Optional.empty());
  }

  private void scaleOne(String name, InstanceBounds bounds, Ask ask) {
    ProgramSpec spec = draft.programOf(name).flatMap(Program::spec).orElseThrow();
    Decisions.Scaled before = draft.decided().scaled().get(name);
    InstanceBounds configured = before == null ? InstanceBounds.of(spec) : before.configured();
    if (bounds.equals(InstanceBounds.of(spec))) {
      for (Instance instance : draft.instancesOf(name)) {
        ask.known(
            instance,
            Result.UNCHANGED,
            (bounds.min() < bounds.max()
                    ? bounds + " workers"
                    : Draft.count(bounds.max(), "instance"))
                + " already");
      }
      return;
    }
    if (bounds.equals(configured)) {
      draft.decide().unscale(name);
    } else {
      draft.decide().scale(name, new Decisions.Scaled(bounds, configured, ask.actor.toString()));
    }
    Program program = Program.of(bounds.in(spec));
    Program known = draft.programOf(name).orElseThrow();
    Program next = known.problems().isEmpty() ? program : program.wrong(known.problems());
    // What was started by hand grows by what is started too.
    boolean isUp =
        draft.instancesOf(name).stream()
            .anyMatch(
                instance ->
                    instance.phase() instanceof Phase.Up
                        || instance.phase() instanceof Phase.Starting);
    draft.define(name, Optional.of(next));
    resize(next, ask, isUp);
  }

  void run(Command.Run run) {
    ProgramSpec spec = run.program();
    if (draft.shuttingDown) {
      draft.requests.reply(run.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return;
    }
    if (draft.programOf(spec.name()).isPresent()) {
      draft.requests.reply(
          run.request(),
          new Answer.Refused("there is a program " + spec.name() + " already; give another name"),
          0);
      return;
    }
    for (String needed : spec.dependsOn().keySet()) {
      if (draft.programOf(needed).isEmpty()) {
        draft.requests.reply(
            run.request(),
            new Answer.Refused("it depends on " + needed + ", which is not there"),
            0);
        return;
      }
    }
    Program program = Program.of(spec);
    draft.define(spec.name(), Optional.of(program));
    if (!draft.order().cycle().isEmpty()) {
      draft.define(spec.name(), Optional.empty());
      draft.requests.reply(run.request(), new Answer.Refused("it would depend on itself"), 0);
      return;
    }
    Ask ask = new Ask(draft, run.actor());
    for (int number = 1; number <= spec.instances(); number++) {
      InstanceName name = new InstanceName(spec.name(), number);
      create(program, name);
      ask.wish(draft.get(name), Request.Wish.UP);
      ask.later(() -> draft.starts.now(name, run.actor()));
    }
    draft.say("command", "run " + spec.name(), false, run.actor());
    ask.open(run, run.patience(), Optional.empty());
  }

  void apply(Command.Apply apply) {
    if (draft.shuttingDown && !apply.dryRun()) {
      draft.requests.reply(apply.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return;
    }
    Configuration next = asDecided(apply.configuration());
    ApplyPlan plan = ApplyPlanner.plan(draft.base.specsInForce(next), next);
    if (apply.dryRun()) {
      draft.requests.reply(apply.request(), new Answer.Applied(plan, List.of()), 0);
      return;
    }
    decideAnew(apply.configuration());
    draft.daemon = Optional.of(next.daemon());
    Ask ask = new Ask(draft, apply.actor());
    for (ApplyPlan.ProgramStep step : plan.programs()) {
      String name = step.program();
      Optional<Program> known = draft.programOf(name);
      switch (step.action()) {
        case ADD -> {
          Program added = Program.of(definition(next, name));
          draft.define(name, Optional.of(added));
          resize(added, ask, false);
        }
        case REMOVE -> remove(known.orElseThrow(), ask);
        case RESTART -> redefine(definition(next, name), true, ask);
        case LIVE -> redefine(definition(next, name), false, ask);
        case UNCHANGED -> draft.define(name, Optional.of(Program.of(definition(next, name))));
        case INVALID -> {
          List<Problem> problems =
              step.problems().isEmpty()
                  ? known
                      .flatMap(Program::spec)
                      .map(next::problemsOf)
                      .orElseGet(() -> next.invalid().getOrDefault(name, List.of()))
                  : step.problems();
          if (known.isPresent() && known.get().spec().isPresent() && !known.get().leaving()) {
            draft.define(name, Optional.of(known.get().wrong(problems)));
          } else if (known.isEmpty() || !known.get().leaving()) {
            ask.later(() -> define(new Program(name, Optional.empty(), problems, false)));
          }
        }
      }
    }
    for (Program program : draft.base.programs.values()) {
      if (program.spec().isEmpty()
          && !next.programs().containsKey(program.name())
          && !next.invalid().containsKey(program.name())) {
        remove(program, ask);
      }
    }
    if (next.unread().isEmpty() && next.daemonProblems().isEmpty()) {
      forgetUnknown(next.invalid().keySet());
    }
    new Departure(draft, ask).withDependants(leavingForGood);
    draft.say("applied", summary(plan), !plan.problems().isEmpty(), apply.actor());
    ask.open(apply, apply.patience(), Optional.of(plan));
  }

  /** What the files say now wins over what was decided against what they said before. */
  private void decideAnew(Configuration files) {
    for (ProgramSpec spec : files.programs().values()) {
      Decisions.Scaled scaled = draft.decided().scaled().get(spec.name());
      if (scaled != null && !holds(scaled, spec)) {
        draft.decide().unscale(spec.name());
      }
    }
    for (InstanceName name : List.copyOf(draft.decided().enabled().keySet())) {
      ProgramSpec spec = files.programs().get(name.program());
      if (spec != null && spec.enabled()) {
        draft.decide().enable(name, "", false);
      }
    }
  }

  private static ProgramSpec definition(Configuration configuration, String name) {
    ProgramSpec spec = configuration.programs().get(name);
    if (spec == null) {
      throw new IllegalStateException("the plan names " + name + ", the configuration does not");
    }
    return spec;
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
    draft.define(program.name(), Optional.of(program.leave()));
    for (Instance instance : draft.instancesOf(program.name())) {
      forget(instance, ask);
    }
    ask.later(() -> draft.dropIfEmpty(program.name()));
  }

  private void forget(Instance instance, Ask ask) {
    draft.decide().forget(instance.name());
    leavingForGood.add(instance.name());
    if (instance.phase() instanceof Phase.Dead) {
      ask.later(() -> draft.forget(instance.name()));
      return;
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.stop(instance, StopCause.CHANGED, AfterStop.FORGET);
  }

  /** What is looked at while it runs is looked at by the new definition from now on. */
  private void lookOtherwise(Instance instance, ProgramSpec before, ProgramSpec spec) {
    Step step = InstanceMachine.redefined(instance, before, spec, draft.now);
    if (!step.after().equals(instance)) {
      draft.take(instance, step);
    }
  }

  private void redefine(ProgramSpec spec, boolean restart, Ask ask) {
    Program program = Program.of(spec);
    Optional<ProgramSpec> before = draft.programOf(spec.name()).flatMap(Program::spec);
    boolean wasOff = before.isPresent() && !(before.get().enabled() && before.get().autostart());
    draft.define(spec.name(), Optional.of(program));
    for (Instance listed : draft.instancesOf(spec.name())) {
      if (listed.name().number() > spec.instances()) {
        continue;
      }
      Optional<String> off = draft.switchedOff(listed);
      if (off.isPresent()) {
        disable(listed, off.get(), ask);
        continue;
      }
      if (before.isPresent() && !before.get().logs().equals(spec.logs())) {
        draft.effects.add(new Effect.ChangeLogs(listed.name(), spec.logs()));
      }
      if (before.isPresent() && !restart) {
        lookOtherwise(listed, before.get(), spec);
      }
      Instance instance = draft.get(listed.name());
      switch (instance.phase()) {
        case Phase.Dead dead -> reconsider(instance, dead, spec, restart, wasOff, ask);
        case Phase.Starting starting -> replace(instance, restart, ask);
        case Phase.Up up -> replace(instance, restart, ask);
        case Phase.Stopping stopping -> {
          boolean wasDisabled =
              stopping.cause() == StopCause.CHANGED && stopping.after() == AfterStop.STAY;
          boolean isWanted =
              spec.autostart() && !draft.decided().stopped().containsKey(instance.name());
          replace(
              instance,
              wasDisabled ? isWanted : restart && stopping.after() == AfterStop.POLICY,
              ask);
        }
      }
    }
    resize(program, ask, false);
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
          case NEW ->
              spec.autostart() && (wasOff || (Demand.isOnDemand(dead) && spec.pool().isEmpty()));
          case INVALID, DISABLED, WAITING, SCHEDULED, STOPPED, COMPLETED -> false;
        };
    if (dead.reason() == DeadReason.DISABLED) {
      if (isToStart(Program.of(spec), instance.name(), false) && isWanted(spec)) {
        ask.wish(instance, Request.Wish.UP);
      }
      ask.later(() -> renew(Program.of(spec), draft.get(instance.name()), ask));
    } else if (tryAgain && dead.reason() != DeadReason.BACKOFF && !isWanted(spec)) {
      ask.later(
          () -> {
            Instance found = draft.get(instance.name());
            draft.put(found, Demand.left(found));
          });
    } else if (tryAgain) {
      ask.wish(instance, Request.Wish.UP);
      ask.later(
          () -> {
            Instance found = draft.get(instance.name());
            if (found.phase() instanceof Phase.Dead) {
              draft.starts.attempt(
                  found,
                  found
                      .forgiven()
                      .in(Phase.Dead.about("its definition changed", ask.actor, draft.now)));
            }
          });
    }
  }

  private void replace(Instance instance, boolean restart, Ask ask) {
    if (!restart) {
      return;
    }
    ask.wish(instance, Request.Wish.AGAIN);
    ask.stop(instance, StopCause.CHANGED, AfterStop.START);
  }

  private void disable(Instance instance, String why, Ask ask) {
    if (instance.phase() instanceof Phase.Dead) {
      Phase.Dead disabled = Phase.Dead.lasting(DeadReason.DISABLED, why, ask.actor);
      if (!(instance.phase() instanceof Phase.Dead dead
          && dead.reason() == DeadReason.DISABLED
          && dead.detail().equals(why))) {
        ask.later(() -> draft.put(draft.get(instance.name()), instance.in(disabled)));
      }
      return;
    }
    leavingForGood.add(instance.name());
    ask.wish(instance, Request.Wish.DOWN);
    if (instance.phase() instanceof Phase.Stopping stopping && stopping.after() == AfterStop.STAY) {
      // It is on its way down for good; if an operator wants that, it outlives being disabled.
      return;
    }
    ask.stop(instance, StopCause.CHANGED, AfterStop.STAY);
  }

  /**
   * Adds the instances that a program lacks, takes away those beyond its number.
   *
   * @param evenIfByHand whether what is added is started although autostart is off
   */
  private void resize(Program program, Ask ask, boolean evenIfByHand) {
    ProgramSpec spec = program.rules();
    boolean isServed = spec.pool().isPresent() && Demand.isInService(draft, program.name());
    for (Instance instance : draft.instancesOf(program.name())) {
      if (instance.name().number() > spec.instances()) {
        forget(instance, ask);
      } else if (Supervisor.isLeaving(instance)) {
        comeBack(instance, spec, ask);
      } else if (Demand.isOnDemand(instance.phase()) && isServed && isWanted(spec)) {
        ask.wish(instance, Request.Wish.UP);
        ask.later(() -> startAnew(instance.name(), ask.actor));
      } else if (instance.phase() instanceof Phase.Dead dead
          && dead.reason() == DeadReason.INVALID) {
        if (isToStart(program, instance.name(), evenIfByHand || isServed) && isWanted(spec)) {
          ask.wish(instance, Request.Wish.UP);
        }
        ask.later(() -> renew(program, draft.get(instance.name()), ask));
      }
    }
    for (int number = 1; number <= spec.instances(); number++) {
      InstanceName name = new InstanceName(program.name(), number);
      if (draft.find(name).isEmpty()) {
        boolean isToStart = isToStart(program, name, evenIfByHand || isServed) && isWanted(spec);
        if (isToStart) {
          ask.wishes.put(name, Request.Wish.UP);
        } else if (spec.pool().isPresent()) {
          Phase.Dead initial = initial(program, name);
          ask.known(Instance.fresh(name, initial), Result.DONE, initial.detail());
        }
        ask.later(
            () -> {
              create(program, name);
              if (isToStart) {
                startAnew(name, ask.actor);
              }
            });
      }
    }
  }

  /** What was to go stays; of a pool it is started again only if that lacks workers. */
  private void comeBack(Instance instance, ProgramSpec spec, Ask ask) {
    if (isWanted(spec)) {
      ask.wish(instance, Request.Wish.AGAIN);
      ask.stop(instance, StopCause.CHANGED, AfterStop.START);
    } else {
      ask.later(
          () -> {
            Instance found = draft.get(instance.name());
            draft.put(found, Demand.left(found));
          });
    }
  }

  /** Whether one more is to be started; of a pool only as many as it needs at least. */
  private boolean isWanted(ProgramSpec spec) {
    if (spec.pool().isEmpty()) {
      return true;
    }
    int left = lacking.computeIfAbsent(spec.name(), name -> Demand.lacking(draft, name));
    lacking.put(spec.name(), left - 1);
    return left > 0;
  }

  private void startAnew(InstanceName name, Actor actor) {
    Instance found = draft.get(name);
    if (found.phase() instanceof Phase.Dead) {
      draft.starts.attempt(found, found.in(Phase.Dead.about("to be started", actor, draft.now)));
    }
  }

  private boolean isToStart(Program program, InstanceName name, boolean evenIfByHand) {
    return (program.rules().autostart() || evenIfByHand)
        && initial(program, name).reason() == DeadReason.NEW;
  }

  /** Adds a program with all its instances; nothing is started. */
  private void define(Program program) {
    draft.define(program.name(), Optional.of(program));
    int count = program.spec().map(ProgramSpec::instances).orElse(1);
    for (int number = 1; number <= count; number++) {
      create(program, new InstanceName(program.name(), number));
    }
  }

  private void create(Program program, InstanceName name) {
    if (draft.find(name).isEmpty()) {
      draft.change(name, Optional.of(Instance.fresh(name, initial(program, name))));
    }
  }

  /** An instance that could not be started is as one that was just added. */
  private void renew(Program program, Instance instance, Ask ask) {
    Instance fresh = instance.forgiven().in(initial(program, instance.name()));
    draft.put(instance, fresh);
    startIfWanted(fresh, ask.actor);
  }

  private void startIfWanted(Instance fresh, Actor actor) {
    ProgramSpec spec = draft.program(fresh.name()).rules();
    boolean isWanted =
        spec.pool().isPresent()
            ? Demand.isOnDemand(fresh.phase()) && Demand.lacking(draft, spec.name()) > 0
            : spec.autostart();
    if (fresh.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.NEW && isWanted) {
      startAnew(fresh.name(), actor);
    }
  }

  private Phase.Dead initial(Program program, InstanceName name) {
    if (program.spec().isEmpty()) {
      return Supervisor.invalid(program.problems());
    }
    Optional<String> off = draft.switchedOff(name);
    if (off.isPresent()) {
      return Phase.Dead.lasting(DeadReason.DISABLED, off.get(), Actor.AUTOSTART);
    }
    String stoppedBy = draft.decided().stopped().get(name);
    if (stoppedBy != null) {
      return Phase.Dead.lasting(DeadReason.STOPPED, "by " + stoppedBy, new Actor(stoppedBy, -1, 0));
    }
    if (program.spec().get().pool().isPresent()
        && (program.spec().get().autostart() || Demand.isInService(draft, program.name()))) {
      return Demand.onDemand();
    }
    return Phase.Dead.lasting(
        DeadReason.NEW,
        program.spec().get().autostart() ? "never started" : "never started; autostart is off",
        Actor.AUTOSTART);
  }
}
