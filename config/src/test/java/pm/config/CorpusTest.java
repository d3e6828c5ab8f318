package pm.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each {@code corpus/NAME.yaml} is refused with exactly the lines of {@code NAME.expected}, as an
 * ordinary user would see them. {@code -Dcorpus.rewrite=true} writes those files anew; read the
 * difference before it is committed.
 */
class CorpusTest {
  private static final Path CORPUS = Path.of("src/test/resources/corpus");
  private static final Path ACCEPTED = Path.of("src/test/resources/accepted");
  private static final boolean REWRITE = Boolean.getBoolean("corpus.rewrite");

  @TestFactory
  Stream<DynamicTest> brokenFilesAreRefusedWithExactlyTheseProblems() throws IOException {
    return files(CORPUS).stream()
        .map(file -> DynamicTest.dynamicTest(name(file), () -> assertProblems(file)));
  }

  @TestFactory
  Stream<DynamicTest> goodFilesAreAccepted() throws IOException {
    return files(ACCEPTED).stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    name(file), () -> assertThat(load(file).problems()).isEmpty()));
  }

  @Test
  void theCorpusIsNotSmall() throws IOException {
    assertThat(files(CORPUS)).hasSizeGreaterThan(140);
    assertThat(files(ACCEPTED)).hasSizeGreaterThan(5);
  }

  private static void assertProblems(Path file) throws IOException {
    var lines = new ArrayList<String>();
    for (Problem problem : load(file).problems()) {
      lines.add(problem.toString());
    }
    Path expected = file.resolveSibling(name(file).replace(".yaml", ".expected"));
    if (REWRITE) {
      Files.writeString(expected, String.join("\n", lines) + "\n");
    }
    assertThat(lines).isNotEmpty();
    assertThat(String.join("\n", lines) + "\n")
        .isEqualTo(Files.readString(expected, StandardCharsets.UTF_8));
  }

  private static Configuration load(Path file) throws IOException {
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    boolean asRoot = name(file).startsWith("root-");
    var loader =
        new ConfigurationLoader(
            folders, asRoot ? 0 : 1000, Trust.ANYTHING, Optional.of(Map.of("INHERITED", "1")));
    return loader.loadText(name(file), Files.readAllBytes(file));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> name(file).endsWith(".yaml")).sorted().toList();
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }
}
