package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The comparison runs, and writes into its document. What it measures is no test. */
@Timeout(120)
class BenchmarksIT {
  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final Path COMPARE = REPOSITORY.resolve("benchmarks/compare");

  @TempDir private Path folder;

  private static Pmd.Outcome compare(String... words) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(COMPARE.toString());
    builder.command().addAll(List.of(words));
    return Pmd.Outcome.of(builder);
  }

  @Test
  void aRunIsWrittenBetweenWhatTheDocumentSays() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "there is a C compiler");
    Path document = folder.resolve("benchmarks.md");
    String before = Files.readString(REPOSITORY.resolve("docs/benchmarks.md"));
    Files.writeString(document, before);

    Pmd.Outcome outcome =
        compare(
            "--no-install",
            "--rounds=1",
            "--systems=floor,pmd",
            "--only=empty",
            "--tree=" + Pmd.TREE,
            "--work=" + folder,
            "--output=" + document);

    assertThat(outcome.exit()).as(outcome.toString()).isZero();
    String after = Files.readString(document);
    assertThat(after)
        .containsPattern("\\| launch to the first answer, without a program, ms \\| [\\d.,]+ \\| ")
        .contains("| not measured |");
    assertThat(prose(after)).isEqualTo(prose(before));

    Path other = folder.resolve("again.md");
    Files.writeString(other, before);
    compare("--again=" + document + ".json", "--output=" + other);
    assertThat(other).hasContent(after);
  }

  private static String prose(String document) {
    return document.replaceAll("(?s)(<!-- measured: \\w+ -->).*?(<!-- end -->)", "$1$2");
  }

  @Test
  void everySceneIsExplained() throws Exception {
    Pmd.Outcome list = compare("--list");
    String scenes = list.out().lines().findFirst().orElseThrow().replace("scenes: ", "");
    String explained = Files.readString(REPOSITORY.resolve("benchmarks/README.md"));
    for (String scene : scenes.split(" ", -1)) {
      assertThat(explained).contains("`" + scene + "`");
    }
  }

  @Test
  void whatIsNotThereIsNamed() throws Exception {
    assertThat(compare("--only=launch").err())
        .contains("there is no scene launch. There are: empty, one,");
  }
}
