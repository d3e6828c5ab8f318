package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.Priority;

class TaskHeapTest {

  @Test
  void theEarliestIsFirstWhoeverIsTakenOut() {
    for (long seed = 1; seed <= 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      TaskHeap heap = new TaskHeap();
      List<Task> model = new ArrayList<>();
      long number = 0;
      for (int step = 0; step < 300; step++) {
        if (random.nextInt(5) < 3 || model.isEmpty()) {
          Task task = task(++number, random.nextInt(20));
          heap.add(task, task.notBeforeNanos());
          model.add(task);
        } else {
          Task out = random.nextBoolean() ? first(model) : model.get(random.nextInt(model.size()));
          heap.remove(out);
          model.remove(out);
        }
        assertThat(heap.size()).isEqualTo(model.size());
        assertThat(heap.first())
            .as("seed %d", seed)
            .isSameAs(model.isEmpty() ? null : first(model));
      }
    }
  }

  @Test
  void whoeverIsElsewhereIsRefused() {
    TaskHeap heap = new TaskHeap();
    TaskHeap other = new TaskHeap();
    TaskList list = new TaskList();
    Task task = task(1, 1);
    heap.add(task, 1);
    assertThatThrownBy(() -> heap.add(task, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> list.add(task)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> list.remove(task)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> other.remove(task)).isInstanceOf(IllegalStateException.class);
  }

  private static Task first(List<Task> tasks) {
    return tasks.stream()
        .min(Comparator.comparingLong(Task::notBeforeNanos).thenComparingLong(Task::number))
        .orElseThrow();
  }

  private static Task task(long number, long notBefore) {
    Task task = new Task();
    task.queued(TaskMaker.queued(number, Priority.NORMAL, 0, notBefore), new PoolTasks("p", 0));
    return task;
  }
}
