package pm.daemon.core.task;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.model.InvocationId;

/** The tasks of one pool: those that wait, those in hand, and those that have ended. */
public final class PoolTasks {

  /** The pool of what is no task yet. */
  static final PoolTasks NONE = new PoolTasks("", -1);

  private record Lease(InvocationId invocation, long sequence) {}

  private final String name;
  private final int index;
  final TaskQueue waiting = new TaskQueue();
  final TaskList ended = new TaskList();
  int running;
  private String lastType = "";
  private String lastSubmitter = "";

  /** The last lease of each slot, as far as a daemon before us has kept it. */
  private final Map<Integer, Lease> leases = new HashMap<>();

  PoolTasks(String name, int index) {
    this.name = name;
    this.index = index;
  }

  public String name() {
    return name;
  }

  /** Returns its number, from 0, by which its owner finds it. */
  public int index() {
    return index;
  }

  public TaskQueue waiting() {
    return waiting;
  }

  /** Returns how many are in hand. */
  public int running() {
    return running;
  }

  /** Returns how many have ended and are known. */
  public int ended() {
    return ended.size();
  }

  /** Returns the one that ended first of those that are known; null if there is none. */
  public @Nullable Task firstEnded() {
    return ended.first();
  }

  /** Returns the greatest sequence that a daemon before us gave to an invocation; 0 for none. */
  public long lastSequence(int slot, InvocationId invocation) {
    Lease lease = leases.get(slot);
    return lease != null && lease.invocation().equals(invocation) ? lease.sequence() : 0;
  }

  void leased(int slot, InvocationId invocation, long sequence) {
    if (sequence > lastSequence(slot, invocation)) {
      leases.put(slot, new Lease(invocation, sequence));
    }
  }

  /** Returns the text of the task before, if it is the same: thousands share one. */
  String canonicalType(String type) {
    if (!type.equals(lastType)) {
      lastType = type;
    }
    return lastType;
  }

  String canonicalSubmitter(String by) {
    if (!by.equals(lastSubmitter)) {
      lastSubmitter = by;
    }
    return lastSubmitter;
  }
}
