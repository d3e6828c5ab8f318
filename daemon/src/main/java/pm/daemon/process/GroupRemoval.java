package pm.daemon.process;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.loop.BlockingPool;
import pm.daemon.posix.ErrnoException;

/**
 * Removes control groups that are not needed any more. One that something still lives in, because
 * its program was to be left alone, is tried again with the next, and at the end. Loop thread only.
 */
final class GroupRemoval {
  private static final Logger LOG = LoggerFactory.getLogger(GroupRemoval.class);

  /** More than these are not remembered: they stay until the machine is started anew. */
  private static final int MOST_LEFT = 1024;

  private final BlockingPool pool;
  private final Set<ControlGroup> left = new LinkedHashSet<>();
  private boolean isUnderWay;

  GroupRemoval(BlockingPool pool) {
    this.pool = pool;
  }

  /** Has a group removed. */
  void remove(ControlGroup group) {
    if (left.size() < MOST_LEFT) {
      left.add(group);
    } else {
      LOG.warn("control group {} is left behind: too many are in use still", group.folder());
    }
    begin();
  }

  /** Removes what was not removed yet, as far as nothing lives in it. Waits for no process. */
  void close() {
    left.removeIf(GroupRemoval::isRemoved);
  }

  private void begin() {
    if (isUnderWay || left.isEmpty()) {
      return;
    }
    List<ControlGroup> batch = List.copyOf(left);
    isUnderWay =
        pool.submit(
            () -> removed(batch),
            removed -> {
              isUnderWay = false;
              removed.forEach(left::remove);
              if (!batch.containsAll(left)) {
                begin();
              }
            },
            thrown -> {
              isUnderWay = false;
              LOG.warn("control groups cannot be removed", thrown);
            });
  }

  private static List<ControlGroup> removed(List<ControlGroup> batch) {
    return batch.stream().filter(GroupRemoval::isRemoved).toList();
  }

  private static boolean isRemoved(ControlGroup group) {
    try {
      return group.remove();
    } catch (ErrnoException refused) {
      LOG.warn("{}", refused.getMessage());
      return true;
    }
  }
}
