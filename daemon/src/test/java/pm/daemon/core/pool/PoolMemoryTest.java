package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec.WhenOpen;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

/** What is held of tasks fits the memory there is, whatever the rules of pools allow. */
class PoolMemoryTest {
  private static final int MILLION = 1_000_000;

  private static Rules large(Rules rules) {
    return rules.queue(MILLION, Duration.ofMinutes(5)).keep(Duration.ofHours(24), MILLION);
  }

  private static NewTask[] many(int count) {
    return Collections.nCopies(count, task()).toArray(NewTask[]::new);
  }

  @Test
  @Tag("large")
  void thereAreNoMoreTasksThanThereIsMemoryFor() {
    Yard yard = Yard.of(PoolMemoryTest::large);
    yard.submit(many(100_000));
    int known = yard.pools.size();
    assertThat(known).isBetween(80_000, 99_000);
    assertThat(yard.said()).anyMatch(line -> line.startsWith("reply 1 full"));
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "reply 2 try again: all pools together have "
                + known
                + " tasks, and there is memory for no more");
  }

  @Test
  @Tag("large")
  void whatHasEndedFirstMakesRoom() {
    Yard yard = Yard.of(PoolMemoryTest::large);
    int count = 85_000;
    yard.submit(many(count));
    List<String> ids = LongStream.rangeClosed(1, count).mapToObj(n -> "k3f9-" + n).toList();
    yard.handle(new TaskCommand.Cancel(yard.request(), Yard.ALICE, ids));
    assertThat(yard.pools.size()).isBetween(75_000, 84_000);
    assertThat(yard.pools.task("k3f9-1", yard.now())).isEmpty();
    assertThat(yard.pools.task("k3f9-" + count, yard.now())).isPresent();
    yard.said();
    yard.submit(task());
    assertThat(yard.said()).contains("queued " + (count + 1));
  }

  @Test
  @Tag("large")
  void whoWaitsForRoomGetsItAsSoonAsAnotherPoolHasForgottenSomething() {
    Yard yard = Yard.of(PoolMemoryTest::large);
    yard.pools.define(Yard.program("a", large(new Rules()).build()), yard.now(), yard);
    yard.submit(many(100_000));
    yard.said();
    yard.submitTo("a", false, Duration.ofMinutes(1).toNanos(), task());
    assertThat(yard.saidBut("wish")).as("it waits").isEmpty();
    List<String> ids = LongStream.rangeClosed(1, 20_000).mapToObj(n -> "k3f9-" + n).toList();
    yard.handle(new TaskCommand.Cancel(yard.request(), Yard.ALICE, ids));
    assertThat(yard.said()).anyMatch(line -> line.startsWith("reply 2 [k3f9-"));
  }

  @Test
  void whatHasEndedFirstIsForgottenWhenTheStoreIsFullAndThenNothingComesIn() {
    Yard yard = Yard.up(1, PoolMemoryTest::large);
    yard.submit(many(100));
    for (int task = 1; task <= 99; task++) {
      yard.succeeded(1, task, 1);
    }
    yard.said();
    yard.report(new TaskReport.StoreFull(true, "results take 256 MiB of memory"));
    assertThat(yard.said())
        .hasSize(65)
        .contains("forgotten 1", "forgotten 64")
        .anyMatch(line -> line.contains("results take 256 MiB of memory: those that ended first"));
    yard.report(new TaskReport.StoreFull(true, "results take 256 MiB of memory"));
    assertThat(yard.said()).hasSize(35).contains("forgotten 99");
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "reply 2 try again: all pools together have 1 tasks, and there is memory for no more"
                + " of their data");
    yard.submit(false, Duration.ofMinutes(1).toNanos(), task());
    assertThat(yard.said()).isEmpty();
    yard.succeeded(1, 100, 1);
    yard.report(new TaskReport.StoreFull(false, ""));
    assertThat(yard.said()).contains("reply 3 [k3f9-101 QUEUED new]");
  }

  @Test
  @Tag("large")
  void ofVeryManyLongErrorsOnlyTheBeginningIsRemembered() {
    Yard yard =
        Yard.up(1, rules -> large(rules).breaker(MILLION, Duration.ofMinutes(1), WhenOpen.HOLD));
    String message = "e".repeat(4_000);
    int count = 3_000;
    yard.submit(many(count));
    for (int task = 1; task <= count; task++) {
      yard.report(new TaskReport.Failed(yard.fleet.invocation(1), task, "", 1, message, false));
    }
    long held =
        LongStream.rangeClosed(1, count)
            .map(n -> yard.pools.task("k3f9-" + n, yard.now()).orElseThrow().error().length())
            .sum();
    assertThat(held).isLessThan(5L << 20);
    assertThat(yard.pools.task("k3f9-1", yard.now()).orElseThrow().error()).endsWith(message);
    assertThat(yard.pools.task("k3f9-" + count, yard.now()).orElseThrow().error())
        .startsWith("error: eee")
        .endsWith("…");
  }

  @Test
  void dataThatWaitForRoomAreBounded() {
    Yard yard = Yard.of(rules -> rules.queue(1, Duration.ofMinutes(5)));
    yard.submit(task());
    yard.said();
    byte[] data = new byte[MILLION];
    Arrays.fill(data, (byte) '1');
    NewTask large =
        new NewTask(
            "", NewTask.DEFAULT_TYPE, Priority.NORMAL, NewTask.POOLS, NewTask.POOLS, 0, data);
    for (int i = 0; i < 8; i++) {
      yard.submit(false, Duration.ofMinutes(1).toNanos(), large);
      assertThat(yard.saidBut("queue-full")).isEmpty();
    }
    yard.submit(false, Duration.ofMinutes(1).toNanos(), large);
    assertThat(yard.saidBut("queue-full")).containsExactly("reply 10 full [] of 1");
    yard.pass("60S");
    assertThat(yard.saidBut("queue-full")).hasSize(8);
    yard.submit(false, Duration.ofMinutes(1).toNanos(), large);
    assertThat(yard.saidBut("queue-full")).isEmpty();
  }
}
