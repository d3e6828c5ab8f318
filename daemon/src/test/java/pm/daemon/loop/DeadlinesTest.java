package pm.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
  private final Deadlines deadlines = new Deadlines();
  private final List<String> done = new ArrayList<>();

  @Test
  void whatIsDueIsDoneInOrder() {
    deadlines.at(30, () -> done.add("third"));
    deadlines.at(10, () -> done.add("first"));
    deadlines.at(10, () -> done.add("second"));
    assertThat(deadlines.next()).isEqualTo(10);
    deadlines.pass(9);
    assertThat(done).isEmpty();
    deadlines.pass(10);
    assertThat(done).containsExactly("first", "second");
    assertThat(deadlines.next()).isEqualTo(30);
    deadlines.pass(100);
    assertThat(done).hasSize(3);
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whatIsDroppedIsNotDone() {
    Deadlines.Deadline dropped = deadlines.at(10, () -> done.add("dropped"));
    deadlines.drop(dropped);
    deadlines.drop(dropped);
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    deadlines.pass(20);
    assertThat(done).isEmpty();
  }

  @Test
  void whatIsAddedMeanwhileWaits() {
    deadlines.at(
        10,
        () -> {
          done.add("once");
          deadlines.at(5, () -> done.add("again"));
        });
    deadlines.pass(10);
    assertThat(done).containsExactly("once");
    assertThat(deadlines.next()).isEqualTo(5);
    deadlines.pass(10);
    assertThat(done).containsExactly("once", "again");
  }

  @Test
  void oneThatThrowsIsDoneAllTheSame() {
    deadlines.at(
        1,
        () -> {
          throw new IllegalStateException("broken");
        });
    deadlines.at(2, () -> done.add("next"));
    try {
      deadlines.pass(5);
      throw new AssertionError("it does not throw");
    } catch (IllegalStateException broken) {
      assertThat(broken).hasMessage("broken");
    }
    deadlines.pass(5);
    assertThat(done).containsExactly("next");
  }
}
