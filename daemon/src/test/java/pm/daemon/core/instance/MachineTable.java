package pm.daemon.core.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table of transitions as it stands in the test resources. */
record MachineTable(List<MachineTable.Cell> cells) {

  private static final Path FILE =
      Path.of("src", "test", "resources", "tables", "instance-machine.txt");

  /**
   * What an event does in a state.
   *
   * @param outcome {@code impossible}, {@code same} or the phase that follows, then {@code +Effect}
   *     for each effect
   * @param why the event in the words of an operator, where the state that users see changes
   */
  record Cell(String state, String event, String outcome, String why) {

    String to() {
      int end = outcome.indexOf(' ');
      return end < 0 ? outcome : outcome.substring(0, end);
    }

    String effects() {
      int end = outcome.indexOf(' ');
      return end < 0 ? "" : outcome.substring(end + 1);
    }

    /** Whether the state that users see becomes another, or the reason of DEAD does. */
    boolean isTransition() {
      return switch (to()) {
        case "impossible", "same" -> false;
        default -> !seen(to()).equals(from());
      };
    }

    /** The state that users see before. */
    String from() {
      return seen(state.replace('-', '/')).toUpperCase(Locale.ROOT);
    }

    private static String seen(String phase) {
      int end = phase.indexOf('/');
      return end < 0 ? phase : phase.substring(0, end);
    }
  }

  static MachineTable read() throws IOException {
    List<Cell> cells = new ArrayList<>();
    String state = "";
    if (!Files.exists(FILE)) {
      return new MachineTable(List.of());
    }
    for (String line : Files.readAllLines(FILE)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (!line.startsWith(" ")) {
        state = line.strip();
        continue;
      }
      String[] parts = line.split("\\|", -1);
      cells.add(
          new Cell(
              state, parts[0].strip(), parts[1].strip(), parts.length > 2 ? parts[2].strip() : ""));
    }
    return new MachineTable(List.copyOf(cells));
  }

  String why(String state, String event) {
    for (Cell cell : cells) {
      if (cell.state().equals(state) && cell.event().equals(event)) {
        return cell.why();
      }
    }
    return "";
  }

  static List<String> lines(List<Cell> cells) {
    List<String> lines = new ArrayList<>();
    String state = "";
    for (Cell cell : cells) {
      if (!cell.state().equals(state)) {
        state = cell.state();
        lines.add("");
        lines.add(state);
      }
      String line = String.format("  %-22s| %-58s", cell.event(), cell.outcome());
      lines.add(cell.why().isEmpty() ? line.stripTrailing() : line + "| " + cell.why());
    }
    return lines;
  }

  static void write(List<Cell> cells) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("# What each event does in each state, one line a cell:");
    lines.add("#   event | what follows and +Effects | the event in an operator's words");
    lines.add("# \"same\": nothing changes. \"impossible\": refused with an exception.");
    lines.addAll(lines(cells));
    Files.createDirectories(FILE.getParent());
    Files.write(FILE, lines);
  }
}
