package pm.daemon.posix;

import java.nio.ByteBuffer;

/**
 * What stat(2) tells of a file.
 *
 * @param mode type and permission bits
 * @param sizeBytes for a regular file its length
 * @param modifiedNanos time of the last change of its content, in nanoseconds since 1970
 */
public record FileStatus(
    int mode,
    long sizeBytes,
    long inode,
    long device,
    long links,
    int uid,
    int gid,
    long modifiedNanos) {
  private static final int TYPE = 0xf000;

  static FileStatus from(ByteBuffer stat) {
    // The count of links has eight bytes before the mode on x86_64, four after it on aarch64.
    long links =
        Layout.STAT_MODE == 24 ? stat.getLong(16) : Integer.toUnsignedLong(stat.getInt(20));
    return new FileStatus(
        stat.getInt(Layout.STAT_MODE),
        stat.getLong(Layout.STAT_LENGTH),
        stat.getLong(Layout.STAT_INODE),
        stat.getLong(Layout.STAT_DEVICE),
        links,
        stat.getInt(Layout.STAT_UID),
        stat.getInt(Layout.STAT_GID),
        stat.getLong(Layout.STAT_MODIFIED_SECONDS) * 1_000_000_000L
            + stat.getLong(Layout.STAT_MODIFIED_NANOS));
  }

  /** The permission bits with set-user-id, set-group-id and sticky: 0 to 07777. */
  public int permissions() {
    return mode & 0xfff;
  }

  public boolean isRegular() {
    return (mode & TYPE) == 0x8000;
  }

  public boolean isDirectory() {
    return (mode & TYPE) == 0x4000;
  }

  public boolean isFifo() {
    return (mode & TYPE) == 0x1000;
  }

  public boolean isSymlink() {
    return (mode & TYPE) == 0xa000;
  }

  public boolean isSocket() {
    return (mode & TYPE) == 0xc000;
  }

  /** Tells whether both are one file: same device, same inode. */
  public boolean isSameFileAs(FileStatus other) {
    return inode == other.inode && device == other.device;
  }
}
