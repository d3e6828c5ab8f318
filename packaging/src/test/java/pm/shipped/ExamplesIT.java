package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples are right, and the one that needs nothing but a shell runs. */
@Timeout(120)
class ExamplesIT {

  private static final Path EXAMPLES = Pmd.TREE.resolve("../../../config-examples").normalize();

  @Test
  void eachIsRight() throws Exception {
    List<Path> examples;
    try (Stream<Path> files = Files.walk(EXAMPLES)) {
      examples = files.filter(file -> file.toString().endsWith(".yaml")).toList();
    }
    assertThat(examples).hasSizeGreaterThan(8);
    for (Path example : examples) {
      Process check =
          new ProcessBuilder(
                  Pmd.BIN.resolve("pmd").toString(), "--check", "--config", example.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(check.getInputStream().readAllBytes(), UTF_8);
      assertThat(check.waitFor()).as(said).isZero();
    }
  }

  @Test
  void theSchemasThatTheyNameAreShipped(@TempDir Path home) throws Exception {
    Pmd pmd = new Pmd(home);
    for (String kind : List.of("program", "daemon")) {
      assertThat(Pmd.TREE.resolve("share/schema/" + kind + ".json"))
          .content(UTF_8)
          .isNotEmpty()
          .isEqualTo(pmd.pmctl("config", "schema", kind).out());
    }
  }

  @Test
  void theDemoRuns(@TempDir Path home) throws Exception {
    try (Pmd pmd = new Pmd(home, "--config", EXAMPLES.resolve("demo.yaml").toString()).start()) {
      pmd.await("web@1", "IDLE");
      pmd.await("web@2", "IDLE");
      pmd.await("queue@1", "IDLE");
      pmd.await("migrate@1", "DEAD/completed");
      pmd.await("flaky@1", "DEAD/backoff");
    }
  }
}
