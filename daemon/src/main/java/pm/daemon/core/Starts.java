package pm.daemon.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StartKind;

/**
 * Starts while a decision is made: who starts at once, who waits for what it depends on, and who
 * waits for a start slot.
 */
final class Starts {

  private final Draft draft;
  private final Set<InstanceName> enqueued = new LinkedHashSet<>();
  private final Set<InstanceName> dequeued = new HashSet<>();
  private final Map<InstanceName, Boolean> slots = new HashMap<>();
  private int slotsTaken;

  /** Starts that come when it is clear what goes down. */
  private final List<Runnable> last = new ArrayList<>();

  Starts(Draft draft) {
    this.draft = draft;
  }

  /** Starts an instance that is down; one that is not is left alone. */
  void now(InstanceName name, Actor actor) {
    Instance instance = draft.get(name);
    if (!(instance.phase() instanceof Phase.Dead dead)) {
      return;
    }
    if (isQueued(name)) {
      // It keeps its place in the queue, but its start is the operator's now.
      Phase.Dead asked =
          new Phase.Dead(dead.reason(), dead.detail(), dead.startAt(), StartKind.ASKED, actor);
      draft.put(instance, instance.forgiven().in(asked));
      return;
    }
    attempt(
        instance,
        instance.forgiven().in(Phase.Dead.about("asked for by " + actor, actor, draft.now)));
  }

  /**
   * Starts an instance, or lets it wait for a place.
   *
   * @param before as it was last published
   * @param asked the same with the phase that says what the start costs and who wants it
   */
  void attempt(Instance before, Instance asked) {
    if (!(asked.phase() instanceof Phase.Dead dead)) {
      throw new IllegalStateException(asked.name() + " is not dead: " + asked.phase());
    }
    if (draft.shuttingDown) {
      draft.put(
          before,
          asked.in(Phase.Dead.lasting(DeadReason.STOPPED, "the daemon shut down", Actor.SHUTDOWN)));
      return;
    }
    Optional<Dependencies.Unmet> unmet = draft.dependencies.unmet(asked.name().program());
    if (unmet.isPresent()) {
      waitFor(before, asked, dead, unmet.get());
      return;
    }
    if (hasFreeSlot() && !isAnyoneWaiting()) {
      spawn(before, asked, dead);
      return;
    }
    enqueued.add(asked.name());
    draft.put(
        before,
        asked.in(
            new Phase.Dead(
                DeadReason.WAITING,
                "for a start slot: " + Draft.count(most(), "start") + " under way",
                Moment.NEVER,
                dead.kind(),
                dead.actor())));
  }

  /**
   * Lets an instance wait for what it depends on, which is started if it never was. It holds no
   * place meanwhile, neither a start slot nor one in the queue for them.
   */
  private void waitFor(Instance before, Instance asked, Phase.Dead dead, Dependencies.Unmet unmet) {
    InstanceName name = asked.name();
    dequeued.add(name);
    enqueued.remove(name);
    Instance waiting =
        asked.in(
            new Phase.Dead(
                DeadReason.WAITING, unmet.inWords(), Moment.NEVER, dead.kind(), dead.actor()));
    if (!waiting.equals(before)) {
      draft.put(before, waiting);
    }
    Actor actor = new Actor("dependant " + name, -1, 0);
    draft
        .dependencies
        .needs(name.program())
        .forEach(
            (needed, condition) -> {
              if (draft.dependencies.unmet(needed, condition).isEmpty()) {
                return;
              }
              boolean isPool = Demand.isPool(draft, needed);
              for (Instance instance : draft.instancesOf(needed)) {
                if (!(instance.phase() instanceof Phase.Dead its)
                    || its.reason() != DeadReason.NEW) {
                  continue;
                }
                if (!isPool || Demand.lacking(draft, needed) > 0) {
                  now(instance.name(), actor);
                } else if (!Demand.isOnDemand(its)) {
                  draft.put(instance, Demand.left(instance));
                }
              }
            });
  }

