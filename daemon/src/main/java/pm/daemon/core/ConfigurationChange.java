package pm.daemon.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.plan.ApplyPlanner;

/** A configuration comes into force: the first one, or another in place of the one in force. */
final class ConfigurationChange {

  private final Draft draft;

  ConfigurationChange(Draft draft) {
    this.draft = draft;
  }

  void begin(Command.Begin begin) {
    draft.decisions = Optional.of(begin.decisions());
    draft.daemon = Optional.of(begin.configuration().daemon());
    begin.configuration().programs().values().forEach(spec -> define(Program.of(spec)));
    begin
        .configuration()
        .invalid()
        .forEach((name, problems) -> define(new Program(name, Optional.empty(), problems, false)));
    draft.say(
        "started",
        "began with " + Draft.count(draft.changed.size(), "instance"),
        false,
        begin.actor());
  }

  void apply(Command.Apply apply) {
    Configuration next = apply.configuration();
    ApplyPlan plan = ApplyPlanner.plan(draft.base.specsInForce(), next);
    if (apply.dryRun()) {
      draft.reply(apply.request(), new Answer.Applied(plan, List.of()), 0);
      return;
    }
    if (draft.shuttingDown) {
      draft.reply(apply.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return;
    }
    draft.daemon = Optional.of(next.daemon());
    Ask ask = new Ask(draft, apply.actor());
    for (ApplyPlan.ProgramStep step : plan.programs()) {
      String name = step.program();
      Optional<Program> known = draft.programOf(name);
      switch (step.action()) {
        case ADD -> {
          Program added = Program.of(definition(next, name));
          draft.changedPrograms.put(name, Optional.of(added));
          resize(added, ask);
        }
        case REMOVE -> remove(known.orElseThrow(), ask);
        case RESTART -> redefine(definition(next, name), true, ask);
        case LIVE -> redefine(definition(next, name), false, ask);
        case UNCHANGED ->
            draft.changedPrograms.put(name, Optional.of(Program.of(definition(next, name))));
        case INVALID -> {
          List<Problem> problems =
              known
                  .flatMap(Program::spec)
                  .map(next::problemsOf)
                  .orElseGet(() -> next.invalid().getOrDefault(name, List.of()));
          if (known.isPresent() && known.get().spec().isPresent() && !known.get().leaving()) {
            draft.changedPrograms.put(name, Optional.of(known.get().wrong(problems)));
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
    draft.say("applied", summary(plan), !plan.problems().isEmpty(), apply.actor());
    ask.open(apply, apply.patience(), Optional.of(plan));
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
    draft.changedPrograms.put(program.name(), Optional.of(program.leave()));
    for (Instance instance : draft.instancesOf(program.name())) {
      forget(instance, ask);
    }
    ask.later(() -> draft.dropIfEmpty(program.name()));
  }

  private void forget(Instance instance, Ask ask) {
    draft.decide(draft.decided().start(instance.name()));
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
    draft.changedPrograms.put(spec.name(), Optional.of(program));
    for (Instance listed : draft.instancesOf(spec.name())) {
      if (listed.name().number() > spec.instances()) {
        continue;
      }
      if (!spec.enabled()) {
        disable(listed, ask);
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
          case NEW -> spec.autostart() && wasOff;
          case INVALID, DISABLED, WAITING, SCHEDULED, STOPPED, COMPLETED -> false;
        };
    if (dead.reason() == DeadReason.DISABLED) {
      if (spec.autostart() && !draft.decided().stopped().containsKey(instance.name())) {
        ask.wish(instance, Request.Wish.UP);
      }
      ask.later(() -> renew(Program.of(spec), instance, ask));
    } else if (tryAgain) {
      ask.wish(instance, Request.Wish.UP);
      ask.later(
          () ->
              draft.tryStart(
                  instance,
                  instance
                      .forgiven()
                      .in(Phase.Dead.about("its definition changed", ask.actor, draft.now))));
    }
  }

  private void replace(Instance instance, boolean restart, Ask ask) {
    if (!restart) {
      return;
    }
    ask.wish(instance, Request.Wish.AGAIN);
    ask.stop(instance, StopCause.CHANGED, AfterStop.START);
  }

  private void disable(Instance instance, Ask ask) {
    Phase.Dead disabled =
        Phase.Dead.lasting(DeadReason.DISABLED, "its definition says enabled: false", ask.actor);
    if (instance.phase() instanceof Phase.Dead) {
      ask.later(() -> draft.put(instance, instance.in(disabled)));
      return;
    }
    ask.wish(instance, Request.Wish.DOWN);
    if (instance.phase() instanceof Phase.Stopping stopping && stopping.after() == AfterStop.STAY) {
      // It is on its way down for good; if an operator wants that, it outlives being disabled.
      return;
    }
    ask.stop(instance, StopCause.CHANGED, AfterStop.STAY);
  }

  /** Adds the instances that a program lacks, takes away those beyond its number. */
  private void resize(Program program, Ask ask) {
    ProgramSpec spec = program.rules();
    for (Instance instance : draft.instancesOf(program.name())) {
      if (instance.name().number() > spec.instances()) {
        forget(instance, ask);
      } else if (Supervisor.isLeaving(instance)) {
        ask.wish(instance, Request.Wish.AGAIN);
        ask.stop(instance, StopCause.CHANGED, AfterStop.START);
      } else if (instance.phase() instanceof Phase.Dead dead
          && dead.reason() == DeadReason.INVALID) {
        ask.later(() -> renew(program, instance, ask));
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
            draft.find(name).isEmpty()
                || (draft.find(name).get().phase() instanceof Phase.Dead dead
                    && dead.reason() == DeadReason.INVALID);
        if (isNew && !draft.decided().stopped().containsKey(name)) {
          ask.wishes.put(name, Request.Wish.UP);
        }
      }
    }
  }

  /** Adds a program with all its instances; those that are wanted up are started. */
  private void define(Program program) {
    draft.changedPrograms.put(program.name(), Optional.of(program));
    int count = program.spec().map(ProgramSpec::instances).orElse(1);
    for (int number = 1; number <= count; number++) {
      create(program, new InstanceName(program.name(), number), new Ask(draft, Actor.AUTOSTART));
    }
  }

  private void create(Program program, InstanceName name, Ask ask) {
    if (draft.find(name).isPresent()) {
      return;
    }
    Phase.Dead phase = initial(program, name);
    Instance fresh = Instance.fresh(name, phase);
    draft.changed.put(name, Optional.of(fresh));
    startIfWanted(program, fresh, phase, ask);
  }

  /** An instance that could not be started is as one that was just added. */
  private void renew(Program program, Instance instance, Ask ask) {
    Phase.Dead phase = initial(program, instance.name());
    Instance fresh = instance.forgiven().in(phase);
    draft.put(instance, fresh);
    startIfWanted(program, fresh, phase, ask);
  }

  private void startIfWanted(Program program, Instance fresh, Phase.Dead phase, Ask ask) {
    if (phase.reason() == DeadReason.NEW && program.rules().autostart()) {
      draft.tryStart(fresh, fresh.in(Phase.Dead.about("to be started", ask.actor, draft.now)));
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
    String stoppedBy = draft.decided().stopped().get(name);
    if (stoppedBy != null) {
      return Phase.Dead.lasting(DeadReason.STOPPED, "by " + stoppedBy, new Actor(stoppedBy, -1, 0));
    }
    return Phase.Dead.lasting(
        DeadReason.NEW,
        program.spec().get().autostart() ? "never started" : "never started; autostart is off",
        Actor.AUTOSTART);
  }
}
