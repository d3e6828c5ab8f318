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
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/configuration.md says what is so. */
class ConfigurationDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/configuration.md");

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
  void theTablesAreWhatTheKeysSay() throws IOException {
    String text = Files.readString(DOCUMENT, UTF_8);
    var written = new StringBuilder();
    var tables = new TreeSet<String>();
    int done = 0;
    Matcher marker =
        Pattern.compile("<!-- keys: ([a-z_.]+) -->\n.*?<!-- end -->", Pattern.DOTALL).matcher(text);
    while (marker.find()) {
      String path = marker.group(1);
      assertThat(tables.add(path)).as(path).isTrue();
      written
          .append(text, done, marker.start())
          .append("<!-- keys: " + path + " -->\n" + table(path) + "<!-- end -->");
      done = marker.end();
    }
    written.append(text, done, text.length());
    if (Boolean.getBoolean("docs.rewrite")) {
      Files.writeString(DOCUMENT, written);
    }
    assertThat(written.toString()).isEqualTo(Files.readString(DOCUMENT, UTF_8));
    // Every mapping has a table.
    for (Key key : ProgramKeys.PROGRAM.keys()) {
      if (!KeyPath.mappings(key.type()).isEmpty()) {
        assertThat(tables).contains(key.name());
      }
    }
  }

  private static String table(String path) {
    boolean ofDaemon = path.equals("daemon");
    var table =
        new StringBuilder(
            ofDaemon
                ? "| key | default | meaning |\n| --- | --- | --- |\n"
                : "| key | default | meaning | change |\n| --- | --- | --- | --- |\n");
    if (ofDaemon) {
      for (Key key : DaemonKeys.DAEMON.keys()) {
        List<Keys> below = KeyPath.mappings(key.type());
        for (Key each : below.isEmpty() ? List.of(key) : below.getFirst().keys()) {
          row(below.isEmpty() ? each.name() : key.name() + "." + each.name(), each, false, table);
        }
      }
    } else if (path.equals("program")) {
      rows("", ProgramKeys.PROGRAM, table);
    } else {
      KeyType type = KeyPath.find(ProgramKeys.PROGRAM, path).orElseThrow().type();
      List<Keys> mappings = KeyPath.mappings(type);
      rows(
          mappings.isEmpty() ? path + ".NAME." : path + ".",
          mappings.isEmpty() ? ProgramKeys.CONDITION : mappings.getFirst(),
          table);
    }
    return table.toString();
  }

  private static void rows(String prefix, Keys keys, StringBuilder table) {
    for (Key key : keys.keys()) {
      row(prefix + key.name(), key, true, table);
      // A mapping below that of a program has no table of its own.
      if (!prefix.isEmpty() && key.type() instanceof KeyType.Below(Keys below)) {
        rows(prefix + key.name() + ".", below, table);
      }
    }
  }

  private static void row(String path, Key key, boolean withKind, StringBuilder table) {
    table
        .append("| `" + path + "` | ")
        .append(key.otherwise().isEmpty() ? "" : "`" + key.otherwise() + "`")
        .append(" | " + key.does().replace("|", "\\|") + " |");
    if (withKind) {
      table.append(" " + key.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " |");
    }
    table.append('\n');
  }

  @Test
  void theDefaultsOfTheKeysAreThoseOfTheRecords() {
    ProgramSpec program = new ProgramSpec.Builder("web", new Command(List.of("a"), false)).build();
    var defaults = new LinkedHashMap<String, String>();
    flatten("", ProgramTree.of(program), defaults);
    flatten("pool", ProgramTree.of(PoolSpec.DEFAULT), defaults);
    for (Map.Entry<String, String> entry : defaults.entrySet()) {
      Key key = KeyPath.find(ProgramKeys.PROGRAM, entry.getKey()).orElseThrow();
      assertThat(entry.getKey()).endsWith(key.name());
      if (!entry.getKey().equals("command")) {
        assertThat(canonical(key.otherwise()))
            .as("the default of %s", entry.getKey())
            .isEqualTo(entry.getValue());
      }
    }
    defaults.clear();
    flatten("", ProgramTree.of(DaemonSpec.DEFAULT), defaults);
    for (Map.Entry<String, String> entry : defaults.entrySet()) {
      Key key = KeyPath.find(DaemonKeys.DAEMON, entry.getKey()).orElseThrow();
      assertThat(canonical(key.otherwise())).as(entry.getKey()).isEqualTo(entry.getValue());
    }
  }

  /** As the writer would have it. */
  private static String canonical(String text) {
    return switch (text) {
      case "60s" -> "1m";
      case "24h" -> "1d";
      default -> text;
    };
  }

  @Test
  void everyKeyThatIsNotSupportedYetIsListed() throws IOException {
    String text = Files.readString(DOCUMENT, UTF_8);
    String list = text.substring(text.indexOf("## Not supported yet"));
    for (LaterKey key : ProgramKeys.PROGRAM.later()) {
      assertThat(list).contains("`" + key.name() + "`");
    }
    for (LaterKey key : DaemonKeys.DAEMON.later()) {
      assertThat(list).contains("`" + key.name() + "`");
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
