package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;
import static pm.daemon.core.pool.Yard.tasks;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/** Stories of pools: their size, what holds them back, who comes in, who takes over. */
class PoolStoryTest {

  // Its size.

  @Test
  void aPoolKeepsItsMinimum() {
    Yard yard = Yard.of(rules -> rules.workers(2, 4));
    yard.fleet.tellAll();
    yard.settle();
    assertThat(yard.said()).containsExactly("start p@1: pool.min is 2", "start p@2: pool.min is 2");
    yard.fleet.ready(1);
    yard.fleet.ready(2);
    yard.settle();
    yard.fleet.gone(1, ExitCause.EXIT, "exit 1", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.said()).as("it comes back by itself").isEmpty();
    yard.fleet.barred.add(1);
    yard.fleet.up(1);
    yard.fleet.gone(1, ExitCause.EXIT, "exit 1", DeadReason.FAILED);
    yard.settle();
    assertThat(yard.said()).containsExactly("start p@3: pool.min is 2");
  }

  @Test
  void aPoolOfNobodyStartsOneOnDemandAndStopsItWhenItIsIdle() {
    Yard yard = Yard.up(0, rules -> rules.workers(0, 3));
    assertThat(yard.pools.nextDeadline()).isEqualTo(Moment.NEVER);
    yard.submit(task());
    assertThat(yard.said()).contains("start p@1: a task waits", "scale: 0 to 1: a task waits");
    yard.fleet.ready(1);
    yard.settle();
    yard.succeeded(1, 1, 1);
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said())
        .containsExactly("scale: 1 to 0: p@1 idle for 1m", "stop p@1 SCALED_DOWN: idle for 1m");
  }

  @Test
  void aPoolGrowsByStepsWhileTasksWaitTooLongAndSaysWhy() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 6).scaleUp(Duration.ofSeconds(4), 2));
    yard.submit(tasks(20));
    yard.said();
    yard.pass("3.9S");
    assertThat(yard.said()).isEmpty();
    yard.pass("0.2S");
    assertThat(yard.said())
        .containsExactly(
            "scale: 1 to 3: oldest task waited 4.1s",
            "start p@2: oldest task waited 4.1s",
            "start p@3: oldest task waited 4.1s");
    yard.pass("3.9S");
    assertThat(yard.said()).isEmpty();
    yard.pass("0.1S");
    assertThat(yard.said()).contains("scale: 3 to 5: oldest task waited 8.1s");
    yard.pass("10S");
    assertThat(yard.said()).contains("scale: 5 to 6: oldest task waited 18s");
  }

  @Test
  void nobodyIsStartedWhileEnoughAreStarting() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 6).scaleUp(Duration.ofSeconds(1), 2));
    yard.submit(tasks(3));
    yard.pass("1S");
    assertThat(yard.said()).contains("scale: 1 to 3: oldest task waited 1s");
    yard.pass("20S");
    assertThat(yard.said()).isEmpty();
  }

  @Test
  void aBusyWorkerIsNeverStoppedToShrinkAndTheHighestSlotGoesFirst() {
    Yard yard = Yard.up(3, rules -> rules.workers(1, 3).idle(Duration.ofSeconds(10)));
    yard.submit(task());
    assertThat(yard.said()).contains("started 1/1 @1");
    yard.pass("10S");
    assertThat(yard.said())
        .containsExactly(
            "scale: 3 to 1: p@2 idle for 10s",
            "stop p@3 SCALED_DOWN: idle for 10s",
            "stop p@2 SCALED_DOWN: idle for 10s");
  }

  @Test
  void whereThereAreTooManyTheyGoWhenTheirHandsAreEmpty() {
    Yard yard = Yard.up(3, rules -> rules.workers(1, 3));
    yard.submit(tasks(3));
    yard.said();
    yard.define(rules -> rules.workers(1, 1));
    assertThat(yard.said()).isEmpty();
    yard.succeeded(3, 3, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly("stop p@3 SCALED_DOWN: pool.max is 1");
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly("stop p@1 SCALED_DOWN: pool.max is 1");
  }

  // Recycling.

  @Test
  void aWorkerThatHasDoneItsShareGoesOnUntilWhoTakesItsPlaceIsReady() {
    Yard yard = Yard.up(1, rules -> rules.recycle(3, Duration.ZERO, 0, 0));
    yard.submit(tasks(6));
    yard.succeeded(1, 1, 1);
    yard.said();
    yard.succeeded(1, 2, 1);
    assertThat(yard.said())
        .containsExactly(
            "ended 2 SUCCEEDED",
            "started 3/1 @1",
            "send i1 3/1 #3",
            "start p@2: takes the place of p@1: it has done 3 tasks");
    yard.succeeded(1, 3, 1);
    assertThat(yard.saidBut("ended", "send")).containsExactly("started 4/1 @1");
    yard.fleet.ready(2);
    yard.settle();
    assertThat(yard.saidBut("send", "busy")).containsExactly("started 5/1 @2");
    yard.succeeded(1, 4, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly(
            "recycle: p@1: it has done 4 tasks", "stop p@1 RECYCLED: it has done 4 tasks");
    yard.fleet.gone(1, ExitCause.RECYCLE, "recycled", DeadReason.STOPPED);
    yard.succeeded(2, 5, 1);
    assertThat(yard.saidBut("ended", "send")).containsExactly("started 6/1 @2");
  }

  @Test
  void aReplacementThatGoesItselfTakesNobodysPlace() {
    Yard yard = Yard.up(1, rules -> rules.recycle(1, Duration.ZERO, 0, 0));
    yard.submit(tasks(4));
    assertThat(yard.said()).contains("start p@2: takes the place of p@1: it has done 1 tasks");
    yard.fleet.ready(2);
    yard.settle();
    assertThat(yard.said()).contains("started 2/1 @2");
    // The one that takes the place of the first has done twice its share before that was free.
    yard.succeeded(2, 2, 1);
    yard.succeeded(2, 3, 1);
    assertThat(yard.said()).contains("stop p@2 RECYCLED: it has done 2 tasks");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said())
        .contains("started 4/1 @1")
        .noneMatch(line -> line.startsWith("stop p@1"));
  }

  @Test
  void aWorkerWhoseReplacementIsSlowDoesTwiceItsShareAtMost() {
    Yard yard = Yard.up(1, rules -> rules.recycle(2, Duration.ZERO, 0, 0));
    yard.submit(tasks(5));
    for (int task = 1; task <= 3; task++) {
      yard.succeeded(1, task, 1);
    }
    assertThat(yard.said()).contains("started 4/1 @1");
    yard.succeeded(1, 4, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly(
            "recycle: p@1: it has done 4 tasks", "stop p@1 RECYCLED: it has done 4 tasks");
    yard.fleet.gone(1, ExitCause.RECYCLE, "recycled", DeadReason.STOPPED);
    yard.fleet.ready(2);
    yard.settle();
    assertThat(yard.saidBut("send", "busy")).containsExactly("started 5/1 @2");
  }

  @Test
  void aWorkerWhoseLastTaskCouldNotBeSentGoesOnAndWhoWasToTakeItsPlaceIsStopped() {
    Yard yard = Yard.up(1, rules -> rules.recycle(2, Duration.ZERO, 0, 0));
    yard.submit(tasks(2));
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).contains("start p@2: takes the place of p@1: it has done 2 tasks");
    yard.report(new TaskReport.NotSent(yard.fleet.invocation(1), 2, 1, "no room"));
    assertThat(yard.said()).contains("stop p@2 SCALED_DOWN: pool.max is 1");
    yard.pass("1S");
    assertThat(yard.said()).contains("started 2/2 @1");
  }

  @Test
  void aWorkerThatIsTooOldGoesOnUntilAnotherIsReady() {
    Yard yard = Yard.up(1, rules -> rules.recycle(0, Duration.ofHours(1), 0, 0));
    yard.pass("1H");
    assertThat(yard.said()).containsExactly("start p@2: takes the place of p@1: it is 1h old");
    yard.submit(tasks(2));
    assertThat(yard.said()).contains("started 1/1 @1");
    yard.fleet.ready(2);
    yard.settle();
    assertThat(yard.saidBut("send", "busy")).containsExactly("started 2/1 @2");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).contains("stop p@1 RECYCLED: it is 1h old");
    assertThat(yard.pools.nextDeadline()).isGreaterThan(yard.now().nanos());
  }

  @Test
  void aReplacementThatCannotStartLeavesTheOldOneInItsPlace() {
    Yard yard = Yard.up(1, rules -> rules.recycle(0, Duration.ofHours(1), 0, 0));
    yard.pass("1H");
    yard.fleet.barred.add(2);
    yard.fleet.gone(2, ExitCause.EXIT, "exit 1", DeadReason.FAILED);
    yard.settle();
    yard.submit(task());
    assertThat(yard.said()).contains("started 1/1 @1");
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("ended", "idle")).isEmpty();
  }

  @Test
  void aWorkerThatIsLargeBeforeItsFirstTaskIsSaidOnceAndStays() {
    Yard yard = Yard.up(0, rules -> rules.recycle(0, Duration.ZERO, 1_000, 0));
    yard.fleet.ready(1);
    yard.settle();
    assertThat(yard.said()).containsExactly("read-usage p@1");
    yard.pools.used(yard.fleet.instance(1), 2_000, yard.now(), yard);
    yard.settle();
    assertThat(yard.said())
        .singleElement()
        .asString()
        .startsWith("recycle: p@1 is above recycle.max_memory before its first task");
    yard.submit(task());
    yard.succeeded(1, 1, 1);
    yard.pools.used(yard.fleet.instance(1), 3_000, yard.now(), yard);
    yard.settle();
    assertThat(yard.said())
        .noneMatch(line -> line.startsWith("stop") || line.startsWith("start p"));
  }

  @Test
  void aWorkerThatHasGrownIsReplaced() {
    Yard yard = Yard.up(1, rules -> rules.recycle(0, Duration.ZERO, 1_000, 0));
    yard.pools.used(yard.fleet.instance(1), 500, yard.now(), yard);
    yard.submit(task());
    yard.succeeded(1, 1, 1);
    yard.pools.used(yard.fleet.instance(1), 2_048, yard.now(), yard);
    yard.said();
    yard.settle();
    assertThat(yard.said()).contains("start p@2: takes the place of p@1: it uses 2KiB");
  }

  // What holds it back.

  @Test
  void aPausedPoolTakesInAndGivesOutNothing() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.pools.intake("p", PoolView.Intake.PAUSED, yard.now(), yard);
    yard.submit(task());
    assertThat(yard.said()).containsExactly("queued 1", "reply 1 [k3f9-1 QUEUED new]");
    assertThat(yard.pools.pools(yard.now()).getFirst().held()).contains("it is paused");
    yard.pools.intake("p", PoolView.Intake.OPEN, yard.now(), yard);
    yard.settle();
    assertThat(yard.said()).contains("started 1/1 @1");
  }

  @Test
  void aDrainedPoolTakesInNothingAndGivesOut() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.pools.intake("p", PoolView.Intake.DRAINING, yard.now(), yard);
    yard.said();
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "reply 2 try again: pool p is drained: it takes nothing in until it is resumed");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).contains("started 2/1 @1");
    assertThat(yard.pools.unfinished("p")).isEqualTo(1);
  }

  @Test
  void anOpenBreakerHoldsTasksBackAndLetsOneThroughLater() {
    Yard yard =
        Yard.up(
            1,
            rules ->
                rules
                    .task(Duration.ofMinutes(1), 0, 2)
                    .breaker(2, Duration.ofSeconds(60), PoolSpec.WhenOpen.HOLD));
    yard.submit(tasks(5));
    yard.failed(1, 1, 1);
    yard.said();
    yard.failed(1, 2, 1);
    assertThat(yard.said())
        .contains(
            "breaker: open: 2 attempts in a row have failed, the last by error: no; tries one in"
                + " 1m")
        .noneMatch(line -> line.startsWith("started"));
    assertThat(yard.pools.pools(yard.now()).getFirst().held())
        .contains("its breaker is open, it tries one task in 1m");
    yard.passToDeadline();
    assertThat(yard.said()).contains("breaker: half-open: one task is tried", "started 3/1 @1");
    yard.succeeded(1, 3, 1);
    assertThat(yard.said())
        .contains("breaker: closed: the attempt that was let through succeeded", "started 4/1 @1");
  }

  @Test
  void anOpenBreakerRefusesSubmitsWhereItIsToldTo() {
    Yard yard =
        Yard.up(
            1,
            rules ->
                rules
                    .task(Duration.ofMinutes(1), 0, 2)
                    .breaker(1, Duration.ofSeconds(60), PoolSpec.WhenOpen.REJECT));
    yard.submit(task());
    yard.failed(1, 1, 1);
    yard.said();
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "reply 2 try again: the breaker of pool p is open, it tries one task in 1m");
    yard.pass("60S");
    yard.said();
    yard.submit(task());
    assertThat(yard.said()).contains("reply 3 [k3f9-2 QUEUED new]");
  }

  @Test
  void aBusyMachineHoldsTasksBackAndThePoolShrinks() {
    Yard yard = Yard.up(3, rules -> rules.workers(1, 3).throttle(90));
    yard.submit(task());
    assertThat(yard.said()).contains("read-load", "started 1/1 @1");
    yard.report(new TaskReport.Load(97, -1));
    assertThat(yard.said())
        .containsExactly(
            "scale: 3 to 1: the machine is too busy",
            "stop p@3 SCALED_DOWN: the machine is too busy",
            "stop p@2 SCALED_DOWN: the machine is too busy");
    yard.submit(task());
    assertThat(yard.said())
        .containsExactly(
            "queued 2",
            "reply 2 [k3f9-2 QUEUED new]",
            "throttle: nothing is given out: the machine uses 97% of cpu, more than 90%");
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("read-load");
    yard.succeeded(1, 1, 1);
    yard.report(new TaskReport.Load(50, -1));
    assertThat(yard.said()).contains("throttle: the machine is well again", "started 2/1 @1");
  }

  @Test
  void aStuckPoolIsRestartedWithWhatItHasInHand() {
    Yard yard =
        Yard.up(
            2,
            rules ->
                rules.workers(2, 2).stall(Duration.ofSeconds(30), PoolSpec.StallAction.RESTART));
    yard.submit(tasks(3));
    yard.said();
    yard.pass("29S");
    yard.report(new TaskReport.Progressed(yard.fleet.invocation(1), 1, "", 0, 0.5, "half"));
    yard.pass("29S");
    assertThat(yard.said()).isEmpty();
    yard.pass("1S");
    assertThat(yard.said())
        .containsExactly(
            "stall: 1 tasks wait, and none of 2 in hand has ended for 30s",
            "stop p@1 STALLED: 1 tasks wait, and none of 2 in hand has ended for 30s",
            "stop p@2 STALLED: 1 tasks wait, and none of 2 in hand has ended for 30s");
    yard.fleet.gone(1, ExitCause.EXIT, "exit 0", DeadReason.WAITING);
    yard.settle();
    assertThat(yard.said())
        .as("it costs nothing")
        .containsExactly("returned 1: its worker was stopped: exit");
  }

  // Who comes in.

  @Test
  void whatThePoolDoesNotAcceptIsRefusedWithWhoDoes() {
    Yard yard = Yard.up(1, rules -> rules.accepts("image.*", "thumb?"));
    yard.submit(typed("image.png"), typed("thumb1"));
    assertThat(yard.said()).contains("reply 1 [k3f9-1 QUEUED new, k3f9-2 QUEUED new]");
    yard.submit(typed("image.png"), typed("mail"));
    assertThat(yard.said())
        .containsExactly(
            "reply 2 refused: pool p does not accept tasks of type 'mail'; no pool does");
    var other =
        new pm.config.ProgramSpec.Builder(Yard.program(new Rules().accepts("mail").build()))
            .name("letters")
            .build();
    yard.pools.define(other, yard.now(), yard);
    yard.submit(typed("mail"));
    assertThat(yard.said())
        .containsExactly(
            "reply 3 refused: pool p does not accept tasks of type 'mail'; these do: letters");
  }

  @Test
  void aFullQueueRefusesTheRestAndTellsWhatIsIn() {
    Yard yard = Yard.up(0, rules -> rules.workers(0, 1).queue(2, Duration.ofMinutes(5)));
    yard.fleet.barred.add(1);
    yard.submit(tasks(3));
    assertThat(yard.saidBut("queued", "start", "scale"))
        .containsExactly(
            "queue-full: its queue has all 2 tasks it may have",
            "reply 1 full [k3f9-1 QUEUED new, k3f9-2 QUEUED new] of 3");
    yard.submit(task());
    assertThat(yard.said()).as("the event comes once").containsExactly("reply 2 full [] of 1");
    assertThat(yard.pools.pools(yard.now()).getFirst().counts()).containsEntry("refused_full", 2L);
  }

  @Test
  void whoWaitsForRoomComesInInTurn() {
    Yard yard = Yard.up(1, rules -> rules.queue(1, Duration.ofMinutes(5)));
    yard.submit(task());
    yard.submit(task());
    yard.said();
    yard.submit(false, Duration.ofSeconds(30).toNanos(), task(), task());
    yard.submit(false, Duration.ofSeconds(5).toNanos(), task());
    assertThat(yard.said()).isEmpty();
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("ended", "started", "send")).containsExactly("queued 3");
    yard.passToDeadline();
    assertThat(yard.said()).contains("reply 4 full [] of 1");
    yard.succeeded(1, 2, 1);
    assertThat(yard.saidBut("ended", "started", "send"))
        .containsExactly("queued 4", "reply 3 [k3f9-3 RUNNING new, k3f9-4 QUEUED new]");
  }

  @Test
  void aKnownKeyAnswersTheSameTaskAndNeedsNoRoom() {
    Yard yard = Yard.up(1, rules -> rules.queue(1, Duration.ofMinutes(5)));
    yard.submit(keyed("a"));
    yard.submit(keyed("b"));
    yard.said();
    yard.submit(keyed("a"), keyed("b"), keyed("b"));
    assertThat(yard.said()).containsExactly("reply 3 [a RUNNING, b QUEUED, b QUEUED]");
    yard.report(new TaskReport.Succeeded(yard.fleet.invocation(1), 0, "a", 1, Yard.bytes("1")));
    assertThat(yard.said()).contains("ended 1 SUCCEEDED");
    yard.submit(keyed("a"));
    assertThat(yard.said()).containsExactly("reply 4 [a SUCCEEDED]");
  }

  @Test
  void aKeyThatLooksLikeOneOfOurIdsOrIsNoneIsRefused() {
    Yard yard = Yard.up(1, rules -> rules);
    for (String key : List.of("k3f9-1", "k3f9-x", "-a", "a b", "ä", "a".repeat(129))) {
      yard.submit(keyed(key));
      assertThat(yard.said()).as(key).singleElement().asString().contains("refused: '" + key);
    }
    yard.submit(keyed("k3f8-1"), keyed("A_b.c:d-1"), keyed("a".repeat(128)));
    assertThat(yard.said()).contains("queued 1", "queued 2", "queued 3");
  }

  @Test
  void anUnknownPoolIsNoMatch() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.handle(new TaskCommand.Submit(9, Yard.ALICE, "q", List.of(task()), false, 0, 0));
    assertThat(yard.said()).containsExactly("reply 9 no match: q");
    assertThat(yard.pools.isPool("p")).isTrue();
    assertThat(yard.pools.isPool("q")).isFalse();
  }

  // How long it is known.

  @Test
  void tasksAreForgottenWhenTheirTimeIsOverOrThereAreTooMany() {
    Yard yard = Yard.up(1, rules -> rules.keep(Duration.ofSeconds(160), 2));
    for (int task = 1; task <= 3; task++) {
      yard.submit(task());
      yard.said();
      yard.succeeded(1, task, 1);
      assertThat(yard.saidBut("idle"))
          .isEqualTo(
              task < 3
                  ? List.of("ended " + task + " SUCCEEDED")
                  : List.of("ended 3 SUCCEEDED", "forgotten 1"));
    }
    assertThat(yard.pools.task("k3f9-1", yard.now())).isEmpty();
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("forgotten 2", "forgotten 3");
    assertThat(yard.pools.size()).isZero();
  }

  @Test
  void whenTheStoreIsFullThoseThatEndedFirstAreForgottenWhateverPoolTheyAreOf() {
    Yard yard = Yard.up(0, rules -> rules.workers(0, 1));
    yard.pools.define(Yard.program("a", new Rules().build()), yard.now(), yard);
    for (int task = 1; task <= 70; task++) {
      yard.submitTo(task % 3 == 0 ? "a" : "p", false, 0, task());
      yard.handle(new TaskCommand.Cancel(yard.request(), Yard.ALICE, List.of("k3f9-" + task)));
      yard.pass("0.001S");
    }
    yard.said();
    yard.report(new TaskReport.StoreFull(true, "results take 256 MiB of memory"));
    assertThat(yard.saidBut("note"))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, 64).mapToObj(task -> "forgotten " + task).toList());
  }

  @Test
  void waitingForTheEndEndsInTimeToo() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.said();
    yard.handle(
        new TaskCommand.Await(
            7, Yard.ALICE, List.of("k3f9-2", "k3f9-1"), Duration.ofSeconds(5).toNanos()));
    yard.succeeded(1, 1, 1);
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("reply 7 [k3f9-2 RUNNING, k3f9-1 SUCCEEDED = 7]");
    yard.handle(new TaskCommand.Await(8, Yard.ALICE, List.of("k3f9-1"), 0));
    assertThat(yard.said())
        .as("the store has the result")
        .containsExactly("reply 8 [k3f9-1 SUCCEEDED]");
  }

  @Test
  void manyMayWaitForOneTaskAndEachIsToldOnce() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(true, 0, tasks(1));
    for (int request = 7; request < 10; request++) {
      yard.handle(
          new TaskCommand.Await(
              request,
              Yard.ALICE,
              List.of("k3f9-1", "k3f9-1"),
              Duration.ofSeconds(request).toNanos()));
    }
    yard.report(new TaskReport.Left(8));
    yard.said();
    yard.pass("7.5S");
    assertThat(yard.said()).containsExactly("reply 7 [k3f9-1 RUNNING, k3f9-1 RUNNING]");
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("idle"))
        .containsExactly(
            "ended 1 SUCCEEDED",
            "reply 1 [k3f9-1 SUCCEEDED new = 7]",
            "reply 9 [k3f9-1 SUCCEEDED = 7, k3f9-1 SUCCEEDED = 7]");
  }

  @Test
  void whoWaitsForTheEndIsToldWhatIsInWhereNotAllIs() {
    Yard yard = Yard.up(0, rules -> rules.workers(0, 1).queue(2, Duration.ofMinutes(5)));
    yard.fleet.barred.add(1);
    yard.submit(true, 0, tasks(3));
    assertThat(yard.saidBut("queue", "start", "scale"))
        .containsExactly("reply 1 full [k3f9-1 QUEUED new, k3f9-2 QUEUED new] of 3");
  }

  // Who takes over.

  @Test
  void anAdoptedWorkerGetsNothingBeforeItIsKnownWhatItHas() {
    Yard yard = Yard.up(1, rules -> rules.concurrency(3));
    yard.submit(tasks(2));
    yard.crash();
    yard.submit(task());
    assertThat(yard.said()).noneMatch(line -> line.startsWith("started"));
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 2));
    assertThat(yard.said()).containsExactly("started 3/1 @1", "send i1 3/1 #3");
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).as("what it had goes on").contains("ended 1 SUCCEEDED");
  }

  @Test
  void whatItMayNotHaveGotIsSentAgainToTheSameWorker() {
    Yard yard = Yard.up(1, rules -> rules.concurrency(3));
    yard.submit(tasks(3));
    yard.crash();
    yard.settle();
    yard.said();
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 1));
    assertThat(yard.said())
        .containsExactly(
            "returned 2: it may not have been sent",
            "started 2/2 @1",
            "send i1 2/2 #4",
            "returned 3: it may not have been sent",
            "started 3/2 @1",
            "send i1 3/2 #5");
    yard.succeeded(1, 2, 1);
    assertThat(yard.said()).as("the attempt before it").isEmpty();
  }

  @Test
  void aWorkerThatDiedWhileNoDaemonRanCostsItsTaskNothing() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    yard.fleet.gone(1, ExitCause.UNKNOWN, "ended", DeadReason.BACKOFF);
    yard.crash();
    yard.settle();
    assertThat(yard.said()).containsExactly("returned 1: its worker ended, how is unknown");
  }

  @Test
  void whatAnotherBootHadInHandComesBack() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    yard.fleet.gone(1, ExitCause.UNKNOWN, "ended", DeadReason.BACKOFF);
    yard.crash(false);
    yard.settle();
    assertThat(yard.said()).containsExactly("returned 1: the machine was started anew");
  }

  @Test
  void aCancelIsToldAgainAfterACrash() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1")));
    yard.crash();
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 1));
    assertThat(yard.said()).contains("cancel i1 k3f9-1");
    yard.passToDeadline();
    assertThat(yard.said()).containsExactly("kill p@1: task k3f9-1 was cancelled and went on");
  }

  @Test
  void aWorkerThatCanBeToldNothingGetsNoMoreAndIsReplacedWhenItsHandsAreEmpty() {
    Yard yard = Yard.up(1, rules -> rules.concurrency(2));
    yard.submit(task());
    yard.said();
    yard.report(
        new TaskReport.Unreachable(yard.fleet.invocation(1), true, "it has closed its input"));
    yard.submit(task());
    assertThat(yard.said()).noneMatch(line -> line.startsWith("started"));
    yard.pass("30S");
    assertThat(yard.said()).as("it may finish").isEmpty();
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly(
            "unreachable: p@1 can be told nothing any more, it is replaced: it has closed its"
                + " input",
            "stop p@1 UNREACHABLE: it has closed its input");
    yard.fleet.gone(1, ExitCause.UNHEALTHY, "liveness lost", DeadReason.BACKOFF);
    yard.settle();
    yard.fleet.up(1);
    yard.settle();
    assertThat(yard.said()).contains("started 2/1 @1");
  }

  @Test
  void aWorkerThatDiesHasClosedItsPipesTooAndIsNotReplacedForThat() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 3, 1));
    yard.submit(task());
    yard.said();
    yard.report(
        new TaskReport.Unreachable(yard.fleet.invocation(1), false, "it has closed its output"));
    yard.pass("0.9S");
    assertThat(yard.said()).isEmpty();
    yard.fleet.gone(1, ExitCause.SIGNAL, "killed by SIGSEGV", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.said())
        .as("it is its task's death")
        .contains("ended 1 FAILED death: worker died: killed by SIGSEGV");
  }

  @Test
  void anAdoptedWorkerWhoseChannelIsLostIsReplacedAndItsLeasesGoBack() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 3, 1));
    yard.submit(task());
    yard.crash();
    yard.report(new TaskReport.Unreachable(yard.fleet.invocation(1), false, "its pipes are gone"));
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said()).contains("stop p@1 UNREACHABLE: its pipes are gone");
    yard.fleet.gone(1, ExitCause.UNHEALTHY, "liveness lost", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.said())
        .as("that is nobody's death")
        .containsExactly("returned 1: its worker was stopped: unhealthy");
    yard.fleet.up(1);
    yard.settle();
    assertThat(yard.said()).contains("started 1/2 @1");
  }

  @Test
  void whatAWorkerMayNotHaveGotThatCanBeToldNothingIsNotWaitedFor() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.crash();
    yard.settle();
    yard.said();
    yard.report(new TaskReport.Unreachable(yard.fleet.invocation(1), true, "it is lost"));
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 0));
    assertThat(yard.said()).containsExactly();
    yard.pass("1S");
    assertThat(yard.said()).contains("stop p@1 UNREACHABLE: it is lost");
  }

  @Test
  void whoseReplacementGoesTooStaysUntilThereIsAnother() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 1).recycle(1, Duration.ZERO, 0, 0));
    yard.submit(task());
    yard.succeeded(1, 1, 1);
    yard.fleet.up(2);
    yard.settle();
    yard.fleet.gone(1, ExitCause.RECYCLE, "recycled", DeadReason.STOPPED);
    yard.settle();
    yard.submit(task());
    yard.fleet.up(1);
    yard.settle();
    yard.submit(task());
    yard.succeeded(1, 3, 1);
    yard.submit(task());
    yard.said();
    yard.pools.handle(
        new TaskReport.Succeeded(yard.fleet.invocation(1), 4, "", 1, Yard.bytes("7")),
        yard.now(),
        yard);
    yard.pools.handle(
        new TaskReport.Succeeded(yard.fleet.invocation(2), 2, "", 1, Yard.bytes("7")),
        yard.now(),
        yard);
    yard.settle();
    assertThat(yard.said().stream().filter(line -> line.startsWith("stop")).toList())
        .containsExactly("stop p@1 RECYCLED: it has done 2 tasks");
    yard.submit(task());
    assertThat(yard.said()).as("it goes on for so long").contains("started 5/1 @2");
  }

  @Test
  void whoIsToGoAndCannotYetIsWaitedForWithoutTurningRound() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2).idle(Duration.ofSeconds(1)));
    yard.pass("5S");
    yard.fleet.kill(yard.fleet.name(2), yard.fleet.invocation(2), "it is started again");
    yard.settle();
    yard.pools.define(
        Yard.program(new Rules().workers(1, 1).idle(Duration.ofSeconds(1)).build()),
        yard.now(),
        yard);
    yard.pools.settle(yard.now(), yard, REFUSING);
    assertThat(yard.pools.nextDeadline()).isGreaterThan(yard.now().nanos());
  }

  @Test
  void whatAWorkerMayHaveGotBeforeIsNobodyElsesUntilItIsGone() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2));
    yard.submit(task());
    yard.crash();
    yard.settle();
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(2), 0));
    yard.said();
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 0));
    assertThat(yard.said())
        .containsExactly(
            "returned 1: it may not have been sent", "started 1/2 @1", "send i1 1/2 #2");
    yard.report(new TaskReport.NotSent(yard.fleet.invocation(1), 1, 2, "it has closed its input"));
    yard.pass("1S");
    assertThat(yard.said())
        .contains("stop p@1 UNREACHABLE: it has closed its input")
        .noneMatch(line -> line.startsWith("started"));
    yard.fleet.gone(1, ExitCause.UNHEALTHY, "liveness lost", DeadReason.BACKOFF);
    yard.settle();
    assertThat(yard.said()).contains("started 1/3 @2");
  }

  @Test
  void whoseTimeIsOverWhenItIsTakenOverIsToldToGiveUpBeforeItIsKilled() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    yard.crash();
    yard.pass("2M");
    assertThat(yard.said()).as("nobody can be told anything yet").isEmpty();
    yard.report(new TaskReport.SentThrough(yard.fleet.invocation(1), 1));
    assertThat(yard.said()).containsExactly("cancel i1 k3f9-1");
    yard.pass("9.9S");
    assertThat(yard.said()).isEmpty();
    yard.pass("0.1S");
    assertThat(yard.said()).containsExactly("kill p@1: task k3f9-1 exceeded its limit of 1m");
  }

  @Test
  void whileTasksCannotBeKeptNoneIsCancelledOrPutBack() {
    Yard yard = Yard.up(0, rules -> rules);
    yard.submit(task());
    yard.report(new TaskReport.StoreFailed("the disk is full", List.of()));
    yard.said();
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1")));
    yard.handle(new TaskCommand.Retry(8, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said())
        .containsExactly(
            "reply 7 try again: tasks cannot be kept: the disk is full",
            "reply 8 try again: tasks cannot be kept: the disk is full");
    yard.report(new TaskReport.StoreWorks());
    yard.said();
    yard.handle(new TaskCommand.Cancel(9, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said()).contains("reply 9 [k3f9-1 CANCELLED]");
  }

  @Test
  void aPoolThatIsRemovedIsShownAsLongAsItHasTasks() {
    Yard yard = Yard.up(0, rules -> rules.keep(Duration.ofMinutes(1), 10));
    yard.submit(tasks(2));
    yard.pools.undefine("p", yard.now(), yard);
    yard.settle();
    PoolView removed = yard.pools.pools(yard.now()).getFirst();
    assertThat(removed.intake()).isEqualTo(PoolView.Intake.REMOVED);
    assertThat(removed.depth().get(Priority.NORMAL)).isEqualTo(2);
    assertThat(removed.held()).contains("there is no program p with a pool any more");
    yard.said();
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1", "k3f9-2")));
    assertThat(yard.said()).contains("reply 7 [k3f9-1 CANCELLED, k3f9-2 CANCELLED]");
    yard.handle(new TaskCommand.Retry(8, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said())
        .containsExactly("reply 8 [k3f9-1 CANCELLED refused: there is no pool p any more]");
    assertThat(yard.pools.pools(yard.now())).hasSize(1);
    yard.pass("2M");
    assertThat(yard.said()).containsExactly("forgotten 1", "forgotten 2");
    assertThat(yard.pools.pools(yard.now())).isEmpty();
  }

  @Test
  void anUnhealthyWorkerGetsNothingAndKeepsWhatItHas() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.said();
    yard.fleet.state(1, InstanceState.UNHEALTHY);
    yard.settle();
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).containsExactly("ended 1 SUCCEEDED");
    yard.fleet.state(1, InstanceState.IDLE);
    yard.settle();
    assertThat(yard.said()).contains("started 2/1 @1");
  }

  // Where tasks are kept, and the end of the daemon.

  @Test
  void whileTasksCannotBeKeptNothingComesInOrGoesOut() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.submit(true, 0, task());
    yard.said();
    yard.report(new TaskReport.StoreFailed("disk full", List.of("k3f9-1", "k3f9-2", "k3f9-3")));
    assertThat(yard.saidBut("note"))
        .as("1 is in hand and stays")
        .containsExactly(
            "forgotten 2", "reply 2 try again: tasks cannot be kept: disk full", "forgotten 3");
    yard.submit(task());
    assertThat(yard.said()).containsExactly("reply 3 try again: tasks cannot be kept: disk full");
    yard.succeeded(1, 1, 1);
    yard.report(new TaskReport.StoreWorks());
    yard.said();
    yard.submit(task());
    assertThat(yard.said()).contains("queued 4", "started 4/1 @1");
  }

  @Test
  void whenTheDaemonEndsWhoeverWaitsInVainIsToldSo() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(true, 0, task());
    yard.submit(true, 0, task());
    yard.said();
    yard.pools.shutDown(yard.now(), yard);
    yard.settle();
    assertThat(yard.said()).containsExactly("reply 2 [k3f9-2 QUEUED new]");
    yard.submit(task());
    assertThat(yard.said()).containsExactly("reply 3 try again: the daemon ends");
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("idle"))
        .containsExactly("ended 1 SUCCEEDED", "reply 1 [k3f9-1 SUCCEEDED new = 7]");
  }

  @Test
  void aPoolThatIsRemovedKeepsItsTasksAndTakesNoneIn() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.fleet.barred.add(1);
    yard.fleet.gone(1, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.settle();
    yard.pools.undefine("p", yard.now(), yard);
    yard.settle();
    yard.said();
    yard.submit(task());
    assertThat(yard.said()).containsExactly("reply 2 no match: p");
    assertThat(yard.pools.tasks("p", Optional.of(TaskState.QUEUED), 0, 10, yard.now()))
        .extracting(TaskView::id)
        .containsExactly("k3f9-1", "k3f9-2");
    assertThat(yard.pools.nextDeadline()).isEqualTo(Moment.NEVER);
  }

  // What is shown.

  @Test
  void aPageOfTasksIsTheOldestAfterTheOneBefore() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(9));
    assertThat(yard.pools.tasks("p", Optional.empty(), 3, 3, yard.now()))
        .extracting(TaskView::number)
        .containsExactly(4L, 5L, 6L);
    assertThat(yard.pools.tasks("", Optional.of(TaskState.RUNNING), 0, 3, yard.now()))
        .extracting(TaskView::number)
        .containsExactly(1L);
    assertThat(yard.pools.tasks("q", Optional.empty(), 0, 3, yard.now())).isEmpty();
    assertThat(yard.pools.tasks("p", Optional.empty(), 0, 0, yard.now())).isEmpty();
  }

  @Test
  void aPoolShowsWhatItHasAndWhatItDid() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2));
    yard.submit(tasks(4));
    yard.submit(task("", NewTask.DEFAULT_TYPE, Priority.HIGH, Duration.ofMinutes(1)));
    yard.pass("2S");
    yard.succeeded(1, 1, 1);
    yard.failed(2, 2, 1);
    PoolView view = yard.pools.pools(yard.now()).getFirst();
    assertThat(view.running()).isEqualTo(2);
    assertThat(view.depth()).containsEntry(Priority.HIGH, 1).containsEntry(Priority.NORMAL, 1);
    assertThat(view.delayed()).isEqualTo(2);
    assertThat(view.oldestWaitNanos()).isZero();
    assertThat(view.counts())
        .containsEntry("submitted", 5L)
        .containsEntry("succeeded", 1L)
        .containsEntry("retried", 1L)
        .containsEntry("attempts", 4L);
    assertThat(view.workers())
        .containsExactly(
            new PoolView.Worker(yard.fleet.name(1), InstanceState.BUSY, 1, 1),
            new PoolView.Worker(yard.fleet.name(2), InstanceState.BUSY, 1, 1));
    assertThat(view.runs().sumSeconds()).isEqualTo(4);
    assertThat(view.runs().counts().stream().mapToLong(Long::longValue).sum()).isEqualTo(2);
    assertThat(yard.pools.inHand(yard.fleet.instance(1))).isEqualTo(1);
  }

  @Test
  void aWorkerIsShownByItsHandsWhateverItsInstanceWasTold() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.fleet.state(1, InstanceState.BUSY);
    yard.fleet.tell(yard.pools, yard);
    assertThat(yard.pools.pools(yard.now()).getFirst().workers())
        .containsExactly(new PoolView.Worker(yard.fleet.name(1), InstanceState.IDLE, 0, 0));
  }

  private static NewTask typed(String type) {
    return task("", type, Priority.NORMAL, Duration.ZERO);
  }

  private static NewTask keyed(String key) {
    return task(key, NewTask.DEFAULT_TYPE, Priority.NORMAL, Duration.ZERO);
  }

  /** Whoever is asked for nothing now. */
  private static final Slots REFUSING =
      new Slots() {
        @Override
        public void start(InstanceName slot, String why) {}

        @Override
        public void stop(InstanceName slot, InvocationId invocation, Reason reason, String why) {}

        @Override
        public void kill(InstanceName slot, InvocationId invocation, String why) {}

        @Override
        public void busy(InstanceName slot, InvocationId invocation, boolean isBusy) {}
      };
}
