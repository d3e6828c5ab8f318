package pm.cli.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes to and from the daemon. Nothing but {@link #await} waits. For one thread. */
interface Link {
  /** In the answer of {@link #await}: something has come, or the end. */
  int READABLE = 1;

  /** In the answer of {@link #await}: there is room for more. */
  int WRITABLE = 2;

  /** Sends as much as there is room for. */
  void write(ByteBuffer bytes) throws IOException;

  /**
   * Takes what has come, as much as fits.
   *
   * @param bytes has an array
   * @return how much it was; negative at the end
   */
  int read(ByteBuffer bytes) throws IOException;

  /**
   * Waits until something has come, the time is over, or somebody wakes us up.
   *
   * @param alsoForRoom also until more can be sent
   * @return {@link #READABLE} and {@link #WRITABLE}, as far as they apply
   */
  int await(long nanos, boolean alsoForRoom) throws IOException;

  /** Has {@link #await} return, now or when it is called next. Any thread. */
  void wakeUp();

  /** Closes the connection. */
  void close() throws IOException;
}
