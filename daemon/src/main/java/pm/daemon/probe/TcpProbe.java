package pm.daemon.probe;

import java.util.Optional;
import java.util.function.Consumer;

/** Whether somebody takes connections at an address: one is made and closed. Loop thread only. */
final class TcpProbe {
  private final Connector connector;

  TcpProbe(Connector connector) {
    this.connector = connector;
  }

  /**
   * Begins.
   *
   * @param address expanded
   */
  Attempt begin(String address, Consumer<Verdict> verdict) {
    Optional<Endpoint> endpoint = Endpoint.parse(address);
    if (endpoint.isEmpty()) {
      verdict.accept(new Verdict(false, address + ": is not HOST:PORT, [IPV6]:PORT or unix:PATH"));
      return () -> {};
    }
    return connector.connect(
        endpoint.get(),
        fd -> {
          Connector.closeQuietly(fd);
          verdict.accept(new Verdict(true, address + ": takes connections"));
        },
        reason -> verdict.accept(new Verdict(false, address + ": " + reason)));
  }
}
