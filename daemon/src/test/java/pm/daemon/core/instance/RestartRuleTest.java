package pm.daemon.core.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.ProgramSpec;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.StartKind;

/** Policy, cause, exit code and window against {@code tables/restart-policy.txt}. */
class RestartRuleTest {

  private static final long SECOND = 1_000_000_000L;
  private static final Moment NOW =
      new Moment(1_000 * SECOND, Instant.parse("2026-01-01T00:00:00Z"));
  private static final Path TABLE =
      Path.of("src", "test", "resources", "tables", "restart-policy.txt");

  /** One line of the table. */
  record Row(ExitCause cause, ExitStatus status, boolean prevented, List<String> cells) {

    static List<Row> read() throws IOException {
      List<Row> rows = new ArrayList<>();
      for (String line : Files.readAllLines(TABLE)) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        String[] parts = line.split("\\|", -1);
        String[] end = parts[0].strip().split(" ", -1);
        rows.add(
            new Row(
                cause(end[0]),
                status(end[1]),
                parts[1].strip().equals("yes"),
                List.of(parts[2].strip().split(" +", -1))));
      }
      return rows;
    }

    private static ExitCause cause(String word) {
      for (ExitCause cause : ExitCause.values()) {
        if (cause.word().equals(word)) {
          return cause;
        }
      }
      throw new IllegalArgumentException(word);
    }

    private static ExitStatus status(String word) {
      if (word.startsWith("exit-")) {
        return new ExitStatus.Code(Integer.parseInt(word.substring(5)));
      }
      return switch (word) {
        case "SEGV" -> new ExitStatus.Signalled("SEGV", 11, false);
        case "SEGV-core" -> new ExitStatus.Signalled("SEGV", 11, true);
        case "KILL" -> new ExitStatus.Signalled("KILL", 9, false);
        case "unknown" -> new ExitStatus.Unknown();
        default -> throw new IllegalArgumentException(word);
      };
    }

    String cell(RestartPolicy policy) {
      return cells.get(List.of(RestartPolicy.values()).indexOf(policy));
    }

