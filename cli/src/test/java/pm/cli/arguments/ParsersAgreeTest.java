package pm.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pm.cli.command.Command;
import pm.cli.command.Commands;

/** What the quick parser reads, picocli reads alike: 20,000 random command lines. */
final class ParsersAgreeTest {
  private static final List<String> WORDS =
      List.of(
          "web",
          "web@1",
          "'",
          "a b",
          "--",
          "-",
          "-f",
          "-n",
          "-n5",
          "-n=5",
          "5",
          "--lines",
          "--lines=5",
          "--lines=",
          "-o",
          "-ojson",
          "json",
          "--output=json",
          "-h",
          "--help",
          "--color",
          "never",
          "--no-wait",
          "--timeout",
          "--timeout=5s",
          "5s",
          "-5",
          "--since",
          "=",
          "x=y",
          "-x",
          "--dry-run",
          "--dry-run=1",
          "-fn",
          "-fn5",
          "@web",
          "--wait",
          "--wait=5s",
          "--wait=",
          "@@",
          "\u00e9",
          "--socket",
          "/s",
          "--raw",
          "$x",
          "\\",
          "\"q\"");

  @Test
  void onEveryLineThatTheQuickOneReads() {
    long seed = Long.getLong("lines.seed", 5L);
    Random random = new Random(seed);
    List<Command> commands = Commands.all();
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      Syntax syntax = commands.get(random.nextInt(commands.size())).syntax();
      List<String> line = new ArrayList<>();
      for (int n = random.nextInt(5); n > 0; n--) {
        line.add(WORDS.get(random.nextInt(WORDS.size())));
      }
      Map<String, String> given = random.nextInt(4) == 0 ? Map.of("--color", "never") : Map.of();
      Optional<Arguments> quick = QuickParser.parse(given, line, 0, syntax);
      if (quick.isPresent()) {
        read++;
        try {
          Arguments slow = PicocliParser.parse(given, line, syntax);
          if (!slow.equals(quick.get())) {
            fail(
                "seed "
                    + seed
                    + ": "
                    + syntax.name()
                    + " "
                    + line
                    + "\nquick "
                    + quick.get()
                    + "\nslow  "
                    + slow);
          }
        } catch (CommandFailure e) {
          fail(
              "seed "
                  + seed
                  + ": "
                  + syntax.name()
                  + " "
                  + line
                  + "\nquick "
                  + quick.get()
                  + "\nslow  "
                  + e.sentence());
        }
      }
    }
    assertThat(read).isGreaterThan(1_000);
  }

  @Test
  void theCommonLinesNeedNoPicocli() {
    for (Command command : Commands.all()) {
      for (String example : command.syntax().examples()) {
        String plain = example.replaceAll(" (\\||&&|>) (?=([^']*'[^']*')*[^']*$).*", "");
        // A space between single quotes is none between words.
        List<String> words = new ArrayList<>();
        for (String word : plain.split(" (?=([^']*'[^']*')*[^']*$)", -1)) {
          words.add(word.replace("'", ""));
        }
        int skip = 1 + command.syntax().name().split(" ").length;
        assertThat(QuickParser.parse(Map.of(), words, skip, command.syntax()))
            .as(example)
            .isPresent();
      }
    }
  }
}
