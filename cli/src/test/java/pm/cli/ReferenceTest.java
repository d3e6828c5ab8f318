package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.PicocliParser;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.protocol.ExitCode;

/**
 * Holds the reference in {@code docs/cli.md} to the commands; {@code -Ddocs.rewrite=true} writes it
 * anew.
 */
final class ReferenceTest {
  private static final Path DOCUMENT = Path.of("../docs/cli.md");
  private static final String BEGIN = "<!-- What follows is written by ReferenceTest. -->\n";

  @Test
  void theDocumentSaysWhatTheCommandsSay() throws IOException {
    String document = Files.readString(DOCUMENT);
    int begin = document.indexOf(BEGIN);
    assertThat(begin).isPositive();
    String expected = document.substring(0, begin) + BEGIN + reference();
    if (Boolean.getBoolean("docs.rewrite")) {
      Files.writeString(DOCUMENT, expected);
    } else {
      assertThat(document).isEqualTo(expected);
    }
  }

  private static String reference() {
    StringBuilder text =
        new StringBuilder("\n## Options of every command\n\n| option | |\n| --- | --- |\n");
    for (Option option : GlobalOptions.EVERYWHERE) {
      option(text, option);
    }
    option(text, GlobalOptions.VERSION);
    text.append("\n## Exit codes\n\n| code | means |\n| --- | --- |\n");
    for (ExitCode code : ExitCode.values()) {
      text.append("| ").append(code.value()).append(" | ").append(code.meaning()).append(" |\n");
    }
    for (Command command : Commands.all()) {
      command(text, command.syntax());
    }
    return text.toString();
  }

  private static void command(StringBuilder text, Syntax syntax) {
    text.append("\n## ").append(syntax.name()).append("\n\n```text\n");
    text.append(PicocliParser.synopsis(syntax)).append("\n```\n\n");
    text.append(syntax.description());
    if (!syntax.aliases().isEmpty()) {
      text.append(" Also: `pmctl ")
          .append(String.join("`, `pmctl ", syntax.aliases()))
          .append("`.");
    }
    text.append("\n\n");
    if (!syntax.options().isEmpty() || syntax.operands().max() > 0) {
      text.append("| | |\n| --- | --- |\n");
      if (syntax.operands().max() > 0) {
        text.append("| `").append(syntax.operands().label()).append("` | ");
        text.append(cell(syntax.operands().description())).append(" |\n");
      }
      for (Option option : syntax.options()) {
        option(text, option);
      }
      text.append('\n');
    }
    text.append("```sh\n");
    for (String example : syntax.examples()) {
      text.append(example).append('\n');
    }
    text.append("```\n\nExits with");
    String separator = " ";
    for (Syntax.Exit exit : PicocliParser.exits(syntax)) {
      text.append(separator)
          .append("**")
          .append(exit.code().value())
          .append("** ")
          .append(exit.meaning());
      separator = "; ";
    }
    text.append(".\n");
  }

  private static void option(StringBuilder text, Option option) {
    text.append("| `");
    if (!option.shortName().isEmpty()) {
      text.append(option.shortName()).append("`, `");
    }
    text.append(option.longName());
    text.append(option.valueSyntax());
    text.append("` | ").append(cell(option.description())).append(" |\n");
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
