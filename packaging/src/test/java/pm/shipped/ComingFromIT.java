package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each row and each file of docs/coming-from.md is right. */
@Timeout(180)
class ComingFromIT {

  private static final String PAGE = "docs/coming-from.md";

  @Test
  void itsKeysAreAccepted(@TempDir Path folder) throws Exception {
    StringBuilder yaml = new StringBuilder("programs:\n");
    List<List<String>> rows = Markdown.read(PAGE).rows("keys");
    assertThat(rows).hasSizeGreaterThan(100);
    for (int row = 0; row < rows.size(); row++) {
      String ours = Markdown.code(rows.get(row).get(2));
      yaml.append("  row").append(row).append(":\n");
      if (!ours.startsWith("command:")) {
        yaml.append("    command: [sleep, \"60\"]\n");
      }
      if (!ours.equals("{}")) {
        yaml.append("    ").append(ours).append('\n');
      }
    }
    Pmd.Outcome outcome = check(folder, yaml.toString());
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
  }

  @Test
  void theirKeysAreUnderstood(@TempDir Path folder) throws Exception {
    StringBuilder yaml = new StringBuilder("programs:\n");
    List<List<String>> rows = Markdown.read(PAGE).rows("keys");
    for (int row = 0; row < rows.size(); row++) {
      yaml.append("  row").append(row).append(":\n");
      if (!rows.get(row).get(1).isEmpty()) {
        yaml.append("    ").append(Markdown.code(rows.get(row).getFirst())).append(": 1\n");
      }
    }
    Pmd.Outcome outcome = check(folder, yaml.toString());
    SoftAssertions softly = new SoftAssertions();
    for (int row = 0; row < rows.size(); row++) {
      String hint = rows.get(row).get(1);
      if (hint.isEmpty()) {
        continue;
      }
      String path = ": programs.row" + row + "." + Markdown.code(rows.get(row).getFirst()) + ": ";
      List<String> said =
          (outcome.out() + outcome.err()).lines().filter(line -> line.contains(path)).toList();
      if (hint.equals("same")) {
        softly.assertThat(said).as(path).noneMatch(line -> line.contains("unknown key"));
      } else {
        String wanted =
            path
                + "unknown key; "
                + (hint.startsWith("`") ? "did you mean " + Markdown.code(hint) + "?" : hint);
        softly.assertThat(said).as(path).hasSize(1).allMatch(line -> line.endsWith(wanted));
      }
    }
    softly.assertAll();
  }

  @Test
  void itsCommandsEndAsItSays(@TempDir Path home) throws Exception {
    Markdown page = Markdown.read(PAGE);
    SoftAssertions softly = new SoftAssertions();
    try (Pmd pmd = new Pmd(home).with(page.blocks("yaml").getFirst()).start()) {
      pmd.await("web@1", "IDLE");
      pmd.await("web@2", "IDLE");
      List<List<String>> rows = page.rows("verbs");
      assertThat(rows).hasSizeGreaterThan(60);
      for (List<String> row : rows) {
        String command = Markdown.code(row.get(1)).replace(" -f", "");
        Pmd.Outcome outcome = shell(pmd, command);
        softly
            .assertThat(outcome.exit())
            .as(command + ": " + outcome)
            .isEqualTo(Integer.parseInt(row.get(2)));
      }
      assertThat(pmd.awaitEnd()).isZero();
    }
    softly.assertAll();
  }

  @Test
  void itsKeysOfPoolsAreAccepted(@TempDir Path folder) throws Exception {
    StringBuilder yaml = new StringBuilder("programs:\n");
    List<List<String>> rows = Markdown.read(PAGE).rows("pool keys");
    assertThat(rows).hasSizeGreaterThan(10);
    for (int row = 0; row < rows.size(); row++) {
      String ours = Markdown.code(rows.get(row).get(1));
      yaml.append("  row").append(row).append(":\n    type: worker\n    command: [cat]\n");
      if (!ours.startsWith("pool:")) {
        yaml.append("    pool: {}\n");
      }
      if (!ours.equals("{}")) {
        yaml.append("    ").append(ours).append('\n');
      }
    }
    Pmd.Outcome outcome = check(folder, yaml.toString());
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
  }

  @Test
  void itsCommandsAboutTasksEndAsItSays(@TempDir Path home) throws Exception {
    String worker = Path.of("..", "config-examples/workers/worker.sh").toRealPath().toString();
    String yaml =
        """
        programs:
          mails:
            type: worker
            command: [%s]
            pool: {}
        """
            .formatted(worker);
    SoftAssertions softly = new SoftAssertions();
    try (Pmd pmd = new Pmd(home).with(yaml).start()) {
      pmd.await("mails@1", "IDLE");
      List<List<String>> rows = Markdown.read(PAGE).rows("pool verbs");
      assertThat(rows).hasSizeGreaterThan(10);
      for (List<String> row : rows) {
        String command = Markdown.code(row.get(1));
        Pmd.Outcome outcome = shell(pmd, command);
        softly
            .assertThat(outcome.exit())
            .as(command + ": " + outcome)
            .isEqualTo(Integer.parseInt(row.get(2)));
      }
    }
    softly.assertAll();
  }

  @Test
  void itsFilesAreRight(@TempDir Path folder) throws Exception {
    List<String> files = Markdown.read(PAGE).blocks("yaml");
    assertThat(files).hasSize(4);
    for (String file : files) {
      // Only a daemon that runs as root may set a user.
      String yaml = isRoot() ? file : file.replaceAll(" *user: .*\\n", "");
      Pmd.Outcome outcome = check(folder, yaml);
      assertThat(outcome.exit()).as(outcome.toString()).isZero();
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static Pmd.Outcome check(Path folder, String yaml)
      throws IOException, InterruptedException {
    Path file = folder.resolve("pm.yaml");
    Files.writeString(file, yaml, UTF_8);
    return Pmd.Outcome.of(
        new ProcessBuilder(
            Pmd.BIN.resolve("pmd").toString(), "--check", "--config", file.toString()));
  }

  private static Pmd.Outcome shell(Pmd pmd, String command)
      throws IOException, InterruptedException {
    ProcessBuilder client = pmd.client();
    client.command("/bin/sh", "-c", command);
    client.environment().merge("PATH", "", (path, none) -> Pmd.BIN + ":" + path);
    return Pmd.Outcome.of(client);
  }
}
