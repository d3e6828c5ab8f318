package pm.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The pool of a worker: how many instances there are, which tasks they get, and what becomes of
 * these. Its instances are slots 1 to {@link #slots}.
 *
 * @param min instances kept, 0 to {@code max}; 0: started on demand
 * @param max most instances, 1 to {@link #MOST}
 * @param scaleUp when there are more
 * @param scaleDownIdle an instance without a task for so long is stopped while there are more than
 *     {@code min}; positive
 * @param strategy which instance gets the next task
 * @param weights of slots 1, 2 and so on for {@link Strategy#WEIGHTED_ROUND_ROBIN}, each 1 to
 *     {@link #MOST_WEIGHT}, at most {@code max} of them; empty for all other strategies
 * @param concurrency tasks in hand of one instance, 1 to {@link #MOST_CONCURRENCY}
 * @param accepts {@link Glob}s of the types of tasks that it takes: 1 to {@link #MOST_GLOBS}, none
 *     of them empty or longer than {@link #LONGEST_GLOB} characters
 * @param recycle when an instance is replaced
 * @param throttle when nothing more is dispatched for the sake of the machine
 * @param stall when it counts as stuck
 * @param queue tasks that wait
 * @param task what becomes of each task
 * @param breaker when no more tasks are tried
 */
public record PoolSpec(
    int min,
    int max,
    ScaleUp scaleUp,
    Duration scaleDownIdle,
    Strategy strategy,
    List<Integer> weights,
    int concurrency,
    List<String> accepts,
    Recycle recycle,
    Throttle throttle,
    Stall stall,
    QueueSpec queue,
    TaskRules task,
    BreakerSpec breaker) {
  /** One instance less than a program may have, for the one that replaces another. */
  public static final int MOST = ProgramSpec.MOST_INSTANCES - 1;

  public static final int MOST_WEIGHT = 100;
  public static final int MOST_CONCURRENCY = 1024;
  public static final int MOST_GLOBS = 100;
  public static final int LONGEST_GLOB = 128;

  public static final PoolSpec DEFAULT =
      new PoolSpec(
          1,
          1,
          ScaleUp.DEFAULT,
          Duration.ofSeconds(60),
          Strategy.LEAST_BUSY,
          List.of(),
          1,
          List.of("*"),
          Recycle.NONE,
          Throttle.NONE,
          Stall.DEFAULT,
          QueueSpec.DEFAULT,
          TaskRules.DEFAULT,
          BreakerSpec.DEFAULT);

  public PoolSpec {
    Require.range("max", max, 1, MOST);
    Require.range("min", min, 0, max);
    Require.positive("scale_down.idle", scaleDownIdle);
    weights = List.copyOf(weights);
    if (!weights.isEmpty() && strategy != Strategy.WEIGHTED_ROUND_ROBIN) {
      throw new IllegalArgumentException("only weighted-round-robin has weights: " + strategy);
    }
    Require.range("the number of weights", weights.size(), 0, max);
    for (int weight : weights) {
      Require.range("a weight", weight, 1, MOST_WEIGHT);
    }
    Require.range("concurrency", concurrency, 1, MOST_CONCURRENCY);
    accepts = List.copyOf(accepts);
    Require.range("the number of accepted types", accepts.size(), 1, MOST_GLOBS);
    for (String glob : accepts) {
      Require.range("the length of an accepted type", glob.length(), 1, LONGEST_GLOB);
    }
  }

  /** Instances that exist: {@code max}, and one that replaces another if any is ever recycled. */
  public int slots() {
    return max + (recycle.isAny() ? 1 : 0);
  }

  /**
   * How often a slot gets a task, in comparison with the others.
   *
   * @param slot from 1
   * @return 1 if nothing is said about it
   */
  public int weight(int slot) {
    return slot <= weights.size() ? weights.get(slot - 1) : 1;
  }

  /** Whether it takes tasks of a type. */
  public boolean takes(String type) {
    for (String glob : accepts) {
      if (Glob.matches(glob, type)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The same with other bounds; weights of slots that are no more are left out.
   *
   * @throws IllegalArgumentException if they are out of range
   */
  public PoolSpec withBounds(int newMin, int newMax) {
    Require.range("max", newMax, 1, MOST);
    return new PoolSpec(
        newMin,
        newMax,
        scaleUp,
        scaleDownIdle,
        strategy,
        weights.subList(0, Math.min(weights.size(), newMax)),
        concurrency,
        accepts,
        recycle,
        throttle,
        stall,
        queue,
        task,
        breaker);
  }

  /** Which of the instances that could take a task gets it. */
  public enum Strategy implements Word {
    /** The one that has done the fewest. */
    LEAST_BUSY("least-busy"),
    /** The one that has the fewest in hand. */
    LEAST_CONNECTIONS("least-connections"),
    /** One after the other. */
    ROUND_ROBIN("round-robin"),
    /** One after the other, each as often as its weight says. */
    WEIGHTED_ROUND_ROBIN("weighted-round-robin"),
    /** Any of them. */
    RANDOM("random");

    private final String word;

    Strategy(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /** What is done with a pool that is stuck. */
  public enum StallAction implements Word {
    /** It is only said. */
    REPORT("report"),
    /** Its instances are restarted. */
    RESTART("restart");

    private final String word;

    StallAction(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /** What becomes of tasks that are submitted while the breaker is open. */
  public enum WhenOpen implements Word {
    /** They wait in the queue. */
    HOLD("hold"),
    /** They are refused. */
    REJECT("reject");

    private final String word;

    WhenOpen(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /**
   * When there are more instances.
   *
   * @param waited when the oldest task that could be dispatched has waited so long; zero: as soon
   *     as one waits
   * @param step so many more at once, 1 to {@link #MOST}
   */
  public record ScaleUp(Duration waited, int step) {
    public static final ScaleUp DEFAULT = new ScaleUp(Duration.ofSeconds(1), 2);

    public ScaleUp {
      Require.notNegative("scale_up.wait", waited);
      Require.range("scale_up.step", step, 1, MOST);
    }
  }

  /**
   * When an instance is replaced, between tasks; the first limit that it reaches counts.
   *
   * @param maxTasks it has done so many tasks, 1 to {@link #MOST_TASKS}
   * @param maxAge it is so old; positive
   * @param maxMemoryBytes all its processes together use more; positive
   * @param jitter fraction by which {@code maxTasks} and {@code maxAge} may be smaller by chance, 0
   *     to 1, so that not all are replaced at once
   */
  public record Recycle(
      OptionalLong maxTasks,
      Optional<Duration> maxAge,
      OptionalLong maxMemoryBytes,
      double jitter) {
    public static final int MOST_TASKS = 1_000_000_000;

    public static final Recycle NONE =
        new Recycle(OptionalLong.empty(), Optional.empty(), OptionalLong.empty(), 0);

    public Recycle {
      if (maxTasks.isPresent() && (maxTasks.getAsLong() < 1 || maxTasks.getAsLong() > MOST_TASKS)) {
        throw new IllegalArgumentException(
            "recycle.max_tasks is 1 to " + MOST_TASKS + ": " + maxTasks);
      }
      maxAge.ifPresent(age -> Require.positive("recycle.max_age", age));
      if (maxMemoryBytes.isPresent() && maxMemoryBytes.getAsLong() < 1) {
        throw new IllegalArgumentException("recycle.max_memory is more than 0: " + maxMemoryBytes);
      }
      jitter = Require.fraction("recycle.jitter", jitter);
    }

    /** Whether there is any limit, so that an instance may have to be replaced. */
    public boolean isAny() {
      return maxTasks.isPresent() || maxAge.isPresent() || maxMemoryBytes.isPresent();
    }
  }

  /**
   * While the machine uses more than this, nothing is dispatched and the pool shrinks towards its
   * minimum.
   *
   * @param cpuPercent of all processors together, 1 to 100; empty: not looked at
   * @param memoryPercent of all memory, 1 to 100; empty: not looked at
   */
  public record Throttle(OptionalInt cpuPercent, OptionalInt memoryPercent) {
    public static final Throttle NONE = new Throttle(OptionalInt.empty(), OptionalInt.empty());

    public Throttle {
      cpuPercent.ifPresent(percent -> Require.range("throttle.cpu", percent, 1, 100));
      memoryPercent.ifPresent(percent -> Require.range("throttle.memory", percent, 1, 100));
    }

    /** Whether anything is looked at. */
    public boolean isAny() {
      return cpuPercent.isPresent() || memoryPercent.isPresent();
    }
  }

  /**
   * When a pool counts as stuck.
   *
   * @param after tasks wait and none has ended for so long; positive; empty: never
   * @param action what is done then
   */
  public record Stall(Optional<Duration> after, StallAction action) {
    public static final Stall DEFAULT = new Stall(Optional.empty(), StallAction.REPORT);

    public Stall {
      after.ifPresent(duration -> Require.positive("stall.after", duration));
    }
  }

  /**
   * Tasks that wait.
   *
   * @param capacity most of them, 1 to {@link #MOST_CAPACITY}
   * @param aging a task that has waited so long rises one level; positive
   */
  public record QueueSpec(int capacity, Duration aging) {
    public static final int MOST_CAPACITY = 1_000_000;

    public static final QueueSpec DEFAULT = new QueueSpec(1000, Duration.ofMinutes(5));

    public QueueSpec {
      Require.range("queue.capacity", capacity, 1, MOST_CAPACITY);
      Require.positive("queue.aging", aging);
    }
  }

  /**
   * What becomes of each task.
   *
   * @param timeout how long one attempt may take; positive
   * @param retries attempts after the first that failed, 0 to {@link #MOST_RETRIES}
   * @param backoff how long it waits before each of them
   * @param keep how long it is known once it has ended; zero: not at all
   * @param keepMax how many that have ended are known, the youngest, 0 to {@link #MOST_KEPT}
   * @param poisonAfter one that was in hand of so many workers when they died is given up, 1 to
   *     {@link #MOST_RETRIES}
   */
  public record TaskRules(
      Duration timeout,
      int retries,
      TaskBackoff backoff,
      Duration keep,
      int keepMax,
      int poisonAfter) {
    public static final int MOST_RETRIES = 1000;
    public static final int MOST_KEPT = 1_000_000;

    public static final TaskRules DEFAULT =
        new TaskRules(
            Duration.ofMinutes(5), 3, TaskBackoff.DEFAULT, Duration.ofHours(24), 10_000, 2);

    public TaskRules {
      Require.positive("task.timeout", timeout);
      Require.range("task.retries", retries, 0, MOST_RETRIES);
      Require.notNegative("task.keep", keep);
      Require.range("task.keep_max", keepMax, 0, MOST_KEPT);
      Require.range("task.poison_after", poisonAfter, 1, MOST_RETRIES);
    }
  }

  /**
   * How long a task waits before it is tried again.
   *
   * @param delay before the second attempt
   * @param factor by which each further delay is longer; 1 to 100
   * @param maxDelay the longest delay; at least {@code delay}
   * @param jitter fraction by which a delay may be shorter by chance, 0 to 1
   */
  public record TaskBackoff(Duration delay, double factor, Duration maxDelay, double jitter) {
    public static final TaskBackoff DEFAULT =
        new TaskBackoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0.1);

    public TaskBackoff {
      Require.notNegative("task.backoff.delay", delay);
      if (maxDelay.compareTo(delay) < 0) {
        throw new IllegalArgumentException(
            "task.backoff.delay is 0 to max_delay: " + delay + ", " + maxDelay);
      }
      // Written so that NaN is refused too.
      if (!(factor >= 1 && factor <= 100)) {
        throw new IllegalArgumentException("task.backoff.factor is 1 to 100: " + factor);
      }
      jitter = Require.fraction("task.backoff.jitter", jitter);
    }
  }

  /**
   * When no more tasks are tried for a while.
   *
   * @param failures so many failed attempts in a row open it, 1 to {@link #MOST_FAILURES}
   * @param resetAfter after so long one attempt is let through to see whether it is well again;
   *     positive
   * @param whenOpen what becomes of tasks that are submitted meanwhile
   */
  public record BreakerSpec(int failures, Duration resetAfter, WhenOpen whenOpen) {
    public static final int MOST_FAILURES = 1_000_000;

    public static final BreakerSpec DEFAULT =
        new BreakerSpec(5, Duration.ofSeconds(60), WhenOpen.HOLD);

    public BreakerSpec {
      Require.range("breaker.failures", failures, 1, MOST_FAILURES);
      Require.positive("breaker.reset_after", resetAfter);
    }
  }
}
