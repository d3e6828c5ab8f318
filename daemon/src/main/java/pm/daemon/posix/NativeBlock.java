package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Zeroed native memory of a fixed size that is filled from front to back and freed at a known
 * moment, for what a throw-away thread hands to the kernel.
 */
final class NativeBlock implements AutoCloseable {
  private final long address;
  private final ByteBuffer view;
  private int used;

  NativeBlock(int bytes) {
    address = Libc.allocate(bytes);
    view = Libc.view(address, bytes);
  }

  /** Returns the bytes that a string takes in a block, with its ending zero and alignment. */
  static int sizeOf(String text) {
    return align(text.getBytes(StandardCharsets.UTF_8).length + 1);
  }

  static int sizeOf(List<String> texts) {
    return texts.stream().mapToInt(NativeBlock::sizeOf).sum() + Long.BYTES * (texts.size() + 1);
  }

  private static int align(int bytes) {
    return (bytes + 15) & ~15;
  }

  /** Takes memory, aligned for every structure, and returns its address. */
  long take(int bytes) {
    int offset = used;
    if (bytes > view.capacity() - offset) {
      throw new IllegalStateException("the block is full");
    }
    used = Math.min(offset + align(bytes), view.capacity());
    return address + offset;
  }

  /** Stores a string in UTF-8, ended by a zero, and returns its address. */
  long text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    long at = take(bytes.length + 1);
    view.put(offset(at), bytes);
    return at;
  }

  /** Stores strings and returns the address of a list of their addresses that ends with a null. */
  long texts(List<String> texts) {
    long list = take(Long.BYTES * (texts.size() + 1));
    for (int i = 0; i < texts.size(); i++) {
      putLong(list + (long) Long.BYTES * i, text(texts.get(i)));
    }
    return list;
  }

  void putLong(long at, long value) {
    view.putLong(offset(at), value);
  }

  void putInt(long at, int value) {
    view.putInt(offset(at), value);
  }

  void putByte(long at, int value) {
    view.put(offset(at), (byte) value);
  }

  int getInt(long at) {
    return view.getInt(offset(at));
  }

  byte getByte(long at) {
    return view.get(offset(at));
  }

  private int offset(long at) {
    return (int) (at - address);
  }

  @Override
  public void close() {
    Libc.free(address);
  }
}
