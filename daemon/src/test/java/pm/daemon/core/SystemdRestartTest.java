package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** systemd's {@code Restart=} against {@code tables/systemd-restart.txt}, played by the core. */
class SystemdRestartTest {

  static final String TABLE = "systemd-restart.txt";

  /** systemd's settings; ours of the same meaning, empty where there is none. */
  private static final List<String> OURS =
      List.of("never", "always", "", "on-failure", "on-abnormal", "", "");

  static final List<String> THEIRS =
      List.of("no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog");

  private static final char STARTED = '+';
  private static final char NOT = '-';
  private static final char NONE = '.';

  /** Returns a row with our answers as the core gives them. */
  private static String played(String line) {
    List<String> row = new ArrayList<>(PeerTables.columns(line));
    List<String> cells = Arrays.asList(row.get(3).split(" +", -1));
    boolean agrees = true;
    for (int i = 0; i < cells.size(); i++) {
      char theirs = cells.get(i).charAt(0);
      char ours = OURS.get(i).isEmpty() ? NONE : answer(row.get(1), row.get(2), OURS.get(i));
      cells.set(i, "" + theirs + ours);
      agrees &= ours == NONE || ours == theirs;
    }
    row.set(3, String.join(" ", cells));
    row.set(4, agrees ? "yes" : "no");
    return PeerTables.line(row);
  }

  private static char answer(String settings, String events, String policy) {
    List<String> states = PeerTables.states("policy=" + policy + " " + settings, events);
    return switch (states.getLast()) {
      case "DEAD:backoff" -> STARTED;
      case "DEAD:completed", "DEAD:failed", "DEAD:stopped" -> NOT;
      default -> throw new IllegalArgumentException(events + " ends in " + states);
    };
  }

  private static List<String> played() throws IOException {
    return PeerTables.lines(TABLE).stream()
        .map(line -> PeerTables.isRow(line) ? played(line) : line)
        .toList();
  }

  @Test
  void eachCauseIsRestartedAsTheTableSays() throws IOException {
    if (Boolean.getBoolean("tables.rewrite")) {
      PeerTables.write(TABLE, played());
    }
    assertThat(PeerTables.lines(TABLE)).isEqualTo(played());
  }

  @Test
  void eachDifferenceHasAReason() throws IOException {
    for (String line : PeerTables.lines(TABLE)) {
      if (PeerTables.isRow(line)) {
        List<String> row = PeerTables.columns(line);
        assertThat(row).as(line).hasSize(6);
        assertThat(row.get(3).split(" +", -1)).as(line).hasSize(THEIRS.size());
        assertThat(row.get(5).isEmpty()).as(line).isEqualTo(row.get(4).equals("yes"));
      }
    }
  }
}
