package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads the pool of a worker. */
final class PoolReader {
  private static final long SMALLEST_MEMORY = 1L << 20;

  private PoolReader() {}

  /** The pool of a program; empty if it has none, or may not have one. */
  static Optional<PoolSpec> pool(Section program, ProgramType type) {
    Optional<Section> found = program.section("pool", PoolKeys.POOL);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    if (program.has("instances")) {
      program
          .problems()
          .add(
              program.keyLocation("instances"),
              program.path("instances"),
              "the pool says how many instances there are",
              "remove it, and write pool.min and pool.max");
    }
    PoolSpec pool = pool(found.get());
    if (type != ProgramType.WORKER) {
      program
          .problems()
          .add(
              program.keyLocation("pool"),
              program.path("pool"),
              "only a worker takes tasks, and this is none",
              "write type: worker, or remove it");
      return Optional.empty();
    }
    return Optional.of(pool);
  }

  private static PoolSpec pool(Section pool) {
    PoolSpec otherwise = PoolSpec.DEFAULT;
    int max = pool.number("max", 1, PoolSpec.MOST, otherwise.max());
    int min = pool.number("min", 0, PoolSpec.MOST, Math.min(otherwise.min(), max));
    if (min > max) {
      pool.problem(
          "min",
          "it is more than max, which is " + max,
          "write max: " + min + ", or a smaller min");
      min = max;
    }
    PoolSpec.Strategy strategy =
        pool.word("strategy", PoolSpec.Strategy.values(), otherwise.strategy());
    return new PoolSpec(
        min,
        max,
        scaleUp(pool),
        scaleDownIdle(pool),
        strategy,
        weights(pool, strategy, max),
        pool.number("concurrency", 1, PoolSpec.MOST_CONCURRENCY, otherwise.concurrency()),
        accepts(pool),
        recycle(pool),
        throttle(pool),
        stall(pool),
        queue(pool),
        task(pool),
        breaker(pool));
  }

  private static PoolSpec.ScaleUp scaleUp(Section pool) {
    PoolSpec.ScaleUp otherwise = PoolSpec.ScaleUp.DEFAULT;
    Optional<Section> found = pool.section("scale_up", PoolKeys.SCALE_UP);
    return found.isEmpty()
        ? otherwise
        : new PoolSpec.ScaleUp(
            found.get().duration("wait", otherwise.waited()),
            found.get().number("step", 1, PoolSpec.MOST, otherwise.step()));
  }

  private static Duration scaleDownIdle(Section pool) {
    Duration otherwise = PoolSpec.DEFAULT.scaleDownIdle();
    Optional<Section> found = pool.section("scale_down", PoolKeys.SCALE_DOWN);
    return found.isEmpty() ? otherwise : found.get().positiveDuration("idle", otherwise);
  }

  private static List<Integer> weights(Section pool, PoolSpec.Strategy strategy, int max) {
    List<Integer> weights = pool.numbers("weights", 1, PoolSpec.MOST_WEIGHT);
    if (weights.isEmpty()) {
      return weights;
    }
    if (strategy != PoolSpec.Strategy.WEIGHTED_ROUND_ROBIN) {
      pool.problem(
          "weights",
          "the strategy " + strategy.word() + " does not look at them",
          "write strategy: weighted-round-robin, or remove them");
      return List.of();
    }
    if (weights.size() > max) {
      pool.problem(
          "weights",
          "there are " + weights.size() + " of them, and max is " + max,
          "write max: " + weights.size() + ", or remove the last of them");
      return weights.subList(0, max);
    }
    return weights;
  }

  private static List<String> accepts(Section pool) {
    List<String> all = PoolSpec.DEFAULT.accepts();
    if (!pool.has("accepts")) {
      return all;
    }
    List<Node.Text> texts = pool.texts("accepts");
    String path = pool.path("accepts");
    var globs = new ArrayList<String>();
    for (Node.Text text : texts) {
      String glob = text.text();
      if (glob.isBlank()) {
        pool.problems().add(text, path, "the type is empty", "write * for all types");
      } else if (glob.length() > PoolSpec.LONGEST_GLOB) {
        pool.problems()
            .add(
                text,
                path,
                "it is longer than " + PoolSpec.LONGEST_GLOB + " characters",
                "write * for a part of it");
      } else if (!isPlain(glob)) {
        pool.problems()
            .add(
                text,
                path,
                Quoted.text(glob) + " is not the name of a type",
                "use letters, digits and signs such as . and -, with * for any characters and ? for"
                    + " one");
      } else if (!globs.contains(glob)) {
        globs.add(glob);
      }
    }
    if (pool.value("accepts").orElseThrow() instanceof Node.Items list && list.items().isEmpty()) {
      pool.problem("accepts", "it would take no task at all", "write [\"*\"] for all types");
    } else if (globs.size() > PoolSpec.MOST_GLOBS) {
      pool.problem(
          "accepts", "more than " + PoolSpec.MOST_GLOBS + " types", "write * for a part of them");
      return all;
    }
    return globs.isEmpty() ? all : globs;
  }

