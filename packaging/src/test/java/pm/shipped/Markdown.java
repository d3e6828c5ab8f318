package pm.shipped;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of the documentation, with what of it can be tried. */
record Markdown(String text) {

  private static final Pattern BLOCK = Pattern.compile("^```([^\\n]*)\\n(.*?)^```", flags());

  private static int flags() {
    return Pattern.DOTALL | Pattern.MULTILINE;
  }

  /**
   * @param path as it is called in the repository
   */
  static Markdown read(String path) throws IOException {
    Path repository = Pmd.TREE.resolve("../../..").normalize();
    return new Markdown(Files.readString(repository.resolve(path)));
  }

  /** Returns the blocks of code that begin with these words behind the three marks. */
  List<String> blocks(String words) {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1).strip().equals(words)) {
        blocks.add(matcher.group(2));
      }
    }
    return blocks;
  }

  /** Returns the rows, without the heads, of all tables between such a mark and the next end. */
  List<List<String>> rows(String mark) {
    List<List<String>> rows = new ArrayList<>();
    Matcher table =
        Pattern.compile("<!-- " + mark + " -->\\n(.*?)<!-- end -->", flags()).matcher(text);
    while (table.find()) {
      for (String line : table.group(1).lines().skip(2).toList()) {
        List<String> cells = new ArrayList<>();
        for (String cell : line.split("(?<!\\\\)\\|", -1)) {
          cells.add(cell.strip().replace("\\|", "|"));
        }
        rows.add(cells.subList(1, cells.size() - 1));
      }
    }
    return rows;
  }

  /** What stands in a cell as code. */
  static String code(String cell) {
    return cell.startsWith("`") && cell.endsWith("`") ? cell.substring(1, cell.length() - 1) : cell;
  }
}
