package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * A rotated file as gzip members, one for each {@link #MEMBER_BYTES} of it, so that {@code zcat}
 * reads it as one and we read any place of it without what stands before. Each member says in its
 * extra field whose it is: so places in a log stay right when its file is compressed.
 *
 * @param fd open for reading
 * @param identity of the file that was compressed
 * @param sizeBytes of the file that was compressed
 */
record LogArchive(int fd, long identity, long sizeBytes) {
  /** Bytes of the file that a member holds; the last may hold fewer. */
  static final int MEMBER_BYTES = 128 * 1024;

  // RFC 1952: magic, deflate, an extra field, no time, no flags, Unix; length of the extra field.
  private static final long MAGIC = 0x0000_0000_0408_8b1fL;
  private static final short FLAGS_AND_SYSTEM = 0x0300;
  private static final byte ID_1 = 'P';
  private static final byte ID_2 = 'M';
  private static final int DATA_BYTES = 32;
  private static final int HEADER_BYTES = 10 + 2 + 4 + DATA_BYTES;
  private static final int TRAILER_BYTES = 8;

  /** What cannot be compressed grows by a few bytes in each 16 KiB. */
  static final int MOST_MEMBER_BYTES = HEADER_BYTES + MEMBER_BYTES + 1024 + TRAILER_BYTES;

  private static final ThreadLocal<ByteBuffer> PACKED =
      ThreadLocal.withInitial(
          () -> ByteBuffer.allocateDirect(MOST_MEMBER_BYTES).order(ByteOrder.LITTLE_ENDIAN));
  private static final ThreadLocal<ByteBuffer> PLAIN =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(MEMBER_BYTES));

  /** What stands at the begin of a member; {@code offset} is of the file that was compressed. */
  private record Member(long identity, long total, long offset, int packed, int plain) {}

  /**
   * Makes a member of what a file holds.
   *
   * @param plain 1 to {@link #MEMBER_BYTES}; read to its end
   * @param into cleared, and flipped afterwards; at least {@link #MOST_MEMBER_BYTES}
   */
  static void pack(LogParts.Part part, long offset, ByteBuffer plain, ByteBuffer into) {
    int length = plain.remaining();
    CRC32 crc = new CRC32();
    crc.update(plain.duplicate());
    into.clear().order(ByteOrder.LITTLE_ENDIAN).position(HEADER_BYTES);
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    try {
      deflater.setInput(plain);
      deflater.finish();
      while (!deflater.finished()) {
        if (deflater.deflate(into) == 0 && !into.hasRemaining()) {
          throw new IllegalStateException("a member of " + length + " bytes does not fit");
        }
      }
    } finally {
      deflater.end();
    }
    into.putInt((int) crc.getValue()).putInt(length).flip();
    into.putLong(0, MAGIC).putShort(8, FLAGS_AND_SYSTEM).putShort(10, (short) (4 + DATA_BYTES));
    into.put(12, ID_1).put(13, ID_2).putShort(14, (short) DATA_BYTES);
    into.putLong(16, part.identity()).putLong(24, part.sizeBytes()).putLong(32, offset);
    into.putInt(40, into.limit()).putInt(44, length);
  }

  /** Returns what an open file holds; empty if it was not made by {@link #pack}. */
  static Optional<LogArchive> of(int fd) throws ErrnoException {
    return member(fd, 0)
        .filter(first -> first.offset() == 0)
        .map(first -> new LogArchive(fd, first.identity(), first.total()));
  }

  /** What is read here may have been written by others: it is believed within bounds only. */
  private static Optional<Member> member(int fd, long at) throws ErrnoException {
    ByteBuffer header = PACKED.get().clear().limit(HEADER_BYTES);
    readFully(fd, header, at);
    boolean isOurs =
        !header.hasRemaining()
            && header.getLong(0) == MAGIC
            && header.getShort(8) == FLAGS_AND_SYSTEM
            && header.getShort(10) == 4 + DATA_BYTES
            && header.get(12) == ID_1
            && header.get(13) == ID_2
            && header.getShort(14) == DATA_BYTES;
    if (!isOurs) {
      return Optional.empty();
    }
    Member member =
        new Member(
            header.getLong(16),
            header.getLong(24),
            header.getLong(32),
            header.getInt(40),
            header.getInt(44));
    boolean isSound =
        member.total() > 0
            && member.packed() > HEADER_BYTES + TRAILER_BYTES
            && member.packed() <= MOST_MEMBER_BYTES
            && member.plain() > 0
            && member.plain() <= MEMBER_BYTES;
    return isSound ? Optional.of(member) : Optional.empty();
  }

  private static void readFully(int fd, ByteBuffer into, long offset) throws ErrnoException {
    int begin = into.position();
    while (into.hasRemaining()) {
      if (Fd.readAt(fd, into, offset + into.position() - begin) == 0) {
        return;
      }
    }
  }

  /**
   * Reads what the file held from a place on, into a buffer until it is full, or up to its end.
   *
   * @throws ErrnoException EIO if the archive is damaged
   */
  void read(ByteBuffer into, long from) throws ErrnoException {
    long wanted = from;
    long at = 0;
    long offset = 0;
    while (into.hasRemaining() && wanted < sizeBytes) {
      long expected = offset;
      Member member =
          member(fd, at)
              .filter(found -> found.identity() == identity && found.offset() == expected)
              .orElseThrow(this::damaged);
      if (wanted < offset + member.plain()) {
        ByteBuffer plain = unpack(member, at).position((int) (wanted - offset));
        int length = Math.min(plain.remaining(), into.remaining());
        into.put(plain.limit(plain.position() + length));
        wanted += length;
      }
      offset += member.plain();
      at += member.packed();
    }
  }

  private ByteBuffer unpack(Member member, long at) throws ErrnoException {
    ByteBuffer packed = PACKED.get().clear().limit(member.packed());
    readFully(fd, packed, at);
    if (packed.hasRemaining()) {
      throw damaged();
    }
    int end = member.packed() - TRAILER_BYTES;
    int crcWanted = packed.getInt(end);
    ByteBuffer plain = PLAIN.get().clear().limit(member.plain());
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed.position(HEADER_BYTES).limit(end));
      while (plain.hasRemaining() && inflater.inflate(plain) > 0) {
        // Until it is full, or there is no more.
      }
    } catch (DataFormatException e) {
      throw damaged();
    } finally {
      inflater.end();
    }
    boolean isWhole = !plain.hasRemaining();
    CRC32 crc = new CRC32();
    crc.update(plain.flip().duplicate());
    if (!isWhole || (int) crc.getValue() != crcWanted) {
      throw damaged();
    }
    return plain;
  }

  private ErrnoException damaged() {
    return new ErrnoException("read", "compressed log of " + sizeBytes + " bytes", Errno.EIO);
  }
}
