package pm.daemon.core.pool;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import pm.config.PoolSpec;

/**
 * The rules of a pool for a test, from the defaults on; without jitter, so that times are known.
 */
public final class Rules {
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

  public PoolSpec build() {
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

  public Rules workers(int least, int most) {
    min = least;
    max = most;
    return this;
  }

  public Rules scaleUp(Duration wait, int step) {
    scaleUp = new PoolSpec.ScaleUp(wait, step);
    return this;
  }

  public Rules idle(Duration duration) {
    idle = duration;
    return this;
  }

  public Rules strategy(PoolSpec.Strategy chosen, Integer... slotWeights) {
    strategy = chosen;
    weights = List.of(slotWeights);
    return this;
  }

  public Rules concurrency(int tasks) {
    concurrency = tasks;
    return this;
  }

  public Rules accepts(String... globs) {
    accepts = List.of(globs);
    return this;
  }

  public Rules recycle(long maxTasks, Duration maxAge, long maxMemory, double jitter) {
    recycle =
        new PoolSpec.Recycle(
            maxTasks == 0 ? OptionalLong.empty() : OptionalLong.of(maxTasks),
            maxAge.isZero() ? Optional.empty() : Optional.of(maxAge),
            maxMemory == 0 ? OptionalLong.empty() : OptionalLong.of(maxMemory),
            jitter);
    return this;
  }

  public Rules throttle(int cpuPercent) {
    throttle = new PoolSpec.Throttle(OptionalInt.of(cpuPercent), OptionalInt.empty());
    return this;
  }

  public Rules stall(Duration after, PoolSpec.StallAction action) {
    stall = new PoolSpec.Stall(Optional.of(after), action);
    return this;
  }

  public Rules queue(int capacity, Duration aging) {
    queue = new PoolSpec.QueueSpec(capacity, aging);
    return this;
  }

  public Rules task(Duration limit, int tries, int poison) {
    timeout = limit;
    retries = tries;
    poisonAfter = poison;
    return this;
  }

  public Rules keep(Duration duration, int most) {
    keep = duration;
    keepMax = most;
    return this;
  }

  public Rules breaker(int failures, Duration resetAfter, PoolSpec.WhenOpen whenOpen) {
    breaker = new PoolSpec.BreakerSpec(failures, resetAfter, whenOpen);
    return this;
  }

  Rules retries(int tries) {
    retries = tries;
    return this;
  }

  Rules aging(Duration duration) {
    queue = new PoolSpec.QueueSpec(queue.capacity(), duration);
    return this;
  }

  Rules moreRoom() {
    queue = new PoolSpec.QueueSpec(queue.capacity() + 1, queue.aging());
    return this;
  }

  Rules oneMoreInHand() {
    concurrency++;
    return this;
  }

  Rules oneWorkerMore() {
    max++;
    return this;
  }

  /** Begins with rules that are there. */
  public static Rules of(PoolSpec pool) {
    Rules rules = new Rules().workers(pool.min(), pool.max()).idle(pool.scaleDownIdle());
    rules.scaleUp = pool.scaleUp();
    rules.strategy = pool.strategy();
    rules.weights = pool.weights();
    rules.concurrency = pool.concurrency();
    rules.accepts = pool.accepts();
    rules.recycle = pool.recycle();
    rules.throttle = pool.throttle();
    rules.stall = pool.stall();
    rules.queue = pool.queue();
    rules.breaker = pool.breaker();
    rules.timeout = pool.task().timeout();
    rules.retries = pool.task().retries();
    rules.poisonAfter = pool.task().poisonAfter();
    rules.backoff = pool.task().backoff();
    rules.keep = pool.task().keep();
    rules.keepMax = pool.task().keepMax();
    return rules;
  }

  /** Draws rules of a pool in which much happens. */
  public static Rules drawn(SplittableRandom random) {
    int max = 1 + random.nextInt(4);
    Rules rules =
        new Rules()
            .workers(random.nextInt(max + 1), max)
            .scaleUp(Duration.ofMillis(random.nextInt(3) * 700L), 1 + random.nextInt(3))
            .idle(Duration.ofSeconds(1 + random.nextInt(20)))
            .concurrency(1 + random.nextInt(3))
            .queue(3 + random.nextInt(30), Duration.ofSeconds(1 + random.nextInt(20)))
            .task(
                Duration.ofSeconds(1 + random.nextInt(20)),
                random.nextInt(3),
                1 + random.nextInt(3))
            .keep(Duration.ofSeconds(1 + random.nextInt(300)), random.nextInt(40))
            .strategy(any(random, PoolSpec.Strategy.values()));
    if (random.nextInt(3) == 0) {
      rules.breaker(
          1 + random.nextInt(4),
          Duration.ofSeconds(1 + random.nextInt(20)),
          any(random, PoolSpec.WhenOpen.values()));
    } else {
      rules.breaker(1_000_000, Duration.ofSeconds(1), PoolSpec.WhenOpen.HOLD);
    }
    if (random.nextInt(3) == 0) {
      rules.recycle(
          random.nextInt(2) * (1L + random.nextInt(5)),
          Duration.ofSeconds(random.nextInt(2) * (1L + random.nextInt(60))),
          random.nextInt(2) * 1_000L,
          0.5);
    }
    if (random.nextInt(4) == 0) {
      rules.throttle(80);
    }
    if (random.nextInt(4) == 0) {
      rules.stall(
          Duration.ofSeconds(1 + random.nextInt(30)), any(random, PoolSpec.StallAction.values()));
    }
    return rules;
  }

  private static <T> T any(SplittableRandom random, T[] values) {
    return values[random.nextInt(values.length)];
  }
}
