package pm.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** All instances as the daemon sends them: first all, then what changes. */
final class WatchedInstances {
  private final Map<Key, Shown> instances = new TreeMap<>();

  /** By what the table is sorted. */
  private record Key(String program, long instance) implements Comparable<Key> {
    static Key of(String name) {
      int at = name.lastIndexOf('@');
      try {
        return new Key(name.substring(0, at), Long.parseLong(name, at + 1, name.length(), 10));
      } catch (NumberFormatException | IndexOutOfBoundsException e) {
        return new Key(name, 0);
      }
    }

    @Override
    public int compareTo(Key other) {
      int programs = program.compareTo(other.program);
      return programs != 0 ? programs : Long.compare(instance, other.instance);
    }
  }

  /** An instance as it came, and when. */
  private record Shown(Members item, long atNanos) {
    /** It as it is now: the time it has been up goes on by itself. */
    Members now(long nanos) {
      if (!(item.values().get("uptime_seconds") instanceof Number seconds)) {
        return item;
      }
      Map<String, Object> values = new LinkedHashMap<>(item.values());
      values.put("uptime_seconds", seconds.doubleValue() + (nanos - atNanos) / 1e9);
      return new Members(values);
    }
  }

  /**
   * Takes over what a notification says.
   *
   * @return whether it says anything
   */
  boolean take(Members change) throws JsonException {
    long now = System.nanoTime();
    boolean changed = false;
    for (Members item : change.objects("items")) {
      instances.put(Key.of(item.string("name")), new Shown(item, now));
      changed = true;
    }
    for (String name : change.strings("gone")) {
      instances.remove(Key.of(name));
      changed = true;
    }
    return changed;
  }

  /** All there are, sorted by name and number, as they are now. */
  List<Members> items() {
    long now = System.nanoTime();
    List<Members> items = new ArrayList<>(instances.size());
    for (Shown shown : instances.values()) {
      items.add(shown.now(now));
    }
    return items;
  }
}
