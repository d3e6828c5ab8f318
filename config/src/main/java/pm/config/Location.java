package pm.config;

/**
 * Where something stands in a file.
 *
 * @param file the path as the user gave it or as it was found; empty if it stands in no file
 * @param line counted from 1; 0 if unknown
 * @param column counted from 1 in characters; 0 if unknown
 */
public record Location(String file, int line, int column) implements Comparable<Location> {
  /** Of what was not read from a file, such as a default. */
  public static final Location NONE = new Location("", 0, 0);

  public Location {
    if (line < 0 || column < 0) {
      throw new IllegalArgumentException(
          "line and column are not negative: " + line + ":" + column);
    }
  }

  /** A whole file, at no line in particular. */
  public static Location ofFile(String file) {
    return new Location(file, 0, 0);
  }

  @Override
  public int compareTo(Location other) {
    int byFile = file.compareTo(other.file);
    if (byFile != 0) {
      return byFile;
    }
    int byLine = Integer.compare(line, other.line);
    return byLine != 0 ? byLine : Integer.compare(column, other.column);
  }

  /** {@code file:line:column}, without what is unknown. */
  @Override
  public String toString() {
    if (line == 0) {
      return file;
    }
    return column == 0 ? file + ":" + line : file + ":" + line + ":" + column;
  }
}
