package pm.daemon.posix;

/** How a process ended, as its parent learns it; wait(2). */
public sealed interface WaitStatus {
  /**
   * It called exit.
   *
   * @param code 0 to 255
   */
  record Code(int code) implements WaitStatus {}

  /** A signal ended it. */
  record Signalled(int signal, boolean coreDumped) implements WaitStatus {}

  /** Reads the number that wait(2) gives and {@code /proc/PID/stat} shows in its 52nd field. */
  static WaitStatus fromRaw(int raw) {
    int signal = raw & 0x7f;
    return signal == 0 ? new Code((raw >> 8) & 0xff) : new Signalled(signal, (raw & 0x80) != 0);
  }
}
