package pm.config;

/**
 * Shows a piece of a file in a message: in quotes, shortened, without anything that could disturb a
 * terminal.
 */
final class Quoted {
  private static final int LONGEST = 60;

  private Quoted() {}

  static String text(String text) {
    var quoted = new StringBuilder(Math.min(text.length(), LONGEST) + 2).append('\'');
    int end = Math.min(text.length(), LONGEST);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        quoted.append("\\n");
      } else if (c == '\t') {
        quoted.append("\\t");
      } else if (Character.isISOControl(c) || Character.isSurrogate(c) || isInvisible(c)) {
        quoted.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
      } else {
        quoted.append(c);
      }
    }
    return quoted.append(text.length() > end ? "…'" : "'").toString();
  }

  /** The same without the quotes. */
  static String bare(String text) {
    String quoted = text(text);
    return quoted.substring(1, quoted.length() - 1);
  }

  /** A number or the like, which needs no quotes but may be long. */
  static String cut(String text) {
    return text.length() <= 20 ? bare(text) : bare(text.substring(0, 20)) + "…";
  }

  /**
   * Formatting characters can turn the direction of a line or hide; a person must see that they are
   * there.
   */
  private static boolean isInvisible(char c) {
    int type = Character.getType(c);
    return type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
