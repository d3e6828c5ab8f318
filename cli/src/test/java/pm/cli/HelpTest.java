package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.protocol.ExitCode;

/** Every command has its help, which says all that there is to say. */
final class HelpTest {

  private static Call call(String... words) {
    return Call.of(Map.of(), List.of(words));
  }

  static List<String> names() {
    return Commands.NAMES;
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyCommandShowsItsHelpWithoutADaemon(String name) {
    Syntax syntax = Commands.find(name).orElseThrow().syntax();
    List<String> line = new ArrayList<>(List.of(name.split(" ")));
    line.add("--help");
    Call call = Call.of(Map.of(), line);
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.err()).isEmpty();
    assertThat(call.out())
        .startsWith("Usage: pmctl " + name)
        .contains("Example", "Exit codes:", "\n    2  ", "  pmctl " + name)
        .doesNotContain("%n", "@|", "\u001b");
    for (Option option : syntax.options()) {
      assertThat(call.out()).contains(option.longName());
    }
    for (Option option : GlobalOptions.EVERYWHERE) {
      assertThat(call.out()).contains(option.longName());
    }
    for (Syntax.Exit exit : syntax.exits()) {
      assertThat(call.out()).contains(exit.code().value() + "  " + exit.meaning());
    }
    assertThat(call.out().lines())
        .allSatisfy(shown -> assertThat(shown).hasSizeLessThan(101).doesNotMatch(" [^ ].*"));
    String text = call.out().replaceAll("\\s+", " ");
    assertThat(text).contains(syntax.description(), syntax.operands().description());
    for (Option option : syntax.options()) {
      assertThat(text).as("no line ends in a word").contains(option.description());
    }
    // All ways to ask for it lead to the same text.
    List<String> help = new ArrayList<>(List.of("help"));
    help.addAll(List.of(name.split(" ")));
    assertThat(Call.of(Map.of(), help).out()).isEqualTo(call.out());
    help.set(0, "-h");
    assertThat(Call.of(Map.of(), help).out()).isEqualTo(call.out());
  }

  @Test
  void everyExampleIsACommandThatIsUnderstood() {
    for (Command command : Commands.all()) {
      Syntax syntax = command.syntax();
      assertThat(syntax.name()).isIn(Commands.NAMES);
      assertThat(syntax.examples()).isNotEmpty();
      assertThat(syntax.examples())
          .allMatch(example -> example.startsWith("pmctl " + syntax.name()));
      assertThat(syntax.summary()).doesNotEndWith(".");
      assertThat(syntax.description()).endsWith(".");
    }
  }

  @Test
  void theOverviewNamesEveryCommand() {
    Call call = call("--help");
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    for (String name : Commands.NAMES) {
      assertThat(call.out()).contains("\n  " + name);
    }
    assertThat(call("help").out()).isEqualTo(call.out());
    assertThat(call("-h").out()).isEqualTo(call.out());
  }

  @Test
  void whoDoesNotKnowIsShownTheOverviewAsAnError() {
    Call call = call();
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.out()).isEmpty();
    assertThat(call.err()).contains("Commands:");
    call = call("daemon");
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.err()).contains("daemon shutdown").doesNotContain("  logs");
    call = call("config", "--help");
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.out()).contains("config check");
  }

  @Test
  void helpOfAnUnknownCommandIsAnError() {
    Call call = call("help", "strat");
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.err()).contains("Did you mean start?");
  }
}
