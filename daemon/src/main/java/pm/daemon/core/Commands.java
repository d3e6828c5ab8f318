package pm.daemon.core;

import java.util.List;
import java.util.Optional;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.StopScope;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.instance.Step;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.plan.Selection;

/** What operators ask for, one method a command. */
final class Commands {

  private final Draft draft;

  Commands(Draft draft) {
    this.draft = draft;
  }

  void handle(Command command) {
    switch (command) {
      case Command.Begin begin -> new ConfigurationChange(draft).begin(begin);
      case Command.Resume resume -> resume(resume);
      case Command.Start start -> start(start);
      case Command.Stop stop -> stop(stop);
      case Command.Restart restart -> restart(restart);
      case Command.Signal signal -> signal(signal);
      case Command.Reset reset -> reset(reset);
      case Command.Apply apply -> new ConfigurationChange(draft).apply(apply);
      case Command.Reload reload -> later(reload);
      case Command.Enable enable -> later(enable);
      case Command.Disable disable -> later(disable);
      case Command.Scale scale -> later(scale);
      case Command.RollingRestart roll -> later(roll);
      case Command.Await await -> later(await);
      case Command.Run run -> later(run);
      case Command.Shutdown shutdown -> shutdown(shutdown);
    }
  }

  private void later(Command command) {
    draft.reply(command.request(), new Answer.Refused("it is not supported yet"), 0);
  }

  private void resume(Command.Resume resume) {
    int alive = 0;
    for (Instance kept : List.copyOf(draft.base.instances.values())) {
      Instance instance = wantedAgain(kept, resume.actor());
      if (instance.phase() instanceof Phase.Dead dead) {
        if (dead.reason() == DeadReason.WAITING && dead.startAt() == Moment.NEVER) {
          draft.enqueued.add(instance.name());
        } else if (!instance.equals(kept)) {
          draft.tryStart(kept, instance);
        }
        continue;
      }
      alive++;
      Step step =
          InstanceMachine.resume(instance, draft.program(instance.name()).rules(), draft.now);
      draft.effects.addAll(step.effects());
      if (!step.after().equals(kept)) {
        draft.put(kept, step.after());
      }
    }
    draft.say(
        "resumed",
        switch (resume.after()) {
              case CRASH -> "went on after an unclean end";
              case UPGRADE -> "went on as another version";
              case FAILED_UPGRADE -> "went on after an upgrade that failed";
            }
            + "; looks for "
            + Draft.count(alive, "process"),
        resume.after() != Command.Resumption.UPGRADE,
        resume.actor());
  }

  /**
   * The daemon before us may have been killed in its shutdown. Nobody decided that what it had
   * stopped should stay so: the next daemon would have started it after a shutdown that came to its
   * end, and does so after this one.
   */
  private Instance wantedAgain(Instance kept, Actor actor) {
    ProgramSpec spec = draft.program(kept.name()).rules();
    boolean wanted =
        draft.program(kept.name()).spec().isPresent()
            && spec.enabled()
            && spec.autostart()
            && !draft.decided().stopped().containsKey(kept.name());
    if (!wanted) {
      return kept;
    }
    return switch (kept.phase()) {
      case Phase.Dead dead ->
          dead.reason() == DeadReason.STOPPED
              ? kept.in(Phase.Dead.about("the last shutdown was not finished", actor, draft.now))
              : kept;
      case Phase.Stopping stopping ->
          stopping.cause() == StopCause.SHUTDOWN && stopping.after() == AfterStop.STAY
              ? kept.in(stopping.then(AfterStop.START, StopCause.SHUTDOWN, actor))
              : kept;
      case Phase.Starting starting -> kept;
      case Phase.Up up -> kept;
    };
  }

  private void start(Command.Start start) {
    List<InstanceName> names = select(start, start.selectors());
    Ask ask = new Ask(draft, start.actor());
    for (InstanceName name : names) {
      startOne(draft.get(name), ask);
    }
    audit("start", start.selectors(), ask);
    ask.open(start, start.patience(), Optional.empty());
  }

