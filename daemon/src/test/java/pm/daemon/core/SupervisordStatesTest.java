package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** supervisord's states against {@code tables/supervisord-states.txt}, played by the core. */
class SupervisordStatesTest {

  static final String TABLE = "supervisord-states.txt";

  private static String played(String line) {
    List<String> row = new ArrayList<>(PeerTables.columns(line));
    List<String> states = PeerTables.states(row.get(2), row.get(3));
    row.set(5, states.isEmpty() ? "-" : String.join(" ", states));
    return PeerTables.line(row);
  }

  private static List<String> played() throws IOException {
    return PeerTables.lines(TABLE).stream()
        .map(line -> PeerTables.isRow(line) ? played(line) : line)
        .toList();
  }

  @Test
  void eachStoryPassesTheStatesThatTheTableSays() throws IOException {
    if (Boolean.getBoolean("tables.rewrite")) {
      PeerTables.write(TABLE, played());
    }
    assertThat(PeerTables.lines(TABLE)).isEqualTo(played());
  }

  @Test
  void eachStateAndEachSettingOfTheirsIsInTheTable() throws IOException {
    Set<String> states = new TreeSet<>();
    Set<String> settings = new TreeSet<>();
    for (String line : PeerTables.lines(TABLE)) {
      if (PeerTables.isRow(line)) {
        List<String> row = PeerTables.columns(line);
        assertThat(row).as(line).hasSize(7);
        states.addAll(Arrays.asList(row.get(4).split(" ", -1)));
        settings.addAll(Arrays.asList(row.get(1).split(" ", -1)));
      }
    }
    assertThat(states)
        .contains(
            "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN", "STOPPED");
    assertThat(settings)
        .contains("autorestart=false", "autorestart=unexpected", "autorestart=true")
        .anyMatch(setting -> setting.startsWith("exitcodes="))
        .anyMatch(setting -> setting.startsWith("startsecs="))
        .anyMatch(setting -> setting.startsWith("startretries="));
  }
}
