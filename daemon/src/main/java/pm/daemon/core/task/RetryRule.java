package pm.daemon.core.task;

import java.util.random.RandomGenerator;
import pm.config.PoolSpec.TaskBackoff;
import pm.config.PoolSpec.TaskRules;
import pm.daemon.core.model.Durations;

/** Whether a task is tried again, and when. */
public final class RetryRule {

  private RetryRule() {}

  /**
   * Returns whether there is another attempt after one that failed.
   *
   * @param failures how many have failed, with this one
   * @param mayRetry whether its worker says that another may help
   */
  public static boolean triesAgain(Task task, TaskRules rules, int failures, boolean mayRetry) {
    return mayRetry && failures <= task.retries(rules.retries());
  }

  /**
   * Returns the wait before the attempt after the {@code failures}-th that failed (first is 1):
   * {@code delay * factor^(failures-1)}, at most {@code max_delay}; nanoseconds, without jitter.
   */
  public static long delayNanos(TaskBackoff backoff, int failures) {
    double most = Durations.nanos(backoff.maxDelay());
    return (long)
        Math.min(
            most, Durations.nanos(backoff.delay()) * Math.pow(backoff.factor(), failures - 1.0));
  }

  /**
   * Returns the wait with jitter: evenly between {@code (1 - jitter)} of {@link #delayNanos} and
   * all of it.
   */
  public static long drawnNanos(TaskBackoff backoff, int failures, RandomGenerator random) {
    long delay = delayNanos(backoff, failures);
    return backoff.jitter() == 0
        ? delay
        : (long) (delay * (1 - backoff.jitter() * random.nextDouble()));
  }
}
