package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static pm.daemon.core.task.TaskMaker.SECOND;
import static pm.daemon.core.task.TaskMaker.content;
import static pm.daemon.core.task.TaskMaker.ended;
import static pm.daemon.core.task.TaskMaker.queued;
import static pm.daemon.core.task.TaskMaker.returned;
import static pm.daemon.core.task.TaskMaker.started;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

class TasksTest {
  private static final Moment NOW = new Moment(100 * SECOND, Instant.ofEpochSecond(100));

  private static final List<TaskEntry> HISTORY =
      List.of(
          queued(1, Priority.NORMAL, 0, 0),
          queued(2, content("thumb:7", Priority.HIGH, TaskMaker.bytes("[1]")), 1, 9),
          started(1, 1, 2),
          returned(1, 3, 5),
          queued(3, Priority.LOW, 3, 3),
          started(1, 2, 6),
          new TaskEntry.Cancelling(1, "bob"),
          ended(1, TaskState.CANCELLED, 7),
          new TaskEntry.PutBack(1, 8 * SECOND, 8_000, "bob"),
          started(2, 1, 9),
          new TaskEntry.Returned(2, 10_000, 10 * SECOND, 10_000, false, true, "worker died: x"),
          new TaskEntry.Noted(2, 1, "Segmentation fault"),
          started(2, 2, 11),
          new TaskEntry.Ended(
              2, TaskState.FAILED, 12 * SECOND, 12_000, "worker died: y", true, new byte[0]),
          started(3, 1, 13),
          ended(3, TaskState.SUCCEEDED, 14),
          new TaskEntry.Forgotten(3));

  @Test
  void aReplayOfAnyPrefixKnowsWhatWasKnownThen() {
    Tasks live = new Tasks();
    for (int length = 1; length <= HISTORY.size(); length++) {
      live.replay(HISTORY.get(length - 1));
      Tasks later = new Tasks();
      HISTORY.subList(0, length).forEach(later::replay);
      later.replayed();
      assertThat(state(later)).isEqualTo(state(live));
    }
  }

