package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ExitCode;

final class ConfigCheckTest {

  @TempDir Path home;

  private Path config;

  @BeforeEach
  void makeFolder() throws IOException {
    config = Files.createDirectories(home.resolve("config"));
  }

  private Call check(String... more) {
    List<String> line = new java.util.ArrayList<>(List.of("config", "check"));
    line.addAll(List.of(more));
    return Call.of(Map.of("PM_HOME", home.toString()), line);
  }

  @Test
  void aRightConfigurationIsSaidToBeRight() throws IOException {
    Files.createDirectories(config.resolve("programs.d"));
    Files.writeString(
        config.resolve("programs.d/a.yaml"), "programs:\n  a: {command: [sleep, '1']}\n");
    Call call = check();
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.out()).isEqualTo("nothing is wrong; programs in %s: 1\n", config);
    assertThat(call.err()).isEmpty();
    assertThat(check("-o", "json").out()).isEqualTo("[]\n");
  }

  @Test
  void allProblemsAreToldWithTheirPlaces() throws IOException {
    Path file =
        Files.writeString(
            home.resolve("bad.yaml"),
            "programs:\n  a:\n    comand: x\n  b: {command: [x], restart: sometimes}\n");
    Call call = check(file.toString());
    assertThat(call.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(call.out()).isEmpty();
    assertThat(call.err())
        .contains(file + ":3:5: programs.a.comand: ")
        .contains("did you mean command?")
        .contains(file + ":4:")
        .containsPattern("pmctl: \\d errors\\.\n$");
    call = check(file.toString(), "-o", "jsonl");
    assertThat(call.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(call.out().lines().findFirst().orElseThrow())
        .startsWith(
            "{\"file\":\"" + file + "\",\"line\":3,\"column\":5,\"path\":\"programs.a.comand\"");
    assertThat(call.err()).isEmpty();
  }

  @Test
  void aFileThatIsNotThereIsAProblem() {
    Call call = check(home.resolve("none.yaml").toString());
    assertThat(call.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(call.err()).contains("none.yaml").endsWith("pmctl: 1 error.\n");
  }
}
