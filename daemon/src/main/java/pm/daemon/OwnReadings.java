package pm.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import pm.daemon.core.model.PoolView;
import pm.daemon.loop.TurnMeter;
import pm.daemon.metrics.Reading;

/** What the parts of the daemon count, under the names that a monitoring system sees. */
final class OwnReadings {

  private static final double NANOS = 1e9;

  private final List<Reading> all = new ArrayList<>();

  OwnReadings add(String name, String help, LongSupplier value) {
    all.add(new Reading(name, help, value));
    return this;
  }

  /** Adds counts by the names that {@code pmctl daemon status} shows; these only grow. */
  OwnReadings addCounts(Supplier<Map<String, Long>> counts) {
    for (String name : counts.get().keySet()) {
      add(
          "pm_" + name + "_total",
          "Talk with workers: " + name.replace('_', ' ') + ".",
          () -> counts.get().getOrDefault(name, 0L));
    }
    return this;
  }

  List<Reading> all() {
    return all;
  }

  /** Returns how long turns of the loop took. */
  static PoolView.Histogram histogram(TurnMeter turns) {
    List<Double> bounds = new ArrayList<>();
    for (long bound : turns.boundsNanos()) {
      bounds.add(bound / NANOS);
    }
    List<Long> counts = new ArrayList<>();
    for (long count : turns.counts()) {
      counts.add(count);
    }
    return new PoolView.Histogram(bounds, counts, turns.sumNanos() / NANOS);
  }
}
