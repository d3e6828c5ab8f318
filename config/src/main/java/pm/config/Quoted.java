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
