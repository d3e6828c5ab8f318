package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code docs/coming-from-tables.md} is made of the tables. */
class PeersDocumentTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "coming-from-tables.md");

  private static List<String> document() throws IOException {
    List<String> text = new ArrayList<>();
    text.add("# Restarts and states, case by case");
    text.add("");
    text.add(
        "<!-- Made from daemon/src/test/resources/tables; a test compares it. To make it anew:");
    text.add(
        "     mvn -pl daemon -am test -Dtest='SystemdRestartTest,SupervisordStatesTest,"
            + "PeersDocumentTest' -Dtables.rewrite=true -->");
    text.add("");
    text.add("What happens here is what the code does: the tests play each line.");
    text.add("");
    systemd(text);
    text.add("");
    supervisord(text);
    return text;
  }

  private static void systemd(List<String> text) throws IOException {
    text.add("## `Restart=` of systemd");
    text.add("");
    text.add(
        "“yes”: it is started again, there and here; “yes → no”: there it is, here it is not. A"
            + " column with a star has no counterpart here, and “–” is a case that does not exist"
            + " there. `no` is `never` here.");
    text.add("");
    text.add("| ended by | " + String.join(" | ", settings()) + " | why it differs |");
    text.add("| ---" + " | ---".repeat(SystemdRestartTest.THEIRS.size() + 1) + " |");
    for (String line : PeerTables.lines(SystemdRestartTest.TABLE)) {
      if (PeerTables.isRow(line)) {
        List<String> row = PeerTables.columns(line);
        List<String> cells =
            Arrays.stream(row.get(3).split(" +", -1)).map(PeersDocumentTest::cell).toList();
        text.add("| " + row.get(0) + " | " + String.join(" | ", cells) + " | " + row.get(5) + " |");
      }
    }
  }

  private static List<String> settings() {
    return SystemdRestartTest.THEIRS.stream()
        .map(
            setting ->
                List.of("on-success", "on-abort", "on-watchdog").contains(setting)
                    ? "`" + setting + "`*"
                    : "`" + setting + "`")
        .toList();
  }

  private static String cell(String pair) {
    String theirs = word(pair.charAt(0));
    String ours = word(pair.charAt(1));
    return pair.charAt(1) == '.' || theirs.equals(ours) ? theirs : theirs + " → " + ours;
  }

  private static String word(char answer) {
    return switch (answer) {
      case '+' -> "yes";
      case '-' -> "no";
      case '.' -> "–";
      default -> throw new IllegalArgumentException("no answer: " + answer);
    };
  }

  private static void supervisord(List<String> text) throws IOException {
    text.add("## States of supervisord");
    text.add("");
    text.add(
        "`startsecs` is `readiness.uptime` here, `startretries` is `restart.max_restarts`,"
            + " `exitcodes` is `success_exit_codes` and `autorestart` is `restart.policy`. What is"
            + " not said is the default of each.");
    text.add("");
    text.add("| it | there | states there | states here | what differs |");
    text.add("| --- | --- | --- | --- | --- |");
    for (String line : PeerTables.lines(SupervisordStatesTest.TABLE)) {
      if (PeerTables.isRow(line)) {
        List<String> row = PeerTables.columns(line);
        text.add(
            "| "
                + String.join(
                    " | ",
                    row.get(0),
                    row.get(1).isEmpty() || row.get(1).startsWith("(")
                        ? row.get(1)
                        : "`" + row.get(1) + "`",
                    arrows(row.get(4)),
                    arrows(row.get(5)),
                    row.get(6))
                + " |");
      }
    }
  }

  private static String arrows(String states) {
    return states.equals("-") ? "–" : states.replace(" ", " → ").replace(":", " ");
  }

  @Test
  void theDocumentIsMadeOfTheTables() throws IOException {
    List<String> made = document();
    if (Boolean.getBoolean("tables.rewrite")) {
      Files.write(DOCUMENT, made);
    }
    assertThat(Files.readAllLines(DOCUMENT)).isEqualTo(made);
  }
}
