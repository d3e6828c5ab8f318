package pm.daemon.control;

import java.util.concurrent.Callable;
import pm.daemon.core.model.Moment;

/** Numbers for a monitoring system. */
@FunctionalInterface
public interface MetricsSource {
  /**
   * Gathers what the loop thread knows. Loop thread only.
   *
   * @return what measures the rest and makes text of all, in the exposition format of Prometheus;
   *     blocks, called on a thread of the pool
   */
  Callable<String> gather(Moment now);
}
