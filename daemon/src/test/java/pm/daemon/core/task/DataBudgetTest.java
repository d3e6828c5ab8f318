package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of small data so much is held in memory, and no more; the store has the rest. */
class DataBudgetTest {
  private final DataBudget budget = new DataBudget();

  private final List<Task> tasks = new ArrayList<>();

  /** Returns whether the data of another task are held. */
  private boolean holds(int bytes) {
    Task task = new Task();
    tasks.add(task);
    budget.hold(task, new byte[bytes]);
    return task.data.length > 0;
  }

  @Test
  void shortDataAreHeldAndLongOnesAreNot() {
    assertThat(holds(1)).isTrue();
    assertThat(holds(DataBudget.LONGEST)).isTrue();
    assertThat(holds(DataBudget.LONGEST + 1)).isFalse();
    assertThat(holds(0)).isFalse();
    assertThat(budget.held()).isEqualTo(1 + 24 + DataBudget.LONGEST + 24);
  }

  @Test
  void twoMebibytesAreHeldWithWhatEachArrayCosts() {
    int each = 1024 - 24;
    for (long held = 0; held < DataBudget.MOST; held += 1024) {
      assertThat(holds(each)).isTrue();
    }
    assertThat(budget.held()).isEqualTo(DataBudget.MOST);
    assertThat(holds(1)).isFalse();
  }

  @Test
  void whatIsLetGoMakesRoom() {
    while (holds(1000)) {
      assertThat(budget.held()).isLessThanOrEqualTo(DataBudget.MOST);
    }
    long full = budget.held();
    assertThat(budget.release(tasks.getFirst())).hasSize(1000);
    assertThat(budget.held()).isEqualTo(full - 1024);
    // Once only, and of what is not held nothing.
    assertThat(budget.release(tasks.getFirst())).isEmpty();
    assertThat(budget.release(tasks.getLast())).isEmpty();
    assertThat(budget.held()).isEqualTo(full - 1024);
    assertThat(holds(1000)).isTrue();
  }

  @Test
  void itCanHoldNothing() {
    budget.holdNothing();
    assertThat(holds(1)).isFalse();
  }
}
