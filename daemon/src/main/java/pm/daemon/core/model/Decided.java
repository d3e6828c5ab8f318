package pm.daemon.core.model;

import java.util.Optional;
import java.util.SortedMap;

/** What operators decided, to be read; {@link Decisions} tells what each part means. */
public sealed interface Decided permits Decisions, Decisions.Builder {

  /** Returns who stopped which instance. */
  SortedMap<InstanceName, String> stopped();

  /** Returns who disabled which instance. */
  SortedMap<InstanceName, String> disabled();

  /** Returns who enabled which instance against its definition. */
  SortedMap<InstanceName, String> enabled();

  /** Returns which programs have another number of instances than the files say. */
  SortedMap<String, Decisions.Scaled> scaled();

  /** Returns which pools are paused or drained. */
  SortedMap<String, Decisions.Held> held();

  /** Returns whether a pool is to take in and give out. */
  default PoolView.Intake intake(String pool) {
    Decisions.Held wanted = held().get(pool);
    return wanted == null ? PoolView.Intake.OPEN : wanted.intake();
  }

  /** Returns who disabled the instance, if somebody did. */
  default Optional<String> disabledBy(InstanceName instance) {
    return Optional.ofNullable(disabled().get(instance));
  }
}
