package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.cli.command.Completion;

/** What the scripts of the shells are told, where no daemon is asked. */
final class CompletionTest {
  /** Values that nobody but the user knows: numbers, times, names of his own. */
  private static final Set<String> HIS_OWN =
      Set.of("D", "KEY", "LINES", "MODE", "N", "NAME", "SEQ", "T", "TEXT");

  /** Those that only a daemon knows. */
  private static final Set<String> OF_THE_DAEMON =
      Set.of("ID", "POOL", "POOL [DATA]", "PROGRAM", "PROGRAM=N", "SEL");

  private static List<String> offered(String... words) {
    List<String> line = new ArrayList<>(List.of(Completion.WORD, "--home", "/nonexistent"));
    line.addAll(List.of(words));
    Call call = Call.of(Map.of("LANG", "C"), line);
    assertThat(call.value()).isZero();
    assertThat(call.err()).isEmpty();
    return call.out().lines().map(each -> each.split("\t", 2)[0]).toList();
  }

  private static String[] line(String command, String... words) {
    List<String> line = new ArrayList<>(List.of(command.split(" ", -1)));
    line.addAll(List.of(words));
    return line.toArray(new String[0]);
  }

  @Test
  void everyCommandIsOffered() {
    Set<String> offered = new TreeSet<>();
    for (String word : offered("")) {
      if (!Commands.GROUPS.contains(word)) {
        offered.add(word);
        continue;
      }
      for (String second : offered(word, "")) {
        offered.add(word + " " + second);
      }
    }
    assertThat(offered).isEqualTo(new TreeSet<>(Commands.NAMES));
  }

  @Test
  void everyOptionIsOfferedAndItsValues() {
    for (Command command : Commands.all()) {
      Syntax syntax = command.syntax();
      List<Option> options = new ArrayList<>(syntax.options());
      options.addAll(GlobalOptions.EVERYWHERE);
      assertThat(offered(line(syntax.name(), "--")))
          .as(syntax.name())
          .containsExactlyInAnyOrderElementsOf(options.stream().map(Option::longName).toList());
      for (Option option : options) {
        if (option.label().isEmpty()) {
          continue;
        }
        List<String> joined = offered(line(syntax.name(), option.longName() + "="));
        boolean isKnown =
            !HIS_OWN.contains(option.label()) && !OF_THE_DAEMON.contains(option.label());
        assertThat(!joined.isEmpty()).as("%s %s", syntax.name(), option).isEqualTo(isKnown);
        if (option.takesValue()) {
          List<String> behind = offered(line(syntax.name(), option.longName(), ""));
          assertThat(joined)
              .isEqualTo(
                  behind.stream()
                      .map(each -> each.startsWith(":") ? each : option.longName() + "=" + each)
                      .toList());
        }
      }
    }
  }

  @Test
  void operandsAreOfferedWhereTheyAreKnown() {
    for (Command command : Commands.all()) {
      Syntax syntax = command.syntax();
      List<String> offered = offered(line(syntax.name(), ""));
      boolean isKnown =
          syntax.operands().max() > 0 && !OF_THE_DAEMON.contains(syntax.operands().label());
      assertThat(!offered.isEmpty()).as(syntax.name()).isEqualTo(isKnown);
    }
    assertThat(offered("config", "explain", "pool.task.r")).containsExactly("pool.task.retries");
    assertThat(offered("run", "--", "")).containsExactly(":commands");
    assertThat(offered("run", "--", "cat", "")).containsExactly(":files");
    assertThat(offered("run", "-e", "LA")).containsExactly("LANG");
  }
}
