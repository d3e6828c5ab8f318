package pm.cli.render;

/** One thing at length: a name, lines of a label and a value, and sections. */
final class Sheet {
  private static final int LABEL_WIDTH = 14;
  private static final String INDENT = "    ";

  private final StringBuilder out = new StringBuilder();

  /** Begins with a name. */
  Sheet(String name, Style style) {
    out.append(style.bold(Escapes.cell(name))).append('\n');
  }

  /** Adds a line, unless there is no value. */
  void field(String label, String value) {
    shown(label, Escapes.cell(value));
  }

  /** As {@link #field}, of a value that is harmless and may have colours. */
  void shown(String label, String value) {
    if (!value.isEmpty()) {
      out.append("  ").append(label).append(':');
      for (int i = label.length(); i < LABEL_WIDTH; i++) {
        out.append(' ');
      }
      out.append(value).append('\n');
    }
  }

  /** Begins a section. */
  void heading(String heading) {
    out.append("  ").append(heading).append(":\n");
  }

  /** Adds lines to a section. */
  void lines(String text) {
    for (String line : text.split("\n", -1)) {
      if (!line.isEmpty()) {
        out.append(INDENT).append(line).append('\n');
      }
    }
  }

  /** The text, the last line with a line feed. */
  String text() {
    return out.toString();
  }
}
