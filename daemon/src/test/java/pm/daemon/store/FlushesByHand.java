package pm.daemon.store;

import java.util.function.BooleanSupplier;

/** Does what waits for the disk when a test says so. */
final class FlushesByHand implements Flusher {
  private final BooleanSupplier work;

  /** Whether it can be asked. */
  private final BooleanSupplier grants;

  private boolean asked;

  FlushesByHand(BooleanSupplier grants, BooleanSupplier work) {
    this.grants = grants;
    this.work = work;
  }

  @Override
  public boolean ask() {
    boolean isGranted = grants.getAsBoolean();
    asked |= isGranted;
    return isGranted;
  }

  boolean isAsked() {
    return asked;
  }

  void run() {
    while (asked && work.getAsBoolean()) {
      // Until there is nothing more to do.
    }
    asked = false;
  }

  @Override
  public void close() {
    run();
  }
}