  /**
   * Starts something when all else is done that the event itself brings about. Of what comes at the
   * same moment a start is the last, so that nothing starts on what the rest takes down.
   */
  void last(Runnable start) {
    last.add(start);
  }

  void runLast() {
    last.forEach(Runnable::run);
  }

  /** Starts an instance if its time has come. */
  void ifDue(InstanceName name) {
    draft
        .find(name)
        .filter(
            found ->
                found.phase() instanceof Phase.Dead dead && dead.startAt() <= draft.now.nanos())
        .ifPresent(found -> attempt(found, found));
  }

  /** A daemon before us let it wait; for what is found anew. */
  void waitAgain(InstanceName name) {
    Instance instance = draft.get(name);
    if (!isForever(instance)) {
      return;
    }
    if (draft.dependencies.unmet(instance.name().program()).isPresent()) {
      attempt(instance, instance);
    } else {
      enqueued.add(instance.name());
    }
  }

  /** Returns those of a program that wait for what it depends on. */
  List<Instance> waitingOf(String program) {
    List<Instance> waiting = new ArrayList<>();
    for (Instance instance : draft.instancesOf(program)) {
      if (isForever(instance) && !isQueued(instance.name())) {
        waiting.add(instance);
      }
    }
    return waiting;
  }

  private void spawn(Instance before, Instance asked, Phase.Dead dead) {
    Actor actor = dead.kind() == StartKind.ASKED ? dead.actor() : Actor.POLICY;
    InvocationId fresh = InvocationId.draw(draft.base.random);
    draft.take(
        before,
        InstanceMachine.start(asked, draft.program(asked.name()).rules(), fresh, actor, draft.now));
  }

  private int most() {
    return draft.daemon.isPresent()
        ? draft.daemon.get().maxConcurrentStarts().orElse(draft.base.slots.byDefault())
        : draft.base.slots.most();
  }

  private boolean hasFreeSlot() {
    return draft.base.slots.inUse() + slotsTaken < most();
  }

  private boolean isAnyoneWaiting() {
    return firstWaiting().isPresent();
  }

  /** Returns whether the instance waits for a start slot. */
  boolean isQueued(InstanceName name) {
    boolean isIn =
        enqueued.contains(name)
            || (draft.base.slots.waiting().contains(name) && !dequeued.contains(name));
    return isIn && draft.find(name).map(Starts::isForever).orElse(false);
  }

  /** Returns whether it waits for something else than a time. */
  static boolean isForever(Instance instance) {
    return instance.phase() instanceof Phase.Dead dead
        && dead.reason() == DeadReason.WAITING
        && dead.startAt() == Moment.NEVER;
  }

  private Optional<InstanceName> firstWaiting() {
    for (InstanceName name : draft.base.slots.waiting()) {
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
  boolean admit() {
    boolean admitted = false;
    while (!draft.shuttingDown && hasFreeSlot()) {
      Optional<InstanceName> next = firstWaiting();
      if (next.isEmpty()) {
        break;
      }
      admitted = true;
      dequeued.add(next.get());
      enqueued.remove(next.get());
      Instance instance = draft.get(next.get());
      if (instance.phase() instanceof Phase.Dead dead) {
        Optional<Dependencies.Unmet> unmet = draft.dependencies.unmet(next.get().program());
        if (unmet.isPresent()) {
          waitFor(instance, instance, dead, unmet.get());
        } else {
          spawn(instance, instance, dead);
        }
      }
    }
    return admitted;
  }

  /** An instance is another one now, and may hold a start slot or give one back. */
  void noted(Instance after) {
    boolean held = slots.getOrDefault(after.name(), draft.base.slots.isHeldBy(after.name()));
    boolean holds = StartSlots.holds(after.phase());
    if (held != holds) {
      slots.put(after.name(), holds);
      slotsTaken += holds ? 1 : -1;
    }
  }

  /** Takes over who waits for a start slot. */
  void commit() {
    dequeued.forEach(draft.base.slots.waiting()::remove);
    draft.base.slots.waiting().addAll(enqueued);
  }
}
