package pm.daemon.core.model;

import pm.config.PoolSpec;
import pm.config.ProgramSpec;

/**
 * How many instances a program has: as many between both numbers as its pool needs, or, without a
 * pool, one number.
 *
 * @param min at least so many, from 0
 * @param max at most so many, from {@code min}; of a program without a pool the same
 */
public record InstanceBounds(int min, int max) {

  public InstanceBounds {
    if (min < 0 || max < min) {
      throw new IllegalArgumentException("bounds are 0 to min to max: " + min + ".." + max);
    }
  }

  /** Returns bounds that leave no choice. */
  public static InstanceBounds of(int count) {
    return new InstanceBounds(count, count);
  }

  /** Returns what a definition says. */
  public static InstanceBounds of(ProgramSpec spec) {
    return spec.pool()
        .map(pool -> new InstanceBounds(pool.min(), pool.max()))
        .orElseGet(() -> of(spec.instances()));
  }

  /**
   * Returns the definition with these bounds instead of its own.
   *
   * @throws IllegalArgumentException if {@link #obstacle} says why that is not possible
   */
  public ProgramSpec in(ProgramSpec spec) {
    ProgramSpec.Builder other = new ProgramSpec.Builder(spec);
    return spec.pool().isPresent()
        ? other.pool(spec.pool().map(pool -> pool.withBounds(min, max))).build()
        : other.instances(max).build();
  }

  /** Returns why a program cannot have these bounds, in words; empty if it can. */
  public String obstacle(ProgramSpec spec) {
    if (spec.pool().isPresent()) {
      return max < 1 || max > PoolSpec.MOST
          ? "a pool has 1 to " + PoolSpec.MOST + " workers; to stop them: pmctl stop " + spec.name()
          : "";
    }
    if (min != max) {
      return "it has no pool, so it has one number of instances";
    }
    return max > ProgramSpec.MOST_INSTANCES
        ? "a program has 0 to " + ProgramSpec.MOST_INSTANCES + " instances"
        : "";
  }

  @Override
  public String toString() {
    return min == max ? Integer.toString(max) : min + ".." + max;
  }
}
