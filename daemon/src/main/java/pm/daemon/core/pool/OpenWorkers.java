package pm.daemon.core.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The workers of a pool that may get one more task, in no order. */
final class OpenWorkers {
  private @Nullable Worker[] open = new @Nullable Worker[4];
  private int size;

  int size() {
    return size;
  }

  Worker get(int index) {
    Worker worker = open[index];
    if (worker == null) {
      throw new IndexOutOfBoundsException(index);
    }
    return worker;
  }

  /** Adds or takes out a worker that may have become open or closed. */
  void review(Worker worker, int concurrency) {
    boolean isOpen = worker.isOpen(concurrency);
    if (isOpen == worker.openIndex >= 0) {
      return;
    }
    if (isOpen) {
      if (size == open.length) {
        open = Arrays.copyOf(open, 2 * size);
      }
      open[size] = worker;
      worker.openIndex = size++;
    } else {
      Worker last = get(--size);
      open[worker.openIndex] = last;
      last.openIndex = worker.openIndex;
      open[size] = null;
      worker.openIndex = -1;
    }
  }
}
