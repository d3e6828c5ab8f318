package pm.config;

/** Where a stream of an instance goes. */
public sealed interface LogTarget {
  /** A file in the log folder named after the instance: {@code web@1.log}. Not for stderr. */
  record Auto() implements LogTarget {}

  /** Nowhere. */
  record None() implements LogTarget {}

  /** Where stdout goes. Only for stderr. */
  record Merge() implements LogTarget {}

  /** The daemon's own stdout or stderr, each line with the name of its instance in front. */
  record Inherit() implements LogTarget {}

  /**
   * A file.
   *
   * @param path may hold {@link Template} references; relative to the log folder unless it is
   *     absolute once expanded
   */
  record File(String path) implements LogTarget {
    public File {
      if (path.isEmpty()) {
        throw new IllegalArgumentException("the path of a log file is not empty");
      }
    }
  }

  LogTarget AUTO = new Auto();
  LogTarget NONE = new None();
  LogTarget MERGE = new Merge();
  LogTarget INHERIT = new Inherit();
}
