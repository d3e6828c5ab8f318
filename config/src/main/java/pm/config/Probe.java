package pm.config;

import java.util.List;

/** Something that is asked from outside whether a process works. Texts are {@link Template}s. */
public sealed interface Probe {
  /**
   * A GET request.
   *
   * @param url with the scheme {@code http} or {@code https}
   * @param status what counts as success; not empty
   */
  record Http(String url, List<StatusRange> status) implements Probe {
    /** What a server answers that has nothing to complain about. */
    public static final List<StatusRange> USUAL_STATUS = List.of(new StatusRange(200, 399));

    public Http {
      status = List.copyOf(status);
      if (url.isEmpty() || status.isEmpty()) {
        throw new IllegalArgumentException("an HTTP probe has a URL and a status that is right");
      }
    }
  }

  /**
   * A connection that is made and closed.
   *
   * @param address {@code HOST:PORT}, {@code [IPV6]:PORT}, or {@code unix:} and a path
   */
  record Tcp(String address) implements Probe {
    public Tcp {
      if (address.isEmpty()) {
        throw new IllegalArgumentException("the address of a probe is not empty");
      }
    }
  }

  /**
   * A command that ends with exit code 0.
   *
   * @param command run as the program's user in its working folder
   */
  record Exec(Command command) implements Probe {}

  /**
   * Codes of HTTP that count as success.
   *
   * @param from the first, 100 to 599
   * @param to the last, not less than the first
   */
  record StatusRange(int from, int to) {
    public StatusRange {
      if (from < 100 || to > 599 || from > to) {
        throw new IllegalArgumentException("a status is 100 to 599: " + from + "-" + to);
      }
    }
  }
}
