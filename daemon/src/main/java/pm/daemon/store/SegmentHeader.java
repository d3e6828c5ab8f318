package pm.daemon.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The first {@value #BYTES} bytes of each file of the journal of tasks.
 *
 * @param segment its number, ascending from 1
 * @param epoch what ids of tasks of this store begin with: four letters and digits
 * @param bootId of the kernel when it was made; nanoseconds in it are of that boot
 * @param lastTask the greatest number of a task that was kept before
 * @param needed the first segment that was still needed
 * @param sizeBefore how many bytes the segment before has, so that it is noticed if the last of
 *     them were lost; 0 for the first
 */
record SegmentHeader(
    int segment, String epoch, String bootId, long lastTask, int needed, long sizeBefore) {
  static final int BYTES = 128;

  /** Changes whenever a file can no longer be read as before. */
  static final int VERSION = 1;

  private static final byte[] MAGIC = "pmtasks\n".getBytes(StandardCharsets.US_ASCII);
  private static final int CHECKED = BYTES - Integer.BYTES;
  private static final int EPOCH = 4;
  private static final int LONGEST_BOOT = 64;

  /** What the first bytes of a file are. */
  sealed interface Look {
    /** A header. */
    record Good(SegmentHeader header) implements Look {}

    /** What a loss of power can leave of one that was never flushed: too short, zeros, damaged. */
    record Torn() implements Look {}

    /** Something else, in words. */
    record Wrong(String what) implements Look {}
  }

  void write(byte[] into, int at) {
    ByteBuffer out = ByteBuffer.wrap(into, at, BYTES).slice().order(ByteOrder.LITTLE_ENDIAN);
    out.put(MAGIC).putInt(VERSION).putInt(segment);
    out.put(epoch.getBytes(StandardCharsets.US_ASCII))
        .putLong(lastTask)
        .putInt(needed)
        .putLong(sizeBefore);
    byte[] boot = bootId.getBytes(StandardCharsets.US_ASCII);
    if (boot.length > LONGEST_BOOT || out.position() != 40) {
      throw new IllegalArgumentException("no header: " + this);
    }
    out.put((byte) boot.length).put(boot);
    while (out.position() < CHECKED) {
      out.put((byte) 0);
    }
    out.putInt(checksum(into, at));
  }

  private static int checksum(byte[] bytes, int at) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, at, CHECKED);
    return (int) crc.getValue();
  }

  /**
   * Looks at the beginning of a file.
   *
   * @param size of the file
   * @param beginning its first {@link #BYTES} bytes; zeros where it is shorter
   */
  static Look look(byte[] beginning, long size) {
    int there = (int) Math.min(size, MAGIC.length);
    boolean isTorn = size < BYTES;
    for (int i = 0; i < there; i++) {
      // A page that was never written is zeros.
      if (beginning[i] != MAGIC[i] && beginning[i] != 0) {
        return new Look.Wrong("it is no file of pmd's tasks");
      }
      isTorn |= beginning[i] == 0;
    }
    ByteBuffer in = ByteBuffer.wrap(beginning).order(ByteOrder.LITTLE_ENDIAN);
    in.position(MAGIC.length);
    int version = in.getInt();
    if (isTorn || version == 0) {
      return new Look.Torn();
    }
    if (version != VERSION) {
      return new Look.Wrong(
          "its format is version " + version + ", and only version " + VERSION + " is known here");
    }
    if (in.getInt(CHECKED) != checksum(beginning, 0)) {
      return new Look.Torn();
    }
    int segment = in.getInt();
    byte[] epoch = new byte[EPOCH];
    in.get(epoch);
    long lastTask = in.getLong();
    int needed = in.getInt();
    long sizeBefore = in.getLong();
    byte[] boot = new byte[in.get()];
    in.get(boot);
    return new Look.Good(
        new SegmentHeader(
            segment,
            new String(epoch, StandardCharsets.US_ASCII),
            new String(boot, StandardCharsets.US_ASCII),
            lastTask,
            needed,
            sizeBefore));
  }
}
