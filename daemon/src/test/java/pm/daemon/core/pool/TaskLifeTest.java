package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;

/** Stories of single tasks. */
class TaskLifeTest {

  @Test
  void ofAWorkerThatDiedOnlyWhatItWroteItselfIsEvidence() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 3, 1));
    long began = yard.now().wall().toEpochMilli();
    yard.pass("30S");
    yard.submit(task());
    yard.pass("5S");
    yard.fleet.gone(1, ExitCause.SIGNAL, "killed by SIGSEGV", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.evidence)
        .singleElement()
        .matches(read -> read.beganMillis() == began)
        .matches(read -> read.endedMillis() == began + 35_000);
    assertThat(yard.grave).as("a dead letter").containsExactly("task-failed");
  }

  @Test
  void theLastAttemptOfATaskThatHasFailedCountsAmongItsFailures() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 1, 1));
    yard.submit(task());
    yard.failed(1, 1, 1);
    yard.passToDeadline();
    yard.failed(1, 1, 2);
    assertThat(yard.grave).containsExactly("task-failed");
    assertThat(yard.pools.task("k3f9-1", yard.now()).orElseThrow().failures()).isEqualTo(2);
    yard.crash();
    assertThat(yard.pools.task("k3f9-1", yard.now()).orElseThrow().failures()).isEqualTo(2);
  }

  @Test
  void aTaskWhoseDataCannotBeReadIsTriedAFewTimesAndFailsWithTheReason() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    long begin = yard.now().nanos();
    String why = "its data cannot be read from the store: 7 bytes at 9 of 3.tasks are damaged";
    for (int attempt = 1; attempt <= 4; attempt++) {
      yard.said();
      yard.report(new TaskReport.NoData(yard.fleet.invocation(1), 1, attempt, true, why));
      assertThat(yard.saidBut("idle"))
          .containsExactly(
              "returned 1: not sent: " + why,
              "Withdraw[invocation=00000000000000000000000000000001, task=1, attempt=%d]"
                  .formatted(attempt));
      yard.passToDeadline();
      assertThat(yard.said()).contains("started 1/" + (attempt + 1) + " @1");
    }
    assertThat(yard.now().nanos() - begin).isEqualTo(15_000_000_000L);
    yard.report(new TaskReport.NoData(yard.fleet.invocation(1), 1, 5, true, why));
    assertThat(yard.said())
        .contains("ended 1 FAILED: " + why + ", tried 5 times")
        .contains("task-failed k3f9-1: " + why + ", tried 5 times");
  }

  @Test
  void dataThatAreReadLaterBecauseThereIsTooMuchToReadAreWaitedForWithoutEnd() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    for (int attempt = 1; attempt <= 20; attempt++) {
      yard.report(
          new TaskReport.NoData(yard.fleet.invocation(1), 1, attempt, false, "too much to read"));
      yard.pass("1S");
    }
    assertThat(yard.said()).contains("started 1/21 @1").noneMatch(said -> said.contains("FAILED"));
  }

  @Test
  void aTaskIsQueuedSentAndEnds() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "queued 1",
            "reply 1 [k3f9-1 QUEUED new]",
            "started 1/1 @1",
            "send i1 1/1 #1",
            "busy p@1");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).containsExactly("ended 1 SUCCEEDED", "idle p@1");
    assertThat(yard.pools.task("k3f9-1", yard.now())).isPresent();
  }

  @Test
  void whoeverWaitsForTheEndIsAnsweredOnceWithTheResult() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(true, 0, task());
    assertThat(yard.said()).noneMatch(line -> line.startsWith("reply"));
    yard.succeeded(1, 1, 1);
    assertThat(yard.said())
        .containsExactly("ended 1 SUCCEEDED", "reply 1 [k3f9-1 SUCCEEDED new = 7]", "idle p@1");
  }

  @Test
  void whoeverHasGoneIsNotAnsweredAndNothingOfHisComesInAnyMore() {
    Yard yard = Yard.up(1, rules -> rules.queue(2, Duration.ofMinutes(5)));
    yard.submit(true, 0, task());
    yard.submit(task());
    yard.submit(false, 60_000_000_000L, task(), task());
    yard.said();
    yard.report(new TaskReport.Left(1));
    yard.report(new TaskReport.Left(3));
    yard.succeeded(1, 1, 1);
    yard.succeeded(1, 2, 1);
    assertThat(yard.said())
        .noneMatch(line -> line.startsWith("reply") || line.startsWith("queued"));
    assertThat(yard.pools.nextDeadline()).isGreaterThan(yard.now().nanos() + 60_000_000_000L);
  }

  @Test
  void aFailedAttemptIsTriedAgainLaterAndLaterUntilItIsADeadLetter() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(5), 2, 2));
    yard.submit(task());
    yard.said();
    yard.failed(1, 1, 1);
    assertThat(yard.said()).containsExactly("returned 1 failure: error: no", "idle p@1");
    yard.pass("0.999S");
    assertThat(yard.said()).isEmpty();
    yard.pass("0.001S");
    assertThat(yard.said()).containsExactly("started 1/2 @1", "send i1 1/2 #2", "busy p@1");
    yard.failed(1, 1, 2);
    yard.said();
    yard.pass("1.9S");
    assertThat(yard.said()).isEmpty();
    yard.passToDeadline();
    assertThat(yard.said()).contains("started 1/3 @1");
    yard.failed(1, 1, 3);
    assertThat(yard.said())
        .containsExactly("ended 1 FAILED: error: no", "task-failed k3f9-1: error: no", "idle p@1");
  }

  @Test
  void whatIsTriedAgainLaterIsKeptWithBothClocks() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.failed(1, 1, 1);
    TaskEntry.Returned returned = (TaskEntry.Returned) yard.entries.getLast();
    assertThat(returned.notBeforeNanos()).isEqualTo(yard.now().nanos() + 1_000_000_000L);
    assertThat(returned.notBeforeMillis()).isEqualTo(yard.now().wall().toEpochMilli() + 1_000);
  }

  @Test
  void aDeadLetterIsNotPutBackIntoAFullQueue() {
    Yard yard =
        Yard.up(
            1, rules -> rules.task(Duration.ofMinutes(5), 0, 2).queue(1, Duration.ofMinutes(5)));
    yard.submit(task());
    yard.failed(1, 1, 1);
    yard.submit(task());
    yard.submit(task());
    yard.said();
    yard.handle(new TaskCommand.Retry(8, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said())
        .containsExactly("reply 8 [k3f9-1 FAILED refused: the queue of pool p is full]");
    yard.succeeded(1, 2, 1);
    yard.said();
    yard.handle(new TaskCommand.Retry(9, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said()).contains("put-back 1", "reply 9 [k3f9-1 QUEUED]");
  }

  @Test
  void whereStopsTakeNoTimeAnAttemptThatIsTooSlowIsKilledAtOnce() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofSeconds(10), 3, 2));
    yard.spec =
        new ProgramSpec.Builder(yard.spec)
            .stop(new StopSpec("TERM", Duration.ZERO, StopScope.TREE))
            .build();
    yard.pools.define(yard.spec, yard.now(), yard);
    yard.submit(task());
    yard.said();
    yard.pass("10S");
    assertThat(yard.said())
        .containsExactly("cancel i1 k3f9-1", "kill p@1: task k3f9-1 exceeded its limit of 10s");
  }

  @Test
  void anErrorThatForbidsARetryIsTheEnd() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.said();
    yard.report(new TaskReport.Failed(yard.fleet.invocation(1), 1, "", 1, "bad", false));
    assertThat(yard.said()).contains("ended 1 FAILED: error: bad");
  }

  @Test
  void aResultOfAnotherAttemptIsDroppedAndCounted() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.failed(1, 1, 1);
    yard.passToDeadline();
    yard.said();
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).isEmpty();
    assertThat(yard.pools.pools(yard.now()).getFirst().counts()).containsEntry("stale", 1L);
    yard.succeeded(1, 1, 2);
    yard.succeeded(1, 1, 2);
    assertThat(yard.saidBut("idle")).containsExactly("ended 1 SUCCEEDED");
  }

  @Test
  void aTaskThatKillsItsWorkersIsGivenUpWithEvidence() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.said();
    yard.fleet.gone(1, ExitCause.EXIT, "exit 1 after 0.3s", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.said())
        .containsExactly(
            "task-lost k3f9-1: worker died: exit 1 after 0.3s",
            "returned 1 death: worker died: exit 1 after 0.3s",
            "read-evidence p@1 1");
    yard.fleet.up(1);
    yard.settle();
    assertThat(yard.said()).containsExactly("started 1/2 @1", "send i2 1/2 #1", "busy p@1");
    var second = yard.fleet.invocation(1);
    yard.fleet.gone(1, ExitCause.SIGNAL, "killed by SIGSEGV after 2s", DeadReason.BACKOFF);
    yard.settle();
    String died = "worker died: killed by SIGSEGV after 2s; so did before: exit 1 after 0.3s";
    assertThat(yard.said())
        .containsExactly(
            "task-lost k3f9-1: " + died,
            "ended 1 FAILED death: " + died,
            "task-failed k3f9-1: " + died,
            "read-evidence p@1 1");
    yard.report(new TaskReport.Evidence(1, second, "Segmentation fault"));
    assertThat(yard.said()).containsExactly("noted 1/2: Segmentation fault");
    assertThat(yard.pools.task("k3f9-1", yard.now()).orElseThrow().past())
        .extracting(attempt -> attempt.number() + " " + attempt.evidence())
        .containsExactly("1 ", "2 Segmentation fault");
  }

  @Test
  void whatCouldNotBeSentIsSentAgainUnlessItsTimeIsOver() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.said();
    yard.report(new TaskReport.NotSent(yard.fleet.invocation(1), 1, 1, "no room"));
    assertThat(yard.said()).containsExactly("returned 1: not sent: no room", "idle p@1");
    yard.pass("1S");
    assertThat(yard.said()).contains("started 1/2 @1");
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("cancel i1 k3f9-1");
    yard.report(new TaskReport.NotSent(yard.fleet.invocation(1), 1, 2, "no room"));
    assertThat(yard.said())
        .contains("ended 1 TIMED_OUT: exceeded its limit of 5m")
        .noneMatch(line -> line.startsWith("returned"));
  }

  @Test
  void aWorkerThatWasStoppedCostsItsTaskNothing() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(5), 0, 1));
    yard.submit(task());
    yard.said();
    yard.fleet.gone(1, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.fleet.barred.add(1);
    yard.settle();
    assertThat(yard.said()).containsExactly("returned 1: its worker was stopped");
  }

  @Test
  void anAttemptThatIsTooSlowIsCancelledThenItsWorkerKilledAndItsNeighbourComesBack() {
    Yard yard = Yard.up(1, rules -> rules.concurrency(2).task(Duration.ofSeconds(10), 3, 2));
    yard.submit(task());
    yard.pass("5S");
    yard.submit(task());
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("cancel i1 k3f9-1");
    yard.pass("4S");
    assertThat(yard.said()).isEmpty();
    yard.pass("1S");
    assertThat(yard.said()).containsExactly("cancel i1 k3f9-2");
    yard.pass("4.999S");
    yard.succeeded(1, 2, 1);
    assertThat(yard.said()).containsExactly("ended 2 SUCCEEDED");
    yard.submit(task());
    yard.said();
    yard.pass("0.001S");
    assertThat(yard.said()).containsExactly("kill p@1: task k3f9-1 exceeded its limit of 10s");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).as("too late").isEmpty();
    assertThat(yard.pools.pools(yard.now()).getFirst().counts()).containsEntry("stale", 1L);
    yard.fleet.gone(1, ExitCause.TIME_LIMIT, "killed", DeadReason.WAITING);
    yard.settle();
    assertThat(yard.said())
        .containsExactly(
            "ended 1 TIMED_OUT: exceeded its limit of 10s",
            "task-timed-out k3f9-1: exceeded its limit of 10s",
            "returned 3: its worker was stopped: time-limit");
  }

  @Test
  void aResultThatComesInTheLastMomentCounts() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofSeconds(10), 3, 2));
    yard.submit(task());
    yard.passToDeadline();
    yard.said();
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).contains("ended 1 SUCCEEDED");
  }

  @Test
  void anErrorAfterTheTimeIsOverIsTheEnd() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofSeconds(10), 3, 2));
    yard.submit(task());
    yard.passToDeadline();
    yard.said();
    yard.failed(1, 1, 1);
    assertThat(yard.said()).contains("ended 1 TIMED_OUT: exceeded its limit of 10s");
  }

  @Test
  void cancelEndsAWaitingTaskAtOnceAndARunningOneWithItsWorkersAnswer() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task(), task());
    yard.said();
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-2", "k3f9-1")));
    assertThat(yard.said())
        .containsExactly(
            "ended 2 CANCELLED: cancelled by alice",
            "task-cancelled k3f9-2: cancelled by alice",
            "cancelling 1",
            "cancel i1 k3f9-1");
    yard.failed(1, 1, 1);
    assertThat(yard.said())
        .containsExactly(
            "ended 1 CANCELLED: cancelled by alice",
            "task-cancelled k3f9-1: cancelled by alice",
            "reply 7 [k3f9-2 CANCELLED, k3f9-1 CANCELLED]",
            "idle p@1");
  }

  @Test
  void aWorkerThatGoesOnWithACancelledTaskIsKilled() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1")));
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("kill p@1: task k3f9-1 was cancelled and went on");
    yard.fleet.gone(1, ExitCause.TIME_LIMIT, "killed", DeadReason.WAITING);
    yard.settle();
    assertThat(yard.said())
        .contains("ended 1 CANCELLED: cancelled by alice", "reply 7 [k3f9-1 CANCELLED]");
  }

  @Test
  void anOperatorPutsADeadLetterBack() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(5), 0, 2));
    yard.submit(task());
    yard.failed(1, 1, 1);
    yard.said();
    yard.handle(new TaskCommand.Retry(8, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said())
        .containsExactly(
            "put-back 1",
            "reply 8 [k3f9-1 QUEUED]",
            "started 1/2 @1",
            "send i1 1/2 #2",
            "busy p@1");
    yard.handle(new TaskCommand.Retry(9, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said()).containsExactly("reply 9 [k3f9-1 RUNNING: it is RUNNING already]");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).as("the attempt before it was put back").isEmpty();
    yard.succeeded(1, 1, 2);
    yard.said();
    yard.handle(new TaskCommand.Retry(10, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said())
        .containsExactly("reply 10 [k3f9-1 SUCCEEDED refused: it has succeeded]");
  }

  @Test
  void anUnknownTaskIsNoMatch() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said()).containsExactly("reply 7 no match: k3f9-1");
  }
}
