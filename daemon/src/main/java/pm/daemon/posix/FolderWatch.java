package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/**
 * Tells which names a folder loses, and when the folder itself goes away; inotify(7), Linux 2.6.27.
 * One thread.
 */
public final class FolderWatch implements AutoCloseable {

  /** What {@link #lost} calls the folder itself. */
  public static final String ITSELF = "";

  private static final int MOVED_FROM = 0x40;
  private static final int DELETE = 0x200;
  private static final int DELETE_SELF = 0x400;
  private static final int MOVE_SELF = 0x800;
  private static final int UNMOUNT = 0x2000;
  private static final int OVERFLOW = 0x4000;
  private static final int IGNORED = 0x8000;
  private static final int ONLYDIR = 0x1000000;

  /** An event without its name: descriptor, mask, cookie, length of the name. */
  private static final int HEADER = 16;

  /** Room for some events; the rest is read after them. */
  private static final int ROOM = 4_096;

  private static final long INOTIFY_INIT1 = Libc.function("inotify_init1");
  private static final long INOTIFY_ADD_WATCH = Libc.function("inotify_add_watch");

  private final int fd;
  private final ByteBuffer events = ByteBuffer.allocateDirect(ROOM).order(ByteOrder.nativeOrder());

  private FolderWatch(int fd) {
    this.fd = fd;
  }

  /**
   * Begins to watch a folder, behind a symbolic link its target.
   *
   * @throws ErrnoException if it is not there or no folder; EMFILE and ENOSPC if this user watches
   *     too much
   */
  public static FolderWatch of(String folder) throws ErrnoException {
    int fd = (int) Libc.call(INOTIFY_INIT1, OpenFlags.CLOEXEC | OpenFlags.NONBLOCK);
    if (fd < 0) {
      throw new ErrnoException("inotify_init1", "", Libc.errno());
    }
    try {
      long path = Scratch.mine().path("inotify_add_watch", folder);
      int mask = MOVED_FROM | DELETE | DELETE_SELF | MOVE_SELF | ONLYDIR;
      if ((int) Libc.call(INOTIFY_ADD_WATCH, fd, path, mask) < 0) {
        throw new ErrnoException("inotify_add_watch", folder, Libc.errno());
      }
    } catch (ErrnoException refused) {
      Fd.close(fd);
      throw refused;
    }
    return new FolderWatch(fd);
  }

  /**
   * The descriptor to wait for: readable while something was lost that {@link #lost} has not told.
   */
  public int fd() {
    return fd;
  }

  /**
   * Returns the names that were deleted or moved away since the last call; {@link #ITSELF} among
   * them if the folder was, or if more was lost than the kernel could tell.
   */
  public Set<String> lost() throws ErrnoException {
    Set<String> names = new HashSet<>();
    while (true) {
      events.clear();
      int bytes = Fd.read(fd, events);
      if (bytes <= 0) {
        return names;
      }
      int at = 0;
      while (at + HEADER <= bytes) {
        int mask = events.getInt(at + 4);
        int length = events.getInt(at + 12);
        if ((mask & (DELETE_SELF | MOVE_SELF | UNMOUNT | OVERFLOW | IGNORED)) != 0) {
          names.add(ITSELF);
        } else {
          names.add(name(at + HEADER, length));
        }
        at += HEADER + length;
      }
    }
  }

  /** A name is followed by at least one zero. */
  private String name(int at, int length) {
    byte[] bytes = new byte[length];
    events.get(at, bytes);
    int end = 0;
    while (end < length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(fd);
  }
}