  private void startOne(Instance instance, Ask ask) {
    Program program = draft.program(instance.name());
    if (program.spec().isEmpty()) {
      ask.known(instance, Result.FAILED, Wording.detail(instance.phase(), draft.now));
      return;
    }
    if (!program.spec().get().enabled()) {
      ask.known(instance, Result.FAILED, "it is disabled: its definition says enabled: false");
      return;
    }
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        draft.decide(draft.decided().start(instance.name()));
        ask.wish(instance, Request.Wish.UP);
        if (draft.isQueued(instance.name())) {
          // It keeps its place in the queue, but its start is the operator's now.
          Phase.Dead asked =
              new Phase.Dead(
                  dead.reason(), dead.detail(), dead.startAt(), StartKind.ASKED, ask.actor);
          ask.later(() -> draft.put(instance, instance.forgiven().in(asked)));
        } else {
          ask.later(
              () ->
                  draft.tryStart(
                      instance,
                      instance
                          .forgiven()
                          .in(
                              Phase.Dead.about(
                                  "asked for by " + ask.actor, ask.actor, draft.now))));
        }
      }
      case Phase.Starting starting -> ask.wish(instance, Request.Wish.UP);
      case Phase.Up up -> {
        if (program.rules().type() == ProgramType.ONESHOT) {
          ask.wish(instance, Request.Wish.UP);
        } else {
          ask.known(instance, Result.UNCHANGED, "already up, " + Draft.pid(up.current()));
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
    restartLive(instance, ask);
  }

  private void stop(Command.Stop stop) {
    List<InstanceName> names = select(stop, stop.selectors());
    Ask ask = new Ask(draft, stop.actor());
    for (InstanceName name : names) {
      stopOne(draft.get(name), ask);
    }
    audit("stop", stop.selectors(), ask);
    ask.open(stop, stop.patience(), Optional.empty());
  }

  private void stopOne(Instance instance, Ask ask) {
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        draft.decide(draft.decided().stop(instance.name(), ask.actor.toString()));
        switch (dead.reason()) {
          case INVALID, DISABLED, STOPPED ->
              ask.known(instance, Result.UNCHANGED, Wording.detail(dead, draft.now));
          case NEW, COMPLETED, WAITING, SCHEDULED, BACKOFF, FAILED -> {
            Instance stopped =
                instance.in(Phase.Dead.lasting(DeadReason.STOPPED, "by " + ask.actor, ask.actor));
            boolean wasDown =
                dead.reason() == DeadReason.NEW || dead.reason() == DeadReason.COMPLETED;
            ask.known(
                stopped,
                wasDown ? Result.UNCHANGED : Result.DONE,
                wasDown ? "was not running" : "will not be started");
            ask.later(() -> draft.put(instance, stopped));
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
    if (after != AfterStop.FORGET) {
      // What is being removed has no later start that a decision could hold back.
      draft.decide(draft.decided().stop(instance.name(), ask.actor.toString()));
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.stop(instance, StopCause.REQUESTED, after);
  }

  private void restart(Command.Restart restart) {
    List<InstanceName> names = select(restart, restart.selectors());
    Ask ask = new Ask(draft, restart.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      switch (instance.phase()) {
        case Phase.Dead dead -> startOne(instance, ask);
        case Phase.Stopping stopping -> startOne(instance, ask);
        case Phase.Starting starting -> restartLive(instance, ask);
        case Phase.Up up -> restartLive(instance, ask);
      }
    }
    audit("restart", restart.selectors(), ask);
    ask.open(restart, restart.patience(), Optional.empty());
  }

  private void restartLive(Instance instance, Ask ask) {
    draft.decide(draft.decided().start(instance.name()));
    ask.wish(instance, Request.Wish.AGAIN);
    ask.stop(instance, StopCause.REQUESTED, AfterStop.START);
  }

  private void signal(Command.Signal signal) {
    List<InstanceName> names = select(signal, signal.selectors());
    Ask ask = new Ask(draft, signal.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      Optional<Run> run = instance.run();
      boolean ended =
          instance.phase() instanceof Phase.Stopping stopping && stopping.exit().isPresent();
      if (run.isEmpty() || run.get().process().isEmpty() || ended) {
        ask.known(instance, Result.FAILED, "it has no process to signal");
        continue;
      }
      draft.effects.add(
          new Effect.Signal(
              run.get().invocation(),
              run.get().process().get(),
              signal.signalName(),
              StopScope.PROCESS,
              false));
      ask.known(
          instance, Result.DONE, "SIG" + signal.signalName() + " sent to " + Draft.pid(run.get()));
    }
    audit("signal " + signal.signalName(), signal.selectors(), ask);
    ask.open(signal, Command.Patience.NONE, Optional.empty());
  }

  private void reset(Command.Reset reset) {
    List<InstanceName> names = select(reset, reset.selectors());
    Ask ask = new Ask(draft, reset.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      Instance forgiven = instance.forgiven();
      Instance after =
          instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.FAILED
              ? forgiven.in(
                  Phase.Dead.lasting(DeadReason.NEW, "reset by " + reset.actor(), reset.actor()))
              : forgiven;
      if (after.equals(instance)) {
        ask.known(instance, Result.UNCHANGED, "nothing to reset");
      } else {
        ask.known(after, Result.DONE, "restart history cleared");
        ask.later(() -> draft.put(instance, after));
      }
    }
    audit("reset", reset.selectors(), ask);
    ask.open(reset, Command.Patience.NONE, Optional.empty());
  }

  private void shutdown(Command.Shutdown shutdown) {
    if (draft.shuttingDown) {
      draft.hurried = true;
      draft.say("shutdown", "asked for again: kills instead of waiting", false, shutdown.actor());
    } else {
      draft.shuttingDown = true;
      draft.say("shutdown", "stops everything, then ends", false, shutdown.actor());
    }
    if (shutdown.request() != Command.UNANSWERED) {
      draft.shutdownRequest = Optional.of(shutdown.request());
    }
    for (Instance instance : List.copyOf(draft.base.instances.values())) {
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          if (dead.startAt() != Moment.NEVER || dead.reason() == DeadReason.WAITING) {
            draft.put(
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
    draft.stop(instance, StopCause.SHUTDOWN, after, actor);
  }

  private void audit(String verb, List<String> selectors, Ask ask) {
    if (!ask.isEmpty()) {
      draft.say("command", verb + " " + String.join(" ", selectors), false, ask.actor);
    }
  }

  private List<InstanceName> select(Command command, List<String> selectors) {
    if (draft.shuttingDown) {
      draft.reply(command.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return List.of();
    }
    return switch (draft.base.select(selectors)) {
      case Selection.Found found -> found.instances();
      case Selection.Nothing nothing -> {
        draft.reply(command.request(), new Answer.NoMatch(nothing.selector()), 0);
        yield List.of();
      }
    };
  }
}
