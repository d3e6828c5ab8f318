package pm.daemon.core;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
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
  private int inUse;
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
    return inUse;
  }

  SequencedSet<InstanceName> waiting() {
    return waiting;
  }

  /** Adds {@code sign} where an instance in {@code phase} holds a place. */
  void count(Phase phase, int sign) {
    if (holds(phase)) {
      inUse += sign;
    }
  }

  static boolean holds(Phase phase) {
    return switch (phase) {
      case Phase.Starting starting -> starting.holdsSlot();
      case Phase.Stopping stopping -> stopping.isBeingSpawned();
      case Phase.Dead dead -> false;
      case Phase.Up up -> false;
    };
  }
}
