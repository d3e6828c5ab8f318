package pm.daemon.metrics;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;

/** What is shown of pools. Any thread. */
final class PoolMetrics {
  private static final List<String> RESULTS =
      List.of("succeeded", "failed", "timed_out", "cancelled");
  private static final List<String> BREAKER = List.of("closed", "open", "half-open");
  private static final double NANOS = 1e9;

  private PoolMetrics() {}

  static void write(Exposition text, List<PoolView> pools) {
    text.family("pm_pool_workers", Exposition.Type.GAUGE, "Instances of the pool by their state.");
    for (PoolView pool : pools) {
      Map<InstanceState, Integer> states = new EnumMap<>(InstanceState.class);
      pool.workers().forEach(worker -> states.merge(worker.state(), 1, Integer::sum));
      for (InstanceState state : InstanceState.values()) {
        text.sample(states.getOrDefault(state, 0), "pool", pool.name(), "state", state.name());
      }
    }
    text.family(
        "pm_pool_queue_depth",
        Exposition.Type.GAUGE,
        "Tasks that wait, by the level that they have risen to.");
    for (PoolView pool : pools) {
      for (Priority level : Priority.values()) {
        text.sample(
            pool.depth().getOrDefault(level, 0), "pool", pool.name(), "priority", level.word());
      }
    }
    gauge(
        text,
        pools,
        "pm_pool_queue_capacity",
        "Tasks that may wait at once.",
        pool -> pool.spec().queue().capacity());
    gauge(
        text,
        pools,
        "pm_pool_tasks_delayed",
        "Tasks that wait for their time; they are among those of the queue.",
        PoolView::delayed);
    gauge(
        text,
        pools,
        "pm_pool_tasks_running",
        "Tasks that workers have in hand.",
        PoolView::running);
    gauge(
        text,
        pools,
        "pm_pool_oldest_wait_seconds",
        "How long the oldest task has waited that could begin.",
        pool -> pool.oldestWaitNanos() / NANOS);
    writeTotals(text, pools);
    histogram(
        text,
        pools,
        "pm_pool_task_wait_seconds",
        "How long tasks waited for their first attempt.",
        PoolView::waits);
    histogram(text, pools, "pm_pool_task_run_seconds", "How long attempts lasted.", PoolView::runs);
    text.family("pm_pool_breaker", Exposition.Type.GAUGE, "Which state the breaker is in.");
    for (PoolView pool : pools) {
      for (String state : BREAKER) {
        text.sample(pool.breaker().equals(state) ? 1 : 0, "pool", pool.name(), "state", state);
      }
    }
    gauge(
        text,
        pools,
        "pm_pool_paused",
        "Whether it gives nothing out because an operator says so.",
        pool -> pool.intake() == PoolView.Intake.PAUSED ? 1 : 0);
    gauge(
        text,
        pools,
        "pm_pool_draining",
        "Whether it takes nothing in because an operator says so.",
        pool -> pool.intake() == PoolView.Intake.DRAINING ? 1 : 0);
    gauge(
        text,
        pools,
        "pm_pool_held",
        "Whether nothing is given out although there are tasks.",
        pool -> pool.held().isPresent() ? 1 : 0);
    gauge(
        text,
        pools,
        "pm_pool_stalled",
        "Whether nothing has ended for too long although there are tasks.",
        pool -> pool.isStalled() ? 1 : 0);
  }

  private static void writeTotals(Exposition text, List<PoolView> pools) {
    text.family(
        "pm_pool_tasks_total", Exposition.Type.COUNTER, "Tasks that have ended, by their result.");
    for (PoolView pool : pools) {
      for (String result : RESULTS) {
        text.sample(count(pool, result), "pool", pool.name(), "result", result);
      }
    }
    total(text, pools, "pm_pool_submitted_total", "Tasks that were taken in.", "submitted");
    total(text, pools, "pm_pool_attempts_total", "Attempts that workers were given.", "attempts");
    total(
        text,
        pools,
        "pm_pool_retries_total",
        "Failed attempts that another one follows.",
        "retried");
    total(
        text,
        pools,
        "pm_pool_lost_attempts_total",
        "Attempts that ended with their worker.",
        "lost");
    total(
        text,
        pools,
        "pm_pool_stale_results_total",
        "Results that came too late to count.",
        "stale");
    total(
        text,
        pools,
        "pm_pool_refused_full_total",
        "Tasks that were refused because the queue was full.",
        "refused_full");
  }

  private static void total(
      Exposition text, List<PoolView> pools, String family, String help, String count) {
    text.family(family, Exposition.Type.COUNTER, help);
    for (PoolView pool : pools) {
      text.sample(count(pool, count), "pool", pool.name());
    }
  }

  private static long count(PoolView pool, String name) {
    return pool.counts().getOrDefault(name, 0L);
  }

  private static void gauge(
      Exposition text,
      List<PoolView> pools,
      String family,
      String help,
      ToDoubleFunction<PoolView> value) {
    text.family(family, Exposition.Type.GAUGE, help);
    for (PoolView pool : pools) {
      text.sample(value.applyAsDouble(pool), "pool", pool.name());
    }
  }

  private static void histogram(
      Exposition text,
      List<PoolView> pools,
      String family,
      String help,
      Function<PoolView, PoolView.Histogram> value) {
    text.family(family, Exposition.Type.HISTOGRAM, help);
    for (PoolView pool : pools) {
      text.histogram(value.apply(pool), "pool", pool.name());
    }
  }
}
