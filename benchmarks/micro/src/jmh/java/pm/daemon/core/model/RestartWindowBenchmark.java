package pm.daemon.core.model;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The times of restarts: as many as a limit of three allows, and the most that are remembered. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RestartWindowBenchmark {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** A full window. */
  @State(Scope.Thread)
  public static class Full {
    @Param({"3", "100"})
    public int restarts;

    private RestartWindow window = RestartWindow.EMPTY;
    private long nanos;

    /** Fills it. */
    @Setup
    public void fill() {
      for (int i = 0; i < restarts; i++) {
        nanos += 1_000_000;
        window = window.with(nanos, MINUTE, restarts);
      }
    }
  }

  /** Another restart, for which the oldest goes. */
  @Benchmark
  public RestartWindow with(Full full) {
    return full.window.with(full.nanos + 1_000_000, MINUTE, full.restarts);
  }

  /** Whether there may be another. */
  @Benchmark
  public boolean isFull(Full full) {
    return full.window.isFull(full.restarts, MINUTE, full.nanos + 1_000_000);
  }
}
