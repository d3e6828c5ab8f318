package pm.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pm.config.KeyGuide;

/**
 * Sets Markdown as a page of the manual. Of Markdown it knows what our documents use: headings,
 * paragraphs, lists of one level, code between fences, and tables. A line {@code <!-- include:
 * docs/x.md: Heading -->} stands for what is below that heading in that document, {@code <!--
 * include table: docs/x.md: Heading: word -->} for the table there whose head begins with the word;
 * between {@code <!-- keys: x -->} and {@code <!-- end -->} each row of the table is a key of the
 * configuration.
 */
final class Guide {
  private static final Pattern INCLUDE = Pattern.compile("<!-- include: (\\S+): (.+?) -->");
  private static final Pattern TABLE =
      Pattern.compile("<!-- include table: (\\S+): (.+?): (.+?) -->");
  private static final Pattern NUMBERED = Pattern.compile("([0-9]+)\\. +(.*)");

  /** A first column from here on leaves the others too little of the page. */
  private static final int WIDE = 34;

  private final Roff roff;
  private final Path repository;

  Guide(Roff roff, Path repository) {
    this.roff = roff;
    this.repository = repository;
  }

  /** Adds the text, whose headings of level 2 are the sections. */
  void add(String markdown) throws IOException {
    add(markdown.lines().toList());
  }

  private void add(List<String> lines) throws IOException {
    int at = 0;
    while (at < lines.size()) {
      String line = lines.get(at);
      Matcher include = INCLUDE.matcher(line);
      if (line.isBlank()) {
        at++;
      } else if (include.matches()) {
        include(include.group(1), include.group(2));
        at++;
      } else if (line.startsWith("<!-- include table:")) {
        table(line);
        at++;
      } else if (line.startsWith("<!-- keys:")) {
        int end = at + lines.subList(at, lines.size()).indexOf("<!-- end -->");
        keys(lines.subList(at + 3, end));
        at = end + 1;
      } else if (line.startsWith("<!--")) {
        at++;
      } else if (line.startsWith("#")) {
        heading(line);
        at++;
      } else if (line.startsWith("```")) {
        int end = at + 1;
        while (!lines.get(end).equals("```")) {
          end++;
        }
        roff.code(String.join("\n", lines.subList(at + 1, end)));
        at = end + 1;
      } else if (line.startsWith("|")) {
        int end = at;
        while (end < lines.size() && lines.get(end).startsWith("|")) {
          end++;
        }
        table(lines.subList(at, end));
        at = end;
      } else {
        at = text(lines, at);
      }
    }
  }

  /** The lines of one list item or paragraph, which may go on over several. */
  private int text(List<String> lines, int from) {
    StringBuilder text = new StringBuilder(lines.get(from));
    int at = from + 1;
    while (at < lines.size() && goesOn(lines.get(at))) {
      text.append(' ').append(lines.get(at).strip());
      at++;
    }
    String all = text.toString();
    Matcher numbered = NUMBERED.matcher(all);
    if (all.startsWith("- ")) {
      roff.bullet(all.substring(2));
    } else if (numbered.matches()) {
      roff.numbered(Integer.parseInt(numbered.group(1)), numbered.group(2));
    } else {
      roff.paragraph(all);
    }
    return at;
  }

  private static boolean goesOn(String line) {
    return !line.isBlank()
        && !line.startsWith("- ")
        && !NUMBERED.matcher(line).matches()
        && !line.startsWith("#")
        && !line.startsWith("|")
        && !line.startsWith("```")
        && !line.startsWith("<!--");
  }

  private void heading(String line) {
    int level = line.indexOf(' ');
    String title = line.substring(line.indexOf(' ') + 1);
    if (level <= 2) {
      roff.section(title);
    } else {
      roff.subsection(title);
    }
  }

  /** The text below a heading of another document, with what is below that. */
  private void include(String file, String heading) throws IOException {
    List<String> lines = section(Files.readAllLines(repository.resolve(file)), heading);
    if (lines.isEmpty()) {
      throw new IOException(file + " has nothing below the heading '" + heading + "'");
    }
    add(lines);
  }