    ProgramSpec spec(RestartPolicy policy, OptionalInt most) {
      Set<Integer> prevent =
          prevented && status instanceof ExitStatus.Code code ? Set.of(code.code()) : Set.of(99);
      return new ProgramSpec.Builder("web", new Command(List.of("/bin/web"), false))
          .successExitCodes(Set.of(0, 3))
          .restart(
              new RestartSpec(
                  policy,
                  most,
                  Duration.ofSeconds(60),
                  Duration.ofSeconds(1),
                  2,
                  Duration.ofSeconds(30),
                  0,
                  Duration.ofMinutes(10),
                  prevent,
                  Optional.empty()))
          .build();
    }
  }

  private static Instance instance(RestartWindow window) {
    return Instance.fresh(
            new InstanceName("web", 1), Phase.Dead.lasting(DeadReason.NEW, "", Actor.AUTOSTART))
        .with(window, window.restarts().size(), window.restarts().size());
  }

  private static Phase.Dead after(Row row, ProgramSpec spec, RestartWindow window) {
    return RestartRule.after(
        instance(window),
        spec,
        row.cause(),
        row.status(),
        "it ended",
        NOW,
        new SplittableRandom(1));
  }

  private static final RestartWindow TWO = new RestartWindow(List.of(950 * SECOND, 960 * SECOND));
  private static final RestartWindow THREE =
      new RestartWindow(List.of(950 * SECOND, 960 * SECOND, 970 * SECOND));

  @Test
  void eachCellIsAsTheTableSays() throws IOException {
    for (Row row : Row.read()) {
      for (RestartPolicy policy : RestartPolicy.values()) {
        String cell = row.cell(policy);
        String what = policy + " " + row;
        Phase.Dead roomy = after(row, row.spec(policy, OptionalInt.of(3)), TWO);
        assertThat(roomy.reason().word()).as(what).isEqualTo(cell);
        Phase.Dead unlimited = after(row, row.spec(policy, OptionalInt.empty()), THREE);
        assertThat(unlimited.reason().word()).as(what + ", unlimited").isEqualTo(cell);
        Phase.Dead full = after(row, row.spec(policy, OptionalInt.of(3)), THREE);
        assertThat(full.reason().word())
            .as(what + ", window full")
            .isEqualTo(cell.equals("backoff") ? "failed" : cell);
        Phase.Dead never = after(row, row.spec(policy, OptionalInt.of(0)), RestartWindow.EMPTY);
        assertThat(never.reason().word())
            .as(what + ", max_restarts 0")
            .isEqualTo(cell.equals("backoff") ? "failed" : cell);
        if (cell.equals("backoff")) {
          assertThat(roomy.kind()).as(what).isEqualTo(StartKind.RESTART);
          assertThat(roomy.startAt()).as(what).isEqualTo(NOW.nanos() + 4 * SECOND);
          assertThat(full.detail()).as(what).contains("gave up: 3 restarts within 1m");
          assertThat(never.detail()).as(what).contains("gave up: restart.max_restarts is 0");
        } else {
          assertThat(roomy.startAt()).as(what).isEqualTo(Moment.NEVER);
        }
        assertThat(full.startAt()).as(what).isEqualTo(Moment.NEVER);
      }
    }
  }

  @Test
  void theTableHasEachCauseThatThePolicyJudges() throws IOException {
    assertThat(Row.read().stream().map(Row::cause).distinct())
        .containsExactlyInAnyOrder(
            ExitCause.CLEAN,
            ExitCause.EXIT,
            ExitCause.SIGNAL,
            ExitCause.START_TIMEOUT,
            ExitCause.UNHEALTHY,
            ExitCause.TIME_LIMIT,
            ExitCause.OOM,
            ExitCause.UNKNOWN);
    for (Row row : Row.read()) {
      assertThat(row.cells()).as(row.toString()).hasSize(RestartPolicy.values().length);
    }
  }

  @Test
  void givenRetryAfter_whenGivenUp_thenItIsTriedOnceThereIsRoomAgain() throws IOException {
    Row crash = new Row(ExitCause.EXIT, new ExitStatus.Code(1), false, List.of());
    ProgramSpec spec = crash.spec(RestartPolicy.ALWAYS, OptionalInt.of(3));
    assertThat(after(crash, retrying(spec, 5), THREE).startAt()).isEqualTo(1_010 * SECOND);
    Phase.Dead late = after(crash, retrying(spec, 300), THREE);
    assertThat(late.startAt()).isEqualTo(1_300 * SECOND);
    assertThat(late.reason()).isEqualTo(DeadReason.FAILED);
    assertThat(late.kind()).isEqualTo(StartKind.RESTART);
  }

  @Test
  void givenNoRestartsAllowed_whenRetryAfterIsSet_thenItIsNeverTried() {
    Row crash = new Row(ExitCause.EXIT, new ExitStatus.Code(1), false, List.of());
    ProgramSpec spec = retrying(crash.spec(RestartPolicy.ALWAYS, OptionalInt.of(0)), 5);
    assertThat(after(crash, spec, RestartWindow.EMPTY).startAt()).isEqualTo(Moment.NEVER);
  }

  @Test
  void givenShortage_whenTheWindowIsFull_thenItIsTriedAllTheSame() {
    Row row = new Row(ExitCause.EXIT, new ExitStatus.Code(1), false, List.of());
    ProgramSpec spec = row.spec(RestartPolicy.NEVER, OptionalInt.of(3));
    Phase.Dead dead =
        RestartRule.afterShortage(
            instance(THREE), spec, "spawn: no memory", NOW, new SplittableRandom(1));
    assertThat(dead.reason()).isEqualTo(DeadReason.BACKOFF);
    assertThat(dead.kind()).isEqualTo(StartKind.SHORTAGE);
    assertThat(dead.startAt()).isEqualTo(NOW.nanos() + 8 * SECOND);
  }

  @Test
  void theCauseFollowsFromTheStatus() {
    ProgramSpec spec =
        new Row(ExitCause.EXIT, new ExitStatus.Code(1), false, List.of())
            .spec(RestartPolicy.ALWAYS, OptionalInt.of(3));
    assertThat(RestartRule.causeOf(new ExitStatus.Code(0), spec)).isEqualTo(ExitCause.CLEAN);
    assertThat(RestartRule.causeOf(new ExitStatus.Code(3), spec)).isEqualTo(ExitCause.CLEAN);
    assertThat(RestartRule.causeOf(new ExitStatus.Code(1), spec)).isEqualTo(ExitCause.EXIT);
    assertThat(RestartRule.causeOf(new ExitStatus.Code(143), spec)).isEqualTo(ExitCause.EXIT);
    assertThat(RestartRule.causeOf(new ExitStatus.Signalled("TERM", 15, false), spec))
        .isEqualTo(ExitCause.SIGNAL);
    assertThat(RestartRule.causeOf(new ExitStatus.Unknown(), spec)).isEqualTo(ExitCause.UNKNOWN);
  }

  private static ProgramSpec retrying(ProgramSpec spec, long seconds) {
    RestartSpec rule = spec.restart();
    return new ProgramSpec.Builder(spec)
        .restart(
            new RestartSpec(
                rule.policy(),
                rule.maxRestarts(),
                rule.window(),
                rule.delay(),
                rule.factor(),
                rule.maxDelay(),
                rule.jitter(),
                rule.resetAfter(),
                rule.prevent(),
                Optional.of(Duration.ofSeconds(seconds))))
        .build();
  }
}
