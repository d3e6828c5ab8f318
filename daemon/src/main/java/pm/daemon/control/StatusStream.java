package pm.daemon.control;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.Supervisor;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.plan.Selection;
import pm.protocol.Json;
import pm.protocol.Streams;

/**
 * Sends instances as {@code status} shows them: first all, then those that have changed, and, while
 * somebody watches, at an interval those whose processor time or memory has. What changes while the
 * reader is slow is sent once, as it is when there is room: a status has no history, so there are
 * no gaps. Loop thread only, but for making the text.
 */
final class StatusStream implements Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(StatusStream.class);

  /** Changes that follow each other faster are shown together. */
  private static final long SHORTEST_NANOS = 100_000_000L;

  /** How long to wait with a look that nobody has time for. */
  private static final long RETRY_NANOS = 1_000_000_000L;

  private static final int CHUNK = 100;

  private final Connection connection;
  private final long number;
  private final ControlPorts ports;
  private final Reads reads;
  private final Samples samples;
  private final Watchers watchers;
  private final List<String> selectors;
  private final long intervalNanos;

  private final Map<InstanceName, Seen> seen = new HashMap<>();

  /** What this look has still to make text of. */
  private final ArrayDeque<Shown> pending = new ArrayDeque<>();

  private List<String> gone = new ArrayList<>();
  private boolean working;
  private boolean closed;

  /** Whether something of this look was sent, so that its end must be. */
  private boolean begun = true;

  private long lastLook = Long.MIN_VALUE / 2;
  private long wakeAt = Moment.NEVER;
  private long nextMeasure = Moment.NEVER;

  /**
   * What was last seen of an instance.
   *
   * @param hash of what was sent of it, without what changes all the time
   */
  private record Seen(Shown shown, long hash) {}

  /** The text of an instance, and its hash. */
  private record Item(InstanceName name, String text, long hash) {}

  /**
   * @param intervalNanos how often to measure, {@link Long#MAX_VALUE} for only with other changes
   */
  StatusStream(
      Connection connection,
      long number,
      ControlPorts ports,
      Reads reads,
      Samples samples,
      Watchers watchers,
      List<String> selectors,
      long intervalNanos) {
    this.connection = connection;
    this.number = number;
    this.ports = ports;
    this.reads = reads;
    this.samples = samples;
    this.watchers = watchers;
    this.selectors = List.copyOf(selectors);
    this.intervalNanos = intervalNanos;
    watchers.add(this);
  }

  @Override
  public void close() {
    closed = true;
    watchers.remove(this);
  }

  /** Returns when it must look although nothing happens. */
  long nextDeadline() {
    return isBusy() ? Moment.NEVER : Math.min(wakeAt, nextMeasure);
  }

  private boolean isBusy() {
    return working || !pending.isEmpty();
  }

  /** Something may have changed. */
  void look(Moment now) {
    if (closed || isBusy()) {
      return;
    }
    if (now.nanos() - lastLook < SHORTEST_NANOS) {
      wakeAt = lastLook + SHORTEST_NANOS;
      return;
    }
    boolean measure = now.nanos() >= nextMeasure;
    lastLook = now.nanos();
    wakeAt = Moment.NEVER;
    if (measure || nextMeasure == Moment.NEVER) {
      nextMeasure = intervalNanos == Long.MAX_VALUE ? Moment.NEVER : lastLook + intervalNanos;
    }
    gather(measure, now);
    pump();
  }

  private void gather(boolean all, Moment now) {
    Supervisor supervisor = ports.supervisor();
    List<InstanceName> names =
        switch (supervisor.select(selectors)) {
          case Selection.Found found -> found.instances();
          case Selection.Nothing _ -> List.of();
        };
    for (InstanceName name : names) {
      Shown shown = Shown.of(ports, name, now);
      Seen before = seen.get(name);
      if (all || before == null || hasChanged(before.shown(), shown)) {
        pending.add(shown);
      }
    }
    if (names.size() < seen.size() + pending.size()) {
      Set<InstanceName> present = new HashSet<>(names);
      seen.keySet()
          .removeIf(
              name -> {
                boolean isGone = !present.contains(name);
                if (isGone) {
                  gone.add(name.toString());
                }
                return isGone;
              });
    }
    if (pending.isEmpty() && (begun || !gone.isEmpty())) {
      send(List.of());
    }
  }

  /** By identity, for the core replaces what changes. The detail tells the time, so not by it. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean hasChanged(Shown shown, Shown shownNow) {
    InstanceView before = shown.view();
    InstanceView now = shownNow.view();
    return !shown.tasksInHand().equals(shownNow.tasksInHand())
        || before.instance() != now.instance()
        || before.asDesired() != now.asDesired()
        || before.spec().orElse(null) != now.spec().orElse(null)
        || !before.problems().equals(now.problems());
  }

  @Override
  public void pump() {
    while (!closed && !working && !pending.isEmpty() && !connection.isFull()) {
      List<Shown> chunk = new ArrayList<>(CHUNK);
      while (chunk.size() < CHUNK && !pending.isEmpty()) {
        chunk.add(pending.remove());
      }
      Moment now = ports.time().now();
      working =
          reads.submit(
              () -> items(chunk, now),
              items -> arrived(chunk, items),
              thrown -> {
                LOG.error("the status cannot be shown", thrown);
                arrived(chunk, List.of());
              });
      if (!working) {
        // Nobody has time: forget what was to be shown, and look again.
        chunk.forEach(shown -> seen.remove(shown.name()));
        pending.forEach(shown -> seen.remove(shown.name()));
        pending.clear();
        wakeAt = lastLook + RETRY_NANOS;
        return;
      }
    }
  }

  /** On the pool. */
  private List<Item> items(List<Shown> chunk, Moment now) {
    List<Item> items = new ArrayList<>(chunk.size());
    for (Shown shown : chunk) {
      Map<String, Object> json = InstanceJson.status(shown, samples.of(shown.view(), now), now);
      String text = Json.write(json);
      json.remove("uptime_seconds");
      items.add(new Item(shown.name(), text, hash(Json.write(json))));
    }
    return items;
  }

  /** FNV-1a with 64 bits: two texts that are alike by accident are not to be expected. */
  private static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  private void arrived(List<Shown> chunk, List<Item> items) {
    working = false;
    if (closed) {
      return;
    }
    Map<InstanceName, Shown> byName = new HashMap<>();
    chunk.forEach(shown -> byName.put(shown.name(), shown));
    List<String> texts = new ArrayList<>();
    for (Item item : items) {
      Shown shown = byName.get(item.name());
      if (shown == null) {
        continue;
      }
      Seen before = seen.put(item.name(), new Seen(shown, item.hash()));
      if (before == null || before.hash() != item.hash()) {
        texts.add(item.text());
      }
    }
    if (!texts.isEmpty() || !gone.isEmpty() || (begun && pending.isEmpty())) {
      send(texts);
    }
    if (pending.isEmpty()) {
      // What has happened meanwhile was not looked at.
      wakeAt = lastLook + SHORTEST_NANOS;
    } else {
      connection.pumpStream(number);
    }
  }

  private void send(List<String> items) {
    StringBuilder object = new StringBuilder("{\"items\":[");
    object.append(String.join(",", items)).append("],\"gone\":");
    Json.write(gone, object);
    object.append(",\"more\":").append(!pending.isEmpty()).append('}');
    gone = new ArrayList<>();
    begun = !pending.isEmpty();
    connection.send(Wire.notification(Streams.STATUS, number, object.toString()));
  }
}