  @Test
  void aPageHasTheSmallestNumbersWhateverTheGaps() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 40; round++) {
      Tasks tasks = new Tasks();
      TreeSet<Long> numbers = new TreeSet<>();
      long number = random.nextInt(20_000);
      for (int i = random.nextInt(3_000); i > 0; i--) {
        number += 1 + (random.nextInt(50) == 0 ? random.nextInt(5_000) : random.nextInt(2));
        tasks.replay(queued(number, Priority.NORMAL, 0, 0));
        numbers.add(number);
      }
      int share = 1 + random.nextInt(5);
      for (int page = 0; page < 20; page++) {
        long after = random.nextLong(number + 2);
        int most = 1 + random.nextInt(1_000);
        assertThat(tasks.page(after, most, task -> task.number() % share == 0))
            .extracting(Task::number)
            .isEqualTo(
                numbers.tailSet(after, false).stream()
                    .filter(each -> each % share == 0)
                    .limit(most)
                    .toList());
      }
    }
  }

  @Test
  void aWholeTaskStandsForAllThatWasKeptOfIt() {
    for (int length = 1; length <= HISTORY.size(); length++) {
      Tasks live = new Tasks();
      HISTORY.subList(0, length).forEach(live::replay);
      Tasks later = new Tasks();
      for (long number = 3; number >= 1; number--) {
        live.whole(number, NOW).ifPresent(later::replay);
      }
      later.replayed();
      later.pools().forEach(pool -> pool.waiting().wake(NOW.nanos()));
      live.pools().forEach(pool -> pool.waiting().wake(NOW.nanos()));
      assertThat(state(later)).isEqualTo(state(live));
    }
  }

  /** All that is known, in words. */
  private static List<String> state(Tasks tasks) {
    List<String> state = new ArrayList<>();
    for (long number = 1; number <= 3; number++) {
      Optional<TaskEntry.Whole> whole = tasks.whole(number, NOW);
      state.add(whole.map(Object::toString).orElse("").replaceAll("data=\\[B@\\w+", ""));
    }
    PoolTasks pool = tasks.pool("p");
    state.add(pool.running() + " running, " + pool.ended() + " ended");
    state.add(pool.waiting().size() + " waiting");
    Task firstEnded = pool.firstEnded();
    state.add("first ended " + firstEnded);
    state.add("first " + pool.waiting().first(NOW.nanos(), SECOND));
    return state;
  }

  @Test
  void whatIsSaidOfAForgottenTaskMeansNothing() {
    Tasks tasks = new Tasks();
    tasks.replay(started(9, 1, 1));
    tasks.replay(ended(9, TaskState.SUCCEEDED, 2));
    assertThat(tasks.size()).isZero();
    assertThat(tasks.nextNumber()).as("no number is given twice").isEqualTo(10);
  }

  @Test
  void numbersGoOnFromTheGreatestThatWasEverGiven() {
    Tasks tasks = new Tasks();
    tasks.replay(queued(3, Priority.LOW, 0, 0));
    tasks.begin("abcd", 41);
    assertThat(tasks.nextNumber()).isEqualTo(42);
  }

  @Test
  void aTaskIsFoundByItsIdOnly() {
    Tasks tasks = new Tasks();
    tasks.begin("k3f9", 0);
    HISTORY.subList(0, 2).forEach(tasks::replay);
    assertThat(tasks.find("k3f9-1")).isSameAs(tasks.find(1));
    assertThat(tasks.find("thumb:7")).isSameAs(tasks.find(2));
    for (String other :
        List.of(
            "k3f9-2",
            "k3f9-01",
            "k3f9-",
            "k3f9-0",
            "k3f9-1x",
            "k3f8-1",
            "1",
            "k3f9-" + "9".repeat(30))) {
      assertThat(tasks.find(other)).as(other).isNull();
    }
  }

  @Test
  void anIdEndsWithTheNumberHoweverLargeItIs() {
    Tasks tasks = new Tasks();
    tasks.begin("k3f9", 0);
    for (long number :
        new long[] {
          1, 9, 10, 99, 100, 123_456_789, Integer.MAX_VALUE, 1L + Integer.MAX_VALUE, Long.MAX_VALUE
        }) {
      Task task = tasks.queue(queued(number, Priority.NORMAL, 0, 0));
      assertThat(tasks.id(task)).isEqualTo("k3f9-" + number);
    }
  }

  @Test
  void theObjectOfAForgottenTaskBecomesAnother() {
    Tasks tasks = new Tasks();
    Task first = tasks.queue(queued(1, content("k", Priority.HIGH, TaskMaker.bytes("{}")), 0, 0));
    first.await(new Task.Waiter() {});
    tasks.start(first, started(1, 1, 1));
    first.allowUntil(5);
    tasks.end(first, ended(1, TaskState.FAILED, 2));
    tasks.forget(first);
    Task second = tasks.queue(queued(2, Priority.NORMAL, 3, 3));
    assertThat(second).isSameAs(first);
    Tasks fresh = new Tasks();
    fresh.queue(queued(2, Priority.NORMAL, 3, 3));
    assertThat(state(tasks)).isEqualTo(state(fresh));
    assertThat(second.isAwaited()).isFalse();
    assertThat(second.graceNanos()).isEqualTo(Moment.NEVER);
    assertThat(tasks.find("k")).isNull();
  }

  @Test
  void whatCannotBeIsRefused() {
    Tasks tasks = new Tasks();
    Task task = tasks.queue(queued(1, Priority.NORMAL, 0, 0));
    assertThatThrownBy(() -> tasks.giveBack(task, returned(1, 1, 1)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tasks.putBack(task, new TaskEntry.PutBack(1, 1, 1, "x")))
        .isInstanceOf(IllegalStateException.class);
    tasks.start(task, started(1, 1, 1));
    assertThatThrownBy(() -> tasks.start(task, started(1, 2, 1)))
        .isInstanceOf(IllegalStateException.class);
    tasks.end(task, ended(1, TaskState.SUCCEEDED, 2));
    assertThatThrownBy(() -> tasks.end(task, ended(1, TaskState.FAILED, 3)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void smallDataAreHeldUpToABoundAndUntilTheFirstAttempt() {
    Tasks tasks = new Tasks();
    byte[] small = new byte[DataBudget.LONGEST];
    Task held = tasks.queue(queued(1, content("", Priority.LOW, small), 0, 0));
    Task large =
        tasks.queue(queued(2, content("", Priority.LOW, new byte[DataBudget.LONGEST + 1]), 0, 0));
    assertThat(tasks.start(large, started(2, 1, 1))).isEmpty();
    long number = 2;
    Task last = held;
    for (long bytes = 0; bytes < 2 * DataBudget.MOST; bytes += small.length) {
      last = tasks.queue(queued(++number, content("", Priority.LOW, small), 0, 0));
    }
    assertThat(last.data).as("there is no room for more").isEmpty();
    assertThat(tasks.start(held, started(1, 1, 1))).isSameAs(small);
    tasks.giveBack(held, returned(1, 2, 2));
    assertThat(tasks.start(held, started(1, 2, 3))).as("the store has them").isEmpty();
    assertThat(tasks.start(last, started(last.number(), 1, 1))).isEmpty();
  }

  @Test
  void onlyTheYoungestAttemptsAreRemembered() {
    Tasks tasks = new Tasks();
    Task task = tasks.queue(queued(1, Priority.NORMAL, 0, 0));
    for (int attempt = 1; attempt <= 50; attempt++) {
      tasks.start(task, started(1, attempt, attempt));
      tasks.giveBack(task, returned(1, attempt, attempt));
    }
    assertThat(task.view("k3f9-1", 3, NOW).past())
        .hasSize(Course.MOST_PAST)
        .extracting(past -> past.number())
        .startsWith(41)
        .endsWith(50);
  }

  @Test
  void twentyThousandWaitingTasksTakeLessThanFiveMegabytes() {
    waiting(100);
    long before = used();
    Tasks tasks = waiting(20_000);
    long bytes = used() - before;
    assertThat(tasks.pool("p").waiting().ready()).isEqualTo(20_000);
    assertThat(bytes).isLessThan(5_000_000);
  }

  private static Tasks waiting(int count) {
    Tasks tasks = new Tasks();
    for (int number = 1; number <= count; number++) {
      byte[] data = TaskMaker.bytes("{\"file\":\"/srv/pictures/" + number + ".jpg\"}");
      tasks.queue(queued(number, content("", Priority.NORMAL, data), number, number));
    }
    return tasks;
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      runtime.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }
}
