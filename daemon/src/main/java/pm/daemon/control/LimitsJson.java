package pm.daemon.control;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.config.LimitsSpec;
import pm.config.ResourceLimits;
import pm.daemon.core.model.Run;
import pm.protocol.Json;

/** The limits of an instance, and who holds them. Any thread. */
final class LimitsJson {
  private LimitsJson() {}

  /**
   * The limits that are set.
   *
   * @param run what they apply to; without one it is not known yet who holds them
   */
  static Map<String, Object> of(LimitsSpec limits, Optional<Run> run) {
    Map<String, Object> set = new LinkedHashMap<>();
    limits.resources().forEach((kind, value) -> set.put(kind.word(), value(value)));
    limits.memoryBytes().ifPresent(bytes -> set.put("memory_bytes", bytes));
    limits.cpuPercent().ifPresent(percent -> set.put("cpu_percent", (long) percent));
    limits.tasks().ifPresent(tasks -> set.put("tasks", (long) tasks));
    boolean ofAll =
        limits.memoryBytes().isPresent()
            || limits.cpuPercent().isPresent()
            || limits.tasks().isPresent();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("set", set);
    // Those of single processes the kernel holds in any case.
    json.put(
        "held_by", !ofAll || run.isEmpty() ? Json.NULL : run.get().isEnforced() ? "cgroup" : "pmd");
    json.put("notes", run.map(Run::notes).orElse(List.of()));
    return json;
  }

  private static String value(ResourceLimits limits) {
    return limits.soft() == limits.hard()
        ? number(limits.soft())
        : number(limits.soft()) + ":" + number(limits.hard());
  }

  private static String number(long value) {
    return value == ResourceLimits.UNLIMITED ? "unlimited" : Long.toString(value);
  }
}
