package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The README does what it says. */
@Timeout(120)
class ReadmeIT {

  private static final Path README = Pmd.TREE.resolve("../../../README.md").normalize();
  private static final Pattern BLOCK = Pattern.compile("```(\\w*)\\n(.*?)```", Pattern.DOTALL);

  @Test
  void itsDefinitionsAreRight(@TempDir Path home) throws Exception {
    List<String> definitions = blocks("yaml");
    assertThat(definitions).hasSize(3);
    for (String definition : definitions) {
      assumeTrue(!definition.contains("user:") || isRoot(), "only root may set a user");
      Path file = home.resolve("pm.yaml");
      Files.writeString(file, definition);
      Process check =
          new ProcessBuilder(
                  Pmd.BIN.resolve("pmd").toString(), "--check", "--config", file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(check.getInputStream().readAllBytes(), UTF_8);
      assertThat(check.waitFor()).as(said).isZero();
    }
  }

  @Test
  void itsCommandsWork(@TempDir Path home) throws Exception {
    // The port of the example may be taken here; what is shown is that the commands are right.
    String program = blocks("yaml").getFirst().replace("8080", "0");
    try (Pmd pmd = new Pmd(home).with(program).start()) {
      pmd.await("web@1", "IDLE");
      List<String> commands = new ArrayList<>();
      for (String block : blocks("")) {
        block
            .lines()
            .filter(line -> line.startsWith("pmctl ") && !line.contains(" hello"))
            .map(line -> line.replaceFirst("\\s*#.*", ""))
            .forEach(commands::add);
      }
      assertThat(commands).contains("pmctl status", "pmctl daemon shutdown");
      for (String command : commands) {
        String once = command.replace(" -f", "");
        Pmd.Outcome outcome = pmd.pmctl(once.substring("pmctl ".length()).split(" "));
        assertThat(outcome.exit()).as(once + ": " + outcome.err()).isZero();
      }
      assertThat(pmd.awaitEnd()).isZero();
    }
  }

  @Test
  void itsFirstWorkerWorks(@TempDir Path home) throws Exception {
    try (Pmd pmd = new Pmd(home).with(blocks("yaml").get(1))) {
      Files.writeString(
          home.resolve("config/programs.d/hello.py"), blocks("python").getFirst(), UTF_8);
      Files.writeString(home.resolve("names.jsonl"), "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
      pmd.start();
      int tried = 0;
      for (String block : blocks("")) {
        for (String line : block.lines().filter(each -> each.contains(" hello")).toList()) {
          tried++;
          Matcher shown = Pattern.compile("# (\".*\")$").matcher(line);
          ProcessBuilder client = pmd.client();
          client.command("/bin/sh", "-c", line);
          client.environment().merge("PATH", "", (path, none) -> Pmd.BIN + ":" + path);
          client.directory(home.toFile());
          Pmd.Outcome outcome = Pmd.Outcome.of(client);
          assertThat(outcome.exit()).as(line + ": " + outcome.err()).isZero();
          if (shown.find()) {
            assertThat(outcome.out().strip()).isEqualTo(shown.group(1));
          }
        }
      }
      assertThat(tried).isEqualTo(3);
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static List<String> blocks(String language) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(Files.readString(README));
    while (matcher.find()) {
      if (matcher.group(1).equals(language)) {
        blocks.add(matcher.group(2));
      }
    }
    return blocks;
  }
}
