package pm.daemon.core.pool;

import java.util.HashMap;
import java.util.Map;

/** Which workers of a pool are being replaced, each by which slot. */
final class Replacements {
  /** In place of a slot: none is there to take its place before it is gone. */
  static final int NONE = 0;

  private final Map<Integer, Integer> successors = new HashMap<>();

  /** How many are to be started in the place of workers that went before. */
  int owed;

  boolean isEmpty() {
    return successors.isEmpty();
  }

  boolean has(Worker worker) {
    return successors.containsKey(worker.slot());
  }

  /** Returns how many are being replaced. */
  int size() {
    return successors.size();
  }

  /** Returns the slot that takes the place of a worker that is being replaced. */
  int successor(Worker worker) {
    return successors.getOrDefault(worker.slot(), NONE);
  }

  void begin(Worker worker, int successor) {
    successors.put(worker.slot(), successor);
  }

  void end(Worker worker) {
    successors.remove(worker.slot());
  }
}
