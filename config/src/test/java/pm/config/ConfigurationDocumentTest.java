package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/configuration.md says what is so. */
class ConfigurationDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/configuration.md");

  /** A row of a table of keys. */
  private record Row(String key, String defaultValue, Optional<String> change) {}

  @Test
  void everyExampleIsAccepted() throws IOException {
    List<String> examples = blocks("yaml");
    assertThat(examples).hasSizeGreaterThan(7);
    for (String example : examples) {
      assertThat(load(example).problems()).as(example).isEmpty();
    }
  }

  @Test
  void theRefusedExampleIsRefusedAsShown() throws IOException {
    List<String> refused = blocks("yaml refused");
    List<String> messages = blocks("text");
    assertThat(refused).hasSize(1);
    assertThat(load(refused.getFirst()).problems())
        .extracting(Problem::toString)
        .containsExactly(messages.getFirst().split("\n"));
  }

  @Test
  void everyKeyIsThereWithItsDefaultAndTheKindOfItsChange() throws IOException {
    ProgramSpec program = new ProgramSpec.Builder("web", new Command(List.of("a"), false)).build();
    var defaults = new LinkedHashMap<String, String>();
    flatten("", ProgramTree.of(program), defaults);
    int ofProgram = defaults.size();
    flatten("", ProgramTree.of(DaemonSpec.DEFAULT), defaults);
    Map<String, Row> rows = rows();
    int position = 0;
    for (Map.Entry<String, String> entry : defaults.entrySet()) {
      String key = entry.getKey();
      assertThat(rows).containsKey(key);
      Row row = Objects.requireNonNull(rows.get(key));
      assertThat(row.defaultValue())
          .as("the default of %s", key)
          .isEqualTo(key.equals("command") ? "" : entry.getValue());
      Optional<String> change =
          position++ < ofProgram
              ? Optional.of(KeyKind.of(key).name().toLowerCase(Locale.ROOT))
              : Optional.empty();
      assertThat(row.change()).as("the change of %s", key).isEqualTo(change);
    }
    var others = new TreeSet<>(rows.keySet());
    others.removeAll(defaults.keySet());
    assertThat(others).containsExactly("logs", "readiness", "restart", "stop");
  }

  @Test
  void everyKeyThatIsNotSupportedYetIsListed() throws IOException {
    String text = Files.readString(DOCUMENT, UTF_8);
    String list = text.substring(text.indexOf("## Not supported yet"));
    for (LaterKey key : Keys.PROGRAM.later()) {
      assertThat(list).contains("`" + key.name() + "`");
    }
    for (LaterKey key : Keys.DAEMON.later()) {
      assertThat(list).contains("`" + key.name() + "`");
    }
    for (LaterKey key : Keys.STOP.later()) {
      assertThat(list).contains("`stop." + key.name() + "`");
    }
    for (LaterKey key : Keys.LOGS.later()) {
      assertThat(list).contains("`logs." + key.name() + "`");
    }
  }

  private static void flatten(String path, Map<?, ?> tree, Map<String, String> flat) {
    for (Map.Entry<?, ?> entry : tree.entrySet()) {
      String below = path.isEmpty() ? entry.getKey().toString() : path + "." + entry.getKey();
      if (entry.getValue() instanceof Map<?, ?> map && !map.isEmpty()) {
        flatten(below, map, flat);
      } else {
        flat.put(below, YamlText.inline(entry.getValue()));
      }
    }
  }

  private static Map<String, Row> rows() throws IOException {
    var rows = new LinkedHashMap<String, Row>();
    for (String line : Files.readAllLines(DOCUMENT, UTF_8)) {
      String[] cells = line.split("(?<!\\\\)\\|", -1);
      if (line.startsWith("| `") && cells.length >= 5) {
        String key = bare(cells[1]);
        Optional<String> change =
            cells.length == 6 && !cells[4].isBlank()
                ? Optional.of(cells[4].strip())
                : Optional.empty();
        assertThat(rows.put(key, new Row(key, bare(cells[2]), change))).as(key).isNull();
      }
    }
    return rows;
  }

  private static String bare(String cell) {
    return cell.strip().replace("`", "");
  }

  private static List<String> blocks(String kind) throws IOException {
    var blocks = new ArrayList<String>();
    var block = new StringBuilder();
    boolean inside = false;
    for (String line : Files.readAllLines(DOCUMENT, UTF_8)) {
      if (inside && line.equals("```")) {
        blocks.add(block.toString());
        block.setLength(0);
        inside = false;
      } else if (inside) {
        block.append(line).append('\n');
      } else {
        inside = line.equals("```" + kind);
      }
    }
    return blocks;
  }

  private static Configuration load(String yaml) {
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    return new ConfigurationLoader(folders, 1000, Trust.ANYTHING, Optional.of(Map.of()))
        .loadText("pm.yaml", yaml.getBytes(UTF_8));
  }
}
