package pm.config;

/**
 * One thing that is wrong in the configuration, as the user is told.
 *
 * @param location where it stands
 * @param path the key, as {@code programs.web.restart.delay}; empty if it concerns the file
 * @param message what is wrong, without a full stop
 * @param remedy what would be right; empty if the message says it already
 */
public record Problem(Location location, String path, String message, String remedy)
    implements Comparable<Problem> {
  /** By file, line and column, so that the user reads them in the order of the files. */
  @Override
  public int compareTo(Problem other) {
    int byLocation = location.compareTo(other.location);
    if (byLocation != 0) {
      return byLocation;
    }
    int byPath = path.compareTo(other.path);
    return byPath != 0 ? byPath : message.compareTo(other.message);
  }

  /** {@code file:line:column: path: message; remedy}, without the parts that are empty. */
  @Override
  public String toString() {
    var text = new StringBuilder(location.toString());
    if (!path.isEmpty()) {
      append(text, ": ", path);
    }
    append(text, ": ", message);
    if (!remedy.isEmpty()) {
      append(text, "; ", remedy);
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String separator, String part) {
    if (!text.isEmpty()) {
      text.append(separator);
    }
    text.append(part);
  }
}
