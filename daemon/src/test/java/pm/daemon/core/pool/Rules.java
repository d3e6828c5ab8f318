package pm.daemon.core.pool;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.config.PoolSpec;

/**
 * The rules of a pool for a test, from the defaults on; without jitter, so that times are known.
 */
final class Rules {
  private int min = 1;
  private int max = 1;
  private PoolSpec.ScaleUp scaleUp = PoolSpec.ScaleUp.DEFAULT;
  private Duration idle = Duration.ofSeconds(60);
  private PoolSpec.Strategy strategy = PoolSpec.Strategy.LEAST_BUSY;
  private List<Integer> weights = List.of();
  private int concurrency = 1;
  private List<String> accepts = List.of("*");
  private PoolSpec.Recycle recycle = PoolSpec.Recycle.NONE;
  private PoolSpec.Throttle throttle = PoolSpec.Throttle.NONE;
  private PoolSpec.Stall stall = PoolSpec.Stall.DEFAULT;
  private PoolSpec.QueueSpec queue = PoolSpec.QueueSpec.DEFAULT;
  private PoolSpec.BreakerSpec breaker = PoolSpec.BreakerSpec.DEFAULT;
  private Duration timeout = Duration.ofMinutes(5);
  private int retries = 3;
  private int poisonAfter = 2;
  private PoolSpec.TaskBackoff backoff =
      new PoolSpec.TaskBackoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0);
  private Duration keep = Duration.ofHours(24);
  private int keepMax = 10_000;

  PoolSpec build() {
    return new PoolSpec(
        min,
        max,
        scaleUp,
        idle,
        strategy,
        weights,
        concurrency,
        accepts,
        recycle,
        throttle,
        stall,
        queue,
        new PoolSpec.TaskRules(timeout, retries, backoff, keep, keepMax, poisonAfter),
        breaker);
  }

  Rules workers(int least, int most) {
    min = least;
    max = most;
    return this;
  }

  Rules scaleUp(Duration wait, int step) {
    scaleUp = new PoolSpec.ScaleUp(wait, step);
    return this;
  }

  Rules idle(Duration duration) {
    idle = duration;
    return this;
  }

  Rules strategy(PoolSpec.Strategy chosen, Integer... slotWeights) {
    strategy = chosen;
    weights = List.of(slotWeights);
    return this;
  }

  Rules concurrency(int tasks) {
    concurrency = tasks;
    return this;
  }

  Rules accepts(String... globs) {
    accepts = List.of(globs);
    return this;
  }

  Rules recycle(long maxTasks, Duration maxAge, long maxMemory, double jitter) {
    recycle =
        new PoolSpec.Recycle(
            maxTasks == 0 ? OptionalLong.empty() : OptionalLong.of(maxTasks),
            maxAge.isZero() ? Optional.empty() : Optional.of(maxAge),
            maxMemory == 0 ? OptionalLong.empty() : OptionalLong.of(maxMemory),
            jitter);
    return this;
  }

  Rules throttle(int cpuPercent) {
    throttle = new PoolSpec.Throttle(OptionalInt.of(cpuPercent), OptionalInt.empty());
    return this;
  }

  Rules stall(Duration after, PoolSpec.StallAction action) {
    stall = new PoolSpec.Stall(Optional.of(after), action);
    return this;
  }

  Rules queue(int capacity, Duration aging) {
    queue = new PoolSpec.QueueSpec(capacity, aging);
    return this;
  }

  Rules task(Duration limit, int tries, int poison) {
    timeout = limit;
    retries = tries;
    poisonAfter = poison;
    return this;
  }

  Rules keep(Duration duration, int most) {
    keep = duration;
    keepMax = most;
    return this;
  }

  Rules breaker(int failures, Duration resetAfter, PoolSpec.WhenOpen whenOpen) {
    breaker = new PoolSpec.BreakerSpec(failures, resetAfter, whenOpen);
    return this;
  }
}
