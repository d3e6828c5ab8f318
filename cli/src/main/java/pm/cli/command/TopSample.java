package pm.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.render.PoolTable;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * What {@code top} shows: the instances that run, those that use the processor most first, and the
 * pools with what they did in the last moments.
 *
 * @param instances in the words of {@code status}
 * @param all how many instances there are, also of those that do not run
 * @param pools each with its rates a second, {@code null} where they are not known yet
 */
record TopSample(List<Members> instances, int all, List<Members> pools) {
  private static final String[] SHOWN = {
    "name",
    "program",
    "state",
    "pid",
    "cpu_percent",
    "memory_bytes",
    "uptime_seconds",
    "tasks_in_hand",
    "restarts",
    "detail"
  };

  private static final String[] OF_POOL = {
    "name",
    "intake",
    "held",
    "stalled",
    "breaker",
    "breaker_until",
    "max",
    "workers",
    "queued",
    "running",
    "oldest_wait_seconds"
  };

  /**
   * Makes one.
   *
   * @param items all instances
   * @param pools as they are now
   * @param before as they were, by name; empty at the beginning
   * @param seconds how long ago that was
   */
  static TopSample of(
      List<Members> items, List<Members> pools, Map<String, Members> before, double seconds)
      throws JsonException {
    List<Members> running = new ArrayList<>();
    for (Members item : items) {
      if (item.has("pid")) {
        running.add(item);
      }
    }
    // Those that use as much stay in the order of their names.
    running.sort(TopSample::compare);
    List<Members> shown = new ArrayList<>();
    for (Members pool : pools) {
      Members old = before.get(pool.string("name"));
      shown.add(new Members(rates(pool, old == null ? pool : old, old == null ? 0 : seconds)));
    }
    return new TopSample(running, items.size(), shown);
  }

  private static int compare(Members one, Members other) {
    int cpu = Double.compare(number(other, "cpu_percent"), number(one, "cpu_percent"));
    return cpu != 0
        ? cpu
        : Double.compare(number(other, "memory_bytes"), number(one, "memory_bytes"));
  }

  private static double number(Members item, String name) {
    return item.values().get(name) instanceof Number number ? number.doubleValue() : 0;
  }

  private static Map<String, Object> rates(Members pool, Members before, double seconds)
      throws JsonException {
    Map<String, Object> shown = new LinkedHashMap<>();
    for (String name : OF_POOL) {
      shown.put(name, pool.value(name).orElse(Json.NULL));
    }
    shown.put("submitted_per_second", rate(pool, before, seconds, "submitted"));
    shown.put("succeeded_per_second", rate(pool, before, seconds, "succeeded"));
    shown.put("failed_per_second", rate(pool, before, seconds, "failed", "timed_out"));
    shown.put("mean_wait_seconds", mean(pool, before, "waits"));
    shown.put("mean_run_seconds", mean(pool, before, "runs"));
    return shown;
  }

  private static Object rate(Members pool, Members before, double seconds, String... names)
      throws JsonException {
    if (seconds <= 0) {
      return Json.NULL;
    }
    long count = 0;
    for (String name : names) {
      // A daemon that began anew in between counts from 0 again.
      count += Math.max(0, PoolTable.count(pool, name) - PoolTable.count(before, name));
    }
    return Math.round(count / seconds * 10) / 10.0;
  }

  /** The mean of what was counted since; {@code null} if nothing was. */
  private static Object mean(Members pool, Members before, String name) throws JsonException {
    Members now = pool.optionalObject(name).orElse(new Members(Map.of()));
    Members old = before.optionalObject(name).orElse(new Members(Map.of()));
    double count = number(now, "count") - number(old, "count");
    double sum = number(now, "sum_seconds") - number(old, "sum_seconds");
    return count <= 0 ? Json.NULL : (Object) (Math.round(sum / count * 1e6) / 1e6);
  }

  /** As a value for programs. */
  Map<String, Object> json(double seconds) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("interval_seconds", Math.round(seconds * 1000) / 1000.0);
    json.put("cpu_percent", Math.round(total("cpu_percent") * 10) / 10.0);
    json.put("memory_bytes", (long) total("memory_bytes"));
    List<Object> items = new ArrayList<>();
    for (Members instance : instances) {
      Map<String, Object> item = new LinkedHashMap<>();
      for (String name : SHOWN) {
        item.put(name, instance.value(name).orElse(Json.NULL));
      }
      items.add(item);
    }
    json.put("instances", items);
    List<Object> rates = new ArrayList<>();
    for (Members pool : pools) {
      rates.add(pool.values());
    }
    json.put("pools", rates);
    return json;
  }

  /** The sum over all instances. */
  double total(String name) {
    double total = 0;
    for (Members instance : instances) {
      total += number(instance, name);
    }
    return total;
  }

  /** The sum over all pools. */
  double ofPools(String name) {
    double total = 0;
    for (Members pool : pools) {
      total += number(pool, name);
    }
    return total;
  }
}
