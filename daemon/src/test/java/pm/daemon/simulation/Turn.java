package pm.daemon.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Run;

/**
 * One event and what the core made of it.
 *
 * @param selected the instances that a command names
 * @param before the instances before it
 * @param after the instances after it
 */
record Turn(
    Event event,
    Moment now,
    Decision decision,
    List<InstanceName> selected,
    Map<InstanceName, Instance> before,
    Map<InstanceName, Instance> after,
    Supervisor core) {

  static Map<InstanceName, Instance> byName(Collection<Instance> instances) {
    Map<InstanceName, Instance> map = new TreeMap<>();
    instances.forEach(instance -> map.put(instance.name(), instance));
    return map;
  }

  /** Returns the changes of states that are published, in their order. */
  List<Happening.StateChanged> changes() {
    return decision.effects().stream()
        .filter(Effect.Publish.class::isInstance)
        .map(effect -> ((Effect.Publish) effect).happening())
        .filter(Happening.StateChanged.class::isInstance)
        .map(Happening.StateChanged.class::cast)
        .toList();
  }

  /** Returns the run of {@code invocation} as it is kept, if it is. */
  Optional<Run> keptRun(InvocationId invocation) {
    return decision.entries().stream()
        .filter(Entry.InstanceKept.class::isInstance)
        .flatMap(entry -> ((Entry.InstanceKept) entry).instance().run().stream())
        .filter(run -> run.invocation().equals(invocation))
        .findFirst();
  }

  /** An invocation that is over with this turn, of an instance that stays. */
  record End(Run run, Instance before, Instance after) {

    InstanceName name() {
      return before.name();
    }

    /** Returns what is remembered of it; nothing if there was no process. */
    Optional<PastInvocation> past() {
      return after.lastEnd().filter(past -> past.invocation().equals(run.invocation()));
    }
  }

  /** Returns the invocations that are over with this turn. */
  List<End> ends() {
    List<End> ends = new ArrayList<>();
    for (Instance instance : after.values()) {
      Instance old = before.getOrDefault(instance.name(), instance);
      old.run()
          .filter(run -> !instance.run().map(Run::invocation).equals(Optional.of(run.invocation())))
          .ifPresent(run -> ends.add(new End(run, old, instance)));
    }
    return ends;
  }
}
