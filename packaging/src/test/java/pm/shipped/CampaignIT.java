package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Json;
import pm.protocol.Members;

/** The campaign runs, counts, goes on where it was, and reports; here with next to no trials. */
@Timeout(180)
class CampaignIT {

  private static final Path RUN = Path.of("..", "campaigns", "run").toAbsolutePath().normalize();

  @TempDir private Path folder;

  @BeforeAll
  static void isThere() {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(":", -1))
            .anyMatch(place -> Files.isExecutable(Path.of(place, "python3"))),
        "python3 is not installed");
  }

  private Pmd.Outcome run(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("python3", RUN.toString()));
    command.addAll(List.of(words));
    command.addAll(List.of("--results", results().toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    return Pmd.Outcome.of(builder);
  }

  private Path results() {
    return folder.resolve("results.jsonl");
  }

  @Test
  void runsLinesAndWritesWhatCameOfThem() throws Exception {
    String[] two = {
      "histories", "frames", "--count", "2", "--tree", Pmd.TREE.toString(), "--work", "" + folder
    };
    Pmd.Outcome first = run(two);
    assertThat(first.exit()).as("%s", first).isZero();
    assertThat(first.out())
        .contains("PASS histories: 0 of 2 histories failed, seeds 1 to 2", "PASS frames: 0 of ");
    run(two);
    List<String> lines = Files.readAllLines(results());
    assertThat(lines).hasSize(4);
    Members again = Members.of(Json.parse(lines.get(2)), "a run");
    assertThat(again.string("line")).isEqualTo("histories");
    assertThat(again.list("seeds")).as("it goes on with new seeds").isEqualTo(List.of(3L, 4L));
    assertThat(again.optionalLong("count")).hasValue(2);
    assertThat(again.has("commit") && again.has("machine") && again.has("date")).isTrue();
    try (var left = Files.list(folder)) {
      assertThat(left).as("nothing else is left").containsExactly(results());
    }

    Path document = folder.resolve("document.md");
    Files.writeString(document, "before\n<!-- results -->\nold\n<!-- end -->\nafter\n");
    run("--mended", "frames", "It counted wrongly.");
    Pmd.Outcome reported = run("--report", "--document", document.toString());
    assertThat(reported.exit()).as("%s", reported).isZero();
    assertThat(Files.readString(document))
        .startsWith("before\n<!-- results -->\n")
        .endsWith("<!-- end -->\nafter\n")
        .doesNotContain("old")
        .contains("| `histories` | 0 of 4: fewer than 3 in 4 | histories | 1–4 |")
        .contains("| `frames` | not run since the last mend |")
        .contains("frames` ", "It counted wrongly.");
  }

  @Test
  void saysWhatEachLineDoes() throws Exception {
    Pmd.Outcome list = run("--list");
    assertThat(list.exit()).isZero();
    List<String> lines = list.out().lines().toList();
    assertThat(lines).hasSizeGreaterThan(10).allMatch(line -> line.matches("[a-z-]+  +\\S.*\\."));
    String document = Files.readString(Path.of("..", "docs", "reliability.md"));
    for (String line : lines) {
      assertThat(document).as(line).contains("`" + line.substring(0, line.indexOf(' ')) + "`");
    }
  }

  @Test
  void refusesWhatIsNoLine() throws Exception {
    Pmd.Outcome refused = run("--tree", Pmd.TREE.toString(), "nope");
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.err()).contains("there is no line nope. There are: ");
  }
}
