package pm.daemon.core;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import pm.config.DaemonSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;

/**
 * How many instances are on their way from their spawn to being ready, and who waits for that.
 *
 * <p>It keeps a shared outage from starting 200 runtimes at once. Where being up for a while is all
 * that it needs to be ready, a place is free as soon as the process is spawned, because that costs
 * the machine nothing.
 */
final class StartSlots {

  /** Places per processor where the configuration says nothing. */
  private static final int PER_CORE = 4;

  private final int cores;
  private int most;
  private final Set<InstanceName> held = new HashSet<>();
  private final LinkedHashSet<InstanceName> waiting = new LinkedHashSet<>();

  StartSlots(int cores) {
    this.cores = cores;
    this.most = cores * PER_CORE;
  }

  void limit(DaemonSpec spec) {
    most = spec.maxConcurrentStarts().orElse(byDefault());
  }

  int most() {
    return most;
  }

  /** Returns the limit where the configuration says nothing. */
  int byDefault() {
    return cores * PER_CORE;
  }

  int inUse() {
    return held.size();
  }

  SequencedSet<InstanceName> waiting() {
    return waiting;
  }

  /** The instance holds a place from now on, or does not. */
  void count(InstanceName name, boolean holds) {
    if (holds) {
      held.add(name);
    } else {
      held.remove(name);
    }
  }

  boolean isHeldBy(InstanceName name) {
    return held.contains(name);
  }

  /**
   * Returns whether an instance in {@code phase} holds a place: until it is ready, or where being
   * up for a while is all that it takes, until it is spawned. What only waits holds none, so nobody
   * can wait in a circle.
   */
  static boolean holds(Phase phase) {
    return switch (phase) {
      case Phase.Starting starting -> starting.holdsSlot();
      case Phase.Stopping stopping -> stopping.isBeingSpawned();
      case Phase.Dead dead -> false;
      case Phase.Up up -> false;
    };
  }
}
