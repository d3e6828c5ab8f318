package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.pool.Rules;

/** How events about tasks pass through the supervisor, and what the end of a batch decides. */
class SupervisorTasksTest {

  private static final Moment NOW = new Moment(1_000_000_000_000L, Instant.EPOCH);
  private static final InstanceName SLOT = new InstanceName("pics", 1);
  private static final byte[] DATA = "{}".getBytes(StandardCharsets.UTF_8);

  /** What a caller of the hot path gathers. */
  private static final class Lists implements Gatherer {
    final List<TaskEntry> entries = new ArrayList<>();
    final List<Effect> effects = new ArrayList<>();

    @Override
    public void keep(TaskEntry entry) {
      entries.add(entry);
    }

    @Override
    public void run(Effect effect) {
      effects.add(effect);
    }

    @Override
    public void add(Decision decision) {
      entries.addAll(decision.taskEntries());
      effects.addAll(decision.effects());
    }
  }

  /** Draws nothing more once it is empty, so that nothing can be started. */
  private static final class Urn implements RandomGenerator {
    private final SplittableRandom drawn = new SplittableRandom(1);
    boolean isEmpty;

    @Override
    public long nextLong() {
      if (isEmpty) {
        throw new IllegalStateException("the urn is empty");
      }
      return drawn.nextLong();
    }
  }

  private final Urn urn = new Urn();
  private final Supervisor supervisor = new Supervisor(urn, 2);
  private final Lists lists = new Lists();

  private InvocationId worker() {
    return worker(PoolSpec.DEFAULT);
  }

