package pm.daemon.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.pool.Pools;

/**
 * What pools are told of a decision once it is made: which rules are others, which instances, what
 * operators want of them.
 */
final class PoolNews {

  private final Draft draft;
  private final Map<InstanceName, Instance> gone = new LinkedHashMap<>();
  private final Map<InstanceName, Long> memory = new HashMap<>();
  private final List<ProgramSpec> defined = new ArrayList<>();
  private final List<String> undefined = new ArrayList<>();
  private final Set<InstanceName> again = new TreeSet<>();
  private final Set<String> turned = new TreeSet<>();
  private boolean begins;
  private boolean shutsDown;

  PoolNews(Draft draft) {
    this.draft = draft;
  }

  /** This is the first decision: they know nothing yet. */
  void begins() {
    begins = true;
  }

  void shutsDown() {
    shutsDown = true;
  }

  void used(InstanceName name, Report.Used used) {
    OptionalLong bytes = used.memoryBytes();
    if (bytes.isPresent()) {
      memory.put(name, bytes.getAsLong());
    }
  }

  /** An instance is no longer part of the configuration. */
  void forgotten(InstanceName name) {
    if (Demand.isPool(draft, name.program())) {
      draft.find(name).ifPresent(last -> gone.put(name, last));
    }
  }

  void redefined(String name, Optional<Program> before, Optional<Program> after) {
    Optional<ProgramSpec> was = before.flatMap(Program::spec);
    Optional<ProgramSpec> is = after.flatMap(Program::spec);
    if (after.isEmpty() && was.flatMap(ProgramSpec::pool).isPresent()) {
      undefined.add(name);
    } else if (!is.equals(was) && (isPool(was) || isPool(is))) {
      is.ifPresent(defined::add);
      turned.add(name);
    }
    boolean wasLeaving = before.map(Program::leaving).orElse(false);
    if (after.isPresent() && after.get().leaving() != wasLeaving) {
      turned.add(name);
    }
  }

  private static boolean isPool(Optional<ProgramSpec> spec) {
    return spec.flatMap(ProgramSpec::pool).isPresent();
  }

  /** What operators decided about an instance is told even if the instance is the same. */
  void decided(Decisions before, Decisions after) {
    Set<String> held = new TreeSet<>(before.held().keySet());
    held.addAll(after.held().keySet());
    for (String pool : held) {
      if (before.intake(pool) != after.intake(pool)) {
        turned.add(pool);
      }
    }
    for (Instance instance : draft.base.instances.values()) {
      InstanceName name = instance.name();
      boolean isSame =
          before.stopped().containsKey(name) == after.stopped().containsKey(name)
              && before.disabled().containsKey(name) == after.disabled().containsKey(name)
              && before.enabled().containsKey(name) == after.enabled().containsKey(name);
      if (!isSame && Demand.isPool(draft.base, name.program())) {
        again.add(name);
      }
    }
  }

  /** They want something of an instance, and are told what came of it, even if it was nothing. */
  void asked(InstanceName name) {
    again.add(name);
  }

  /** Tells them, when all is as decided. */
  void tell(Turn turn) {
    Pools pools = draft.base.pools;
    if (begins) {
      for (Program program : draft.base.programs.values()) {
        program
            .spec()
            .filter(spec -> spec.pool().isPresent())
            .ifPresent(spec -> pools.define(spec, draft.now, turn));
      }
    } else {
      defined.forEach(spec -> pools.define(spec, draft.now, turn));
    }
    for (String pool : begins ? draft.base.programs.keySet() : turned) {
      if (Demand.isPool(draft.base, pool)) {
        pools.intake(pool, intake(pool), draft.now, turn);
      }
    }
    if (shutsDown) {
      pools.shutDown(draft.now, turn);
    }
    if (begins) {
      draft.base.instances.values().forEach(instance -> tell(instance, turn));
    } else {
      gone.values().forEach(last -> tellGone(last, turn));
      draft
          .changed
          .values()
          .forEach(changed -> changed.ifPresent(instance -> tell(instance, turn)));
      for (InstanceName name : again) {
        if (!draft.changed.containsKey(name)) {
          draft.find(name).ifPresent(instance -> tell(instance, turn));
        }
      }
    }
    memory.forEach(
        (name, bytes) ->
            draft
                .find(name)
                .filter(instance -> Demand.isPool(draft.base, name.program()))
                .ifPresent(instance -> pools.used(instance, bytes, draft.now, turn)));
    undefined.forEach(name -> pools.undefine(name, draft.now, turn));
  }

  /** What is no longer configured takes nothing in, however operators want it. */
  private PoolView.Intake intake(String pool) {
    return draft.base.programOf(pool).map(Program::leaving).orElse(false)
        ? PoolView.Intake.DRAINING
        : draft.base.decided().intake(pool);
  }

  private void tell(Instance instance, Turn turn) {
    if (Demand.isPool(draft.base, instance.name().program())) {
      draft.base.pools.changed(instance, Demand.mayStart(draft.base, instance), draft.now, turn);
    }
  }

  private void tellGone(Instance last, Turn turn) {
    draft.base.pools.changed(
        last.in(Phase.Dead.lasting(DeadReason.STOPPED, "it was removed", Actor.POLICY)),
        false,
        draft.now,
        turn);
  }
}
