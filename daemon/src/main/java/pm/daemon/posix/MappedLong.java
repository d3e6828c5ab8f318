package pm.daemon.posix;

import java.nio.ByteBuffer;

/**
 * The first eight bytes of a file as a number in memory. It is changed by a plain store, without a
 * system call, and outlives the process that changed it last, however that ended. Not safe for
 * several threads at once.
 */
public final class MappedLong implements AutoCloseable {
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_SHARED = 1;
  private static final long MAP_FAILED = -1;
  private static final long MMAP = Libc.function("mmap");
  private static final long MUNMAP = Libc.function("munmap");

  private final long address;
  private final ByteBuffer view;
  private boolean isClosed;

  private MappedLong(long address) {
    this.address = address;
    view = Libc.view(address, Long.BYTES);
  }

  /**
   * Maps a file, which is made if it is missing; mmap(2). One that is too short is filled with
   * zeros, so that the memory is there when it is stored to, also on a full disk.
   *
   * @throws ErrnoException if it cannot be had; nothing is left open
   */
  public static MappedLong open(String path) throws ErrnoException {
    int fd = Fd.open(path, OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.NOFOLLOW, 0600);
    try {
      long missing = Long.BYTES - Fd.status(fd).sizeBytes();
      if (missing > 0) {
        Fd.seekToEnd(fd);
        Fd.writeFully(fd, ByteBuffer.allocateDirect((int) missing));
      }
      long address = Libc.call(MMAP, 0, Long.BYTES, PROT_READ_WRITE, MAP_SHARED, fd, 0);
      if (address == MAP_FAILED) {
        throw new ErrnoException("mmap", path, Libc.errno());
      }
      return new MappedLong(address);
    } finally {
      Fd.close(fd);
    }
  }

  /** Returns the number. */
  public long get() {
    checkOpen();
    return view.getLong(0);
  }

  /** Changes the number. */
  public void set(long number) {
    checkOpen();
    view.putLong(0, number);
  }

  private void checkOpen() {
    if (isClosed) {
      throw new IllegalStateException("its memory is given back");
    }
  }

  /** Gives the memory back; munmap(2). The file keeps the number. */
  @Override
  public void close() throws ErrnoException {
    if (!isClosed) {
      isClosed = true;
      if ((int) Libc.call(MUNMAP, address, Long.BYTES) != 0) {
        throw new ErrnoException("munmap", "", Libc.errno());
      }
    }
  }
}
