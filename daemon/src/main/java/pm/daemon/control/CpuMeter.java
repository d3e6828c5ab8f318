package pm.daemon.control;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import pm.daemon.core.model.ProcessIdentity;

/**
 * Turns processor time into percent of one core: since the sample before, if that is at most a
 * minute old, else over the life of the process. Any thread.
 */
final class CpuMeter {
  /** A sample that is older says little about the present. */
  private static final long OLDEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The kernel counts in hundredths of a second: less than this is no measurement. */
  private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final int MOST_PROCESSES = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<ProcessIdentity, Sample> samples = new LinkedHashMap<>();

  private record Sample(long cpuNanos, long atNanos, double percent) {}

  /**
   * Returns the percentage, to a tenth.
   *
   * @param cpuNanos what the process has used up to now
   * @param startedNanos when it was started
   * @param nowNanos of the same clock
   */
  double percent(ProcessIdentity process, long cpuNanos, long startedNanos, long nowNanos) {
    lock.lock();
    try {
      forgetOld(nowNanos);
      Sample before = samples.get(process);
      if (before != null && nowNanos - before.atNanos() < SHORTEST_NANOS) {
        return before.percent();
      }
      double percent =
          before == null
              ? percent(cpuNanos, nowNanos - startedNanos)
              : percent(cpuNanos - before.cpuNanos(), nowNanos - before.atNanos());
      samples.remove(process);
      samples.put(process, new Sample(cpuNanos, nowNanos, percent));
      return percent;
    } finally {
      lock.unlock();
    }
  }

  private void forgetOld(long nowNanos) {
    Iterator<Map.Entry<ProcessIdentity, Sample>> oldest = samples.entrySet().iterator();
    while (oldest.hasNext()) {
      Sample sample = oldest.next().getValue();
      if (nowNanos - sample.atNanos() <= OLDEST_NANOS && samples.size() < MOST_PROCESSES) {
        return;
      }
      oldest.remove();
    }
  }

  private static double percent(long cpuNanos, long nanos) {
    return nanos <= 0 ? 0 : Math.max(0, Math.round(1000.0 * cpuNanos / nanos) / 10.0);
  }
}
