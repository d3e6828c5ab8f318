package pm.daemon.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.Later;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

/**
 * Has sweeps run on the pool, one at a time: what is ordered in one batch of the loop, or while one
 * is under way, is swept together. One that fails is repeated until it does not. Loop thread only.
 */
final class Sweeps {
  private static final Logger LOG = LoggerFactory.getLogger(Sweeps.class);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * What waits.
   *
   * @param done gets what came of it
   * @param delayed called each time that it has to be repeated
   */
  private record Ordered(Sweep.Order order, Consumer<Sweep.Result> done, Runnable delayed) {}

  private final EventLoop loop;
  private final BlockingPool pool;
  private final Later later;
  private final Supplier<Set<Integer>> mains;
  private final int self = Host.pid();
  private List<Ordered> waiting = new ArrayList<>();
  private boolean isOrdered;
  private boolean isUnderWay;
  private int failuresInRow;

  /**
   * @param mains the pids of the main processes of all invocations
   */
  Sweeps(EventLoop loop, BlockingPool pool, Later later, Supplier<Set<Integer>> mains) {
    this.loop = loop;
    this.pool = pool;
    this.later = later;
    this.mains = mains;
  }

  /**
   * Orders a look at all processes.
   *
   * @param done gets what came of it, later; the living are its to close
   * @param delayed called each time that it has to be repeated, because the machine is short of
   *     something
   */
  void order(Sweep.Order order, Consumer<Sweep.Result> done, Runnable delayed) {
    waiting.add(new Ordered(order, done, delayed));
    schedule();
  }

  /** Whether the last sweep has failed, so that what is ordered may take long. */
  boolean areDelayed() {
    return failuresInRow > 0;
  }

  private void schedule() {
    if (!isOrdered && !isUnderWay && !waiting.isEmpty()) {
      isOrdered = true;
      loop.post(this::begin);
    }
  }

  private void begin() {
    isOrdered = false;
    List<Ordered> batch = waiting;
    List<Sweep.Order> orders = batch.stream().map(Ordered::order).toList();
    Set<Integer> present = mains.get();
    isUnderWay =
        pool.submit(
            () -> run(orders, present),
            results -> succeeded(batch, results),
            thrown -> failed(batch, thrown));
    if (isUnderWay) {
      waiting = new ArrayList<>();
    } else {
      // The host grants no thread, and nothing tells us when it does again.
      isOrdered = true;
      later.in(PAUSE_NANOS, this::begin);
      delayed(batch, "there is no thread");
    }
  }

  private List<Sweep.Result> run(List<Sweep.Order> orders, Set<Integer> present)
      throws ErrnoException {
    try {
      return new Sweep(self, present).run(orders);
    } catch (ErrnoException | RuntimeException failed) {
      // The machine is short of something, and nothing tells us when it no longer is.
      LockSupport.parkNanos(PAUSE_NANOS);
      throw failed;
    }
  }

  private void succeeded(List<Ordered> batch, List<Sweep.Result> results) {
    isUnderWay = false;
    failuresInRow = 0;
    schedule();
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).done().accept(results.get(i));
    }
  }

  private void failed(List<Ordered> batch, Throwable thrown) {
    isUnderWay = false;
    waiting.addAll(0, batch);
    schedule();
    delayed(batch, thrown.toString());
  }

  private void delayed(List<Ordered> batch, String why) {
    failuresInRow++;
    if (Integer.bitCount(failuresInRow) == 1) {
      LOG.warn("processes cannot be looked through; trying again: {}", why);
    }
    List.copyOf(batch).forEach(ordered -> ordered.delayed().run());
  }
}
