package pm.daemon.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;

/**
 * Finds the instances whose deadline is over without looking at all of them.
 *
 * <p>It is an index only: a deadline is a field of an instance's phase, and an entry here that is
 * not the instance's own any more means nothing and is dropped when it comes up.
 */
final class Deadlines {

  private record Mark(long nanos, InstanceName name) implements Comparable<Mark> {
    @Override
    public int compareTo(Mark other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : name.compareTo(other.name);
    }
  }

  private final SortedMap<InstanceName, Instance> instances;
  private PriorityQueue<Mark> marks = new PriorityQueue<>();

  Deadlines(SortedMap<InstanceName, Instance> instances) {
    this.instances = instances;
  }

  /** The instance has a phase of its own now, perhaps with a deadline. */
  void note(Instance instance) {
    long nanos = instance.phase().deadline();
    if (nanos == Moment.NEVER) {
      return;
    }
    if (marks.size() > 64 + 4 * instances.size()) {
      dropStale();
    }
    marks.add(new Mark(nanos, instance.name()));
  }

  /** Returns the earliest deadline, {@link Moment#NEVER} if there is none. */
  long earliest() {
    while (!marks.isEmpty()) {
      Mark mark = marks.element();
      if (isCurrent(mark)) {
        return mark.nanos();
      }
      marks.remove();
    }
    return Moment.NEVER;
  }

  /** Returns those that are over at {@code nanos}, earliest first. They stay in the index. */
  List<InstanceName> over(long nanos) {
    List<Mark> due = new ArrayList<>();
    Set<InstanceName> names = new LinkedHashSet<>();
    while (earliest() <= nanos && !marks.isEmpty()) {
      Mark mark = marks.remove();
      if (names.add(mark.name())) {
        due.add(mark);
      }
    }
    marks.addAll(due);
    return List.copyOf(names);
  }

  private boolean isCurrent(Mark mark) {
    Instance instance = instances.get(mark.name());
    return instance != null && instance.phase().deadline() == mark.nanos();
  }

  private void dropStale() {
    PriorityQueue<Mark> fresh = new PriorityQueue<>();
    for (Mark mark : marks) {
      if (isCurrent(mark)) {
        fresh.add(mark);
      }
    }
    marks = fresh;
  }
}
