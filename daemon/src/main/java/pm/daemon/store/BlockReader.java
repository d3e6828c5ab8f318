package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Reads the blocks of a segment, one after the other, through a window of {@value
 * BlockWriter#CHUNK} bytes, however long a block is.
 */
final class BlockReader {
  private final ByteBuffer direct;
  private final byte[] window = new byte[BlockWriter.CHUNK];
  private final byte[] place = new byte[12];
  private final CRC32C crc = new CRC32C();
  private final List<String> words = new ArrayList<>();

  private TaskFile file;
  private int segment;
  private long size;

  /** Where in the file {@link #window} begins. */
  private long windowAt;

  private int at;
  private int limit;
  private long blockEnd;

  /** What is behind the last block. */
  enum Next {
    BLOCK,
    END,
    /** Neither. */
    BROKEN
  }

  /**
   * @param direct of {@link BlockWriter#CHUNK} bytes
   */
  BlockReader(ByteBuffer direct, Segment first) {
    this.direct = direct;
    this.file = first.file();
    open(first);
  }

  /** Goes to the first block of a segment. */
  void open(Segment next) {
    file = next.file();
    segment = next.number();
    size = next.size();
    words.clear();
    windowAt = 0;
    at = 0;
    limit = 0;
    blockEnd = SegmentHeader.BYTES;
  }

  /** Returns the end of the last block, where the next one begins. */
  long position() {
    return blockEnd;
  }

  /** Goes to the next block, if there is one that is whole. */
  Next next() throws IOException {
    long blockAt = blockEnd;
    long left = size - blockAt;
    if (left == 0) {
      return Next.END;
    }
    if (left < BlockWriter.BLOCK_HEADER) {
      return Next.BROKEN;
    }
    seek(blockAt, BlockWriter.BLOCK_HEADER);
    int length = LittleEndian.getInt(window, at);
    int checksum = LittleEndian.getInt(window, at + 4);
    if (length <= 0 || length > left - BlockWriter.BLOCK_HEADER) {
      return Next.BROKEN;
    }
    long from = blockAt + BlockWriter.BLOCK_HEADER;
    crc.reset();
    for (long checked = from; checked < from + length; ) {
      int count = (int) Math.min(from + length - checked, BlockWriter.CHUNK);
      if (checked == from && count <= BlockWriter.CHUNK - BlockWriter.BLOCK_HEADER) {
        // All of it fits: the window serves the blocks behind it too.
        seek(blockAt, BlockWriter.BLOCK_HEADER + count);
      }
      seek(checked, count);
      crc.update(window, at, count);
      checked += count;
    }
    LittleEndian.putInt(place, 0, length);
    LittleEndian.putInt(place, 4, segment);
    LittleEndian.putInt(place, 8, (int) blockAt);
    crc.update(place, 0, place.length);
    if ((int) crc.getValue() != checksum) {
      return Next.BROKEN;
    }
    seek(from, Math.min(length, BlockWriter.CHUNK));
    blockEnd = from + length;
    return Next.BLOCK;
  }

  /** Returns whether the block has more entries. */
  boolean hasMore() {
    return offset() < blockEnd;
  }

  /** Returns the offset in the file of what is read next. */
  long offset() {
    return windowAt + at;
  }

  /** Has so many bytes from {@code offset} on in the window, and {@link #at} at the first. */
  private void seek(long offset, int count) throws IOException {
    if (offset >= windowAt && offset + count <= windowAt + limit) {
      at = (int) (offset - windowAt);
      return;
    }
    windowAt = offset;
    at = 0;
    limit = 0;
    while (limit < count) {
      direct.clear().limit(Math.min(direct.capacity(), window.length - limit));
      int read = file.read(direct, windowAt + limit);
      if (read <= 0) {
        throw new IOException("it ends at " + (windowAt + limit));
      }
      direct.flip().get(window, limit, read);
      limit += read;
    }
  }

  /** Has so many bytes in the window, which the block must have. */
  private void need(int count) throws IOException {
    if (count > blockEnd - offset()) {
      throw new NonsenseException("an entry goes beyond its block");
    }
    if (at + count > limit) {
      seek(offset(), count);
    }
  }

  /** What was written so and cannot be read: not by this version. */
  static final class NonsenseException extends IOException {
    private static final long serialVersionUID = 1L;

    NonsenseException(String what) {
      super(what);
    }
  }

  int get() throws IOException {
    need(1);
    return window[at++] & 0xff;
  }

  long getLong() throws IOException {
    need(8);
    long value =
        (LittleEndian.getInt(window, at) & 0xffffffffL)
            | ((long) LittleEndian.getInt(window, at + 4) << 32);
    at += 8;
    return value;
  }

  long getNumber() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = get();
      value |= (next & 0x7fL) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new NonsenseException("a number has no end");
  }

  long getSigned() throws IOException {
    long value = getNumber();
    return (value >>> 1) ^ -(value & 1);
  }

  int getInt() throws IOException {
    return Math.toIntExact(getSigned());
  }

  String getText() throws IOException {
    long length = getNumber();
    if (length == 0) {
      return "";
    }
    if (length < 0 || length > blockEnd - offset()) {
      throw new NonsenseException("a text goes beyond its block");
    }
    if (length <= window.length) {
      need((int) length);
      String text = new String(window, at, (int) length, StandardCharsets.UTF_8);
      at += (int) length;
      return text;
    }
    return new String(getBytes((int) length), StandardCharsets.UTF_8);
  }

  /** Returns bytes that the block has. */
  byte[] getBytes(int length) throws IOException {
    byte[] bytes = new byte[length];
    int done = 0;
    while (done < length) {
      need(1);
      int count = Math.min(length - done, limit - at);
      System.arraycopy(window, at, bytes, done, count);
      at += count;
      done += count;
    }
    return bytes;
  }

  String getWord() throws IOException {
    long number = getNumber();
    if (number < 0 || number >= words.size() + 2L) {
      throw new NonsenseException("a word is not known");
    }
    if (number >= 2) {
      return words.get((int) number - 2);
    }
    String word = getText();
    if (number == 1) {
      words.add(word);
    }
    return word;
  }

  /** Passes over bytes that the block has. */
  void skip(long count) throws IOException {
    if (count > blockEnd - offset()) {
      throw new NonsenseException("an entry goes beyond its block");
    }
    long to = offset() + count;
    if (to <= windowAt + limit) {
      at += (int) count;
    } else {
      windowAt = to;
      at = 0;
      limit = 0;
    }
  }
}
