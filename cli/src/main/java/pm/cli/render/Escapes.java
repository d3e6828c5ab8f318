package pm.cli.render;

/**
 * Text from elsewhere that goes to a terminal: nothing in it may move the cursor, change colours or
 * reverse the reading.
 */
public final class Escapes {
  private Escapes() {}

  /**
   * The text with each character that a terminal would act on written as {@code \x1b} or {@code
   * \u202e}; a tab stays.
   */
  public static String visible(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isActive(text.charAt(i)) && text.charAt(i) != '\t') {
        return escaped(text, i, true);
      }
    }
    return text;
  }

  /** As {@link #visible}, on one line of a table: a tab is escaped as well. */
  public static String cell(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isActive(text.charAt(i))) {
        return escaped(text, i, false);
      }
    }
    return text;
  }

  private static String escaped(String text, int first, boolean keepTabs) {
    StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, first);
    for (int i = first; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isActive(c) || (keepTabs && c == '\t')) {
        out.append(c);
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\t') {
        out.append("\\t");
      } else {
        boolean small = c < 0x100;
        out.append(small ? "\\x" : "\\u");
        for (int shift = small ? 4 : 12; shift >= 0; shift -= 4) {
          out.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
      }
    }
    return out.toString();
  }

  /**
   * C0, DEL and C1 controls, and the characters that change the direction of text (Trojan Source,
   * CVE-2021-42574).
   */
  private static boolean isActive(char c) {
    return c < ' '
        || (c >= 0x7f && c < 0xa0)
        || c == '\u200e'
        || c == '\u200f'
        || (c >= '\u2028' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069');
  }
}
