package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.task.TaskQueue;

/** What is shown of pools. */
final class PoolViews {

  private PoolViews() {}

  static PoolView of(Pool pool, Dispatcher dispatcher, Moment now) {
    TaskQueue waiting = pool.tasks.waiting();
    return new PoolView(
        pool.name(),
        pool.spec(),
        pool.isDefined() ? pool.intake : PoolView.Intake.REMOVED,
        pool.breaker.state().name().toLowerCase(Locale.ROOT).replace('_', '-'),
        pool.breaker.until(),
        held(pool, dispatcher, now),
        waiting.depth(now.nanos(), pool.agingNanos()),
        waiting.delayed(),
        pool.tasks.running(),
        // None that waits is NEVER.
        Math.max(0, now.nanos() - waiting.oldestSince()),
        pool.stall.isStalled(),
        workers(pool),
        pool.counts.named(),
        pool.waits.histogram(),
        pool.runs.histogram());
  }

  private static Optional<String> held(Pool pool, Dispatcher dispatcher, Moment now) {
    if (pool.tasks.waiting().ready() == 0) {
      return Optional.empty();
    }
    String held = dispatcher.inWords(pool, now.nanos());
    if (held.isEmpty() && pool.workers().stream().noneMatch(PoolViews::isUp)) {
      held = "none of its workers is up";
    }
    return held.isEmpty() ? Optional.empty() : Optional.of(held);
  }

  private static boolean isUp(Worker worker) {
    return worker.status == Worker.Status.UP;
  }

  private static List<PoolView.Worker> workers(Pool pool) {
    List<PoolView.Worker> workers = new ArrayList<>();
    for (Worker worker : pool.workers()) {
      if (worker.slot() <= pool.spec().slots() || worker.isThere()) {
        workers.add(new PoolView.Worker(worker.name, state(worker), worker.inHand(), worker.done));
      }
    }
    return workers;
  }

  /** Returns its state; whether one that is up is BUSY, its hands tell. */
  private static InstanceState state(Worker worker) {
    return switch (worker.state) {
      case IDLE, BUSY -> worker.inHand() > 0 ? InstanceState.BUSY : InstanceState.IDLE;
      case STARTING, UNHEALTHY, STOPPING, DEAD -> worker.state;
    };
  }
}
