package pm.daemon.control;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** A page of a long text, made of whole lines. */
final class TextPage {
  private TextPage() {}

  /** Returns whether the cursor is one of this text. */
  static boolean fits(String text, Optional<Cursor> cursor) {
    return cursor.isEmpty() || cursor.get().lines() == lines(text);
  }

  /** Returns the page behind the cursor: the text, and a cursor if there is more. */
  static Map<String, Object> of(String text, Optional<Cursor> cursor) {
    int line = cursor.map(Cursor::line).orElse(0);
    int start = 0;
    for (int i = 0; i < line; i++) {
      start = text.indexOf('\n', start) + 1;
    }
    int end = start;
    int bytes = 0;
    while (end < text.length()) {
      int next = text.indexOf('\n', end) + 1;
      // Quotes are doubled in the answer.
      int size = 2 * Page.utf8Length(text.substring(end, next));
      if (end > start && bytes + size > Page.BYTES) {
        break;
      }
      bytes += size;
      end = next;
      line++;
    }
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("text", text.substring(start, end));
    if (end < text.length()) {
      page.put("cursor", new Cursor(lines(text), line).text());
    }
    return page;
  }

  private static int lines(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }

  /**
   * Where a page ended.
   *
   * @param lines of the whole text, by which is seen whether it is still the same
   * @param line the first one of the next page, from 0
   */
  record Cursor(int lines, int line) {
    private static final String FORM = "[0-9]{1,9}/[0-9]{1,9}";

    static Optional<Cursor> of(Members params) throws JsonException {
      Optional<String> text = params.optionalString("cursor");
      if (text.isEmpty()) {
        return Optional.empty();
      }
      if (!text.get().matches(FORM)) {
        throw new JsonException("cursor is not one that was given");
      }
      int slash = text.get().indexOf('/');
      return Optional.of(
          new Cursor(
              Integer.parseInt(text.get().substring(0, slash)),
              Integer.parseInt(text.get().substring(slash + 1))));
    }

    String text() {
      return lines + "/" + line;
    }
  }
}
