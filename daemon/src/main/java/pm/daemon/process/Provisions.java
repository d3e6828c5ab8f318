package pm.daemon.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import pm.daemon.posix.Stdio;

/** All that one child is given, by whomever. */
final class Provisions implements AutoCloseable {
  private final List<Provision> taken = new ArrayList<>();
  private final Map<String, String> environment = new TreeMap<>();
  private final Map<Integer, Stdio> descriptors = new TreeMap<>();

  /** Adds one that somebody else closes. */
  void add(Provision provision) {
    environment.putAll(provision.environment());
    provision.stdin().ifPresent(stdin -> place(0, stdin));
    provision.descriptors().forEach(this::place);
  }

  /** Adds one, and closes it with the others. */
  void take(Provision provision) {
    taken.add(provision);
    add(provision);
  }

  private void place(int fd, Stdio stdio) {
    if (descriptors.put(fd, stdio) != null) {
      throw new IllegalStateException("two want to be descriptor " + fd + " of a child");
    }
  }

  Map<String, String> environment() {
    return environment;
  }

  Map<Integer, Stdio> descriptors() {
    return descriptors;
  }

  @Override
  public void close() {
    taken.forEach(Provision::close);
  }
}
