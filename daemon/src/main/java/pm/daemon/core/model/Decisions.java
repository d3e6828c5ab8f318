package pm.daemon.core.model;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What operators decided and what must therefore survive the daemon.
 *
 * @param stopped instances that were stopped and by whom; holds until somebody starts them, or
 *     until the machine is booted anew
 * @param disabled instances that were disabled and by whom; holds until they are enabled
 * @param enabled instances that were enabled, and by whom, although their definition says {@code
 *     enabled: false}; holds until they are disabled, or their definition says otherwise
 * @param scaled how many instances a program has in place of what the files say
 * @param held pools that are paused or drained, and by whom; holds until they are resumed
 */
public record Decisions(
    SortedMap<InstanceName, String> stopped,
    SortedMap<InstanceName, String> disabled,
    SortedMap<InstanceName, String> enabled,
    SortedMap<String, Scaled> scaled,
    SortedMap<String, Held> held)
    implements Decided {

  /** Nothing was decided. */
  public static final Decisions NONE = new Decisions(new TreeMap<>());

  /**
   * A number of instances that an operator gave a program.
   *
   * @param bounds how many
   * @param configured how many the files said by then; the decision holds while they say the same
   * @param by who
   */
  public record Scaled(InstanceBounds bounds, InstanceBounds configured, String by) {}

  /**
   * What an operator wants of a pool.
   *
   * @param intake PAUSED or DRAINING
   * @param by who
   */
  public record Held(PoolView.Intake intake, String by) {
    public Held {
      switch (intake) {
        case PAUSED, DRAINING -> {}
        case OPEN, REMOVED ->
            throw new IllegalArgumentException("a pool that is " + intake + " is not held");
      }
    }
  }

  public Decisions {
    stopped = Collections.unmodifiableSortedMap(new TreeMap<>(stopped));
    disabled = Collections.unmodifiableSortedMap(new TreeMap<>(disabled));
    enabled = Collections.unmodifiableSortedMap(new TreeMap<>(enabled));
    scaled = Collections.unmodifiableSortedMap(new TreeMap<>(scaled));
    held = Collections.unmodifiableSortedMap(new TreeMap<>(held));
  }

  /** Some instances were stopped, nothing else was decided. */
  public Decisions(SortedMap<InstanceName, String> stopped) {
    this(stopped, new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
  }

  /** Returns these decisions without those that hold only until the machine is booted. */
  public Decisions afterBoot() {
    return new Decisions(new TreeMap<>(), disabled, enabled, scaled, held);
  }

  /**
   * Decisions while an event changes them, for any number of instances: each change costs the same
   * however many there are.
   */
  public static final class Builder implements Decided {

    private final TreeMap<InstanceName, String> stopped;
    private final TreeMap<InstanceName, String> disabled;
    private final TreeMap<InstanceName, String> enabled;
    private final TreeMap<String, Scaled> scaled;
    private final TreeMap<String, Held> held;
    private boolean isChanged;

    /** Begins with what was decided before. */
    public Builder(Decisions before) {
      this.stopped = new TreeMap<>(before.stopped);
      this.disabled = new TreeMap<>(before.disabled);
      this.enabled = new TreeMap<>(before.enabled);
      this.scaled = new TreeMap<>(before.scaled);
      this.held = new TreeMap<>(before.held);
    }

    /** {@code who} stopped the instance. */
    public Builder stop(InstanceName instance, String who) {
      put(stopped, instance, who);
      return this;
    }

    /** The instance is no longer to stay stopped. */
    public Builder start(InstanceName instance) {
      remove(stopped, instance);
      return this;
    }

    /** {@code who} disabled the instance. */
    public Builder disable(InstanceName instance, String who) {
      put(disabled, instance, who);
      remove(enabled, instance);
      return this;
    }

    /**
     * {@code who} enabled the instance.
     *
     * @param against whether its definition says {@code enabled: false}
     */
    public Builder enable(InstanceName instance, String who, boolean against) {
      remove(disabled, instance);
      if (against) {
        put(enabled, instance, who);
      } else {
        remove(enabled, instance);
      }
      return this;
    }

    /** The program has as many instances as {@code scale} says. */
    public Builder scale(String program, Scaled scale) {
      put(scaled, program, scale);
      return this;
    }

    /** The program has as many instances as the files say. */
    public Builder unscale(String program) {
      remove(scaled, program);
      return this;
    }

    /** The pool is to be as {@code wanted} says. */
    public Builder hold(String pool, Held wanted) {
      put(held, pool, wanted);
      return this;
    }

    /** The pool takes in and gives out. */
    public Builder resume(String pool) {
      remove(held, pool);
      return this;
    }

    /** The instance is gone, and what was decided about it. */
    public Builder forget(InstanceName instance) {
      remove(stopped, instance);
      remove(disabled, instance);
      remove(enabled, instance);
      return this;
    }

    /** Returns whether anything is otherwise than before. */
    public boolean isChanged() {
      return isChanged;
    }

    /** Returns the decisions as they are now. */
    public Decisions build() {
      return new Decisions(stopped, disabled, enabled, scaled, held);
    }

    @Override
    public SortedMap<InstanceName, String> stopped() {
      return Collections.unmodifiableSortedMap(stopped);
    }

    @Override
    public SortedMap<InstanceName, String> disabled() {
      return Collections.unmodifiableSortedMap(disabled);
    }

    @Override
    public SortedMap<InstanceName, String> enabled() {
      return Collections.unmodifiableSortedMap(enabled);
    }

    @Override
    public SortedMap<String, Scaled> scaled() {
      return Collections.unmodifiableSortedMap(scaled);
    }

    @Override
    public SortedMap<String, Held> held() {
      return Collections.unmodifiableSortedMap(held);
    }

    private <K, V> void put(SortedMap<K, V> map, K key, V value) {
      isChanged |= !value.equals(map.put(key, value));
    }

    private <K, V> void remove(SortedMap<K, V> map, K key) {
      isChanged |= map.remove(key) != null;
    }
  }
}
