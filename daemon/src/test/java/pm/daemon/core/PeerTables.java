package pm.daemon.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads and writes the tables that compare us with other supervisors, and plays their events. */
final class PeerTables {

  private static final Path FOLDER = Path.of("src", "test", "resources", "tables");

  private PeerTables() {}

  /** Returns the lines of a table. */
  static List<String> lines(String name) throws IOException {
    return Files.readAllLines(FOLDER.resolve(name));
  }

  static void write(String name, List<String> lines) throws IOException {
    Files.write(FOLDER.resolve(name), lines);
  }

  static boolean isRow(String line) {
    return !line.isBlank() && !line.startsWith("#");
  }

  /** Returns what stands between the bars of a line. */
  static List<String> columns(String line) {
    return Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
  }

  static String line(List<String> columns) {
    return String.join(" | ", columns).strip();
  }

  /**
   * Plays a story of {@code web@1}.
   *
   * @param settings of the program
   * @param events with semicolons between them
   * @return the states it comes into, in their order: {@code IDLE}, {@code DEAD:backoff}
   */
  static List<String> states(String settings, String events) {
    List<String> story = new ArrayList<>();
    story.add(("program web " + settings).strip());
    story.add("begin");
    for (String event : events.split(";", -1)) {
      story.add(event.strip());
    }
    List<String> states = new ArrayList<>();
    String played = Scenario.play(String.join("\n", story) + "\n----\n");
    for (String line : played.substring(played.indexOf("----")).lines().toList()) {
      int arrow = line.indexOf(" -> ");
      if (line.equals("impossible")) {
        throw new IllegalArgumentException("impossible: " + story);
      }
      if (line.startsWith("web@1 ") && arrow >= 0) {
        states.add(line.substring(arrow + 4).split("[: ]", 2)[0].replace('/', ':'));
      }
    }
    return states;
  }
}
