package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.tasks;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InvocationId;

/** Stories of the last words of workers that died. */
class EvidenceTest {

  @Test
  void whoSaidNothingLeavesNothing() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(1));
    InvocationId died = yard.fleet.invocation(1);
    yard.died(1);
    yard.said();
    yard.report(new TaskReport.Evidence(1, died, ""));
    assertThat(yard.said()).isEmpty();
    yard.report(new TaskReport.Evidence(1, died, "too late"));
    assertThat(yard.said()).as("it was asked once").isEmpty();
  }

  @Test
  void theEndOfWhatItWroteIsNoted() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(1));
    InvocationId died = yard.fleet.invocation(1);
    yard.died(1);
    yard.said();
    String last = "b".repeat(4_096);
    yard.report(new TaskReport.Evidence(1, died, "a" + last));
    assertThat(yard.said()).containsExactly("noted 1/1: " + last);
  }

  @Test
  void ofManyTasksInOneHandItIsNotedWithThoseThatItHadLongest() {
    Yard yard = Yard.up(1, rules -> rules.concurrency(10));
    yard.submit(tasks(10));
    InvocationId died = yard.fleet.invocation(1);
    yard.died(1);
    yard.said();
    yard.report(new TaskReport.Evidence(1, died, "x"));
    assertThat(yard.said())
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, 8).mapToObj(task -> "noted " + task + "/1: x").toList());
  }

  @Test
  void aTaskThatIsForgottenByThenTakesNone() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1).keep(Duration.ZERO, 0));
    yard.submit(tasks(1));
    InvocationId died = yard.fleet.invocation(1);
    yard.died(1);
    assertThat(yard.said()).contains("forgotten 1");
    yard.report(new TaskReport.Evidence(1, died, "x"));
    assertThat(yard.said()).isEmpty();
  }

  @Test
  void ofVeryManyDeathsAtOnceTheFirstIsNotWaitedForAnyMore() {
    int many = 65;
    Yard yard = Yard.up(many, rules -> rules.workers(many, many));
    yard.submit(tasks(many));
    InvocationId first = yard.fleet.invocation(1);
    InvocationId second = yard.fleet.invocation(2);
    InvocationId last = yard.fleet.invocation(many);
    for (int slot = 1; slot <= many; slot++) {
      yard.died(slot);
    }
    yard.said();
    yard.report(new TaskReport.Evidence(1, first, "x"));
    assertThat(yard.said()).isEmpty();
    yard.report(new TaskReport.Evidence(2, second, "x"));
    yard.report(new TaskReport.Evidence(65, last, "x"));
    assertThat(yard.said()).containsExactly("noted 2/1: x", "noted 65/1: x");
  }
}
