package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;
import static pm.daemon.core.pool.Yard.tasks;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskReport;

/** Stories of those who wait until tasks have ended. */
class WaitsTest {
  private static final long HOUR = Duration.ofHours(1).toNanos();

  @Test
  void whoCameFirstMayGoAndTheOthersAreToldAllTheSame() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(true, 0, task());
    await(yard, 7, "k3f9-1");
    await(yard, 8, "k3f9-1");
    yard.report(new TaskReport.Left(1));
    yard.said();
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("ended", "idle"))
        .containsExactly("reply 7 [k3f9-1 SUCCEEDED = 7]", "reply 8 [k3f9-1 SUCCEEDED = 7]");
  }

  @Test
  void whoCameLastMayGoAndLeavesNothingBehind() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(true, 0, task());
    await(yard, 7, "k3f9-1");
    yard.report(new TaskReport.Left(7));
    await(yard, 8, "k3f9-1");
    yard.report(new TaskReport.Left(1));
    yard.report(new TaskReport.Left(8));
    yard.said();
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("idle")).containsExactly("ended 1 SUCCEEDED");
  }

  @Test
  void whoAsksForNoAnswerWaitsForNothing() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.said();
    await(yard, Command.UNANSWERED, "k3f9-1");
    yard.succeeded(1, 1, 1);
    assertThat(yard.saidBut("idle")).containsExactly("ended 1 SUCCEEDED");
  }

  @Test
  void whoWaitsForWhatHasEndedIsToldHowAtOnce() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(tasks(3));
    yard.failed(1, 1, 1);
    yard.said();
    await(yard, 7, "k3f9-1");
    assertThat(yard.said()).containsExactly("reply 7 [k3f9-1 FAILED: error: no]");
    await(yard, 8, "k3f9-1", "k3f9-2");
    assertThat(yard.said()).isEmpty();
    yard.succeeded(1, 2, 1);
    assertThat(yard.said()).contains("reply 8 [k3f9-1 FAILED: error: no, k3f9-2 SUCCEEDED = 7]");
  }

  @Test
  void whoTakesNoTimeToWaitIsToldHowItStands() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.said();
    yard.handle(new TaskCommand.Await(7, Yard.ALICE, List.of("k3f9-1", "k3f9-2"), 0));
    assertThat(yard.said()).containsExactly("reply 7 [k3f9-1 RUNNING, k3f9-2 QUEUED]");
  }

  @Test
  void resultsAreHeldForWhoWaitsUpToAMebibyteForAllTogether() {
    Yard yard = Yard.up(3, rules -> rules.workers(3, 3));
    yard.submit(tasks(3));
    await(yard, 7, "k3f9-1", "k3f9-2");
    await(yard, 8, "k3f9-1", "k3f9-3");
    yard.said();
    yard.succeeded(1, 1, 1, large());
    yard.succeeded(2, 2, 1);
    assertThat(lengths(yard)).as("it was held").containsExactly(large().length, 1);
    yard.succeeded(3, 3, 1);
    assertThat(lengths(yard)).as("there was no room for it").containsExactly(0, 1);
    yard.submit(tasks(2));
    await(yard, 9, "k3f9-4", "k3f9-5");
    yard.said();
    yard.succeeded(1, 4, 1, large());
    yard.succeeded(2, 5, 1, large());
    assertThat(lengths(yard))
        .as("there is room again, and the last needs none")
        .containsExactly(large().length, large().length);
  }

  @Test
  void whoGoesMakesRoomForTheResultsOfOthers() {
    Yard yard = Yard.up(3, rules -> rules.workers(3, 3));
    yard.submit(tasks(3));
    await(yard, 7, "k3f9-1", "k3f9-3");
    await(yard, 8, "k3f9-2", "k3f9-3");
    yard.succeeded(1, 1, 1, large());
    yard.report(new TaskReport.Left(7));
    yard.succeeded(2, 2, 1, large());
    yard.said();
    yard.succeeded(3, 3, 1);
    assertThat(lengths(yard)).containsExactly(large().length, 1);
  }

  @Test
  void whoeverWaitsWhenTheDaemonEndsIsToldAsSoonAsItIsInVain() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.pools.shutDown(yard.now(), yard);
    yard.settle();
    yard.said();
    await(yard, 7, "k3f9-2");
    assertThat(yard.said())
        .as("nobody takes it any more")
        .containsExactly("reply 7 [k3f9-2 QUEUED]");
    await(yard, 8, "k3f9-1", "k3f9-2");
    assertThat(yard.said()).as("one is in hand").isEmpty();
    yard.died(1);
    assertThat(yard.said())
        .contains("reply 8 [k3f9-1 QUEUED: worker died: killed by SIGSEGV, k3f9-2 QUEUED]");
  }

  @Test
  void aCancelIsAnsweredWhenItIsKnownWhatCameOfIt() {
    Yard yard = Yard.up(3, rules -> rules.workers(3, 3));
    yard.submit(tasks(3));
    yard.succeeded(3, 3, 1);
    yard.said();
    cancel(yard, 7, "k3f9-1", "k3f9-2", "k3f9-3");
    yard.said();
    yard.succeeded(1, 1, 1);
    assertThat(yard.said()).noneMatch(line -> line.startsWith("reply"));
    yard.failed(2, 2, 1);
    assertThat(yard.said())
        .contains(
            "reply 7 [k3f9-1 SUCCEEDED refused: it has ended as SUCCEEDED before it was given up,"
                + " k3f9-2 CANCELLED, k3f9-3 SUCCEEDED: it has ended as SUCCEEDED already]");
  }

  @Test
  void whatIsCancelledTwiceIsToldOnceAndTakesNoLongerForThat() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    cancel(yard, 7, "k3f9-1");
    yard.pass("5S");
    yard.said();
    cancel(yard, 8, "k3f9-1");
    assertThat(yard.said()).isEmpty();
    yard.pass("5S");
    assertThat(yard.said()).containsExactly("kill p@1: task k3f9-1 was cancelled and went on");
  }

  @Test
  void aCancelWhoseWorkerIsGoneWithTheDaemonIsRefused() {
    Yard yard = Yard.up(2, rules -> rules.workers(2, 2));
    yard.submit(tasks(2));
    yard.pools.shutDown(yard.now(), yard);
    cancel(yard, 7, "k3f9-1", "k3f9-2");
    yard.said();
    yard.died(1);
    assertThat(yard.said()).contains("ended 1 CANCELLED: cancelled by alice");
    yard.died(2);
    assertThat(yard.said()).contains("reply 7 [k3f9-1 CANCELLED, k3f9-2 CANCELLED]");
  }

  private static void await(Yard yard, long request, String... ids) {
    yard.handle(new TaskCommand.Await(request, Yard.ALICE, List.of(ids), HOUR));
  }

  private static void cancel(Yard yard, long request, String... ids) {
    yard.handle(new TaskCommand.Cancel(request, Yard.ALICE, List.of(ids)));
  }

  private static byte[] large() {
    return Yard.bytes("1".repeat(600_000));
  }

  /** Returns how long the results are that were told in the only answer since the last time. */
  private static List<Integer> lengths(Yard yard) {
    List<String> replies = yard.said().stream().filter(line -> line.startsWith("reply")).toList();
    assertThat(replies).hasSize(1);
    String outcomes = replies.getFirst().replaceAll("^reply \\d+ \\[|]$", "");
    return Arrays.stream(outcomes.split(", "))
        .map(outcome -> outcome.replaceAll("^[^=]*(= )?", "").length())
        .toList();
  }
}