  private InvocationId worker(PoolSpec pool) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    programs.put(
        "pics",
        new ProgramSpec.Builder("pics", new pm.config.Command(List.of("/bin/pics"), false))
            .type(ProgramType.WORKER)
            .readiness(new Readiness.Uptime(Duration.ZERO))
            .pool(Optional.of(pool))
            .build());
    supervisor.beginTasks("t", 0, true, NOW);
    supervisor.handle(
        new Command.Begin(
            Actor.AUTOSTART,
            new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of()),
            Decisions.NONE),
        NOW);
    InvocationId id = supervisor.view(SLOT, NOW).instance().run().orElseThrow().invocation();
    supervisor.handle(new Report.Spawned(id, new ProcessIdentity(7, 7, 7)), NOW);
    assertThat(supervisor.settle(NOW).effects()).isEmpty();
    return id;
  }

  private static TaskCommand.Submit submit() {
    NewTask task =
        new NewTask(
            "",
            NewTask.DEFAULT_TYPE,
            Priority.NORMAL,
            NewTask.POOLS,
            NewTask.POOLS,
            0,
            DATA.clone());
    return new TaskCommand.Submit(5, Actor.AUTOSTART, "pics", List.of(task), false, 0, 0);
  }

  private InstanceState state() {
    return supervisor.view(SLOT, NOW).instance().state();
  }

  @Test
  void tasksAreGivenOutWhenTheBatchEnds() {
    InvocationId id = worker();
    supervisor.take(submit(), NOW, lists);
    assertThat(lists.entries).singleElement().isInstanceOf(TaskEntry.Queued.class);
    assertThat(lists.effects).singleElement().isInstanceOf(Effect.Reply.class);
    assertThat(state()).isEqualTo(InstanceState.IDLE);

    Decision settled = supervisor.settle(NOW);
    assertThat(settled.taskEntries()).singleElement().isInstanceOf(TaskEntry.Started.class);
    assertThat(settled.effects()).singleElement().isInstanceOf(TaskEffect.Send.class);
    assertThat(state()).isEqualTo(InstanceState.BUSY);

    lists.entries.clear();
    lists.effects.clear();
    supervisor.take(new TaskReport.Succeeded(id, 1, "", 1, DATA.clone()), NOW, lists);
    assertThat(lists.entries).singleElement().isInstanceOf(TaskEntry.Ended.class);
    assertThat(supervisor.settle(NOW).entries()).isEmpty();
    assertThat(state()).isEqualTo(InstanceState.IDLE);
  }

  @Test
  void whatWasDecidedBeforeAMistakeStandsAndTheMistakeIsToldNext() {
    InvocationId id = worker(new Rules().workers(1, 2).build());
    supervisor.take(submit(), NOW, lists);
    supervisor.take(submit(), NOW, lists);
    supervisor.take(submit(), NOW, lists);
    supervisor.settle(NOW);
    urn.isEmpty = true;
    Moment later = new Moment(NOW.nanos() + 60_000_000_000L, NOW.wall());
    supervisor.take(new TaskReport.Succeeded(id, 1, "", 1, DATA.clone()), later, lists);

    Decision settled = supervisor.settle(later);
    assertThat(settled.taskEntries()).singleElement().isInstanceOf(TaskEntry.Started.class);
    assertThatIllegalStateException()
        .isThrownBy(() -> supervisor.settle(later))
        .withMessage("the urn is empty");
    urn.isEmpty = false;
    assertThat(supervisor.settle(later).taskEntries()).isEmpty();
  }

  @Test
  void aMistakeIsToldOnceWhoeverAsks() {
    InvocationId id = worker(new Rules().workers(1, 2).build());
    supervisor.take(submit(), NOW, lists);
    supervisor.take(submit(), NOW, lists);
    supervisor.take(submit(), NOW, lists);
    supervisor.settle(NOW);
    urn.isEmpty = true;
    Moment later = new Moment(NOW.nanos() + 60_000_000_000L, NOW.wall());
    supervisor.take(new TaskReport.Succeeded(id, 1, "", 1, DATA.clone()), later, lists);
    supervisor.settle(later);
    urn.isEmpty = false;
    assertThatIllegalStateException().isThrownBy(() -> supervisor.settle(later, lists));
    lists.effects.clear();
    supervisor.settle(later, lists);
    assertThat(lists.effects).isEmpty();
  }

  @Test
  void aCallerThatGathersItselfIsToldTheSame() {
    worker(new Rules().workers(1, 2).build());
    supervisor.take(submit(), NOW, lists);
    supervisor.take(submit(), NOW, lists);
    lists.entries.clear();
    supervisor.settle(NOW, lists);
    assertThat(lists.entries).singleElement().isInstanceOf(TaskEntry.Started.class);
    assertThat(lists.effects).last().isInstanceOf(TaskEffect.Send.class);

    urn.isEmpty = true;
    Moment later = new Moment(NOW.nanos() + 60_000_000_000L, NOW.wall());
    assertThatIllegalStateException().isThrownBy(() -> supervisor.settle(later, lists));
  }

  @Test
  void idleAndBusyAreNeitherKeptNorTold() {
    worker();
    supervisor.take(submit(), NOW, lists);
    Decision settled = supervisor.settle(NOW);
    assertThat(state()).isEqualTo(InstanceState.BUSY);
    assertThat(settled.entries()).isEmpty();
    assertThat(settled.effects()).noneMatch(Effect.Publish.class::isInstance);
    assertThat(supervisor.view(SLOT, NOW).instance().kept().state()).isEqualTo(InstanceState.IDLE);
  }

  @Test
  void whoWaitsForBusyIsAnswered() {
    worker();
    supervisor.handle(
        new Command.Await(
            9,
            Actor.AUTOSTART,
            List.of("pics"),
            new pm.daemon.core.model.AwaitedState.In(InstanceState.BUSY),
            Command.Patience.ENDLESS),
        NOW);
    supervisor.take(submit(), NOW, lists);
    Decision settled = supervisor.settle(NOW);
    assertThat(settled.effects())
        .anyMatch(effect -> effect instanceof Effect.Reply reply && reply.request() == 9);
    assertThat(settled.entries()).isEmpty();
  }

  @Test
  void theIntakeIsDecidedWhenTheBatchEnds() {
    worker();
    supervisor.take(new TaskCommand.Pause(8, Actor.AUTOSTART, List.of("pics")), NOW, lists);
    assertThat(lists.effects).isEmpty();

    Decision settled = supervisor.settle(NOW);
    assertThat(settled.entries()).singleElement().isInstanceOf(Entry.DecisionsKept.class);
    assertThat(settled.effects()).contains(new Effect.Reply(8, new Answer.Outcomes(List.of()), 2));
    assertThat(supervisor.decisions().intake("pics")).isEqualTo(PoolView.Intake.PAUSED);
    assertThat(supervisor.settle(NOW).entries()).isEmpty();

    supervisor.take(submit(), NOW, lists);
    assertThat(supervisor.settle(NOW).taskEntries()).isEmpty();
  }

  @Test
  void whereNothingHappensNothingIsDecidedOrDue() {
    worker();
    Decision settled = supervisor.settle(NOW);
    assertThat(settled.entries()).isEmpty();
    assertThat(settled.taskEntries()).isEmpty();
    assertThat(settled.effects()).isEmpty();
    assertThat(supervisor.nextDeadline()).isEqualTo(Moment.NEVER);
  }
}