  /** The one table below a heading of another document whose head begins so. */
  private void table(String line) throws IOException {
    Matcher table = TABLE.matcher(line);
    if (!table.matches()) {
      throw new IOException("not understood: " + line);
    }
    List<String> lines =
        section(Files.readAllLines(repository.resolve(table.group(1))), table.group(2));
    int from = 0;
    while (from < lines.size() && !lines.get(from).startsWith("| " + table.group(3) + " |")) {
      from++;
    }
    int end = from;
    while (end < lines.size() && lines.get(end).startsWith("|")) {
      end++;
    }
    if (end == from) {
      throw new IOException("there is no such table: " + line);
    }
    add(lines.subList(from, end));
  }

  /** The lines below a heading, up to the next of its level or above it, outside of code. */
  static List<String> section(List<String> lines, String heading) {
    List<String> section = new ArrayList<>();
    boolean isCode = false;
    int level = 0;
    for (String line : lines) {
      isCode ^= line.startsWith("```");
      if (!isCode && line.startsWith("#")) {
        int own = line.indexOf(' ');
        if (level > 0 && own <= level) {
          break;
        }
        if (level == 0 && line.substring(own + 1).equals(heading)) {
          level = own;
          continue;
        }
      }
      if (level > 0) {
        section.add(line);
      }
    }
    return section;
  }

  /** The rows of a table of keys: name, default, meaning, perhaps when a change takes effect. */
  private void keys(List<String> rows) throws IOException {
    for (String row : rows) {
      List<String> cells = cells(row);
      String path = cells.getFirst().replace("`", "");
      KeyGuide guide =
          KeyGuide.find(path).orElseThrow(() -> new IOException("there is no key " + path));
      roff.item("`" + path + "`", cells.get(2));
      StringBuilder facts = new StringBuilder();
      if (guide.below().isEmpty()) {
        facts.append("Takes ").append(type(guide)).append(". ");
      }
      if (!guide.otherwise().isEmpty()) {
        facts.append("Default: `").append(guide.otherwise()).append("`. ");
      }
      if (cells.size() > 3) {
        facts.append("Change: *").append(cells.get(3)).append("*.");
      }
      if (!facts.isEmpty()) {
        roff.lastLine(facts.toString().strip());
      }
    }
  }

  /** What a key takes. How durations and sizes are written is said once a page. */
  private static String type(KeyGuide guide) {
    return guide.type().replaceAll("\\b(a duration|a size) such as [^,]+(, [^,]+)* or \\w+", "$1");
  }

  private void table(List<String> lines) {
    List<List<String>> rows = new ArrayList<>();
    for (String line : lines) {
      rows.add(cells(line));
    }
    rows.remove(1);
    List<String> head = rows.getFirst();
    if (head.size() > 2 && rows.stream().allMatch(row -> row.getFirst().length() < WIDE)) {
      roff.table(rows);
      return;
    }
    // A list says by itself what the head of two columns would.
    for (List<String> row : rows.subList(1, rows.size())) {
      StringBuilder text = new StringBuilder(sentence(row.getLast()));
      for (int column = 1; column < row.size() - 1; column++) {
        if (!row.get(column).isEmpty()) {
          text.append(' ').append(sentence(head.get(column) + ": " + row.get(column)));
        }
      }
      roff.item(row.getFirst(), text.toString());
    }
  }

  /** What stands in a cell, as it would stand for itself. */
  private static String sentence(String cell) {
    boolean isEnded = cell.isEmpty() || ".:?!".indexOf(cell.charAt(cell.length() - 1)) >= 0;
    return (cell.isEmpty() ? "" : Character.toUpperCase(cell.charAt(0)) + cell.substring(1))
        + (isEnded ? "" : ".");
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    for (String cell : line.split("(?<!\\\\)\\|", -1)) {
      cells.add(cell.strip().replace("\\|", "|"));
    }
    return cells.subList(1, cells.size() - 1);
  }
}
