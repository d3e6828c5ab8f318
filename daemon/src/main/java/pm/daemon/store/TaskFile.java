package pm.daemon.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of the journal of tasks. Buffers are direct. Any thread may read while another writes;
 * whoever closes it sees to it that nobody else uses it.
 */
interface TaskFile extends Closeable {

  /**
   * Writes the remaining bytes at {@code position}, or the first of them.
   *
   * @return how many
   */
  int write(ByteBuffer bytes, long position) throws IOException;

  /**
   * Reads at {@code position}.
   *
   * @return how many bytes, 0 at the end
   */
  int read(ByteBuffer into, long position) throws IOException;

  /** Returns its size in bytes. */
  long size() throws IOException;

  /** Cuts it to {@code size} bytes. */
  void truncate(long size) throws IOException;

  /** Waits until what was written is on the disk. Blocks. */
  void flush() throws IOException;

  @Override
  void close() throws IOException;

  /** Stands for one that should be there and is not. */
  TaskFile MISSING =
      new TaskFile() {
        @Override
        public int write(ByteBuffer bytes, long position) throws IOException {
          throw new IOException("it is missing");
        }

        @Override
        public int read(ByteBuffer into, long position) {
          return 0;
        }

        @Override
        public long size() {
          return 0;
        }

        @Override
        public void truncate(long size) {
          // There is nothing to cut.
        }

        @Override
        public void flush() {
          // There is nothing to lose.
        }

        @Override
        public void close() {
          // It is not open.
        }
      };
}
