package pm.cli.render;

import java.util.ArrayList;
import java.util.List;

/** Columns of text, each as wide as its widest cell, two spaces apart. No line ends in spaces. */
public final class Table {
  private static final int LEAST_ROOM = 10;
  private static final String SPACES = " ".repeat(32);

  private final String[] headings;
  private final int[] widths;
  private final List<String[]> rows = new ArrayList<>();
  private final List<String[]> colored = new ArrayList<>();

  /**
   * A table without rows.
   *
   * @param minWidths of the columns, so that a table that is printed again and again does not jump
   */
  public Table(String[] headings, int[] minWidths) {
    this.headings = headings.clone();
    this.widths = minWidths.clone();
    widen(this.headings);
  }

  /**
   * Adds a row.
   *
   * @param plain the cells as they are measured
   * @param shown the same cells, which may have colours
   */
  public void add(String[] plain, String[] shown) {
    for (int i = 0; i < plain.length; i++) {
      String cell = Escapes.cell(plain[i]);
      if (shown[i].equals(plain[i])) {
        shown[i] = cell;
      }
      plain[i] = cell;
    }
    widen(plain);
    rows.add(plain);
    colored.add(shown);
  }

  /** Adds a row without colours. */
  public void add(String... cells) {
    add(cells.clone(), cells.clone());
  }

  private void widen(String[] cells) {
    for (int i = 0; i < cells.length; i++) {
      widths[i] = Math.max(widths[i], cells[i].length());
    }
  }

  /** The widths of the columns as they are by now. */
  public int[] widths() {
    return widths.clone();
  }

  /** How long the longest line is, in characters. */
  public int width() {
    int width = 2 * (widths.length - 1);
    for (int each : widths) {
      width += each;
    }
    return width;
  }

  /** The headings and all rows, each with a line feed; nothing is cut off. */
  public String render() {
    return render(Integer.MAX_VALUE);
  }

  /**
   * The headings and all rows, each with a line feed.
   *
   * @param columns what does not fit into so many is cut off the last cell of a line
   */
  public String render(int columns) {
    StringBuilder out = new StringBuilder();
    line(out, headings, headings);
    rows(out, columns);
    return out.toString();
  }

  /** As {@link #render(int)}, without the headings, which stand above already. */
  public String renderRows(int columns) {
    StringBuilder out = new StringBuilder();
    rows(out, columns);
    return out.toString();
  }

  private void rows(StringBuilder out, int columns) {
    int room = columns - width() + widths[widths.length - 1];
    for (int i = 0; i < rows.size(); i++) {
      line(out, rows.get(i), cut(colored.get(i), rows.get(i), room));
    }
  }

  /** The last cell has no colours. Where there is next to no room it is left whole. */
  private static String[] cut(String[] shown, String[] plain, int room) {
    int last = plain.length - 1;
    if (plain[last].length() <= room || room < LEAST_ROOM) {
      return shown;
    }
    String[] cut = shown.clone();
    int end = room - 1;
    if (Character.isHighSurrogate(plain[last].charAt(end - 1))) {
      end--;
    }
    cut[last] = plain[last].substring(0, end) + "\u2026";
    return cut;
  }

  private void line(StringBuilder out, String[] plain, String[] shown) {
    int last = plain.length - 1;
    while (last > 0 && plain[last].isEmpty()) {
      last--;
    }
    for (int i = 0; i <= last; i++) {
      out.append(shown[i]);
      if (i < last) {
        pad(out, widths[i] + 2 - plain[i].length());
      }
    }
    out.append('\n');
  }

  private static void pad(StringBuilder out, int count) {
    int rest = count;
    while (rest > SPACES.length()) {
      out.append(SPACES);
      rest -= SPACES.length();
    }
    out.append(SPACES, 0, rest);
  }
}
