package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.task.Tasks;

class StrategyTest {
  private static final InvocationId WORKER = new InvocationId("a".repeat(32));
  private static final int CONCURRENCY = 100;

  private final Tasks tasks = new Tasks();

  @Test
  void leastBusyIsWhoHasDoneTheFewestThenWhoHasTheFewestInHand() {
    OpenWorkers open = open(worker(1, 5, 0), worker(2, 3, 2), worker(3, 3, 1), worker(4, 9, 0));
    assertThat(picked(PoolSpec.Strategy.LEAST_BUSY, open)).isEqualTo(3);
    assertThat(
            picked(
                PoolSpec.Strategy.LEAST_BUSY,
                open(worker(3, 1, 1), worker(1, 1, 1), worker(2, 1, 1))))
        .isEqualTo(1);
  }

  @Test
  void leastConnectionsIsWhoHasTheFewestInHandThenWhoHasDoneTheFewest() {
    OpenWorkers open = open(worker(1, 5, 1), worker(2, 3, 2), worker(3, 3, 1), worker(4, 9, 1));
    assertThat(picked(PoolSpec.Strategy.LEAST_CONNECTIONS, open)).isEqualTo(3);
    assertThat(
            picked(
                PoolSpec.Strategy.LEAST_CONNECTIONS,
                open(worker(3, 1, 1), worker(1, 1, 1), worker(2, 1, 1))))
        .isEqualTo(1);
  }

  @Test
  void roundRobinGoesBySlotsWhoeverIsOpen() {
    List<Worker> all = List.of(worker(3, 0, 0), worker(1, 0, 0), worker(4, 0, 0), worker(2, 0, 0));
    OpenWorkers open = open(all.toArray(Worker[]::new));
    Strategy strategy = strategy(PoolSpec.Strategy.ROUND_ROBIN);
    List<Integer> slots = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      slots.add(strategy.pick(open).slot());
    }
    close(open, all.get(3));
    for (int i = 0; i < 4; i++) {
      slots.add(strategy.pick(open).slot());
    }
    assertThat(slots).containsExactly(1, 2, 3, 4, 1, 3, 4, 1, 3);
  }

  @Test
  void roundRobinBeginsAgainBehindTheLastWhoeverStandsFirst() {
    OpenWorkers open = open(worker(2, 0, 0), worker(1, 0, 0));
    Strategy strategy = strategy(PoolSpec.Strategy.ROUND_ROBIN);
    List<Integer> slots = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      slots.add(strategy.pick(open).slot());
    }
    assertThat(slots).containsExactly(1, 2, 1, 2, 1);
  }

  @Test
  void weightedRoundRobinIsEvenlyMixed() {
    OpenWorkers open = open(worker(1, 0, 0), worker(2, 0, 0), worker(3, 0, 0));
    Strategy strategy =
        Strategy.of(
            new Rules()
                .workers(1, 3)
                .strategy(PoolSpec.Strategy.WEIGHTED_ROUND_ROBIN, 5, 1, 1)
                .build(),
            new SplittableRandom(1));
    List<Integer> slots = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      slots.add(strategy.pick(open).slot());
    }
    assertThat(slots).containsExactly(1, 1, 2, 1, 3, 1, 1);
  }

  @Test
  void randomGivesEverybodyHisShare() {
    OpenWorkers open = open(worker(1, 0, 0), worker(2, 0, 0), worker(3, 0, 0));
    Strategy strategy = strategy(PoolSpec.Strategy.RANDOM);
    Map<Integer, Integer> counts = new HashMap<>();
    for (int i = 0; i < 3_000; i++) {
      counts.merge(strategy.pick(open).slot(), 1, Integer::sum);
    }
    assertThat(counts.values()).allMatch(count -> count > 900 && count < 1_100).hasSize(3);
  }

  @Test
  void whoIsClosedIsNotAmongThem() {
    Worker first = worker(1, 0, 0);
    Worker second = worker(2, 0, 0);
    OpenWorkers open = open(first, second);
    close(open, first);
    assertThat(open.size()).isEqualTo(1);
    assertThat(open.get(0)).isSameAs(second);
    first.isClosed = false;
    open.review(first, CONCURRENCY);
    open.review(first, CONCURRENCY);
    assertThat(open.size()).isEqualTo(2);
  }

  private static void close(OpenWorkers open, Worker worker) {
    worker.isClosed = true;
    open.review(worker, CONCURRENCY);
  }

  private static int picked(PoolSpec.Strategy chosen, OpenWorkers open) {
    return strategy(chosen).pick(open).slot();
  }

  private static Strategy strategy(PoolSpec.Strategy chosen) {
    return Strategy.of(new Rules().strategy(chosen).build(), new SplittableRandom(1));
  }

  private static OpenWorkers open(Worker... workers) {
    OpenWorkers open = new OpenWorkers();
    for (Worker worker : workers) {
      open.review(worker, CONCURRENCY);
    }
    return open;
  }

  private Worker worker(int slot, long done, int inHand) {
    Worker worker = new Worker(new InstanceName("p", slot));
    worker.begin(WORKER, 0);
    worker.status = Worker.Status.UP;
    worker.done = done;
    for (int i = 0; i < inHand; i++) {
      NewTask content = Yard.task("", NewTask.DEFAULT_TYPE, Priority.NORMAL, Duration.ZERO);
      worker.take(
          tasks.queue(new TaskEntry.Queued(tasks.nextNumber(), "p", content, 0, 0, 0, "alice")));
    }
    return worker;
  }
}
