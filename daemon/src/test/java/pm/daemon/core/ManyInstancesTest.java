package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.DependencyCondition;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;

/**
 * Commands over thousands of instances. Each limit is at least ten times what the work takes on a
 * slow machine, and far below what it takes where it grows with the square of their number.
 */
@Tag("large")
class ManyInstancesTest {

  private static final List<String> ALL = List.of("all");
  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final Moment NOW = new Moment(1_000_000_000_000L, Instant.EPOCH);

  private final Supervisor core = new Supervisor(new SplittableRandom(1), 4);
  private final ArrayDeque<Report> reports = new ArrayDeque<>();
  private int pids = 100;
  private int requests;
  private int replies;

  @Test
  void givenFiveThousand_whenAllAreStoppedAndStarted_thenTheWorkIsLinear() {
    begin(programs(5_000, 1));

    Duration stop = timed(new Command.Stop(++requests, ALICE, ALL, Command.Patience.ENDLESS));
    assertThat(core.instances()).allMatch(each -> each.state() == InstanceState.DEAD);
    assertThat(stop).isLessThan(Duration.ofSeconds(2));
    assertThat(timed(new Command.Stop(++requests, ALICE, ALL, Command.Patience.ENDLESS)))
        .isLessThan(Duration.ofSeconds(1));
    assertThat(timed(new Command.Start(++requests, ALICE, ALL, Command.Patience.ENDLESS)))
        .isLessThan(Duration.ofSeconds(2));
    assertThat(timed(new Command.Restart(++requests, ALICE, ALL, Command.Patience.ENDLESS)))
        .isLessThan(Duration.ofSeconds(2));
    assertThat(timed(new Command.Disable(++requests, ALICE, ALL, Command.Patience.ENDLESS)))
        .isLessThan(Duration.ofSeconds(2));

    assertThat(core.decisions().disabled()).hasSize(5_000);
    assertThat(replies).isEqualTo(requests);
  }

  @Test
  void givenAThousandOfOneProgram_whenOneIsRestarted_thenNobodyLooksAtTheOthers() {
    new ManyInstancesTest().bytesOfARestart(10); // The first one loads classes.
    long ofTen = new ManyInstancesTest().bytesOfARestart(10);

    assertThat(bytesOfARestart(1_000)).isLessThan(2 * ofTen);
  }

  /** Returns what is allocated when one of so many instances is restarted at once. */
  private long bytesOfARestart(int instances) {
    SortedMap<String, ProgramSpec> programs = programs(1, instances);
    programs.computeIfPresent(
        "p0",
        (name, spec) ->
            new ProgramSpec.Builder(spec)
                .restart(
                    new RestartSpec(
                        RestartPolicy.ALWAYS,
                        OptionalInt.empty(),
                        Duration.ofMinutes(1),
                        Duration.ZERO,
                        1,
                        Duration.ZERO,
                        0,
                        Duration.ofMinutes(10),
                        Set.of(),
                        Optional.empty()))
                .build());
    begin(programs);
    InvocationId invocation = invocation();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    timed(new Report.Exited(invocation, new ExitStatus.Code(1), false));
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(invocation()).as("that of the restarted one").isNotEqualTo(invocation);
    return bytes;
  }

  private InvocationId invocation() {
    return core.instances().iterator().next().run().orElseThrow().invocation();
  }

  @Test
  void givenAThousandThatDependOnAThousand_whenAllAreRestarted_thenItTakesSeconds() {
    SortedMap<String, ProgramSpec> programs = programs(2, 1_000);
    programs.computeIfPresent(
        "p1",
        (name, spec) ->
            new ProgramSpec.Builder(spec)
                .dependsOn(new TreeMap<>(Map.of("p0", DependencyCondition.READY)))
                .build());
    begin(programs);

    assertThat(timed(new Command.Restart(++requests, ALICE, ALL, Command.Patience.ENDLESS)))
        .isLessThan(Duration.ofSeconds(20));

    assertThat(core.instances()).allMatch(each -> each.state() == InstanceState.IDLE);
    assertThat(replies).isEqualTo(requests);
  }

  private static SortedMap<String, ProgramSpec> programs(int count, int instances) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      programs.put(
          "p" + i,
          new ProgramSpec.Builder("p" + i, new pm.config.Command(List.of("/bin/p"), false))
              .instances(instances)
              .readiness(new Readiness.Uptime(Duration.ZERO))
              .build());
    }
    return programs;
  }

  private void begin(SortedMap<String, ProgramSpec> programs) {
    timed(
        new Command.Begin(
            Actor.AUTOSTART,
            new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of()),
            Decisions.NONE));
    assertThat(core.instances()).allMatch(each -> each.state() == InstanceState.IDLE);
  }

  /** Returns the processor time until all that follows from the event is over. */
  private Duration timed(Event event) {
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    handle(event);
    while (!reports.isEmpty()) {
      handle(reports.remove());
    }
    return Duration.ofNanos(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before);
  }

  private void handle(Event event) {
    for (Effect effect : core.handle(event, NOW).effects()) {
      if (effect instanceof Effect.Spawn spawn) {
        reports.add(new Report.Spawned(spawn.invocation(), new ProcessIdentity(++pids, 5, 5)));
      } else if (effect instanceof Effect.Signal signal && signal.thenContinue()) {
        reports.add(
            new Report.Exited(
                signal.invocation(), new ExitStatus.Signalled("TERM", 15, false), false));
      } else if (effect instanceof Effect.Reply) {
        replies++;
      }
    }
  }
}
