package pm.daemon.core.pool;

import java.util.random.RandomGenerator;
import pm.config.PoolSpec.Recycle;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Sizes;

/**
 * When a worker has done its time. It draws its limits when it begins, so that not all are replaced
 * at once; a limit is never more than what is configured.
 */
final class Recycling {

  /** How often the memory of a worker that does tasks is looked at. */
  static final long MEMORY_INTERVAL_NANOS = 10_000_000_000L;

  private Recycling() {}

  /** Draws the limits of a worker. */
  static void draw(Worker worker, Recycle rule, RandomGenerator random) {
    worker.taskLimit =
        rule.maxTasks().isPresent()
            ? Math.max(1, (long) (rule.maxTasks().getAsLong() * shortened(rule, random)))
            : Long.MAX_VALUE;
    worker.ageLimitNanos =
        rule.maxAge().isPresent()
            ? (long) (Durations.nanos(rule.maxAge().get()) * shortened(rule, random))
            : Moment.NEVER;
  }

  private static double shortened(Recycle rule, RandomGenerator random) {
    return rule.jitter() == 0 ? 1 : 1 - rule.jitter() * random.nextDouble();
  }

  /** Returns why a worker is to be replaced, in words; empty if it is not. */
  static String due(Worker worker, Recycle rule, long nowNanos) {
    if (worker.hasDoneItsShare()) {
      return "it has done " + (worker.done + worker.inHand()) + " tasks";
    }
    if (nowNanos >= ageNanos(worker)) {
      return "it is " + Durations.told(nowNanos - worker.upSinceNanos) + " old";
    }
    return isLarge(worker, rule) && !worker.isLargeFromTheStart
        ? "it uses " + Sizes.told(worker.memoryBytes)
        : "";
  }

  /** Returns when a worker is too old. */
  static long ageNanos(Worker worker) {
    return Durations.after(worker.upSinceNanos, worker.ageLimitNanos);
  }

  /**
   * Its memory was looked at. Returns whether it is too large before it has done anything: another
   * in its place would be as well, so it stays.
   */
  static boolean isUseless(Worker worker, Recycle rule, long memoryBytes) {
    boolean isFirst = !worker.isMemoryKnown && worker.done == 0;
    worker.isMemoryKnown = true;
    worker.memoryBytes = memoryBytes;
    if (isFirst && isLarge(worker, rule)) {
      worker.isLargeFromTheStart = true;
      return true;
    }
    return false;
  }

  private static boolean isLarge(Worker worker, Recycle rule) {
    return rule.maxMemoryBytes().isPresent()
        && worker.memoryBytes > rule.maxMemoryBytes().getAsLong();
  }

  /** Returns whether the memory of a worker is to be looked at, and takes it that it is. */
  static boolean asksMemory(Worker worker, Recycle rule, long nowNanos) {
    if (nextMemoryNanos(worker, rule) > nowNanos) {
      return false;
    }
    worker.memoryAskedDone = worker.done;
    worker.memoryAskedNanos = nowNanos;
    return true;
  }

  /**
   * Returns when the memory of a worker is to be looked at: when it begins, and later only if it
   * has done something since; {@link Moment#NEVER} if it is not.
   */
  static long nextMemoryNanos(Worker worker, Recycle rule) {
    if (rule.maxMemoryBytes().isEmpty()
        || worker.isLargeFromTheStart
        || worker.done == worker.memoryAskedDone) {
      return Moment.NEVER;
    }
    return worker.memoryAskedDone < 0
        ? Long.MIN_VALUE
        : worker.memoryAskedNanos + MEMORY_INTERVAL_NANOS;
  }
}
