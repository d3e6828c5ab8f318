package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KeyGuideTest {
  /** What an example needs beside it. */
  private static final Map<String, String> BESIDE =
      Map.of(
          "shell", "command: a | b",
          "stop.drain", "type: worker",
          "readiness.ping", "type: worker",
          "liveness.ping", "type: worker",
          "liveness.while_busy", "type: worker",
          "worker.framing", "type: worker",
          "worker.transport", "type: worker",
          "worker.ping.method", "type: worker",
          "worker.max_frame", "type: worker");

  @Test
  void everyKeyIsExplainedWithAnExampleThatIsAccepted() {
    for (String path : KeyGuide.paths()) {
      KeyGuide guide = KeyGuide.find(path).orElseThrow();
      assertThat(guide.path()).isEqualTo(path);
      assertThat(guide.does()).as(path).endsWith(".");
      assertThat(guide.example().isEmpty())
          .as(path)
          .isEqualTo(
              KeyPath.find(guide.isOfProgram() ? ProgramKeys.PROGRAM : DaemonKeys.DAEMON, path)
                  .orElseThrow()
                  .example()
                  .isEmpty());
      if (!guide.example().isEmpty() && isWhole(path)) {
        assertThat(problems(guide)).as(guide.example()).isEmpty();
      }
    }
  }

  /** Whether an example says all that its mapping needs. */
  private static boolean isWhole(String path) {
    return !path.matches(
        "(readiness|liveness)\\.(http\\..*|exec\\..*|period|timeout)|depends_on\\..*|pool\\.weights"
            + "|liveness\\.(failure_threshold|success_threshold|initial_delay|on_failure|before_kill.*)"
            + "|(hooks\\.[a-z_]+|stop\\.command|reload\\.command)\\..*");
  }

  private static String beside(String path) {
    return path.startsWith("pool") ? "type: worker" : BESIDE.getOrDefault(path, "");
  }

  private static List<Problem> problems(KeyGuide guide) {
    String beside = beside(guide.path());
    String text =
        guide.isOfProgram()
            ? "programs:\n  other: {command: a}\n  web:\n    "
                + guide.example()
                + "\n"
                + (beside.isEmpty() ? "" : "    " + beside + "\n")
                + (guide.path().equals("command") || beside.startsWith("command")
                    ? ""
                    : "    command: a\n")
            : guide.example() + "\n";
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    return new ConfigurationLoader(folders, 0, Trust.ANYTHING, Optional.empty())
        .loadText("pm.yaml", text.getBytes(UTF_8))
        .problems();
  }

  @Test
  void findsAKeyByTheWayItIsReachedInAFile() {
    assertThat(KeyGuide.find("programs.web.restart.delay").orElseThrow().path())
        .isEqualTo("restart.delay");
    assertThat(KeyGuide.find("socket.mode").orElseThrow().isOfProgram()).isFalse();
    assertThat(KeyGuide.find("environment.LANG").orElseThrow().does()).contains("Variables");
    assertThat(KeyGuide.find("depends_on.db.condition").orElseThrow().otherwise())
        .isEqualTo("ready");
    assertThat(KeyGuide.find("programs.web.pool.task.backoff.delay").orElseThrow().kind())
        .isEqualTo(KeyKind.LIVE);
    assertThat(KeyGuide.find("tasks.store").orElseThrow().isOfProgram()).isFalse();
    assertThat(KeyGuide.find("nonsense")).isEmpty();
    assertThat(KeyGuide.find("restart.nonsense")).isEmpty();
    assertThat(KeyGuide.find("")).isEmpty();
  }

  @Test
  void saysWhatWasMeant() {
    assertThat(KeyGuide.remedy("autorestart")).isEqualTo("did you mean restart.policy?");
    assertThat(KeyGuide.remedy("reset_after"))
        .isEqualTo("did you mean restart.reset_after or pool.breaker.reset_after?");
    assertThat(KeyGuide.remedy("max_size")).isEqualTo("did you mean logs.max_size?");
    assertThat(KeyGuide.remedy("pm.max_children")).isEqualTo("did you mean pool.max?");
    assertThat(KeyGuide.remedy("restart.dely")).isEqualTo("did you mean restart.delay?");
    assertThat(KeyGuide.remedy("qqqqqqqqqqqqqqqq")).isEqualTo("pmctl config schema lists all keys");
  }

  @Test
  void aProgramThatFailsAtOnceIsGivenUp() {
    RestartCurve curve = RestartCurve.of(RestartSpec.DEFAULT);
    assertThat(curve.attempts())
        .extracting(each -> each.time().toSeconds())
        .containsExactly(1L, 3L, 7L);
    assertThat(curve.givesUpAfter().orElseThrow()).hasSeconds(7);
    ProgramSpec spaced =
        read(
            "restart: {max_restarts: 3, window: 10s, delay: 5s, factor: 1, max_delay: 5s, jitter: 0.2}");
    // The window slides: at 15s the restart at 5s is young no more.
    RestartCurve open = RestartCurve.of(spaced.restart());
    assertThat(open.givesUpAfter()).isEmpty();
    assertThat(open.attempts()).hasSize(RestartCurve.MOST);
    assertThat(open.attempts().getFirst().leastDelay()).hasSeconds(4);
    assertThat(RestartCurve.of(read("restart: never").restart()).attempts()).isEmpty();
  }

  private static ProgramSpec read(String key) {
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    return new ConfigurationLoader(folders, 0, Trust.ANYTHING, Optional.empty())
        .loadText("pm.yaml", ("programs: {web: {command: a, " + key + "}}").getBytes(UTF_8))
        .programs()
        .firstEntry()
        .getValue();
  }
}
