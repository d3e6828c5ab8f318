package pm.daemon.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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
      case Command.Begin begin -> {
        draft.news.begins();
        new ConfigurationChange(draft).begin(begin);
      }
      case Command.Resume resume -> {
        draft.news.begins();
        resume(resume);
      }
      case Command.Start start -> start(start);
      case Command.Stop stop -> stop(stop);
      case Command.Restart restart -> restart(restart);
      case Command.Signal signal -> signal(signal);
      case Command.Reset reset -> reset(reset);
      case Command.Apply apply -> new ConfigurationChange(draft).apply(apply);
      case Command.Reload reload -> reload(reload);
      case Command.Enable enable -> enable(enable);
      case Command.Disable disable -> disable(disable);
      case Command.Scale scale -> new ConfigurationChange(draft).scale(scale);
      case Command.RollingRestart roll -> roll(roll);
      case Command.Await await -> await(await);
      case Command.Run run -> new ConfigurationChange(draft).run(run);
      case Command.Shutdown shutdown -> shutdown(shutdown);
    }
  }

  private void resume(Command.Resume resume) {
    int alive = 0;
    Set<String> wanted = wantedWithTheDaemon();
    boolean wasEnding = wasEnding();
    for (Instance kept : List.copyOf(draft.base.instances.values())) {
      Instance instance = wantedAgain(kept, wanted, resume.actor());
      if (instance.phase() instanceof Phase.Dead dead) {
        if (dead.reason() == DeadReason.WAITING && dead.startAt() == Moment.NEVER) {
          draft.starts.last(() -> draft.starts.waitAgain(kept.name()));
        } else if (wasEnding
            && Consequences.endedForGood(instance)
            && draft.program(instance.name()).rules().essential()) {
          // It ended the daemon before us, which did not come to its own end.
          draft.essential = Optional.of(instance);
        } else if (!instance.equals(kept)) {
          draft.starts.last(() -> draft.starts.attempt(kept, instance));
        }
        continue;
      }
      alive++;
      Step step =
          InstanceMachine.resume(
              instance, draft.program(instance.name()).rules(), draft.now, draft.base.random);
      if (step.after().equals(kept)) {
        draft.effects.addAll(step.effects());
      } else {
        draft.take(kept, step);
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
  private Instance wantedAgain(Instance kept, Set<String> wanted, Actor actor) {
    if (!wanted.contains(kept.name().program()) || !mayBeWanted(kept)) {
      return kept;
    }
    return switch (kept.phase()) {
      case Phase.Dead dead ->
          dead.reason() == DeadReason.STOPPED && dead.actor().equals(Actor.SHUTDOWN)
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

  /**
   * Returns whether the daemon before us was killed while it shut down: it had decided to stop all
   * that lived, in one decision, and something of that lives still.
   */
  private boolean wasEnding() {
    boolean isAnyStopping = false;
    for (Instance instance : draft.base.instances.values()) {
      boolean fits =
          switch (instance.phase()) {
            case Phase.Dead dead ->
                dead.startAt() == Moment.NEVER && dead.reason() != DeadReason.WAITING;
            case Phase.Stopping stopping -> stopping.cause() == StopCause.SHUTDOWN;
            case Phase.Starting starting -> false;
            case Phase.Up up -> false;
          };
      if (!fits) {
        return false;
      }
      isAnyStopping |= instance.phase() instanceof Phase.Stopping;
    }
    return isAnyStopping;
  }

  /** Returns the programs that start with the daemon, by themselves or since one of these does. */
  private Set<String> wantedWithTheDaemon() {
    Set<String> wanted = new HashSet<>();
    ArrayDeque<String> open = new ArrayDeque<>();
    for (Instance instance : draft.base.instances.values()) {
      if (draft.program(instance.name()).rules().autostart() && mayBeWanted(instance)) {
        open.add(instance.name().program());
      }
    }
    while (!open.isEmpty()) {
      String program = open.remove();
      if (wanted.add(program)) {
        open.addAll(draft.dependencies.needs(program).keySet());
      }
    }
    return wanted;
  }

  private boolean mayBeWanted(Instance instance) {
    return draft.program(instance.name()).spec().isPresent()
        && draft.switchedOff(instance).isEmpty()
        && !draft.decided().stopped().containsKey(instance.name());
  }

  private void start(Command.Start start) {
    List<InstanceName> names = select(start, start.selectors());
    Ask ask = new Ask(draft, start.actor());
    Needed needed = new Needed(draft, ask, names);
    Set<InstanceName> spared = spared(names, start.selectors());
    for (InstanceName name : draft.inOrder(names)) {
      if (spared.contains(name)) {
        leaveToDemand(draft.get(name), ask);
      } else {
        startOne(draft.get(name), ask, needed);
      }
    }
    audit("start", start.selectors(), ask);
    ask.open(start, start.patience(), Optional.empty());
  }

  /** Returns the slots of pools that are not started, since they are only named with the others. */
  private Set<InstanceName> spared(List<InstanceName> names, List<String> selectors) {
    Set<InstanceName> spared = new HashSet<>();
    Map<String, List<InstanceName>> slots = new TreeMap<>();
    Map<String, Integer> alone = new TreeMap<>();
    for (InstanceName name : names) {
      if (!Demand.isPool(draft, name.program())) {
        continue;
      }
      if (selectors.contains(name.toString())) {
        alone.merge(name.program(), Demand.isComing(draft.get(name)) ? 0 : 1, Integer::sum);
      } else {
        slots.computeIfAbsent(name.program(), key -> new ArrayList<>()).add(name);
      }
    }
    slots.forEach(
        (program, named) -> {
          spared.addAll(named);
          spared.removeAll(Demand.chosen(draft, program, named, alone.getOrDefault(program, 0)));
        });
    return spared;
  }

  /** It is the pool's to start from now on. */
  private void leaveToDemand(Instance slot, Ask ask) {
    Optional<String> off = draft.switchedOff(slot);
    if (off.isPresent()) {
      ask.known(slot, Result.UNCHANGED, "it is disabled: " + off.get());
      return;
    }
    if (Supervisor.isLeaving(slot)) {
      ask.known(slot, Result.UNCHANGED, "it is being removed from the configuration");
      return;
    }
    draft.decide().start(slot.name());
    Instance left = Demand.left(slot);
    ask.known(left, Result.UNCHANGED, Wording.detail(left.phase(), draft.now));
    if (!left.equals(slot)) {
      ask.later(() -> draft.put(draft.get(slot.name()), left));
    }
  }

  private void startOne(Instance instance, Ask ask, Needed needed) {
    Program program = draft.program(instance.name());
    if (program.spec().isEmpty()) {
      ask.known(instance, Result.FAILED, Wording.detail(instance.phase(), draft.now));
      return;
    }
    Optional<String> off = draft.switchedOff(instance);
    if (off.isPresent()) {
      ask.known(
          instance,
          Result.FAILED,
          "it is disabled: " + off.get() + "; run: pmctl enable " + instance.name());
      return;
    }
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        Optional<String> obstacle = needed.obstacle(instance.name());
        if (obstacle.isPresent()) {
          ask.known(instance, Result.FAILED, obstacle.get());
          return;
        }
        draft.decide().start(instance.name());
        ask.wish(instance, Request.Wish.UP);
        needed.start(instance.name().program());
        ask.inTurn(instance.name(), () -> draft.starts.now(instance.name(), ask.actor));
      }
      case Phase.Starting starting -> ask.wish(instance, Request.Wish.UP);
      case Phase.Up up -> {
        if (program.rules().type() == ProgramType.ONESHOT) {
          ask.wish(instance, Request.Wish.UP);
        } else {
          ask.known(instance, Result.UNCHANGED, "already up, " + Draft.pid(up.current()));
        }
      }
      case Phase.Stopping stopping -> again(instance, stopping, ask, needed);
    }
  }

  /** A stop is under way and it is wanted up. */
  private void again(Instance instance, Phase.Stopping stopping, Ask ask, Needed needed) {
    if (stopping.after() == AfterStop.FORGET) {
      ask.known(instance, Result.FAILED, "it is being removed from the configuration");
      return;
    }
    restartLive(instance, ask, needed);
  }

  private void stop(Command.Stop stop) {
    List<InstanceName> names = select(stop, stop.selectors());
    Ask ask = new Ask(draft, stop.actor());
    for (InstanceName name : names) {
      stopOne(draft.get(name), ask);
    }
    new Departure(draft, ask).withDependants(names);
    audit("stop", stop.selectors(), ask);
    ask.open(stop, stop.patience(), Optional.empty());
  }

  private void stopOne(Instance instance, Ask ask) {
    switch (instance.phase()) {
      case Phase.Dead dead -> {
        draft.decide().stop(instance.name(), ask.actor.toString());
        switch (dead.reason()) {
          case STOPPED -> {
            if (Demand.isOnDemand(dead)) {
              stopDead(instance, true, ask);
            } else {
              ask.known(instance, Result.UNCHANGED, Wording.detail(dead, draft.now));
            }
          }
          case INVALID, DISABLED ->
              ask.known(instance, Result.UNCHANGED, Wording.detail(dead, draft.now));
          case NEW, COMPLETED -> stopDead(instance, true, ask);
          case WAITING, SCHEDULED, BACKOFF, FAILED -> stopDead(instance, false, ask);
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

  private void stopDead(Instance instance, boolean wasDown, Ask ask) {
    Instance stopped =
        instance.in(Phase.Dead.lasting(DeadReason.STOPPED, "by " + ask.actor, ask.actor));
    ask.known(
        stopped,
        wasDown ? Result.UNCHANGED : Result.DONE,
        wasDown ? "was not running" : "will not be started");
    ask.later(() -> draft.put(instance, stopped));
  }

  private void stopLive(Instance instance, AfterStop after, Ask ask) {
    if (after != AfterStop.FORGET) {
      // What is being removed has no later start that a decision could hold back.
      draft.decide().stop(instance.name(), ask.actor.toString());
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.stop(instance, StopCause.REQUESTED, after);
  }

  private void restart(Command.Restart restart) {
    List<InstanceName> names = select(restart, restart.selectors());
    Ask ask = new Ask(draft, restart.actor());
    Needed needed = new Needed(draft, ask, names);
    for (InstanceName name : draft.inOrder(names)) {
      Instance instance = draft.get(name);
      if (Demand.isPool(draft, name.program())
          && !restart.selectors().contains(name.toString())
          && !isWantedUp(instance)) {
        ask.known(instance, Result.UNCHANGED, "was not running");
        continue;
      }
      switch (instance.phase()) {
        case Phase.Dead dead -> startOne(instance, ask, needed);
        case Phase.Stopping stopping -> startOne(instance, ask, needed);
        case Phase.Starting starting -> restartLive(instance, ask, needed);
        case Phase.Up up -> restartLive(instance, ask, needed);
      }
    }
    audit("restart", restart.selectors(), ask);
    ask.open(restart, restart.patience(), Optional.empty());
  }

  /** Returns whether it is up, on its way up, or failed to be. */
  private static boolean isWantedUp(Instance instance) {
    return Demand.isComing(instance)
        || (instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.FAILED);
  }

  private void restartLive(Instance instance, Ask ask, Needed needed) {
    Optional<String> obstacle = needed.obstacle(instance.name());
    if (obstacle.isPresent()) {
      // It would go down and could not come up again.
      ask.known(instance, Result.FAILED, obstacle.get());
      return;
    }
    draft.decide().start(instance.name());
    ask.wish(instance, Request.Wish.AGAIN);
    ask.inTurn(
        instance.name(), () -> ask.stopNow(instance.name(), StopCause.REQUESTED, AfterStop.START));
    needed.start(instance.name().program());
  }

  private void roll(Command.RollingRestart roll) {
    List<InstanceName> names = select(roll, roll.selectors());
    Ask ask = new Ask(draft, roll.actor());
    Optional<Roll> other = draft.rolls.about(names);
    if (other.isPresent()) {
      draft.requests.reply(
          roll.request(),
          new Answer.Refused(
              "a rolling restart of the same is under way, asked for by " + other.get().actor()),
          0);
      return;
    }
    for (InstanceName name : names) {
      ask.wish(draft.get(name), Request.Wish.TOLD);
    }
    if (ask.isEmpty()) {
      ask.open(roll, roll.patience(), Optional.empty());
      return;
    }
    long number = roll.patience().untilDone() ? roll.request() : Command.UNANSWERED;
    ask.later(
        () ->
            draft.rolls.begin(
                new Roll(
                    number,
                    roll.actor(),
                    draft.inOrder(names),
                    0,
                    Optional.empty(),
                    draft.now.nanos(),
                    roll.pause())));
    audit("restart --rolling", roll.selectors(), ask);
    ask.open(roll, roll.patience(), Optional.empty());
  }

  private void reload(Command.Reload reload) {
    List<InstanceName> names = select(reload, reload.selectors());
    Ask ask = new Ask(draft, reload.actor());
    ask.reloads();
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      Optional<String> done = draft.reload(instance, reload.actor());
      if (done.isEmpty()) {
        ask.known(instance, Result.FAILED, "it has no process to reload");
      } else if (draft.program(name).rules().reload().command().isPresent()) {
        ask.wish(instance, Request.Wish.TOLD);
      } else {
        ask.known(instance, Result.DONE, done.get());
      }
    }
    audit("reload", reload.selectors(), ask);
    ask.open(reload, reload.patience(), Optional.empty());
  }

  private void await(Command.Await await) {
    List<InstanceName> names = select(await, await.selectors());
    Ask ask = new Ask(draft, await.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      Request.judgeAwaited(await.awaited(), draft.program(name).rules(), instance)
          .ifPresentOrElse(
              outcome ->
                  ask.known(
                      instance,
                      outcome.result() == Result.DONE ? Result.UNCHANGED : outcome.result(),
                      outcome.detail()),
              () -> ask.wish(instance, new Request.Wish.Awaited(await.awaited())));
    }
    ask.open(await, new Command.Patience(true, await.patience().timeoutNanos()), Optional.empty());
  }

  private void disable(Command.Disable disable) {
    List<InstanceName> names = select(disable, disable.selectors());
    Ask ask = new Ask(draft, disable.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      boolean wasOff = draft.decided().disabledBy(name).isPresent();
      draft.decide().disable(name, ask.actor.toString()).start(name);
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          Instance disabled =
              dead.reason() == DeadReason.INVALID
                  ? instance
                  : instance.in(
                      Phase.Dead.lasting(DeadReason.DISABLED, "by " + ask.actor, ask.actor));
          ask.known(
              disabled,
              wasOff ? Result.UNCHANGED : Result.DONE,
              wasOff ? "was disabled" : "disabled; was not running");
          if (!wasOff) {
            ask.later(() -> draft.put(draft.get(name), disabled));
          }
        }
        case Phase.Starting starting -> downForGood(instance, AfterStop.STAY, ask);
        case Phase.Up up -> downForGood(instance, AfterStop.STAY, ask);
        case Phase.Stopping stopping ->
            downForGood(
                instance,
                stopping.after() == AfterStop.FORGET ? AfterStop.FORGET : AfterStop.STAY,
                ask);
      }
    }
    new Departure(draft, ask).withDependants(names);
    audit("disable", disable.selectors(), ask);
    ask.open(disable, disable.patience(), Optional.empty());
  }

  private static void downForGood(Instance instance, AfterStop after, Ask ask) {
    ask.wish(instance, Request.Wish.DOWN);
    ask.stop(instance, StopCause.REQUESTED, after);
  }

  private void enable(Command.Enable enable) {
    List<InstanceName> names = select(enable, enable.selectors());
    Ask ask = new Ask(draft, enable.actor());
    for (InstanceName name : names) {
      Instance instance = draft.get(name);
      if (draft.switchedOff(instance).isEmpty()) {
        ask.known(instance, Result.UNCHANGED, "was enabled");
        continue;
      }
      boolean against = !draft.program(name).rules().enabled();
      draft.decide().enable(name, ask.actor.toString(), against);
      if (instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.DISABLED) {
        Instance enabled =
            instance.in(
                Phase.Dead.lasting(
                    DeadReason.STOPPED, "enabled by " + ask.actor + ", not started", ask.actor));
        ask.known(enabled, Result.DONE, "not started; run: pmctl start " + name);
        ask.later(() -> draft.put(draft.get(name), enabled));
      } else {
        ask.known(instance, Result.DONE, "");
      }
    }
    audit("enable", enable.selectors(), ask);
    ask.open(enable, enable.patience(), Optional.empty());
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

  void shutdown(Command.Shutdown shutdown) {
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
    for (Instance instance : draft.allInstances()) {
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          if (dead.startAt() != Moment.NEVER || dead.reason() == DeadReason.WAITING) {
            draft.put(
                instance,
                instance.in(
                    Phase.Dead.lasting(
                        DeadReason.STOPPED, "the daemon shut down", Actor.SHUTDOWN)));
          }
        }
        case Phase.Starting starting -> stopForGood(instance, AfterStop.STAY);
        case Phase.Up up -> stopForGood(instance, AfterStop.STAY);
        case Phase.Stopping stopping ->
            stopForGood(
                instance, stopping.after() == AfterStop.FORGET ? AfterStop.FORGET : AfterStop.STAY);
      }
    }
  }

  private void stopForGood(Instance instance, AfterStop after) {
    draft.stop(instance, StopCause.SHUTDOWN, after, Actor.SHUTDOWN);
  }

  private void audit(String verb, List<String> selectors, Ask ask) {
    if (!ask.isEmpty()) {
      draft.say("command", verb + " " + String.join(" ", selectors), false, ask.actor);
    }
  }

  private List<InstanceName> select(Command command, List<String> selectors) {
    if (draft.shuttingDown) {
      draft.requests.reply(command.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return List.of();
    }
    return switch (draft.base.select(selectors)) {
      case Selection.Found found -> found.instances();
      case Selection.Nothing nothing -> {
        draft.requests.reply(command.request(), new Answer.NoMatch(nothing.selector()), 0);
        yield List.of();
      }
    };
  }
}
