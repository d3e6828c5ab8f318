package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.Priority;

class TaskTableTest {

  @Test
  void itIsAMapWhateverIsAddedAndTakenOut() {
    for (long seed = 1; seed <= 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      TaskTable table = new TaskTable();
      Map<Long, Task> model = new HashMap<>();
      // Numbers that lie far apart, side by side, and at multiples of the length of the table.
      long stride = 1L << random.nextInt(20);
      for (int step = 0; step < 400; step++) {
        long number = 1 + stride * random.nextInt(60);
        Task known = model.get(number);
        if (known == null) {
          Task task = task(number);
          table.add(task);
          model.put(number, task);
        } else if (random.nextBoolean()) {
          table.remove(known);
          model.remove(number);
        }
        assertThat(table.size()).as("seed %d", seed).isEqualTo(model.size());
      }
      for (int i = 0; i < 60; i++) {
        assertThat(table.get(1 + stride * i)).isSameAs(model.get(1 + stride * i));
      }
      List<Task> shown = new ArrayList<>();
      table.forEach(shown::add);
      assertThat(shown).containsExactlyInAnyOrderElementsOf(model.values());
    }
  }

  @Test
  void itRefusesANumberTwiceAndAStranger() {
    TaskTable table = new TaskTable();
    table.add(task(7));
    assertThatThrownBy(() -> table.add(task(7))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> table.remove(task(8))).isInstanceOf(IllegalStateException.class);
    assertThat(table.get(8)).isNull();
  }

  private static Task task(long number) {
    Task task = new Task();
    task.queued(TaskMaker.queued(number, Priority.NORMAL, 0, 0), new PoolTasks("p", 0));
    return task;
  }
}
