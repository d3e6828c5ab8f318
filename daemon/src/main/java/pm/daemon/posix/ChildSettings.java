package pm.daemon.posix;

import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a child may use and do, beside what its user may.
 *
 * <p>What belongs to a thread in Linux is set on the thread that starts the child, which inherits
 * it. What belongs to a process, limits and the control group, is set on the child while a shell
 * holds it back; see {@link Spawn}. Two things are set as soon as the child runs where nothing else
 * needs the shell: the OOM score, and the limit of descriptors that is only given back.
 *
 * @param limits set before the program's first instruction, soft and hard
 * @param filesGivenBack the limit of descriptors that the child gets unless {@code limits} has one;
 *     empty: our own
 * @param nice -20 to 19
 * @param ioPriority class and level as ioprio_set(2) takes them; see {@link #ioPriority}
 * @param cpus the processors that it may run on; empty: those that we may
 * @param oomScore -1000 to 1000; {@code oom_score_adj} of proc(5)
 * @param noNewPrivileges whether executing a file can never again give it rights
 * @param capabilities those that it may have, and has if it is not root; empty: those that its user
 *     gives it
 * @param cgroupProcs a descriptor of the {@code cgroup.procs} of the control group that it is to be
 *     in, opened by somebody who may; stays ours. Empty: in ours
 */
public record ChildSettings(
    Map<ResourceLimit.Resource, ResourceLimit> limits,
    Optional<ResourceLimit> filesGivenBack,
    OptionalInt nice,
    OptionalInt ioPriority,
    List<Integer> cpus,
    OptionalInt oomScore,
    boolean noNewPrivileges,
    Optional<Set<Capability>> capabilities,
    OptionalInt cgroupProcs) {
  /** As much as we may ourselves. */
  public static final ChildSettings NONE =
      new ChildSettings(
          Map.of(),
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          List.of(),
          OptionalInt.empty(),
          false,
          Optional.empty(),
          OptionalInt.empty());

  /** The most processors that the kernel can be told of here. */
  public static final int MOST_CPUS = 1024;

  private static final int IO_CLASS_SHIFT = 13;

  public ChildSettings {
    EnumMap<ResourceLimit.Resource, ResourceLimit> ordered =
        new EnumMap<>(ResourceLimit.Resource.class);
    ordered.putAll(limits);
    limits = Collections.unmodifiableMap(ordered);
    cpus = List.copyOf(cpus);
    capabilities = capabilities.map(ChildSettings::copy);
    for (int cpu : cpus) {
      if (cpu < 0 || cpu >= MOST_CPUS) {
        throw new IllegalArgumentException("not a processor: " + cpu);
      }
    }
  }

  private static Set<Capability> copy(Set<Capability> capabilities) {
    EnumSet<Capability> copy = EnumSet.noneOf(Capability.class);
    copy.addAll(capabilities);
    return Collections.unmodifiableSet(copy);
  }

  /** What {@link #ioPriority} holds; {@code IOPRIO_PRIO_VALUE} of ioprio_set(2). */
  public static int ioPriority(IoPriorityClass kind, int level) {
    return kind.number() << IO_CLASS_SHIFT | level;
  }

  /** The classes of ioprio_set(2). */
  public enum IoPriorityClass {
    REALTIME(1),
    BEST_EFFORT(2),
    IDLE(3);

    private final int number;

    IoPriorityClass(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** Whether something of it can only be set on a child that is held back. */
  boolean needsGate() {
    return !limits.isEmpty() || cgroupProcs.isPresent();
  }

  /** Whether something of it changes the thread that starts the child. */
  boolean changesThread() {
    return nice.isPresent()
        || ioPriority.isPresent()
        || !cpus.isEmpty()
        || noNewPrivileges
        || capabilities.isPresent();
  }
}
