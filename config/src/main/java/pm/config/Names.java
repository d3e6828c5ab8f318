package pm.config;

/** The rule for names of programs and groups: {@code [A-Za-z0-9][A-Za-z0-9_.-]{0,63}}. */
public final class Names {
  public static final int LONGEST = 64;

  /** Selects every program, so that no program can be called so. */
  public static final String ALL = "all";

  private Names() {}

  /** Whether a program can be called so. */
  public static boolean isProgramName(String name) {
    return isGroupName(name) && !name.equals(ALL);
  }

  /** Whether a group can be called so. */
  public static boolean isGroupName(String name) {
    if (name.isEmpty() || name.length() > LONGEST || !isLetterOrDigit(name.charAt(0))) {
      return false;
    }
    for (int i = 1; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isLetterOrDigit(c) && c != '_' && c != '.' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
}
