package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Plays the stories in {@code scenarios/}. A transcript that has changed is written anew by {@code
 * -Dscenarios.rewrite=true}; read its difference line by line.
 */
class ScenarioTest {

  private static final Path FOLDER = Path.of("src", "test", "resources", "scenarios");

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(FOLDER)) {
      return all.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  @TestFactory
  List<DynamicTest> eachStoryGoesAsItIsWritten() throws IOException {
    return files().stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    String.valueOf(file.getFileName()),
                    () -> {
                      String written = Files.readString(file);
                      String played = Scenario.play(written);
                      if (Boolean.getBoolean("scenarios.rewrite")) {
                        Files.writeString(file, played);
                      } else {
                        assertThat(played).isEqualTo(written);
                      }
                    }))
        .toList();
  }

  @Test
  void eachStorySaysWhatItIsAbout() throws IOException {
    assertThat(files()).hasSizeGreaterThan(20);
    for (Path file : files()) {
      assertThat(Files.readString(file)).as(file.toString()).startsWith("# ");
    }
  }

  @Test
  void noStoryRunsIntoTheImpossibleUnawares() throws IOException {
    for (Path file : files()) {
      if (!file.toString().contains("impossible")) {
        assertThat(Files.readAllLines(file)).as(file.toString()).doesNotContain("impossible");
      }
    }
  }
}
