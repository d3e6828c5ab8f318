package pm.documentation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One page of the manual as it grows, in the macros of man(7). */
final class Roff {
  /** More than that in a line of the source, and linters complain. */
  private static final int LONGEST_LINE = 78;

  private final StringBuilder text = new StringBuilder();

  /** Whether the next paragraph follows a heading, where a macro for it would be one too many. */
  private boolean isAfterHeading;

  private Roff() {}

  /**
   * Begins a page.
   *
   * @param date as 2026-01-31
   * @param source what the page belongs to, with its version
   */
  Roff(ManPage.Name name, String date, String source) {
    line("'\\\" t");
    line(
        ".TH %s %d %s \"%s\" \"%s\""
            .formatted(
                argument(name.title().toUpperCase(Locale.ROOT)),
                name.section(),
                date,
                source,
                "Manual of pmd"));
    // Words are not divided: nobody can search for one that is.
    line(".nh");
    line(".nr HY 0");
    line(".ad l");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  void section(String title) {
    line(".SH " + quoted(title.toUpperCase(Locale.ROOT)));
    isAfterHeading = true;
  }

  void subsection(String title) {
    line(".SS " + quoted(title));
    isAfterHeading = true;
  }

  /** Adds a paragraph of inline markup. */
  void paragraph(String markdown) {
    begin();
    sentence(markdown);
  }

  private void begin() {
    if (!isAfterHeading) {
      line(".PP");
    }
    isAfterHeading = false;
  }

  /** Adds the line of the section NAME, which indexes read. */
  void name(String names, String summary) {
    isAfterHeading = false;
    wrapped(escaped(names, true) + " \\- " + Inline.roff(summary));
  }

  /**
   * Adds a call as it is typed.
   *
   * @param command shown as it is; what follows in capital letters is the user's
   */
  void synopsis(String command, String arguments) {
    isAfterHeading = false;
    line(".HP");
    String rest = arguments.isEmpty() ? "" : " " + Inline.placeholders(arguments);
    line("\\fB" + escaped(command, true) + "\\fR" + rest);
  }

  /**
   * Adds a term and what is said about it.
   *
   * @param term with inline markup
   */
  void item(String term, String markdown) {
    line(".TP");
    // It is one line for roff, however long.
    Roff lines = new Roff();
    lines.wrapped(Inline.roff(term));
    line(lines.toString().strip().replace("\n", " \\\n"));
    sentence(markdown);
    isAfterHeading = false;
  }

  /** Adds a line of its own to the item before. */
  void lastLine(String markdown) {
    line(".br");
    sentence(markdown);
  }

  void bullet(String markdown) {
    line(".IP \\(bu 2");
    sentence(markdown);
    isAfterHeading = false;
  }

  void numbered(int number, String markdown) {
    line(".IP " + number + ". 3");
    sentence(markdown);
    isAfterHeading = false;
  }

  /** Adds lines as they are. */
  void code(String lines) {
    if (!isAfterHeading) {
      line(".PP");
    }
    isAfterHeading = false;
    line(".RS 4");
    line(".EX");
    for (String each : lines.stripTrailing().lines().toList()) {
      line(protectedLine(escaped(each, true)));
    }
    line(".EE");
    line(".RE");
  }

  /** Adds a table; the first row is its head. */
  void table(List<List<String>> rows) {
    begin();
    line(".TS");
    int columns = rows.getFirst().size();
    line("lb".repeat(columns).replace("lb", "lb ").strip());
    line("l" + " lx".repeat(columns - 1) + ".");
    for (List<String> row : rows) {
      List<String> cells = new ArrayList<>();
      for (String cell : row) {
        // What is short and stands first makes no column that could be narrower.
        cells.add(cells.isEmpty() ? Inline.roff(cell) : "T{\n" + cell(cell) + "\nT}");
      }
      line(String.join("\t", cells));
    }
    line(".TE");
  }

  private static String cell(String markdown) {
    Roff lines = new Roff();
    lines.wrapped(Inline.roff(markdown));
    return lines.toString().strip();
  }

  private void sentence(String markdown) {
    // A sentence a line, as the tools expect it, so that they set the space between them.
    for (String sentence : Inline.sentences(markdown)) {
      wrapped(Inline.roff(sentence));
    }
  }

  /** Adds text in lines that are short enough for the tools. */
  private void wrapped(String roff) {
    StringBuilder line = new StringBuilder();
    for (String word : roff.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > LONGEST_LINE) {
        line(protectedLine(line.toString()));
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    line(protectedLine(line.toString()));
  }

  /** The line with what keeps a dot or an apostrophe at its beginning from being a request. */
  private static String protectedLine(String line) {
    return line.startsWith(".") || line.startsWith("'") ? "\\&" + line : line;
  }

  private static String quoted(String text) {
    return "\"" + Inline.roff(text).replace("\"", "\\(dq") + "\"";
  }

  private static String argument(String text) {
    return text.replace("-", "\\-");
  }

  /**
   * The text for roff.
   *
   * @param exact whether a reader may copy it, so that hyphens and quotes stay what they are
   */
  static String escaped(String text, boolean exact) {
    StringBuilder escaped = new StringBuilder();
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      at += Character.charCount(character);
      switch (character) {
        case '\\' -> escaped.append("\\e");
        case '-' -> escaped.append(exact ? "\\-" : "-");
        case '\'' -> escaped.append(exact ? "\\(aq" : "'");
        case '`' -> escaped.append("\\(ga");
        case '^' -> escaped.append("\\(ha");
        case '~' -> escaped.append("\\(ti");
        default -> {
          if (character < 127) {
            escaped.append((char) character);
          } else {
            escaped.append(String.format("\\[u%04X]", character));
          }
        }
      }
    }
    return escaped.toString();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
