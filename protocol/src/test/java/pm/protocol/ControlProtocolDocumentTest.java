package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Every method stands in {@code docs/control-protocol.md} with an example that follows the rules.
 */
final class ControlProtocolDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/control-protocol.md");

  @Test
  void everyMethodHasAnExampleThatItsParametersAllow() throws Exception {
    Set<Method> shown = EnumSet.noneOf(Method.class);
    for (List<String> block : blocks()) {
      for (String line : block) {
        if (!line.startsWith("--> ")) {
          continue;
        }
        byte[] bytes = line.substring("--> ".length()).getBytes(StandardCharsets.UTF_8);
        try {
          if (MessageCodec.decode(bytes) instanceof Message.Request request
              && Method.of(request.method()).isPresent()) {
            Method method = Method.of(request.method()).get();
            shown.add(method);
            new Members(request.params()).only(method.parameters());
          }
        } catch (MessageException | JsonException e) {
          assertThat(block)
              .as("what is wrong is answered by an error")
              .anyMatch(answer -> answer.contains("\"error\""));
        }
      }
    }
    assertThat(shown).isEqualTo(EnumSet.allOf(Method.class));
  }

  @Test
  void everyAnswerIsAMessageAndEveryRequestIsAnswered() throws Exception {
    for (List<String> block : blocks()) {
      int requests = 0;
      int responses = 0;
      for (String line : block) {
        assertThat(line).matches("(-->|<--) .*");
        if (line.startsWith("--> ")) {
          requests++;
        } else if (!line.equals("<-- ...")) {
          Message message =
              MessageCodec.decode(line.substring("<-- ".length()).getBytes(StandardCharsets.UTF_8));
          responses += message instanceof Message.Notification ? 0 : 1;
        }
      }
      assertThat(responses).as(block.toString()).isEqualTo(requests);
    }
  }

  @Test
  void everyErrorCodeIsInItsTable() throws IOException {
    String document = Files.readString(DOCUMENT);
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(document)
          .containsPattern(
              "\\| " + code.code() + " \\|.*\\| " + code.exitCode().value() + " \\|\n");
    }
  }

  private static List<List<String>> blocks() throws IOException {
    List<List<String>> blocks = new ArrayList<>();
    boolean inside = false;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.equals("```jsonrpc")) {
        inside = true;
        blocks.add(new ArrayList<>());
      } else if (line.equals("```")) {
        inside = false;
      } else if (inside) {
        blocks.getLast().add(line);
      }
    }
    assertThat(blocks).hasSizeGreaterThan(15);
    return blocks;
  }
}
