package pm.daemon.core.model;

import java.util.Collections;
import java.util.Optional;
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
 */
public record Decisions(
    SortedMap<InstanceName, String> stopped,
    SortedMap<InstanceName, String> disabled,
    SortedMap<InstanceName, String> enabled,
    SortedMap<String, Scaled> scaled) {

  /** Nothing was decided. */
  public static final Decisions NONE = new Decisions(new TreeMap<>());

  /**
   * A number of instances that an operator gave a program.
   *
   * @param count how many, from 0
   * @param configured how many the files said by then; the decision holds while they say the same
   * @param by who
   */
  public record Scaled(int count, int configured, String by) {}

  public Decisions {
    stopped = Collections.unmodifiableSortedMap(new TreeMap<>(stopped));
    disabled = Collections.unmodifiableSortedMap(new TreeMap<>(disabled));
    enabled = Collections.unmodifiableSortedMap(new TreeMap<>(enabled));
    scaled = Collections.unmodifiableSortedMap(new TreeMap<>(scaled));
  }

  /** Some instances were stopped, nothing else was decided. */
  public Decisions(SortedMap<InstanceName, String> stopped) {
    this(stopped, new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
  }

  /** Returns these decisions with {@code instance} stopped by {@code who}. */
  public Decisions stop(InstanceName instance, String who) {
    return new Decisions(with(stopped, instance, who), disabled, enabled, scaled);
  }

  /** Returns these decisions without the one to stop {@code instance}. */
  public Decisions start(InstanceName instance) {
    return stopped.containsKey(instance)
        ? new Decisions(without(stopped, instance), disabled, enabled, scaled)
        : this;
  }

  /** Returns these decisions with {@code instance} disabled by {@code who}. */
  public Decisions disable(InstanceName instance, String who) {
    return new Decisions(
        stopped, with(disabled, instance, who), without(enabled, instance), scaled);
  }

  /**
   * Returns these decisions with {@code instance} no longer disabled.
   *
   * @param against whether its definition says {@code enabled: false}
   */
  public Decisions enable(InstanceName instance, String who, boolean against) {
    return new Decisions(
        stopped,
        without(disabled, instance),
        against ? with(enabled, instance, who) : without(enabled, instance),
        scaled);
  }

  /** Returns these decisions with a program of {@code scale.count()} instances. */
  public Decisions scale(String program, Scaled scale) {
    return new Decisions(stopped, disabled, enabled, with(scaled, program, scale));
  }

  /** Returns these decisions with the number of instances that the files say. */
  public Decisions unscale(String program) {
    return scaled.containsKey(program)
        ? new Decisions(stopped, disabled, enabled, without(scaled, program))
        : this;
  }

  /** Returns these decisions without any about {@code instance}, which is gone. */
  public Decisions forget(InstanceName instance) {
    return stopped.containsKey(instance)
            || disabled.containsKey(instance)
            || enabled.containsKey(instance)
        ? new Decisions(
            without(stopped, instance),
            without(disabled, instance),
            without(enabled, instance),
            scaled)
        : this;
  }

  /** Returns these decisions without those that hold only until the machine is booted. */
  public Decisions afterBoot() {
    return new Decisions(new TreeMap<>(), disabled, enabled, scaled);
  }

  /** Returns who disabled the instance, if somebody did. */
  public Optional<String> disabledBy(InstanceName instance) {
    return Optional.ofNullable(disabled.get(instance));
  }

  private static <K extends Comparable<K>, V> SortedMap<K, V> with(
      SortedMap<K, V> map, K key, V value) {
    TreeMap<K, V> next = new TreeMap<>(map);
    next.put(key, value);
    return next;
  }

  private static <K extends Comparable<K>, V> SortedMap<K, V> without(SortedMap<K, V> map, K key) {
    TreeMap<K, V> next = new TreeMap<>(map);
    next.remove(key);
    return next;
  }
}
