package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ExitCode;

/** The commands about configuration that need no daemon, besides {@code config check} itself. */
final class ConfigCommandsTest {

  @TempDir Path home;

  private Call call(String... line) {
    return Call.of(Map.of("PM_HOME", home.toString()), List.of(line));
  }

  @Test
  void explainsAKey() {
    Call call = call("config", "explain", "restart.delay");
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.out())
        .isEqualTo(
            """
            restart.delay
              Before the first restart in a row; at most max_delay.
              takes:    a duration such as 250ms, 5s, 1m30s or 7d
              default:  1s
              change:   live: takes effect at once, while the process runs
              example:  restart: {delay: 250ms}
            """);
    assertThat(call("config", "explain", "programs.web.umask").out())
        .contains("restart: the process sees it");
    assertThat(call("config", "explain", "socket.mode").out()).startsWith("socket.mode (pmd.yaml)");
    assertThat(call("config", "explain", "readiness.fd", "-o", "json").out())
        .contains("\"key\": \"readiness.fd\"", "\"change\": \"next_start\"");
  }

  @Test
  void aKeyThatIsNotThereIsMetWithTheOneThatWasMeant() {
    Call call = call("config", "explain", "restart.dely");
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.err())
        .isEqualTo(
            "pmctl: config explain: there is no key restart.dely; did you mean restart.delay?\n");
    assertThat(call("config", "explain", "startretries").err())
        .contains("did you mean restart.max_restarts?");
  }

  @Test
  void printsTheSchemas() {
    assertThat(call("config", "schema").out()).startsWith("{\n").contains("\"readiness\"");
    assertThat(call("config", "schema", "program").out()).isEqualTo(call("config", "schema").out());
    assertThat(call("config", "schema", "daemon").out()).contains("\"max_concurrent_starts\"");
    Call wrong = call("config", "schema", "pool");
    assertThat(wrong.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err()).contains("there are schemas of program and daemon, not of pool");
  }

  @Test
  void explainsWhatTheNumbersOfAProgramMean() throws IOException {
    Path file =
        Files.writeString(
            home.resolve("pm.yaml"),
            """
            programs:
              web:
                command: [java, -jar, web.jar]
                restart: {policy: always, jitter: 0.5, retry_after: 15m}
                liveness: {http: "http://127.0.0.1:8080/", before_kill: QUIT}
                hooks: {pre_stop: [./leave], post_stop: [./clean]}
                stop: {signal: INT, timeout: 30s}
              plain: {command: a, restart: never}
              wrong: {command: a, instances: x}
            """);
    Call call = call("config", "check", file.toString(), "--explain", "web");
    assertThat(call.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(call.out())
        .isEqualTo(
            """
            If it fails at once each time (restart: always):
              start    at 0s
              restart 1 after 500ms to 1s, at 500ms to 1s
              restart 2 after 1s to 2s, at 1s500ms to 3s
              restart 3 after 2s to 4s, at 3s500ms to 7s
              given up at 3s500ms to 7s (DEAD/failed): max_restarts within 1m are used up
              and tried again 15m later

            When it is stopped:
              the hook pre_stop runs
              INT is sent
              30s later KILL is sent to everything that it started
              the hook post_stop runs

            If it stops working (http every 5s): UNHEALTHY at most 18s later, then QUIT is sent, then it is stopped as above and restarted.
            """);
    assertThat(call("config", "check", file.toString(), "--explain", "plain").out())
        .startsWith("It is never restarted by itself.\n")
        .endsWith("It is not checked once it is ready (no liveness).\n");
    assertThat(call("config", "check", file.toString(), "--explain", "web", "-o", "json").out())
        .contains("\"gives_up_at_seconds\": 7", "\"unhealthy_after_seconds\": 18");
    Call wrong = call("config", "check", file.toString(), "--explain", "wrong");
    assertThat(wrong.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(wrong.err()).contains("programs.wrong.instances");
    Call nobody = call("config", "check", file.toString(), "--explain", "nobody");
    assertThat(nobody.exitCode()).isEqualTo(ExitCode.NO_MATCH);
    assertThat(nobody.err()).contains("no program is called nobody");
  }
}
