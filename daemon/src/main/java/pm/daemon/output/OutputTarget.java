package pm.daemon.output;

import java.nio.file.Path;

/** Where one stream of an instance goes, with every template expanded. */
public sealed interface OutputTarget {

  /**
   * Into a file.
   *
   * @param path absolute
   */
  record ToFile(Path path) implements OutputTarget {
    public ToFile {
      if (!path.isAbsolute() || path.getFileName() == null) {
        throw new IllegalArgumentException("a log file needs an absolute path: " + path);
      }
      path = path.normalize();
    }
  }

  /** To the daemon's own output, with the name of the instance in front of each line. */
  record Inherited(Own own) implements OutputTarget {}

  /** One of the daemon's own outputs. */
  enum Own {
    STDOUT,
    STDERR
  }

  /** Nowhere: the program writes to {@code /dev/null}. */
  record Nowhere() implements OutputTarget {}

  /** Where stdout goes, through the same pipe. Only for stderr. */
  record WithStdout() implements OutputTarget {}
}
