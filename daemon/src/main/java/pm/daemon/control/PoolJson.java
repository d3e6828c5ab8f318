package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.protocol.Json;
import pm.protocol.Times;

/** Pools as {@code pool.list} shows them. Any thread. */
final class PoolJson {
  private PoolJson() {}

  static Map<String, Object> pool(PoolView pool, Moment now) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", pool.name());
    json.put("min", (long) pool.spec().min());
    json.put("max", (long) pool.spec().max());
    json.put("strategy", pool.spec().strategy().word());
    json.put("concurrency", (long) pool.spec().concurrency());
    json.put("accepts", pool.spec().accepts());
    json.put("capacity", (long) pool.spec().queue().capacity());
    json.put("intake", intake(pool));
    json.put("held", pool.held().isPresent() ? pool.held().get() : Json.NULL);
    json.put("breaker", pool.breaker());
    json.put(
        "breaker_until",
        pool.breakerUntil() == Moment.NEVER
            ? Json.NULL
            : Times.format(now.wallAt(pool.breakerUntil())));
    json.put("queued", queued(pool));
    Map<String, Object> depth = new LinkedHashMap<>();
    for (Priority level : Priority.values()) {
      depth.put(level.word(), (long) pool.depth().getOrDefault(level, 0));
    }
    json.put("depth", depth);
    json.put("delayed", (long) pool.delayed());
    json.put("running", (long) pool.running());
    json.put("oldest_wait_seconds", InstanceJson.seconds(pool.oldestWaitNanos()));
    json.put("stalled", pool.isStalled());
    List<Object> workers = new ArrayList<>();
    for (PoolView.Worker worker : pool.workers()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("instance", worker.instance().toString());
      one.put("state", worker.state().name());
      one.put("in_hand", (long) worker.inHand());
      one.put("done", worker.done());
      workers.add(one);
    }
    json.put("workers", workers);
    json.put("counts", pool.counts());
    json.put("waits", histogram(pool.waits()));
    json.put("runs", histogram(pool.runs()));
    return json;
  }

  static String intake(PoolView pool) {
    return pool.intake().name().toLowerCase(Locale.ROOT);
  }

  /** Returns how many tasks wait. */
  static long queued(PoolView pool) {
    return pool.depth().values().stream().mapToLong(Integer::longValue).sum();
  }

  private static Map<String, Object> histogram(PoolView.Histogram histogram) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("count", histogram.counts().stream().mapToLong(Long::longValue).sum());
    json.put("sum_seconds", histogram.sumSeconds());
    json.put("bounds_seconds", histogram.bounds());
    json.put("counts", histogram.counts());
    return json;
  }
}
