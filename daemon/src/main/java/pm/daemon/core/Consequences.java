package pm.daemon.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import pm.config.DependencyCondition;
import pm.config.OnDependencyRestart;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * What a change of one instance means for others, within one decision: who can start now, whose
 * stop may go on, who must be restarted since what it depends on was, and whether the daemon itself
 * ends with it.
 *
 * <p>Changes are only noted while the decision is made; {@link #follow} draws the consequences when
 * all that was asked for is done, so that they do not depend on the order of the deeds.
 */
final class Consequences {

  private final Draft draft;

  /** Programs some of whose instances changed, so that their dependants may be able to start. */
  private final Set<String> touched = new LinkedHashSet<>();

  /** Programs whose own waiting instances may be able to start. */
  private final Set<String> recheck = new LinkedHashSet<>();

  /** Programs whose stop may go on. */
  private final Set<String> released = new LinkedHashSet<>();

  /** Programs of which an instance has come back, and when its start was decided. */
  private final Map<String, Long> back = new LinkedHashMap<>();

  private final Map<String, Integer> stoppingDelta = new HashMap<>();

  Consequences(Draft draft) {
    this.draft = draft;
  }

  /** An instance is another one now. */
  void noted(Instance before, Instance after) {
    String program = after.name().program();
    int delta = stopping(after) - stopping(before);
    if (delta != 0) {
      stoppingDelta.merge(program, delta, Integer::sum);
    }
    if (delta < 0) {
      released.addAll(draft.dependencies.needs(program).keySet());
    }
    if (awaits(after)) {
      released.add(program);
    }
    if (!before.phase().equals(after.phase())) {
      touched.add(program);
    }
    ProgramSpec rules = draft.program(after.name()).rules();
    if (isBack(before, after, rules.type()) && !isOneOfMany(after, rules)) {
      before.run().ifPresent(run -> back.merge(program, run.intendedNanos(), Math::max));
    }
    if (rules.essential()
        && endedForGood(after)
        && !endedForGood(before)
        && !draft.shuttingDown
        && draft.essential.isEmpty()) {
      draft.essential = Optional.of(after);
    }
  }

  /** A program has another definition: what it waits for may be another thing now. */
  void redefined(String program) {
    recheck.add(program);
    touched.add(program);
    released.add(program);
    released.addAll(draft.dependencies.needs(program).keySet());
  }

  /** A roll over this program is over: what depends on it may have to follow. */
  void rolled(String program) {
    for (Instance instance : draft.instancesOf(program)) {
      instance.run().ifPresent(run -> back.merge(program, run.intendedNanos(), Math::max));
    }
  }

  /** Returns 1 for what is on its way out and can still come to an end. */
  static int stopping(Instance instance) {
    return instance.phase() instanceof Phase.Stopping stopping && stopping.step() != StopStep.STUCK
        ? 1
        : 0;
  }

  static boolean awaits(Instance instance) {
    return instance.phase() instanceof Phase.Stopping stopping
        && stopping.step() == StopStep.AWAIT_DEPENDANTS;
  }

  /**
   * Workers of a pool come and go as it needs them, and stand in for each other. One that comes up
   * brings the pool back only if the others were fewer than its minimum, and not if the pool itself
   * had it started, for want of work before.
   */
  private boolean isOneOfMany(Instance slot, ProgramSpec rules) {
    if (rules.pool().isEmpty()) {
      return false;
    }
    int others = 0;
    for (Instance other : draft.instancesOf(slot.name().program())) {
      others += other.phase() instanceof Phase.Up && !other.name().equals(slot.name()) ? 1 : 0;
    }
    return others >= Math.max(1, rules.pool().get().min())
        || slot.run().map(run -> run.startedBy().equals(Actor.POOL.name())).orElse(false);
  }

  private static boolean isBack(Instance before, Instance after, ProgramType type) {
    if (after.past().isEmpty()) {
      return false;
    }
    return switch (type) {
      case ONESHOT ->
          before.phase() instanceof Phase.Up
              && after.phase() instanceof Phase.Dead dead
              && dead.reason() == DeadReason.COMPLETED
              && after.past().size() > 1;
      case SIMPLE, WORKER ->
          before.phase() instanceof Phase.Starting && after.phase() instanceof Phase.Up;
    };
  }

  /** Whether it is down and no rule starts it again, and nobody wanted it so. */
  static boolean endedForGood(Instance instance) {
    return instance.phase() instanceof Phase.Dead dead
        && switch (dead.reason()) {
          case COMPLETED -> true;
          case FAILED -> dead.startAt() == Moment.NEVER;
          case NEW, DISABLED, WAITING, SCHEDULED, STOPPED, BACKOFF, INVALID -> false;
        };
  }

  /** Returns the code with which the daemon ends after an essential program. */
  static int exitCode(Instance instance) {
    OptionalInt code =
        instance
            .lastEnd()
            .flatMap(PastInvocation::status)
            .map(
                status ->
                    switch (status) {
                      case ExitStatus.Code exit -> OptionalInt.of(exit.code());
                      case ExitStatus.Signalled signalled ->
                          OptionalInt.of(128 + signalled.number());
                      case ExitStatus.Unknown unknown -> OptionalInt.empty();
                    })
            .orElse(OptionalInt.empty());
    return code.orElse(1);
  }

  /** Returns whether something that depends on {@code program} is still on its way out. */
  boolean isHeld(String program) {
    for (String dependant : draft.order().dependants(program)) {
      if (isAnyStopping(dependant)) {
        return true;
      }
    }
    return false;
  }

  private boolean isAnyStopping(String program) {
    return draft.base.stopping.getOrDefault(program, 0) + stoppingDelta.getOrDefault(program, 0)
        > 0;
  }

  /**
   * Draws the consequences until there are no more, but for stops that may go on.
   *
   * @return whether there were any
   */
  boolean follow() {
    boolean any = false;
    while (!back.isEmpty() || !touched.isEmpty() || !recheck.isEmpty()) {
      any = true;
      followRestarts();
      startWaiting();
    }
    return any;
  }

  /**
   * Goes on with stops that nothing holds up any more. It comes last, when all that is to be
   * stopped is on its way out.
   */
  void goOnStopping() {
    ArrayDeque<String> open = new ArrayDeque<>(released);
    released.clear();
    while (!open.isEmpty()) {
      String program = open.remove();
      if (!isAnyStopping(program) || isHeld(program)) {
        continue;
      }
      for (Instance instance : draft.instancesOf(program)) {
        if (awaits(instance)) {
          draft.take(
              instance,
              InstanceMachine.proceed(
                  instance,
                  draft.program(instance.name()).rules(),
                  draft.hasWork(instance),
                  draft.now));
        }
      }
    }
  }

  /** What was up while its dependency was replaced does what its definition says. */
  private void followRestarts() {
    Map<String, Long> came = new LinkedHashMap<>(back);
    back.clear();
    came.forEach(
        (program, intended) -> {
          // Asked first: nearly no program has any, and all instances are looked at for the rest.
          List<String> followers = followers(program);
          if (!followers.isEmpty() && isBack(program)) {
            for (String dependant : followers) {
              for (Instance instance : new ArrayList<>(draft.instancesOf(dependant))) {
                follow(instance, program, intended, onRestart(dependant));
              }
            }
          }
        });
  }

  /** Returns the programs that do something when {@code program} is replaced. */
  private List<String> followers(String program) {
    List<String> followers = new ArrayList<>(0);
    for (String dependant : draft.order().dependants(program)) {
      if (onRestart(dependant) != OnDependencyRestart.NOTHING) {
        followers.add(dependant);
      }
    }
    return followers;
  }

  private OnDependencyRestart onRestart(String dependant) {
    return draft
        .programOf(dependant)
        .map(found -> found.rules().onDependencyRestart())
        .orElse(OnDependencyRestart.NOTHING);
  }

  /** Returns whether all of a program that was replaced is there again, and stays. */
  private boolean isBack(String program) {
    ProgramType type =
        draft.programOf(program).map(found -> found.rules().type()).orElse(ProgramType.SIMPLE);
    DependencyCondition ready =
        type == ProgramType.ONESHOT ? DependencyCondition.COMPLETED : DependencyCondition.READY;
    return !draft.isRolling(program)
        && !draft.shuttingDown
        && draft.dependencies.unmet(program, ready).isEmpty();
  }

  private void follow(Instance instance, String program, long intended, OnDependencyRestart rule) {
    boolean isLive =
        instance.phase() instanceof Phase.Up || instance.phase() instanceof Phase.Starting;
    if (!isLive || instance.run().map(Run::intendedNanos).orElse(intended) >= intended) {
      return;
    }
    Actor actor = new Actor("dependency " + program, -1, 0);
    switch (rule) {
      case NOTHING -> {}
      case RESTART -> draft.stop(instance, StopCause.DEPENDENCY, AfterStop.START, actor);
      case RELOAD -> draft.reload(instance, actor);
    }
  }

  private void startWaiting() {
    Set<String> programs = new LinkedHashSet<>(recheck);
    recheck.clear();
    for (String program : touched) {
      programs.addAll(draft.order().dependants(program));
    }
    touched.clear();
    if (draft.shuttingDown) {
      return;
    }
    for (String program : programs) {
      List<Instance> waiting = draft.starts.waitingOf(program);
      if (!waiting.isEmpty() && draft.dependencies.unmet(program).isEmpty()) {
        for (Instance instance : waiting) {
          draft.starts.attempt(instance, instance);
        }
      }
    }
  }

  void commit() {
    stoppingDelta.forEach(
        (program, delta) -> {
          if (draft.base.stopping.merge(program, delta, Integer::sum) == 0) {
            draft.base.stopping.remove(program);
          }
        });
  }
}
