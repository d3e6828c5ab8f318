package pm.daemon.posix;

/** What becomes descriptor 0, 1 or 2 of a child. */
public sealed interface Stdio {
  /** {@code /dev/null}. */
  record Null() implements Stdio {}

  /**
   * A descriptor of ours, which stays ours.
   *
   * @param fd at least 3, so that placing one never overwrites another
   */
  record Descriptor(int fd) implements Stdio {
    public Descriptor {
      if (fd < 3) {
        throw new IllegalArgumentException("a child's descriptor must be at least 3 here: " + fd);
      }
    }
  }
}
