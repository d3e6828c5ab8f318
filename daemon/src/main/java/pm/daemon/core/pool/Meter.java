package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.List;
import pm.daemon.core.model.PoolView;

/** Counts how often something lasted how long. */
final class Meter {
  private static final double NANOS = 1e9;

  /**
   * Upper bounds in nanoseconds: 1, 2.5 and 5 of each power of ten from a tenth of a millisecond
   * on.
   */
  private static final long[] BOUNDS = bounds();

  private static final List<Double> SECONDS = seconds();

  private final long[] counts = new long[BOUNDS.length + 1];
  private double sumNanos;

  private static long[] bounds() {
    long[] bounds = new long[20];
    long unit = 100_000;
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] =
          switch (i % 3) {
            case 0 -> unit;
            case 1 -> unit * 5 / 2;
            default -> unit * 5;
          };
      unit = i % 3 == 2 ? unit * 10 : unit;
    }
    return bounds;
  }

  private static List<Double> seconds() {
    List<Double> seconds = new ArrayList<>();
    for (long bound : BOUNDS) {
      seconds.add(bound / NANOS);
    }
    return List.copyOf(seconds);
  }

  void count(long nanos) {
    int index = 0;
    while (index < BOUNDS.length && nanos > BOUNDS[index]) {
      index++;
    }
    counts[index]++;
    sumNanos += nanos;
  }

  PoolView.Histogram histogram() {
    List<Long> copy = new ArrayList<>(counts.length);
    for (long count : counts) {
      copy.add(count);
    }
    return new PoolView.Histogram(SECONDS, copy, sumNanos / NANOS);
  }
}
