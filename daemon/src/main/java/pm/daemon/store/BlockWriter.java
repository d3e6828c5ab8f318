package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Writes blocks of entries to a segment: eight bytes of length and checksum, then entries. A block
 * is there as a whole or not at all. One that fits {@value #CHUNK} bytes is one write; of a longer
 * one the first eight bytes are written last.
 *
 * <p>The checksum also covers the place of the block, so that bytes which a failed write left
 * elsewhere are never taken for one. Loop thread only; nothing is allocated for an entry.
 */
final class BlockWriter {
  /** Bytes before the entries of a block. */
  static final int BLOCK_HEADER = 8;

  static final int CHUNK = 128 * 1024;

  private final byte[] bytes = new byte[CHUNK];
  private final ByteBuffer direct;
  private final byte[] place = new byte[12];
  private final CRC32C crc = new CRC32C();
  private final CRC32C blobCrc = new CRC32C();
  private final Words words = new Words();

  private @Nullable Segment segment;

  /** Where in the file {@link #bytes} begins. */
  private long chunkAt;

  /** How many of {@link #bytes} are used. */
  private int at;

  /** The first of {@link #bytes} that the checksum does not cover yet. */
  private int unchecked;

  /** Where in the file the block begins. */
  private long blockAt;

  /**
   * @param direct of {@link #CHUNK} bytes
   */
  BlockWriter(ByteBuffer direct) {
    this.direct = direct;
  }

  /** Returns the words of the segment that is being written. */
  Words words() {
    return words;
  }

  /** Begins a segment: its header is written with its first block. */
  void begin(Segment fresh, SegmentHeader header) {
    words.clear();
    start(fresh);
    header.write(bytes, 0);
    at = SegmentHeader.BYTES;
    startBlock();
  }

  /** Begins a block at the end of a segment. */
  void begin(Segment target) {
    start(target);
    startBlock();
  }

  private void start(Segment target) {
    segment = target;
    chunkAt = target.size();
    at = 0;
  }

  private void startBlock() {
    blockAt = chunkAt + at;
    at += BLOCK_HEADER;
    unchecked = at;
    crc.reset();
  }

  /** Returns the offset in the file of what is written next. */
  long offset() {
    return chunkAt + at;
  }

  /**
   * Ends the block and writes what is left of it.
   *
   * @return the size of the file behind it
   */
  long end() throws IOException {
    crc.update(bytes, unchecked, at - unchecked);
    long length = chunkAt + at - blockAt - BLOCK_HEADER;
    LittleEndian.putInt(place, 0, (int) length);
    LittleEndian.putInt(place, 4, current().number());
    LittleEndian.putInt(place, 8, (int) blockAt);
    crc.update(place, 0, place.length);
    int checksum = (int) crc.getValue();
    if (blockAt >= chunkAt) {
      int header = (int) (blockAt - chunkAt);
      LittleEndian.putInt(bytes, header, (int) length);
      LittleEndian.putInt(bytes, header + 4, checksum);
      writeChunk();
    } else {
      writeChunk();
      LittleEndian.putInt(bytes, 0, (int) length);
      LittleEndian.putInt(bytes, 4, checksum);
      write(BLOCK_HEADER, blockAt);
    }
    return chunkAt;
  }

  private Segment current() {
    if (segment == null) {
      throw new IllegalStateException("no block was begun");
    }
    return segment;
  }

  private void spill() throws IOException {
    crc.update(bytes, unchecked, at - unchecked);
    unchecked = 0;
    writeChunk();
    if (chunkAt >= Location.OFFSETS - CHUNK) {
      throw new IOException("too much to be kept together");
    }
  }

  private void writeChunk() throws IOException {
    write(at, chunkAt);
    chunkAt += at;
    at = 0;
  }

  private void write(int count, long position) throws IOException {
    direct.clear();
    direct.put(bytes, 0, count).flip();
    long to = position;
    while (direct.hasRemaining()) {
      int written = current().file().write(direct, to);
      if (written <= 0) {
        throw new IOException("nothing is written");
      }
      to += written;
    }
  }

  /** Makes room for so many bytes that are put one by one. */
  void reserve(int count) throws IOException {
    if (at + count > CHUNK) {
      spill();
    }
  }

  /** Puts a byte, for which there is room. */
  void put(int value) {
    bytes[at++] = (byte) value;
  }

  /** Puts eight bytes, for which there is room. */
  void putLong(long value) {
    byte[] to = bytes;
    int i = at;
    to[i] = (byte) value;
    to[i + 1] = (byte) (value >>> 8);
    to[i + 2] = (byte) (value >>> 16);
    to[i + 3] = (byte) (value >>> 24);
    to[i + 4] = (byte) (value >>> 32);
    to[i + 5] = (byte) (value >>> 40);
    to[i + 6] = (byte) (value >>> 48);
    to[i + 7] = (byte) (value >>> 56);
    at = i + 8;
  }

  /** Puts a number in as few bytes as it needs, at most ten, for which there is room. */
  void putNumber(long value) {
    byte[] to = bytes;
    int i = at;
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      to[i++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    to[i++] = (byte) rest;
    at = i;
  }

  /** Puts a number that may be negative, likewise. */
  void putSigned(long value) {
    putNumber((value << 1) ^ (value >> 63));
  }

  /** Puts a text of any length. */
  void putText(String text) throws IOException {
    if (text.isEmpty()) {
      reserve(1);
      put(0);
      return;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    reserve(10);
    putNumber(utf8.length);
    putBytes(utf8, 0, utf8.length);
  }

  /** Puts a text that comes again and again. */
  void putWord(String word) throws IOException {
    reserve(10);
    int number = words.number(word);
    if (number != Words.UNKNOWN) {
      putNumber(number + 2L);
      return;
    }
    put(words.define(word) ? 1 : 0);
    putText(word);
  }

  /**
   * Puts bytes with their length and their own checksum.
   *
   * @return their {@link Location}
   */
  long putBlob(byte[] blob) throws IOException {
    reserve(10 + Integer.BYTES);
    putNumber(blob.length);
    if (blob.length == 0) {
      return Location.NONE;
    }
    blobCrc.reset();
    blobCrc.update(blob, 0, blob.length);
    long location = Location.of(current().number(), offset(), blob.length);
    LittleEndian.putInt(bytes, at, (int) blobCrc.getValue());
    at += Integer.BYTES;
    putBytes(blob, 0, blob.length);
    return location;
  }

  /**
   * Puts bytes that another segment has, checksum included, as they are. What cannot be read of
   * them becomes zeros, so that the checksum tells that they are lost.
   *
   * @param from where they are, which {@code source} has
   * @param scratch any direct buffer
   * @param lost is told what could not be read
   * @return their new {@link Location}
   */
  long copyBlob(Segment source, long from, ByteBuffer scratch, Consumer<IOException> lost)
      throws IOException {
    int length = Location.length(from);
    reserve(10);
    putNumber(length);
    reserve(Integer.BYTES);
    final long location = Location.of(current().number(), offset(), length);
    long position = Location.offset(from);
    long end = position + Integer.BYTES + length;
    while (position < end) {
      reserve(1);
      int count = (int) Math.min(end - position, Math.min(CHUNK - at, scratch.capacity()));
      int read = read(source, scratch.clear().limit(count), position, lost);
      if (read > 0) {
        scratch.flip().get(bytes, at, read);
      } else {
        read = count;
        Arrays.fill(bytes, at, at + read, (byte) 0);
      }
      at += read;
      position += read;
    }
    return location;
  }

  private static int read(
      Segment source, ByteBuffer into, long position, Consumer<IOException> lost) {
    try {
      int read = source.file().read(into, position);
      if (read <= 0) {
        lost.accept(new IOException(source.name() + " ends at " + position));
      }
      return read;
    } catch (IOException e) {
      lost.accept(e);
      return 0;
    }
  }

  private void putBytes(byte[] from, int offset, int count) throws IOException {
    int done = 0;
    while (done < count) {
      if (at == CHUNK) {
        spill();
      }
      int part = Math.min(count - done, CHUNK - at);
      System.arraycopy(from, offset + done, bytes, at, part);
      at += part;
      done += part;
    }
  }
}
