package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Real files on a disk that can be full and on which cutting a file can fail. */
final class FakeDisk implements RecordFile.Opener {
  /** Bytes that can still be written. */
  long room = Long.MAX_VALUE;

  boolean refusesToCut;
  int writes;

  @Override
  public RecordFile create(Path path) throws IOException {
    return new Limited(RecordFile.REAL.create(path));
  }

  @Override
  public RecordFile open(Path path) throws IOException {
    return new Limited(RecordFile.REAL.open(path));
  }

  private final class Limited implements RecordFile {
    private final RecordFile real;

    private Limited(RecordFile real) {
      this.real = real;
    }

    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
      writes++;
      if (room == 0) {
        throw new IOException("No space left on device");
      }
      int count = (int) Math.min(room, bytes.remaining());
      int end = bytes.limit();
      bytes.limit(bytes.position() + count);
      int written = real.write(bytes, position);
      bytes.limit(end);
      room -= written;
      return written;
    }

    @Override
    public void truncate(long size) throws IOException {
      if (refusesToCut) {
        throw new IOException("Input/output error");
      }
      real.truncate(size);
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }
}
