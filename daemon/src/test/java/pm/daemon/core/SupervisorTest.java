package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;

class SupervisorTest {

  private static final Moment NOW = at(0);
  private static final InstanceName WEB = new InstanceName("web", 1);

  private static Moment at(long seconds) {
    return new Moment(1_000_000_000_000L + seconds * 1_000_000_000, Instant.EPOCH);
  }

  private static Configuration files(int instances) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    programs.put(
        "web",
        new ProgramSpec.Builder("web", new pm.config.Command(List.of("/bin/web"), false))
            .instances(instances)
            .startTimeout(Duration.ofSeconds(60))
            .build());
    return new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of());
  }

  private static Supervisor empty() {
    return new Supervisor(new SplittableRandom(1), 2);
  }

  private static Decision begin(Supervisor supervisor, int instances) {
    return supervisor.handle(
        new Command.Begin(Actor.AUTOSTART, files(instances), Decisions.NONE), NOW);
  }

  @Test
  void withoutAnythingToDoNothingIsDue() {
    Supervisor supervisor = empty();
    assertThat(supervisor.nextDeadline()).isEqualTo(Moment.NEVER);
    assertThat(supervisor.handle(new TimePassed(), NOW))
        .isEqualTo(new Decision(List.of(), List.of()));
    assertThat(supervisor.instances()).isEmpty();
    assertThat(supervisor.startSlots()).isEqualTo(8);
  }

  @Test
  void whoeverWaitsHasADeadlineToo() {
    Supervisor supervisor = empty();
    begin(supervisor, 1);
    assertThat(supervisor.nextDeadline()).isEqualTo(at(60).nanos());
    supervisor.handle(
        new Command.Start(
            1, Actor.AUTOSTART, List.of("web"), new Command.Patience(true, 5_000_000_000L)),
        NOW);
    assertThat(supervisor.nextDeadline()).isEqualTo(at(5).nanos());
    supervisor.handle(new TimePassed(), at(5));
    assertThat(supervisor.nextDeadline()).isEqualTo(at(60).nanos());
  }

  @Test
  void onlyAnUnusedOneReplays() {
    Supervisor supervisor = empty();
    Decision decision = begin(supervisor, 1);
    assertThatIllegalStateException().isThrownBy(() -> supervisor.replay(decision.entries()));
    Supervisor other = empty();
    other.replay(decision.entries());
    assertThat(List.copyOf(other.instances())).isEqualTo(List.copyOf(supervisor.instances()));
  }

  @Test
  void allThatIsKnownCanBeKeptAnew() {
    Supervisor supervisor = empty();
    begin(supervisor, 2);
    supervisor.handle(
        new Command.Stop(1, Actor.AUTOSTART, List.of("web@2"), Command.Patience.NONE), NOW);
    Supervisor other = empty();
    other.replay(supervisor.wholeTruth());
    assertThat(List.copyOf(other.instances())).isEqualTo(List.copyOf(supervisor.instances()));
    assertThat(other.configuration()).isEqualTo(supervisor.configuration());
    assertThat(other.decisions()).isEqualTo(supervisor.decisions());
    assertThat(other.nextDeadline()).isEqualTo(supervisor.nextDeadline());
  }

  @Test
  void whatIsDisabledIsShownSo() {
    Supervisor supervisor = empty();
    begin(supervisor, 1);
    assertThat(supervisor.view(WEB, NOW).enabled()).isTrue();
    supervisor.handle(
        new Command.Disable(1, Actor.AUTOSTART, List.of("web"), Command.Patience.NONE), NOW);
    assertThat(supervisor.view(WEB, NOW).enabled()).isFalse();
  }

  @Test
  void whatIsNotThereHasNoView() {
    Supervisor supervisor = empty();
    assertThatIllegalArgumentException().isThrownBy(() -> supervisor.view(WEB, NOW));
    begin(supervisor, 1);
    assertThat(supervisor.view(WEB, NOW).detail()).isEqualTo("being spawned");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> supervisor.view(new InstanceName("web", 2), NOW));
  }

  @Test
  void aReportAboutNobodyIsDroppedAndCounted() {
    Supervisor supervisor = empty();
    begin(supervisor, 1);
    Decision decision =
        supervisor.handle(new Report.RemainsGone(new InvocationId("f".repeat(32))), NOW);
    assertThat(decision).isEqualTo(new Decision(List.of(), List.of()));
    assertThat(supervisor.droppedReports()).isEqualTo(1);
  }

  @Test
  void whatIsRefusedHasChangedNothing() {
    Supervisor supervisor = empty();
    Decision decision = begin(supervisor, 1);
    List<Instance> before = List.copyOf(supervisor.instances());
    InvocationId invocation = spawns(decision).getFirst();
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                supervisor.handle(
                    new Report.Adopted(invocation, new ProcessIdentity(7, 7, 7)), NOW))
        .withMessageContaining("web@1")
        .withMessageContaining("Adopted");
    assertThat(List.copyOf(supervisor.instances())).isEqualTo(before);
    assertThat(supervisor.nextDeadline()).isEqualTo(at(60).nanos());
  }

  @Test
  void aThousandStartAFewAtATime() {
    Supervisor supervisor = empty();
    ArrayDeque<InvocationId> spawns = new ArrayDeque<>(spawns(begin(supervisor, 1_000)));
    assertThat(spawns).hasSize(8);
    int spawned = 0;
    while (!spawns.isEmpty()) {
      assertThat(supervisor.startSlotsInUse()).isLessThanOrEqualTo(8);
      spawned++;
      ProcessIdentity process = new ProcessIdentity(100 + spawned, 1, spawned);
      spawns.addAll(spawns(supervisor.handle(new Report.Spawned(spawns.remove(), process), NOW)));
    }
    assertThat(spawned).isEqualTo(1_000);
    assertThat(supervisor.startSlotsInUse()).isZero();
  }

  private static List<InvocationId> spawns(Decision decision) {
    return decision.effects().stream()
        .filter(Effect.Spawn.class::isInstance)
        .map(effect -> ((Effect.Spawn) effect).invocation())
        .toList();
  }
}
