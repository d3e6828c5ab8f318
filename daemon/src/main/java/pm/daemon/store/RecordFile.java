package pm.daemon.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file that is written at its end and sometimes cut. */
interface RecordFile extends Closeable {

  /**
   * Writes the remaining bytes at {@code position}, as many as can be.
   *
   * @return how many
   */
  int write(ByteBuffer bytes, long position) throws IOException;

  /**
   * Writes all of it at {@code position}.
   *
   * @param through a direct buffer for the way, so that the JDK keeps no copy for each size
   * @return how many bytes
   */
  default long write(byte[] bytes, long position, ByteBuffer through) throws IOException {
    int done = 0;
    while (done < bytes.length) {
      int count = Math.min(bytes.length - done, through.capacity());
      through.clear().put(bytes, done, count).flip();
      long at = position + done;
      while (through.hasRemaining()) {
        at += write(through, at);
      }
      done += count;
    }
    return done;
  }

  /** Cuts it to {@code size} bytes. */
  void truncate(long size) throws IOException;

  @Override
  void close() throws IOException;

  /** Where such files come from. */
  interface Opener {
    /** Makes a new file, readable by us only, in place of one of that name. */
    RecordFile create(Path path) throws IOException;

    /** Opens a file that exists and is no link. */
    RecordFile open(Path path) throws IOException;
  }

  /** Real files. */
  Opener REAL =
      new Opener() {
        @Override
        public RecordFile create(Path path) throws IOException {
          Files.deleteIfExists(path);
          return new OfChannel(
              FileChannel.open(
                  path,
                  Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                  PosixFilePermissions.asFileAttribute(
                      PosixFilePermissions.fromString("rw-------"))));
        }

        @Override
        public RecordFile open(Path path) throws IOException {
          return new OfChannel(
              FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        }
      };

  /** A real file. */
  record OfChannel(FileChannel channel) implements RecordFile {
    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
      return channel.write(bytes, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
