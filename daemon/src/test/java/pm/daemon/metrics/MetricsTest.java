package pm.daemon.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;

/** What is counted, and the text that it becomes. */
final class MetricsTest {
  private static final Moment NOW = new Moment(10_000_000_000L, Instant.ofEpochSecond(1_000));
  private static final Actor ALICE = new Actor("alice", 1000, 7);
  private static final InvocationId INVOCATION =
      new InvocationId("0123456789abcdef0123456789abcdef");

  private final Supervisor supervisor = new Supervisor(new Random(1), 4);
  private final List<PoolView> pools = new ArrayList<>();
  private final Metrics metrics =
      new Metrics(
          new Metrics.Parts(
              "0.1.0 \"odd\"\\\n",
              NOW,
              100,
              4096,
              supervisor,
              now -> pools,
              process -> Optional.of(new ProcessUsage.Usage(1.25, 4096)),
              programs -> Map.of("web", 12L),
              () -> new PoolView.Histogram(List.of(0.001), List.of(5L, 1L), 0.25),
              List.of(
                  new Reading("pm_events_lost_total", "Events that are lost.", () -> 3),
                  new Reading("pm_records_bytes", "Size of the records.", () -> 77))));

  @BeforeEach
  void replay() {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    for (String name : List.of("web", "db")) {
      programs.put(
          name, new ProgramSpec.Builder(name, new Command(List.of("/bin/" + name), false)).build());
    }
    Run run = Run.intended(INVOCATION, NOW, "alice").spawned(new ProcessIdentity(4711, 99, 0), NOW);
    supervisor.replay(
        List.of(
            new Entry.ConfigurationKept(
                new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of())),
            new Entry.InstanceKept(
                new Instance(
                    new InstanceName("web", 1),
                    new Phase.Up(run, InstanceState.IDLE, NOW.nanos()),
                    RestartWindow.EMPTY,
                    0,
                    0,
                    List.of())),
            new Entry.InstanceKept(
                Instance.fresh(
                    new InstanceName("db", 1),
                    Phase.Dead.lasting(DeadReason.STOPPED, "by alice", ALICE)))));
  }

  private String text() throws Exception {
    return metrics.gather(NOW).call();
  }

  private void changed(
      String program, InstanceState to, Optional<ExitCause> cause, Optional<Actor> actor) {
    metrics.happened(
        new Happening.StateChanged(
            NOW,
            new InstanceName(program, 1),
            InstanceState.IDLE,
            Optional.empty(),
            to,
            to == InstanceState.DEAD ? Optional.of(DeadReason.BACKOFF) : Optional.empty(),
            "",
            Optional.of(INVOCATION),
            0,
            cause,
            Optional.empty(),
            actor));
  }

  private static PoolView pool(String name) {
    PoolView.Histogram histogram =
        new PoolView.Histogram(List.of(0.001, 0.1, 10.0), List.of(1L, 2L, 0L, 4L), 123.456);
    return new PoolView(
        name,
        PoolSpec.DEFAULT,
        PoolView.Intake.PAUSED,
        "half-open",
        Moment.NEVER,
        Optional.of("paused"),
        Map.of(Priority.HIGH, 3),
        2,
        1,
        1_500_000_000L,
        true,
        List.of(
            new PoolView.Worker(new InstanceName(name, 1), InstanceState.BUSY, 1, 5),
            new PoolView.Worker(new InstanceName(name, 2), InstanceState.BUSY, 1, 5)),
        Map.of("succeeded", 5L, "timed_out", 1L, "submitted", 9L, "stale", 1L, "lost", 2L),
        histogram,
        histogram);
  }

  @Test
  void startsRestartsAndExitsAreCounted() throws Exception {
    changed("web", InstanceState.STARTING, Optional.empty(), Optional.of(ALICE));
    changed("web", InstanceState.IDLE, Optional.empty(), Optional.empty());
    changed("web", InstanceState.DEAD, Optional.of(ExitCause.SIGNAL), Optional.empty());
    changed("web", InstanceState.STARTING, Optional.empty(), Optional.of(Actor.POLICY));
    changed("web", InstanceState.DEAD, Optional.of(ExitCause.EXIT), Optional.empty());
    changed("web", InstanceState.STARTING, Optional.empty(), Optional.of(Actor.POLICY));
    changed("web", InstanceState.DEAD, Optional.of(ExitCause.EXIT), Optional.empty());
    // Never spawned: it has no end.
    changed("web", InstanceState.DEAD, Optional.empty(), Optional.empty());
    Map<String, Double> samples = ExpositionChecker.check(text()).samples();
    assertThat(samples)
        .containsEntry("pm_program_starts_total{program=\"web\"}", 3.0)
        .containsEntry("pm_program_starts_total{program=\"db\"}", 0.0)
        .containsEntry("pm_program_restarts_total{program=\"web\",reason=\"signal\"}", 1.0)
        .containsEntry("pm_program_restarts_total{program=\"web\",reason=\"exit\"}", 1.0)
        .containsEntry("pm_program_exits_total{program=\"web\",kind=\"signal\"}", 1.0)
        .containsEntry("pm_program_exits_total{program=\"web\",kind=\"exit\"}", 2.0);
  }

  @Test
  void instancesAreMeasured() throws Exception {
    assertThat(ExpositionChecker.check(text()).samples())
        .containsEntry("pm_instances{program=\"web\",state=\"IDLE\"}", 1.0)
        .containsEntry("pm_instances{program=\"web\",state=\"DEAD\"}", 0.0)
        .containsEntry("pm_instance_up{program=\"web\",number=\"1\"}", 1.0)
        .containsEntry("pm_instance_up{program=\"db\",number=\"1\"}", 0.0)
        .containsEntry("pm_instance_ready{program=\"web\",number=\"1\"}", 1.0)
        .containsEntry("pm_instance_start_time_seconds{program=\"web\",number=\"1\"}", 1_000.0)
        .containsEntry("pm_instance_cpu_seconds_total{program=\"web\",number=\"1\"}", 1.25)
        .containsEntry("pm_instance_resident_memory_bytes{program=\"web\",number=\"1\"}", 4096.0)
        .doesNotContainKey("pm_instance_cpu_seconds_total{program=\"db\",number=\"1\"}")
        .containsEntry("pm_log_bytes_total{program=\"web\"}", 12.0)
        .containsEntry("pm_log_bytes_total{program=\"db\"}", 0.0);
  }

  @Test
  void poolsAreShown() throws Exception {
    pools.add(pool("thumbs"));
    assertThat(ExpositionChecker.check(text()).samples())
        .containsEntry("pm_pool_workers{pool=\"thumbs\",state=\"BUSY\"}", 2.0)
        .containsEntry("pm_pool_queue_depth{pool=\"thumbs\",priority=\"high\"}", 3.0)
        .containsEntry("pm_pool_queue_depth{pool=\"thumbs\",priority=\"low\"}", 0.0)
        .containsEntry("pm_pool_queue_capacity{pool=\"thumbs\"}", 1000.0)
        .containsEntry("pm_pool_oldest_wait_seconds{pool=\"thumbs\"}", 1.5)
        .containsEntry("pm_pool_tasks_total{pool=\"thumbs\",result=\"succeeded\"}", 5.0)
        .containsEntry("pm_pool_tasks_total{pool=\"thumbs\",result=\"failed\"}", 0.0)
        .containsEntry("pm_pool_stale_results_total{pool=\"thumbs\"}", 1.0)
        .containsEntry("pm_pool_lost_attempts_total{pool=\"thumbs\"}", 2.0)
        .containsEntry("pm_pool_task_wait_seconds_bucket{pool=\"thumbs\",le=\"0.1\"}", 3.0)
        .containsEntry("pm_pool_task_wait_seconds_count{pool=\"thumbs\"}", 7.0)
        .containsEntry("pm_pool_task_wait_seconds_sum{pool=\"thumbs\"}", 123.456)
        .containsEntry("pm_pool_breaker{pool=\"thumbs\",state=\"half-open\"}", 1.0)
        .containsEntry("pm_pool_breaker{pool=\"thumbs\",state=\"closed\"}", 0.0)
        .containsEntry("pm_pool_paused{pool=\"thumbs\"}", 1.0)
        .containsEntry("pm_pool_stalled{pool=\"thumbs\"}", 1.0);
  }

  @Test
  void theDaemonTellsOfItself() throws Exception {
    Map<String, Double> samples = ExpositionChecker.check(text()).samples();
    assertThat(samples)
        .containsEntry("pm_build_info{version=\"0.1.0 \\\"odd\\\"\\\\\\n\"}", 1.0)
        .containsEntry("pm_events_lost_total", 3.0)
        .containsEntry("pm_records_bytes", 77.0)
        .containsEntry("pm_loop_turn_seconds_count", 6.0)
        .containsEntry("process_start_time_seconds", 1_000.0);
    assertThat(samples.get("process_resident_memory_bytes")).isGreaterThan(1e6);
    assertThat(samples.get("process_virtual_memory_bytes"))
        .isGreaterThan(samples.get("process_resident_memory_bytes"));
    assertThat(samples.get("process_open_fds")).isGreaterThan(3);
    assertThat(samples.get("process_max_fds")).isGreaterThan(samples.get("process_open_fds"));
    assertThat(samples.get("process_cpu_seconds_total")).isPositive();
  }

  @Test
  void everyFamilyStandsInTheDocument() throws Exception {
    String document = Files.readString(Path.of("../docs/control-protocol.md"));
    pools.add(pool("thumbs"));
    assertThat(ExpositionChecker.check(text()).types().keySet())
        .filteredOn(name -> !name.startsWith("process_"))
        .allSatisfy(name -> assertThat(document).contains("`" + name + "`"));
  }

  @Test
  void whatIsForgottenIsCountedNoLonger() throws Exception {
    changed("gone", InstanceState.DEAD, Optional.of(ExitCause.EXIT), Optional.empty());
    assertThat(text()).doesNotContain("gone");
  }

  @Test
  void promtoolFindsNothingWrong() throws Exception {
    Optional<Path> promtool =
        List.of("/usr/bin/promtool", "/usr/local/bin/promtool").stream()
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    org.junit.jupiter.api.Assumptions.assumeTrue(promtool.isPresent(), "promtool is not installed");
    pools.add(pool("thumbs"));
    changed("web", InstanceState.DEAD, Optional.of(ExitCause.EXIT), Optional.empty());
    Process check =
        new ProcessBuilder(promtool.orElseThrow().toString(), "check", "metrics")
            .redirectErrorStream(true)
            .start();
    try (OutputStream in = check.getOutputStream()) {
      in.write(text().getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(check.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said).isEmpty();
    assertThat(check.exitValue()).isZero();
  }
}
