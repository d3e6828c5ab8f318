package pm.config;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an instance may use.
 *
 * @param resources limits of each of its processes; what is missing is as the daemon was started
 * @param memoryBytes of all its processes together; positive
 * @param onMemory what is done when it uses more
 * @param cpuPercent of one core, for all its processes together; 1 to {@link #MOST_CPU_PERCENT}
 * @param tasks processes and threads; positive
 * @param nice -20 (first) to 19 (last); empty: as the daemon
 * @param ioClass priority for disks; empty: as the daemon
 * @param cpuAffinity processors that it may run on, ascending; empty: as the daemon
 * @param oomScoreAdj -1000 (never) to 1000 (first) when memory runs out; empty: as the daemon
 */
public record LimitsSpec(
    SortedMap<ResourceKind, ResourceLimits> resources,
    OptionalLong memoryBytes,
    OnMemory onMemory,
    OptionalInt cpuPercent,
    OptionalInt tasks,
    OptionalInt nice,
    Optional<IoClass> ioClass,
    List<Integer> cpuAffinity,
    OptionalInt oomScoreAdj) {
  /** 1024 cores. */
  public static final int MOST_CPU_PERCENT = 102_400;

  /** The kernel's PID_MAX_LIMIT. */
  public static final int MOST_TASKS = 4_194_304;

  /** What a mask of processors holds (sched_setaffinity(2)). */
  public static final int MOST_PROCESSORS = 1024;

  /** Limits nothing. */
  public static final LimitsSpec NONE =
      new LimitsSpec(
          new TreeMap<>(),
          OptionalLong.empty(),
          OnMemory.RESTART,
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          List.of(),
          OptionalInt.empty());

  public LimitsSpec {
    resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    cpuAffinity = List.copyOf(new TreeSet<>(cpuAffinity));
    if (memoryBytes.isPresent() && memoryBytes.getAsLong() <= 0) {
      throw new IllegalArgumentException("memory is more than 0: " + memoryBytes);
    }
    requireRange("cpu", cpuPercent, 1, MOST_CPU_PERCENT);
    requireRange("tasks", tasks, 1, MOST_TASKS);
    requireRange("nice", nice, -20, 19);
    requireRange("oom_score_adj", oomScoreAdj, -1000, 1000);
    for (int processor : cpuAffinity) {
      requireRange("cpu_affinity", OptionalInt.of(processor), 0, MOST_PROCESSORS - 1);
    }
  }

  private static void requireRange(String key, OptionalInt value, int least, int most) {
    if (value.isPresent() && (value.getAsInt() < least || value.getAsInt() > most)) {
      throw new IllegalArgumentException(key + " is " + least + " to " + most + ": " + value);
    }
  }
}
