package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StartKind;

class DeadlinesTest {

  private final TreeMap<InstanceName, Instance> instances = new TreeMap<>();
  private final Deadlines deadlines = new Deadlines(instances);

  private void put(int number, long deadline) {
    InstanceName name = new InstanceName("web", number);
    Instance instance =
        Instance.fresh(
            name,
            new Phase.Dead(DeadReason.BACKOFF, "", deadline, StartKind.RESTART, Actor.POLICY));
    instances.put(name, instance);
    deadlines.note(instance);
  }

  private static InstanceName web(int number) {
    return new InstanceName("web", number);
  }

  @Test
  void withoutInstancesNothingIsDue() {
    assertThat(deadlines.earliest()).isEqualTo(Moment.NEVER);
    assertThat(deadlines.over(Long.MAX_VALUE - 1)).isEmpty();
  }

  @Test
  void theEarliestComesFirst() {
    put(1, 30);
    put(2, 10);
    put(3, 20);
    put(4, Moment.NEVER);
    assertThat(deadlines.earliest()).isEqualTo(10);
    assertThat(deadlines.over(9)).isEmpty();
    assertThat(deadlines.over(20)).containsExactly(web(2), web(3));
    assertThat(deadlines.over(Long.MAX_VALUE - 1)).containsExactly(web(2), web(3), web(1));
  }

  @Test
  void whatIsOverStaysUntilItIsChanged() {
    put(1, 10);
    assertThat(deadlines.over(10)).containsExactly(web(1));
    assertThat(deadlines.over(10)).containsExactly(web(1));
    put(1, 40);
    assertThat(deadlines.over(10)).isEmpty();
    assertThat(deadlines.earliest()).isEqualTo(40);
  }

  @Test
  void anOldDeadlineMeansNothing() {
    put(1, 10);
    put(1, Moment.NEVER);
    put(2, 20);
    instances.remove(web(2));
    assertThat(deadlines.earliest()).isEqualTo(Moment.NEVER);
    assertThat(deadlines.over(100)).isEmpty();
  }

  @Test
  void manyOldDeadlinesBehindAnEarlyOneMeanNothingEither() {
    put(1, 5);
    for (int i = 1; i <= 1_000; i++) {
      put(2, 2_000 - i);
    }
    put(3, 7);
    assertThat(deadlines.over(999)).containsExactly(web(1), web(3));
    assertThat(deadlines.over(1_000)).containsExactly(web(1), web(3), web(2));
    put(1, Moment.NEVER);
    put(3, Moment.NEVER);
    assertThat(deadlines.earliest()).isEqualTo(1_000);
  }

  @Test
  void theSameDeadlineTwiceIsDueOnce() {
    put(1, 10);
    put(1, 10);
    assertThat(deadlines.over(10)).containsExactly(web(1));
  }

  @Test
  void agreesWithALookAtAllOfThem() {
    SplittableRandom random = new SplittableRandom(9);
    for (int i = 0; i < 20_000; i++) {
      put(1 + random.nextInt(20), random.nextInt(5) == 0 ? Moment.NEVER : random.nextInt(1_000));
      if (random.nextInt(10) == 0) {
        instances.remove(web(1 + random.nextInt(20)));
      }
      long now = random.nextInt(1_000);
      List<InstanceName> due = new ArrayList<>();
      long earliest = Moment.NEVER;
      for (Instance instance : instances.values()) {
        earliest = Math.min(earliest, instance.phase().deadline());
        if (instance.phase().deadline() <= now) {
          due.add(instance.name());
        }
      }
      assertThat(deadlines.earliest()).isEqualTo(earliest);
      assertThat(deadlines.over(now)).containsExactlyInAnyOrderElementsOf(due);
    }
  }
}
