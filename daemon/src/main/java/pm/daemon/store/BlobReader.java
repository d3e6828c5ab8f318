package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/** Reads data and results from the journal. Any thread. */
final class BlobReader {
  private static final int CHUNK = 64 * 1024;
  private static final byte[] NOTHING = {};

  private final TaskLedger ledger;

  /** One reader at a time has the buffer. */
  private final ReentrantLock lock = new ReentrantLock();

  private ByteBuffer direct = ByteBuffer.allocate(0);

  BlobReader(TaskLedger ledger) {
    this.ledger = ledger;
  }

  /** Tells where something is. Called under the store's lock. */
  @FunctionalInterface
  interface Whereabouts {
    /** Returns its location; {@link Location#NONE} if there is nothing. */
    long find() throws IOException;
  }

  /**
   * Reads the bytes at a location.
   *
   * @throws IOException if they cannot be read or are not what was written
   */
  byte[] read(long location) throws IOException {
    return read(() -> location);
  }

  /**
   * Reads what is found then: cleaning may move it at any time, so looking for it and holding its
   * segment are one step.
   *
   * @return what was written; nothing if there is nothing
   * @throws IOException if it cannot be found or read, or is not what was written
   */
  byte[] read(Whereabouts whereabouts) throws IOException {
    long location;
    Segment segment;
    ledger.lock().lock();
    try {
      location = whereabouts.find();
      if (location == Location.NONE) {
        return NOTHING;
      }
      segment = ledger.segmentOf(location);
      segment.pin();
    } finally {
      ledger.lock().unlock();
    }
    try {
      return read(segment, location);
    } finally {
      unpin(segment);
    }
  }

  private void unpin(Segment segment) throws IOException {
    ledger.lock().lock();
    try {
      segment.unpin();
    } finally {
      ledger.lock().unlock();
    }
  }

  private byte[] read(Segment segment, long location) throws IOException {
    byte[] bytes = new byte[Location.length(location)];
    byte[] checksum = new byte[Integer.BYTES];
    long offset = Location.offset(location);
    fill(segment, checksum, offset);
    fill(segment, bytes, offset + Integer.BYTES);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    if ((int) crc.getValue() != LittleEndian.getInt(checksum, 0)) {
      throw new IOException(
          bytes.length + " bytes at " + offset + " of " + segment.name() + " are damaged");
    }
    return bytes;
  }

  private void fill(Segment segment, byte[] into, long offset) throws IOException {
    lock.lock();
    try {
      if (direct.capacity() == 0) {
        direct = ByteBuffer.allocateDirect(CHUNK);
      }
      int done = 0;
      while (done < into.length) {
        direct.clear().limit(Math.min(CHUNK, into.length - done));
        int read = segment.file().read(direct, offset + done);
        if (read <= 0) {
          throw new IOException(segment.name() + " ends at " + (offset + done));
        }
        direct.flip().get(into, done, read);
        done += read;
      }
    } finally {
      lock.unlock();
    }
  }
}
