package pm.daemon.probe;

import java.util.Optional;

/** Where something listens. */
sealed interface Endpoint {

  /** Port 0 does not listen. */
  int LAST_PORT = 65_535;

  /**
   * A port of a machine.
   *
   * @param host a name, or an address without brackets
   */
  record Inet(String host, int port) implements Endpoint {
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /** A socket in the file system. */
  record Unix(String path) implements Endpoint {
    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /** Reads {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code unix:PATH}; empty if it is none. */
  static Optional<Endpoint> parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      return path.startsWith("/") ? Optional.of(new Unix(path)) : Optional.empty();
    }
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    String host = text.substring(0, colon);
    boolean isBracketed = host.startsWith("[") && host.endsWith("]");
    if (isBracketed) {
      host = host.substring(1, host.length() - 1);
    }
    int port = port(text.substring(colon + 1));
    boolean isHost = !host.isEmpty() && (isBracketed || host.indexOf(':') < 0);
    return isHost && port > 0 ? Optional.of(new Inet(host, port)) : Optional.empty();
  }

  private static int port(String digits) {
    if (digits.isEmpty() || digits.length() > 5) {
      return 0;
    }
    int port = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9') {
        return 0;
      }
      port = port * 10 + (c - '0');
    }
    return port <= LAST_PORT ? port : 0;
  }
}
