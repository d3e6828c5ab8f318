package pm.daemon.probe;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import pm.daemon.loop.BlockingPool;

/**
 * Finds the addresses of machines: of one that is an address already and of this machine at once,
 * of others by the name services of the machine, off the loop. Loop thread only.
 */
final class Names {
  /** An address as the kernel takes it. */
  @SuppressWarnings("ArrayRecordComponent")
  record Address(byte[] bytes, int scope) {}

  private static final Address LOCAL_V4 = new Address(new byte[] {127, 0, 0, 1}, 0);
  private static final Address LOCAL_V6 =
      new Address(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);

  /** What answers with more is not asked about each of them. */
  private static final int MOST_ADDRESSES = 8;

  private final BlockingPool pool;

  Names(BlockingPool pool) {
    this.pool = pool;
  }

  /**
   * Finds addresses, best first.
   *
   * @param found gets at least one
   * @param refused gets the reason why there is none
   */
  void find(String host, Consumer<List<Address>> found, Consumer<String> refused) {
    if (host.equals("localhost")) {
      found.accept(List.of(LOCAL_V4, LOCAL_V6));
      return;
    }
    if (looksLikeAddress(host)) {
      try {
        found.accept(List.of(address(InetAddress.ofLiteral(host))));
      } catch (IllegalArgumentException malformed) {
        refused.accept(host + " is not an address");
      }
      return;
    }
    boolean taken =
        pool.submit(() -> lookUp(host), found, thrown -> refused.accept(reason(host, thrown)));
    if (!taken) {
      refused.accept("too many names are being looked up");
    }
  }

  private static boolean looksLikeAddress(String host) {
    boolean isDotted = !host.isEmpty();
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      isDotted &= c == '.' || (c >= '0' && c <= '9');
    }
    return isDotted || host.indexOf(':') >= 0;
  }

  private static List<Address> lookUp(String host) throws UnknownHostException {
    List<Address> addresses = new ArrayList<>();
    for (InetAddress address : InetAddress.getAllByName(host)) {
      if (addresses.size() < MOST_ADDRESSES) {
        addresses.add(address(address));
      }
    }
    return addresses;
  }

  private static Address address(InetAddress address) {
    int scope = address instanceof Inet6Address v6 ? v6.getScopeId() : 0;
    return new Address(address.getAddress(), scope);
  }

  private static String reason(String host, Throwable thrown) {
    return thrown instanceof UnknownHostException
        ? "no address is known for " + host
        : "the address of " + host + " cannot be found: " + thrown.getMessage();
  }
}
