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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The schema accepts what we accept, and refuses most of what we refuse. */
class ConfigurationSchemaTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final JsonSchema DAEMON = schema(ConfigurationSchema.daemon());
  private static final JsonSchema PROGRAM = schema(ConfigurationSchema.program());

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
  void mostOfWhatIsRefusedIsNotValid() throws IOException {
    int refused = 0;
    int readable = 0;
    var passed = new TreeSet<String>();
    for (Path file : files(RESOURCES.resolve("corpus"))) {
      Optional<Set<ValidationMessage>> messages;
      try {
        messages = validate(DAEMON, Files.readString(file, UTF_8));
      } catch (IOException notText) {
        continue;
      }
      if (messages.isEmpty()) {
        continue;
      }
      readable++;
      if (messages.get().isEmpty()) {
        passed.add(String.valueOf(file.getFileName()));
      } else {
        refused++;
      }
    }
    assertThat(readable).isGreaterThan(80);
    // What only we can see: what goes together, templates, quotes, other files.
    assertThat(refused).as("not refused: %s", passed).isGreaterThan(readable * 55 / 100);
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
