package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The schema accepts what we accept, and refuses most of what we refuse. */
class ConfigurationSchemaTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final JsonSchema DAEMON = schema(ConfigurationSchema.daemon());
  private static final JsonSchema PROGRAM = schema(ConfigurationSchema.program());

  /**
   * What no schema can see, by its kind, and the files of the corpus that have nothing else wrong.
   */
  private static final Map<String, List<String>> UNSEEN =
      Map.of(
          "keys that go together, or not",
          List.of(
              "liveness-oneshot",
              "liveness-worker-only",
              "readiness-fd-of-worker",
              "readiness-log-line-unread",
              "readiness-oneshot",
              "readiness-ping",
              "readiness-two",
              "retry-never",
              "worker-of-others"),
          "programs that refer to each other",
          List.of(
              "depends-circle",
              "depends-itself",
              "depends-long-circle",
              "depends-missing",
              "depends-names",
              "depends-two"),
          "two log files that are one",
          List.of("logs-rotated", "logs-shared", "pool-log"),
          "variables, regular expressions, folders: what a text means",
          List.of("readiness-log-line", "templates-everywhere", "variables", "working-dirs"),
          "what the daemon may do that reads it",
          List.of("users-as-nobody"),
          "lengths and numbers",
          List.of("line-too-long", "many-variables", "word-too-long"),
          "how the text is written; a key that is there twice an editor sees without a schema",
          List.of(
              "bom",
              "duplicate-key",
              "duplicate-program",
              "duplicate-section",
              "duplicate-top",
              "duplicates-below"));

  @Test
  void whatIsAcceptedIsValid() throws IOException {
    for (Path file : files(RESOURCES.resolve("accepted"))) {
      Optional<Set<ValidationMessage>> messages = validate(DAEMON, Files.readString(file, UTF_8));
      assertThat(messages.orElseThrow()).as(file.toString()).isEmpty();
    }
    for (Path file : files(Path.of("../config-examples"))) {
      String text = Files.readString(file, UTF_8);
      boolean isOfPrograms =
          text.startsWith("# yaml-language-server: $schema=/usr/share/pm/schema/program.json\n");
      if (!isOfPrograms) {
        assertThat(text)
            .startsWith("# yaml-language-server: $schema=/usr/share/pm/schema/daemon.json\n");
      }
      Optional<Set<ValidationMessage>> messages = validate(isOfPrograms ? PROGRAM : DAEMON, text);
      assertThat(messages.orElseThrow()).as(file.toString()).isEmpty();
    }
  }

  @Test
  void theExamplesOfTheDocumentsAreValid() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(Path.of("../README.md")));
    try (Stream<Path> files = Files.list(Path.of("../docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
    }
    int examples = 0;
    for (Path document : documents) {
      Matcher block =
          Pattern.compile("^```yaml( run)?\n(\\w.*?)^```", Pattern.DOTALL | Pattern.MULTILINE)
              .matcher(Files.readString(document, UTF_8));
      while (block.find()) {
        examples++;
        assertThat(validate(DAEMON, block.group(2)).orElseThrow())
            .as("%s: %s", document, block.group(2))
            .isEmpty();
      }
    }
    assertThat(examples).isGreaterThan(30);
  }

  @Test
  void whatWeWriteIsValid() {
    for (int seed = 0; seed < 300; seed++) {
      Configuration configuration = new RandomConfigurations(seed).configuration();
      String text = ConfigurationWriter.yaml(configuration);
      assertThat(validate(DAEMON, text).orElseThrow()).as("seed " + seed).isEmpty();
      ProgramSpec program = configuration.programs().firstEntry().getValue();
      assertThat(validate(PROGRAM, ConfigurationWriter.yaml(program)).orElseThrow())
          .as("seed " + seed)
          .isEmpty();
    }
  }

  @Test
  void whatIsWrongInShapeIsNotValid() throws IOException {
    var unseen = new TreeSet<String>();
    for (List<String> names : UNSEEN.values()) {
      unseen.addAll(names);
    }
    var passed = new TreeSet<String>();
    int refused = 0;
    int unreadable = 0;
    for (Path file : files(RESOURCES.resolve("corpus"))) {
      Optional<Set<ValidationMessage>> messages = Optional.empty();
      try {
        messages = validate(DAEMON, Files.readString(file, UTF_8));
      } catch (CharacterCodingException noText) {
        // Not even an editor would open it.
      }
      if (messages.isEmpty()) {
        unreadable++;
      } else if (messages.get().isEmpty()) {
        passed.add(String.valueOf(file.getFileName()).replace(".yaml", ""));
      } else {
        refused++;
      }
    }
    assertThat(passed).isEqualTo(unseen);
    // No YAML at all, or not within the bounds that come before any schema.
    assertThat(unreadable).isBetween(30, 40);
    assertThat(refused).isGreaterThanOrEqualTo(90);
  }

  @Test
  void everyKeyIsInTheSchema() {
    String daemon = ConfigurationSchema.daemon();
    for (String path : KeyGuide.paths()) {
      assertThat(daemon).contains("\"" + path.substring(path.lastIndexOf('.') + 1) + "\": {");
    }
    assertThat(ConfigurationSchema.program()).doesNotContain("\"socket\": {");
  }

  private static JsonSchema schema(String text) {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text);
  }

  private static Optional<Set<ValidationMessage>> validate(JsonSchema schema, String yaml) {
    try {
      Object tree =
          NodeReader.readYaml("x", yaml)
              .map(ConfigurationSchemaTest::plain)
              .orElse(ProgramTree.NULL);
      var json = new StringBuilder();
      JsonText.write(tree, json);
      return Optional.of(schema.validate(json.toString(), InputFormat.JSON));
    } catch (UnreadableFileException unreadable) {
      return Optional.empty();
    }
  }

  /** As a YAML 1.2 editor reads it. */
  private static Object plain(Node node) {
    return switch (node) {
      case Node.Text text when text.isNull() -> ProgramTree.NULL;
      case Node.Text text when !text.plain() -> text.text();
      case Node.Text text ->
          switch (text.text()) {
            case "true", "false" -> Boolean.valueOf(text.text());
            case String number when number.matches("-?(0|[1-9][0-9]{0,17})(\\.[0-9]+)?") ->
                new BigDecimal(number);
            default -> text.text();
          };
      case Node.Items items -> {
        List<Object> list = new ArrayList<>();
        for (Node item : items.items()) {
          list.add(plain(item));
        }
        yield list;
      }
      case Node.Entries entries -> {
        var map = new LinkedHashMap<String, Object>();
        for (Node.Entry entry : entries.entries()) {
          map.put(entry.key(), plain(entry.value()));
        }
        yield map;
      }
    };
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }
}
