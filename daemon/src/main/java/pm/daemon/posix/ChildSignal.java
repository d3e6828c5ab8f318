package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Tells that children have died, once for all of them until it is asked to again: the JVM makes a
 * thread for each signal that it receives, which for many deaths at once takes longer than what
 * they are about. Between the two SIGCHLD has its default action, which is none, and the dead stay
 * to be looked at. Any thread.
 */
public final class ChildSignal {
  /** Size of {@code struct sigaction} of the C library, which begins with the action. */
  private static final int SIGACTION_SIZE = 152;

  private static final long SIGACTION = Libc.function("sigaction");

  private final ByteBuffer none = memory();
  private final ByteBuffer received = memory();

  private ChildSignal() {}

  private static ByteBuffer memory() {
    return ByteBuffer.allocateDirect(SIGACTION_SIZE).order(ByteOrder.nativeOrder());
  }

  /**
   * Begins to tell; sigaction(2).
   *
   * @param receiver called on a thread of its own; it should hand over and return
   */
  public static ChildSignal receive(Runnable receiver) throws ErrnoException {
    ChildSignal signal = new ChildSignal();
    Signals.receive(
        Signals.CHLD,
        number -> {
          signal.act(signal.none);
          receiver.run();
        });
    long address = Libc.address(signal.received);
    if ((int) Libc.call(SIGACTION, Signals.CHLD, 0, address) != 0) {
      throw new ErrnoException("sigaction", "SIGCHLD", Libc.errno());
    }
    return signal;
  }

  /**
   * Tells the next death. What died before has to be looked for after this call: it may have been
   * told of already, or not.
   */
  public void again() {
    act(received);
  }

  private void act(ByteBuffer action) {
    if ((int) Libc.call(SIGACTION, Signals.CHLD, Libc.address(action), 0) != 0) {
      throw new IllegalStateException("sigaction of SIGCHLD: errno " + Libc.errno());
    }
  }
}
