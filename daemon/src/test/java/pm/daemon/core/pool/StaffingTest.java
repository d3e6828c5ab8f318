package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;
import static pm.daemon.core.pool.Yard.tasks;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;

/** Stories of how many workers there are at once, also while some come and go. */
class StaffingTest {

  @Test
  void whereSomeMayNotBeStartedOnlyTheOthersAre() {
    Yard yard = Yard.of(rules -> rules.workers(2, 2));
    yard.fleet.barred.add(2);
    yard.fleet.barred.add(3);
    yard.fleet.tellAll();
    yard.settle();
    assertThat(yard.said()).containsExactly("start p@1: pool.min is 2");
  }

  @Test
  void whoIsOnItsWayOutHasAPlaceUntilItIsGone() {
    Yard yard = Yard.up(1, rules -> rules.workers(0, 2));
    leave(yard, 1);
    yard.define(rules -> rules.workers(2, 2));
    assertThat(yard.said()).containsExactly("start p@2: pool.min is 2");
    yard.fleet.gone(1, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.settle();
    assertThat(yard.said()).containsExactly("start p@1: pool.min is 2");
  }

  @Test
  void oneMoreThanTheMostIsThereOnlyWhileItTakesAPlace() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2).recycle(1, Duration.ZERO, 0, 0));
    yard.submit(task());
    assertThat(yard.said()).contains("start p@3: takes the place of p@1: it has done 1 tasks");
    yard.fleet.gone(2, ExitCause.CLEAN, "exit 0", DeadReason.COMPLETED);
    yard.settle();
    assertThat(yard.said()).containsExactly("start p@2: pool.min is 2");
  }

  @Test
  void whoEndedByItselfWhileItWasReplacedIsReplacedNoLonger() {
    Yard yard = Yard.up(1, rules -> rules.recycle(1, Duration.ZERO, 0, 0));
    yard.submit(task());
    yard.fleet.ready(2);
    yard.settle();
    yard.died(1);
    yard.said();
    yard.fleet.starting(1);
    yard.settle();
    assertThat(yard.said())
        .as("there is one too many now, which is no replacement")
        .containsExactly("stop p@1 SCALED_DOWN: pool.max is 1");
  }

  @Test
  void whoCouldNotBeReplacedInTimeIsReplacedByOneWhenItIsGone() {
    Yard yard = spentWithoutSuccessor();
    yard.fleet.barred.remove(2);
    yard.fleet.touch(2);
    yard.fleet.gone(1, ExitCause.RECYCLE, "recycled", DeadReason.STOPPED);
    yard.settle();
    assertThat(yard.said())
        .containsExactly("start p@1: takes the place of one that has done its work");
    yard.fleet.ready(1);
    yard.settle();
    assertThat(yard.said()).isEmpty();
  }

  @Test
  void whereEnoughAreThereAgainNobodyIsOwedAPlace() {
    Yard yard = spentWithoutSuccessor();
    yard.fleet.up(2);
    yard.fleet.up(3);
    yard.settle();
    yard.fleet.gone(1, ExitCause.RECYCLE, "recycled", DeadReason.STOPPED);
    yard.settle();
    assertThat(yard.saidBut("read")).isEmpty();
  }

  /** Its first worker has done twice its share, for nobody else could be started, and goes. */
  private static Yard spentWithoutSuccessor() {
    Yard yard = Yard.up(1, rules -> rules.workers(0, 2).recycle(1, Duration.ZERO, 0, 0));
    yard.fleet.barred.add(2);
    yard.fleet.barred.add(3);
    yard.fleet.tellAll();
    yard.submit(tasks(2));
    yard.succeeded(1, 1, 1);
    yard.said();
    yard.succeeded(1, 2, 1);
    assertThat(yard.said()).contains("stop p@1 RECYCLED: it has done 2 tasks");
    return yard;
  }

  @Test
  void whoIsOnItsWayOutLeavesNoRoomToGrow() {
    Yard yard =
        Yard.up(
            2,
            rules ->
                rules
                    .workers(1, 2)
                    .scaleUp(Duration.ofSeconds(1), 1)
                    .recycle(1_000, Duration.ZERO, 0, 0));
    leave(yard, 2);
    yard.submit(tasks(5));
    yard.said();
    yard.pass("10S");
    assertThat(yard.said()).isEmpty();
    yard.fleet.gone(2, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.settle();
    assertThat(yard.said()).contains("start p@2: oldest task waited 10s");
  }

  @Test
  void aPausedPoolDoesNotGrow() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 3).scaleUp(Duration.ofSeconds(1), 1));
    yard.pools.intake("p", PoolView.Intake.PAUSED, yard.now(), yard);
    yard.submit(tasks(5));
    yard.said();
    yard.pass("10S");
    assertThat(yard.said()).isEmpty();
  }

  @Test
  void aPoolThatHasGrownAndShrunkGrowsAgainOnlyAfterAWhile() {
    Yard yard =
        Yard.up(
            1,
            rules ->
                rules.workers(1, 2).scaleUp(Duration.ofSeconds(1), 1).idle(Duration.ofSeconds(10)));
    yard.submit(tasks(2));
    yard.pass("1S");
    yard.fleet.ready(2);
    yard.settle();
    yard.succeeded(1, 1, 1);
    yard.succeeded(2, 2, 1);
    yard.pass("9S");
    assertThat(yard.said()).as("it has just grown").noneMatch(line -> line.startsWith("stop"));
    yard.pass("1S");
    assertThat(yard.said()).contains("scale: 2 to 1: p@2 idle for 10s");
    yard.fleet.gone(2, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.submit(tasks(9));
    yard.said();
    yard.pass("9.9S");
    assertThat(yard.said()).isEmpty();
    yard.pass("0.1S");
    assertThat(yard.said()).contains("scale: 1 to 2: oldest task waited 10s");
  }

  @Test
  void whileTheDaemonEndsNobodyIsStarted() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 2));
    yard.submit(tasks(3));
    yard.pools.shutDown(yard.now(), yard);
    yard.fleet.gone(1, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.settle();
    assertThat(yard.said()).noneMatch(line -> line.startsWith("start "));
    assertThat(yard.pools.nextDeadline()).isEqualTo(Moment.NEVER);
  }

  @Test
  void whoIsOneTooManyGetsNothingMoreUnlessThereMayBeAsManyAgain() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2).concurrency(2));
    yard.submit(tasks(2));
    yard.define(rules -> rules.workers(1, 1).concurrency(2));
    yard.said();
    yard.submit(tasks(2));
    assertThat(yard.said()).contains("started 3/1 @1").noneMatch(line -> line.contains("@2"));
    yard.define(rules -> rules.workers(2, 2).concurrency(2));
    assertThat(yard.said()).contains("started 4/1 @2");
  }

  @Test
  void aPoolWithTooManyStopsNobodyWhoTakesAPlace() {
    Yard yard = Yard.up(1, rules -> rules.recycle(1, Duration.ZERO, 0, 0));
    yard.submit(task());
    yard.fleet.ready(2);
    yard.settle();
    assertThat(yard.said()).noneMatch(line -> line.startsWith("stop"));
  }

  @Test
  void limitsOfWorkersAreDrawnAnewWhenTheRulesChange() {
    Yard yard = Yard.up(1, rules -> rules.recycle(1_000, Duration.ZERO, 0, 0));
    yard.submit(tasks(5));
    yard.succeeded(1, 1, 1);
    yard.succeeded(1, 2, 1);
    yard.said();
    yard.define(rules -> rules.recycle(3, Duration.ZERO, 0, 0));
    assertThat(yard.said())
        .containsExactly("start p@2: takes the place of p@1: it has done 3 tasks");
    yard.define(rules -> rules.recycle(1_000, Duration.ZERO, 0, 0));
    assertThat(yard.said()).containsExactly("stop p@2 SCALED_DOWN: pool.max is 1");
  }

  @Test
  void aPoolOfManyGivesOutToAllOfThem() {
    Yard yard = Yard.up(9, rules -> rules.workers(9, 9));
    yard.submit(tasks(10));
    assertThat(yard.said()).contains("started 9/1 @9").doesNotContain("started 10/1 @1");
    assertThat(yard.pools.pools(yard.now()).getFirst().running()).isEqualTo(9);
  }

  @Test
  void aWorkerThatIsUnhealthyAndCanBeToldNothingIsReplaced() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.fleet.state(1, InstanceState.UNHEALTHY);
    yard.settle();
    yard.report(new TaskReport.Unreachable(yard.fleet.invocation(1), false, "its pipes are gone"));
    yard.said();
    yard.passToDeadline();
    assertThat(yard.said()).contains("stop p@1 UNREACHABLE: its pipes are gone");
  }

  @Test
  void aWorkerThatHasLongInHandWhatNobodyWaitsBehindIsNotStuck() {
    Yard yard =
        Yard.up(1, rules -> rules.stall(Duration.ofSeconds(30), PoolSpec.StallAction.RESTART));
    yard.submit(task());
    yard.said();
    yard.pass("60S");
    yard.pass("60S");
    assertThat(yard.said()).isEmpty();
    assertThat(yard.pools.pools(yard.now()).getFirst().isStalled()).isFalse();
  }

  @Test
  void aPoolTellsWhyTasksWait() {
    Yard yard = Yard.up(1, rules -> rules.workers(1, 2));
    assertThat(view(yard).held()).as("none waits").isEmpty();
    yard.submit(tasks(2));
    assertThat(view(yard).held()).as("who is up is busy").isEmpty();
    yard.fleet.state(1, InstanceState.UNHEALTHY);
    yard.settle();
    assertThat(view(yard).held()).contains("none of its workers is up");
  }

  @Test
  void aPoolShowsItsSlotsAndWhoIsStillThereBeyondThem() {
    Yard yard = Yard.up(3, rules -> rules.workers(3, 3));
    yard.submit(tasks(3));
    yard.define(rules -> rules.workers(1, 1));
    assertThat(slots(yard)).containsExactly("p@1", "p@2", "p@3");
    yard.succeeded(3, 3, 1);
    yard.fleet.gone(3, ExitCause.REQUESTED, "stopped", DeadReason.STOPPED);
    yard.settle();
    assertThat(slots(yard)).containsExactly("p@1", "p@2");
    assertThat(view(yard).oldestWaitNanos()).isZero();
  }

  private static PoolView view(Yard yard) {
    return yard.pools.pools(yard.now()).getFirst();
  }

  private static List<String> slots(Yard yard) {
    return view(yard).workers().stream().map(worker -> worker.instance().toString()).toList();
  }

  private static void leave(Yard yard, int slot) {
    yard.fleet.stop(
        yard.fleet.name(slot), yard.fleet.invocation(slot), Slots.Reason.SCALED_DOWN, "by hand");
    yard.fleet.wishes.clear();
    yard.settle();
    yard.said();
  }
}
