package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PoolSpecTest {
  private static final PoolSpec.Recycle BY_TASKS =
      new PoolSpec.Recycle(OptionalLong.of(100), Optional.empty(), OptionalLong.empty(), 0);

  @Test
  void readsEveryKey() {
    PoolSpec pool =
        read(
            """
            min: 2
            max: 8
            scale_up: {wait: 4s, step: 4}
            scale_down: {idle: 10m}
            strategy: weighted-round-robin
            weights: [3, 1, 3]
            concurrency: 16
            accepts: ["mail.*", invoice, "mail.*"]
            recycle: {max_tasks: 1000, max_age: 12h, max_memory: 512MiB, jitter: 0.2}
            throttle: {cpu: 80%, memory: 90}
            stall: {after: 10m, action: restart}
            queue: {capacity: 50000, aging: 1m}
            task: {timeout: 30s, retries: 7, backoff: {delay: 2s, factor: 1.5, max_delay: 3s, jitter: 1}, keep: 0s, keep_max: 0, poison_after: 4}
            breaker: {failures: 20, reset_after: 5s, when_open: reject}
            """);
    assertThat(pool)
        .isEqualTo(
            new PoolSpec(
                2,
                8,
                new PoolSpec.ScaleUp(Duration.ofSeconds(4), 4),
                Duration.ofMinutes(10),
                PoolSpec.Strategy.WEIGHTED_ROUND_ROBIN,
                List.of(3, 1, 3),
                16,
                List.of("mail.*", "invoice"),
                new PoolSpec.Recycle(
                    OptionalLong.of(1000),
                    Optional.of(Duration.ofHours(12)),
                    OptionalLong.of(512 << 20),
                    0.2),
                new PoolSpec.Throttle(OptionalInt.of(80), OptionalInt.of(90)),
                new PoolSpec.Stall(
                    Optional.of(Duration.ofMinutes(10)), PoolSpec.StallAction.RESTART),
                new PoolSpec.QueueSpec(50_000, Duration.ofMinutes(1)),
                new PoolSpec.TaskRules(
                    Duration.ofSeconds(30),
                    7,
                    new PoolSpec.TaskBackoff(Duration.ofSeconds(2), 1.5, Duration.ofSeconds(3), 1),
                    Duration.ZERO,
                    0,
                    4),
                new PoolSpec.BreakerSpec(20, Duration.ofSeconds(5), PoolSpec.WhenOpen.REJECT)));
    assertThat(pool.slots()).isEqualTo(9);
  }

  @Test
  void whatIsMissingOrNullIsAsDocumented() {
    assertThat(read("min: 1")).isEqualTo(PoolSpec.DEFAULT);
    assertThat(read("{}")).isEqualTo(PoolSpec.DEFAULT);
    assertThat(read("{task: {backoff: null, keep: 24h}, accepts: null, throttle: {cpu: null}}"))
        .isEqualTo(PoolSpec.DEFAULT);
    assertThat(read("max: 5").min()).isEqualTo(1);
    PoolSpec onDemand = read("min: 0");
    assertThat(onDemand.min()).isZero();
    assertThat(onDemand.max()).isEqualTo(1);
  }

  @Test
  void thereIsOneSlotMoreWhereInstancesAreReplaced() {
    assertThat(read("max: 4").slots()).isEqualTo(4);
    assertThat(read("{max: 4, recycle: {jitter: 0.5}}").slots()).isEqualTo(4);
    assertThat(read("{max: 4, recycle: {max_tasks: 5}}").slots()).isEqualTo(5);
    assertThat(read("{max: 4, recycle: {max_age: 5s}}").slots()).isEqualTo(5);
    assertThat(read("{max: 999, recycle: {max_memory: 1GiB}}").slots())
        .isEqualTo(ProgramSpec.MOST_INSTANCES);
  }

  @Test
  void aProgramHasAsManyInstancesAsItsPoolHasSlots() {
    var worker = new ProgramSpec.Builder("w", new Command(List.of("a"), false));
    worker.type(ProgramType.WORKER).instances(3).pool(Optional.of(PoolSpec.DEFAULT));
    assertThat(worker.build().instances()).isEqualTo(1);
    worker.pool(Optional.of(with(BY_TASKS).withBounds(0, 7)));
    ProgramSpec pooled = worker.build();
    assertThat(pooled.instances()).isEqualTo(8);
    assertThat(new ProgramSpec.Builder(pooled).instances(2).build()).isEqualTo(pooled);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> worker.type(ProgramType.SIMPLE).build())
        .withMessageContaining("only a worker has a pool");
    worker.type(ProgramType.WORKER);
    assertThat(worker.pool(Optional.empty()).build().instances()).isEqualTo(3);
  }

  @Test
  void aWorkerWithAPoolIsDrainedUnlessItsStopSaysOtherwise() {
    var worker =
        new ProgramSpec.Builder("w", new Command(List.of("a"), false)).type(ProgramType.WORKER);
    assertThat(worker.build().drain()).isZero();
    worker.pool(Optional.of(PoolSpec.DEFAULT));
    assertThat(worker.build().drain()).hasSeconds(30);
    for (Duration drain : List.of(Duration.ZERO, Duration.ofMinutes(2))) {
      worker.stop(
          new StopSpec(
              "TERM", Duration.ofSeconds(1), StopScope.TREE, Optional.of(drain), Optional.empty()));
      assertThat(worker.build().drain()).isEqualTo(drain);
    }
  }

  @Test
  void otherBoundsLeaveTheRestAsItIs() {
    PoolSpec pool =
        read("{max: 4, strategy: weighted-round-robin, weights: [5, 6, 7], concurrency: 3}");
    PoolSpec narrow = pool.withBounds(0, 2);
    assertThat(narrow.weights()).containsExactly(5, 6);
    assertThat(narrow.concurrency()).isEqualTo(3);
    assertThat(narrow.slots()).isEqualTo(2);
    assertThat(pool.withBounds(1, 4)).isEqualTo(pool);
    assertThat(pool.withBounds(6, 9).weights()).containsExactly(5, 6, 7);
    assertThatIllegalArgumentException().isThrownBy(() -> pool.withBounds(3, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> pool.withBounds(0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> pool.withBounds(-1, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> pool.withBounds(1, PoolSpec.MOST + 1));
  }

  @Test
  void aSlotWithoutAWeightCountsOnce() {
    PoolSpec pool = read("{max: 3, strategy: weighted-round-robin, weights: [5, 2]}");
    assertThat(List.of(pool.weight(1), pool.weight(2), pool.weight(3), pool.weight(4)))
        .containsExactly(5, 2, 1, 1);
    assertThat(PoolSpec.DEFAULT.weight(1)).isEqualTo(1);
  }

  @Test
  void takesWhatOneOfItsGlobsMatches() {
    PoolSpec pool = read("accepts: [\"mail.*\", \"v?\"]");
    assertThat(pool.takes("mail.send")).isTrue();
    assertThat(pool.takes("v1")).isTrue();
    assertThat(pool.takes("v10")).isFalse();
    assertThat(pool.takes("sms")).isFalse();
    assertThat(PoolSpec.DEFAULT.takes("anything")).isTrue();
  }

  @Test
  void nonsenseIsRefused() {
    Duration second = Duration.ofSeconds(1);
    Duration zero = Duration.ZERO;
    Duration negative = second.negated();
    var none = OptionalLong.empty();
    refused(() -> new PoolSpec.ScaleUp(negative, 1));
    refused(() -> new PoolSpec.ScaleUp(zero, 0));
    refused(() -> new PoolSpec.Recycle(OptionalLong.of(0), Optional.empty(), none, 0));
    refused(() -> new PoolSpec.Recycle(none, Optional.of(zero), none, 0));
    refused(() -> new PoolSpec.Recycle(none, Optional.empty(), OptionalLong.of(0), 0));
    refused(() -> new PoolSpec.Recycle(none, Optional.empty(), none, 1.1));
    refused(() -> new PoolSpec.Recycle(none, Optional.empty(), none, Double.NaN));
    refused(() -> new PoolSpec.Throttle(OptionalInt.of(0), OptionalInt.empty()));
    refused(() -> new PoolSpec.Throttle(OptionalInt.empty(), OptionalInt.of(101)));
    refused(() -> new PoolSpec.Stall(Optional.of(zero), PoolSpec.StallAction.REPORT));
    refused(() -> new PoolSpec.QueueSpec(0, second));
    refused(() -> new PoolSpec.QueueSpec(1_000_001, second));
    refused(() -> new PoolSpec.QueueSpec(1, zero));
    refused(() -> new PoolSpec.TaskBackoff(second, 1, zero, 0));
    refused(() -> new PoolSpec.TaskBackoff(negative, 1, second, 0));
    refused(() -> new PoolSpec.TaskBackoff(second, 0.9, second, 0));
    refused(() -> new PoolSpec.TaskBackoff(second, Double.NaN, second, 0));
    refused(() -> new PoolSpec.TaskBackoff(second, 1, second, -0.1));
    var backoff = PoolSpec.TaskBackoff.DEFAULT;
    refused(() -> new PoolSpec.TaskRules(zero, 0, backoff, zero, 0, 1));
    refused(() -> new PoolSpec.TaskRules(second, -1, backoff, zero, 0, 1));
    refused(() -> new PoolSpec.TaskRules(second, 1001, backoff, zero, 0, 1));
    refused(() -> new PoolSpec.TaskRules(second, 0, backoff, negative, 0, 1));
    refused(() -> new PoolSpec.TaskRules(second, 0, backoff, zero, -1, 1));
    refused(() -> new PoolSpec.TaskRules(second, 0, backoff, zero, 0, 0));
    refused(() -> new PoolSpec.BreakerSpec(0, second, PoolSpec.WhenOpen.HOLD));
    refused(() -> new PoolSpec.BreakerSpec(1, zero, PoolSpec.WhenOpen.HOLD));
    assertThat(new PoolSpec.TaskBackoff(zero, 1, zero, -0.0))
        .isEqualTo(new PoolSpec.TaskBackoff(zero, 1, zero, 0));
  }

  private static PoolSpec with(PoolSpec.Recycle recycle) {
    PoolSpec pool = PoolSpec.DEFAULT;
    return new PoolSpec(
        pool.min(),
        pool.max(),
        pool.scaleUp(),
        pool.scaleDownIdle(),
        pool.strategy(),
        pool.weights(),
        pool.concurrency(),
        pool.accepts(),
        recycle,
        pool.throttle(),
        pool.stall(),
        pool.queue(),
        pool.task(),
        pool.breaker());
  }

  private static void refused(Runnable making) {
    assertThatIllegalArgumentException().isThrownBy(making::run);
  }

  private static PoolSpec read(String pool) {
    String text =
        "programs:\n  w:\n    command: a\n    type: worker\n    pool:\n" + pool.strip().indent(6);
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    Configuration configuration =
        new ConfigurationLoader(folders, 1000, Trust.ANYTHING, Optional.of(Map.of()))
            .loadText("pm.yaml", text.getBytes(StandardCharsets.UTF_8));
    assertThat(configuration.problems()).isEmpty();
    ProgramSpec program = Objects.requireNonNull(configuration.programs().get("w"));
    assertThat(program.instances()).isEqualTo(program.pool().orElseThrow().slots());
    return program.pool().orElseThrow();
  }
}
