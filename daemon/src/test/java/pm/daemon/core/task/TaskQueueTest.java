package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.task.TaskMaker.SECOND;
import static pm.daemon.core.task.TaskMaker.queued;
import static pm.daemon.core.task.TaskMaker.returned;
import static pm.daemon.core.task.TaskMaker.started;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

class TaskQueueTest {
  private static final long AGING = 10 * SECOND;
  private static final List<Priority> LEVELS = List.of(Priority.values());

  private final Tasks tasks = new Tasks();
  private final TaskQueue queue = tasks.pool("p").waiting();

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "0, 1000, 0",
    "1, 0, 1",
    "1, 9, 1",
    "1, 10, 0",
    "1, 500, 0",
    "2, 9, 2",
    "2, 10, 1",
    "2, 19, 1",
    "2, 20, 0",
    "3, 10, 2",
    "3, 29, 1",
    "3, 30, 0",
    "3, 31, 0"
  })
  void whoWaitsRisesOneLevelEachTime(int level, long waited, long risen) {
    assertThat(TaskQueue.risen(level, waited * SECOND, AGING)).isEqualTo(risen);
  }

  @Test
  void theMoreUrgentComesFirstThenTheOlder() {
    add(1, Priority.LOW, 0);
    add(2, Priority.NORMAL, 0);
    add(3, Priority.NORMAL, 0);
    add(4, Priority.CRITICAL, 1);
    add(5, Priority.HIGH, 1);
    assertThat(order(1)).containsExactly(4L, 5L, 2L, 3L, 1L);
  }

  @Test
  void whoHasWaitedLongEnoughGoesBeforeTheMoreUrgentThatCameLater() {
    add(1, Priority.LOW, 0);
    add(2, Priority.HIGH, 5);
    assertThat(order(19)).as("LOW has risen to HIGH at 20 only").containsExactly(2L, 1L);
    add(1, Priority.LOW, 0);
    add(2, Priority.HIGH, 11);
    assertThat(order(20)).containsExactly(1L, 2L);
  }

  @Test
  void whoComesBackGoesToHisOldPlace() {
    for (long number = 1; number <= 4; number++) {
      add(number, Priority.NORMAL, number);
    }
    start(2, 5);
    tasks.giveBack(task(2), returned(2, 6, 8));
    queue.wake(7 * SECOND);
    assertThat(queue.first(7 * SECOND, AGING)).isSameAs(task(1));
    assertThat(queue.delayed()).isEqualTo(1);
    assertThat(queue.nextWake()).isEqualTo(8 * SECOND);
    queue.wake(8 * SECOND);
    assertThat(queue.nextWake()).isEqualTo(Moment.NEVER);
    assertThat(order(8)).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void aTaskThatIsHeldBackWaitsFromThenOn() {
    tasks.queue(queued(1, Priority.NORMAL, 0, 5));
    add(2, Priority.NORMAL, 3);
    queue.wake(5 * SECOND);
    assertThat(order(5)).containsExactly(2L, 1L);
  }

  @Test
  void theOldestIsWhoCouldHaveBeenGivenOutLongest() {
    assertThat(queue.oldestSince()).isEqualTo(Moment.NEVER);
    add(1, Priority.NORMAL, 1);
    start(1, 2);
    tasks.giveBack(task(1), returned(1, 30, 40));
    assertThat(queue.oldestSince()).as("it waits for its time").isEqualTo(Moment.NEVER);
    queue.wake(40 * SECOND);
    assertThat(queue.oldestSince()).isEqualTo(40 * SECOND);
    add(2, Priority.LOW, 35);
    assertThat(queue.oldestSince()).isEqualTo(35 * SECOND);
  }

  @Test
  void theDepthCountsAsTheyHaveRisen() {
    add(1, Priority.LOW, 0);
    add(2, Priority.LOW, 15);
    add(3, Priority.NORMAL, 0);
    add(4, Priority.CRITICAL, 0);
    tasks.queue(queued(5, Priority.HIGH, 0, 100));
    assertThat(queue.depth(20 * SECOND, AGING))
        .containsEntry(Priority.CRITICAL, 2)
        .containsEntry(Priority.HIGH, 2)
        .containsEntry(Priority.NORMAL, 0)
        .containsEntry(Priority.LOW, 1);
  }

  @Test
  void itIsWhatASortWouldSayWhateverHappens() {
    for (long seed = 1; seed <= 300; seed++) {
      checkAgainstASort(seed);
    }
  }

  private static void checkAgainstASort(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Tasks tasks = new Tasks();
    TaskQueue queue = tasks.pool("p").waiting();
    List<Task> known = new ArrayList<>();
    long now = 0;
    for (int step = 0; step < 200; step++) {
      now += random.nextInt(3);
      int dice = random.nextInt(10);
      if (dice < 5) {
        long later = random.nextInt(3) == 0 ? random.nextInt(30) : 0;
        Priority priority = LEVELS.get(random.nextInt(4));
        known.add(tasks.queue(queued(tasks.nextNumber(), priority, now, now + later)));
      } else if (dice < 6 && !known.isEmpty()) {
        Task task = known.get(random.nextInt(known.size()));
        if (task.state() == TaskState.QUEUED) {
          tasks.end(task, TaskMaker.ended(task.number(), TaskState.CANCELLED, now));
          known.remove(task);
        } else {
          tasks.giveBack(task, returned(task.number(), now, now + random.nextInt(20)));
        }
      } else {
        queue.wake(now * SECOND);
        Task first = queue.first(now * SECOND, AGING);
        assertThat(first).as("seed %d", seed).isSameAs(expected(known, now * SECOND));
        if (first != null) {
          tasks.start(first, started(first.number(), first.attempts() + 1, now));
        }
      }
    }
  }

  private static @Nullable Task expected(List<Task> known, long nowNanos) {
    return known.stream()
        .filter(task -> task.state() == TaskState.QUEUED && task.notBeforeNanos() <= nowNanos)
        .min(
            Comparator.comparingLong((Task task) -> level(task, nowNanos))
                .thenComparingLong(Task::sinceNanos)
                .thenComparingLong(Task::number))
        .orElse(null);
  }

  private static long level(Task task, long nowNanos) {
    return Math.max(0, task.priority().rank() - Math.max(0, nowNanos - task.sinceNanos()) / AGING);
  }

  private void add(long number, Priority priority, long at) {
    tasks.queue(queued(number, priority, at, at));
  }

  private void start(long number, long at) {
    TaskEntry.Started started = started(number, 1, at);
    tasks.start(task(number), started);
  }

  private Task task(long number) {
    Task task = tasks.find(number);
    if (task == null) {
      throw new IllegalArgumentException("no task " + number);
    }
    return task;
  }

  /** Takes all out in their order, and forgets them. */
  private List<Long> order(long at) {
    List<Long> order = new ArrayList<>();
    Task first = queue.first(at * SECOND, AGING);
    while (first != null) {
      order.add(first.number());
      tasks.forget(first);
      first = queue.first(at * SECOND, AGING);
    }
    return order;
  }
}