  /** Without spaces, and without what other tools understand as a pattern. */
  private static boolean isPlain(String glob) {
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (c <= ' ' || c == 0x7f || "[]{}\\!^,".indexOf(c) >= 0) {
        return false;
      }
    }
    return true;
  }

  private static PoolSpec.Recycle recycle(Section pool) {
    Optional<Section> found = pool.section("recycle", PoolKeys.RECYCLE);
    if (found.isEmpty()) {
      return PoolSpec.Recycle.NONE;
    }
    Section recycle = found.get();
    int maxTasks = recycle.number("max_tasks", 1, PoolSpec.Recycle.MOST_TASKS, 0);
    long maxMemory = recycle.size("max_memory", SMALLEST_MEMORY, 1L << 50, 0);
    return new PoolSpec.Recycle(
        maxTasks == 0 ? OptionalLong.empty() : OptionalLong.of(maxTasks),
        recycle.has("max_age")
            ? Optional.of(recycle.positiveDuration("max_age", Duration.ofHours(12)))
            : Optional.empty(),
        maxMemory == 0 ? OptionalLong.empty() : OptionalLong.of(maxMemory),
        recycle.decimal("jitter", 0, 1, 0));
  }

  private static PoolSpec.Throttle throttle(Section pool) {
    Optional<Section> found = pool.section("throttle", PoolKeys.THROTTLE);
    return found.isEmpty()
        ? PoolSpec.Throttle.NONE
        : new PoolSpec.Throttle(percent(found.get(), "cpu"), percent(found.get(), "memory"));
  }

  /** {@code 80%}, or only {@code 80}. */
  private static OptionalInt percent(Section throttle, String key) {
    Optional<Node> value = throttle.value(key);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    if (value.get() instanceof Node.Text text) {
      String number = text.text().endsWith("%") ? text.text().replaceFirst("%$", "") : text.text();
      int percent = 0;
      for (int i = 0; i < number.length(); i++) {
        int digit = number.charAt(i) - '0';
        percent = digit < 0 || digit > 9 || percent > 100 ? 1000 : percent * 10 + digit;
      }
      if (percent >= 1 && percent <= 100 && !number.startsWith("0")) {
        return OptionalInt.of(percent);
      }
    }
    throttle.problem(
        key,
        Section.describe(value.get()) + " is not percent of the whole machine",
        "write 1% to 100%");
    return OptionalInt.empty();
  }

  private static PoolSpec.Stall stall(Section pool) {
    Optional<Section> found = pool.section("stall", PoolKeys.STALL);
    if (found.isEmpty()) {
      return PoolSpec.Stall.DEFAULT;
    }
    Section stall = found.get();
    return new PoolSpec.Stall(
        stall.has("after")
            ? Optional.of(stall.positiveDuration("after", Duration.ofMinutes(10)))
            : Optional.empty(),
        stall.word("action", PoolSpec.StallAction.values(), PoolSpec.Stall.DEFAULT.action()));
  }

  private static PoolSpec.QueueSpec queue(Section pool) {
    PoolSpec.QueueSpec otherwise = PoolSpec.QueueSpec.DEFAULT;
    Optional<Section> found = pool.section("queue", PoolKeys.QUEUE);
    return found.isEmpty()
        ? otherwise
        : new PoolSpec.QueueSpec(
            found
                .get()
                .number("capacity", 1, PoolSpec.QueueSpec.MOST_CAPACITY, otherwise.capacity()),
            found.get().positiveDuration("aging", otherwise.aging()));
  }

  private static PoolSpec.TaskRules task(Section pool) {
    PoolSpec.TaskRules otherwise = PoolSpec.TaskRules.DEFAULT;
    Optional<Section> found = pool.section("task", PoolKeys.TASK);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section task = found.get();
    int most = PoolSpec.TaskRules.MOST_RETRIES;
    return new PoolSpec.TaskRules(
        task.positiveDuration("timeout", otherwise.timeout()),
        task.number("retries", 0, most, otherwise.retries()),
        backoff(task),
        task.duration("keep", otherwise.keep()),
        task.number("keep_max", 0, PoolSpec.TaskRules.MOST_KEPT, otherwise.keepMax()),
        task.number("poison_after", 1, most, otherwise.poisonAfter()));
  }

  private static PoolSpec.TaskBackoff backoff(Section task) {
    PoolSpec.TaskBackoff otherwise = PoolSpec.TaskBackoff.DEFAULT;
    Optional<Section> found = task.section("backoff", PoolKeys.BACKOFF);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section backoff = found.get();
    Duration delay = backoff.duration("delay", otherwise.delay());
    return new PoolSpec.TaskBackoff(
        delay,
        backoff.decimal("factor", 1, 100, otherwise.factor()),
        backoff.maxDelay(delay, otherwise.maxDelay()),
        backoff.decimal("jitter", 0, 1, otherwise.jitter()));
  }

  private static PoolSpec.BreakerSpec breaker(Section pool) {
    PoolSpec.BreakerSpec otherwise = PoolSpec.BreakerSpec.DEFAULT;
    Optional<Section> found = pool.section("breaker", PoolKeys.BREAKER);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section breaker = found.get();
    return new PoolSpec.BreakerSpec(
        breaker.number("failures", 1, PoolSpec.BreakerSpec.MOST_FAILURES, otherwise.failures()),
        breaker.positiveDuration("reset_after", otherwise.resetAfter()),
        breaker.word("when_open", PoolSpec.WhenOpen.values(), otherwise.whenOpen()));
  }
}
