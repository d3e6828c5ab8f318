package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/**
 * A folder in memory whose disk loses, when the power does, whatever was not flushed, page by page
 * as it likes; and which can be full and can fail.
 */
final class FakeTaskFolder implements TaskFolder {
  static final int PAGE = 512;

  /** What the next calls of a kind do. */
  interface Faults {
    /** Throws, or returns how many of so many bytes are written. */
    default int write(int bytes) throws IOException {
      return bytes;
    }

    /** Throws if a flush of a file fails; what was not flushed is then lost by the kernel too. */
    default void flush() throws IOException {}

    /** Throws if the folder cannot be flushed. */
    default void flushFolder() throws IOException {}

    /** Throws if a file cannot be cut. */
    default void truncate() throws IOException {}

    /** Throws if a file cannot be made. */
    default void create() throws IOException {}

    /** Throws if a file cannot be removed. */
    default void delete() throws IOException {}
  }

  static final Faults NONE = new Faults() {};

  Faults faults = NONE;

  /** Whether it says that it flushes and does not. */
  boolean lies;

  int writes;
  int flushes;

  private final Random random;
  private final TreeMap<String, Inode> names = new TreeMap<>();
  private final Map<String, Inode> durableNames = new HashMap<>();

  /** A file, with a name or without. */
  private static final class Inode {
    private byte[] content = new byte[0];
    private int size;
    private byte[] durable = new byte[0];

    void set(byte[] bytes) {
      content = bytes.clone();
      size = bytes.length;
    }

    byte[] bytes() {
      return Arrays.copyOf(content, size);
    }
  }

  FakeTaskFolder(Random random) {
    this.random = random;
  }

  /** Returns what is in its files, by name. */
  synchronized NavigableMap<String, byte[]> contents() {
    TreeMap<String, byte[]> contents = new TreeMap<>();
    names.forEach((name, inode) -> contents.put(name, inode.bytes()));
    return contents;
  }

  /** Sets a file, as if it had always been so. */
  synchronized void set(String name, byte[] content) {
    Inode inode = new Inode();
    inode.set(content);
    inode.durable = content.clone();
    names.put(name, inode);
    durableNames.put(name, inode);
  }

  synchronized void remove(String name) {
    names.remove(name);
    durableNames.remove(name);
  }

  synchronized long bytes() {
    return names.values().stream().mapToLong(inode -> inode.size).sum();
  }

  /** The power fails: of what was not flushed some pages are there and some are not. */
  synchronized void losePower() {
    TreeMap<String, Inode> after = new TreeMap<>();
    for (Map.Entry<String, Inode> each : names.entrySet()) {
      if (durableNames.get(each.getKey()) == each.getValue() || random.nextBoolean()) {
        after.put(each.getKey(), each.getValue());
      }
    }
    for (Map.Entry<String, Inode> each : durableNames.entrySet()) {
      if (!names.containsKey(each.getKey()) && random.nextBoolean()) {
        after.put(each.getKey(), each.getValue());
      }
    }
    names.clear();
    durableNames.clear();
    for (Map.Entry<String, Inode> each : after.entrySet()) {
      Inode inode = each.getValue();
      set(each.getKey(), survivors(inode.bytes(), inode.durable));
    }
  }

  private byte[] survivors(byte[] written, byte[] durable) {
    int mode = random.nextInt(3);
    int length =
        switch (mode) {
          case 0 -> durable.length;
          case 1 -> written.length;
          default -> between(durable.length, written.length);
        };
    byte[] after = Arrays.copyOf(written, length);
    for (int page = 0; page < length; page += PAGE) {
      int end = Math.min(page + PAGE, length);
      if (random.nextInt(3) == 0) {
        for (int i = page; i < end; i++) {
          after[i] = i < durable.length ? durable[i] : 0;
        }
      }
    }
    return after;
  }

  private int between(int one, int other) {
    int low = Math.min(one, other);
    return low + random.nextInt(Math.max(one, other) - low + 1);
  }

  @Override
  public Path path() {
    return Path.of("/fake/tasks");
  }

  @Override
  public void prepare() {
    // It is there.
  }

  @Override
  public synchronized List<String> names() {
    return List.copyOf(names.keySet());
  }

  @Override
  public synchronized TaskFile create(String name) throws IOException {
    faults.create();
    if (names.containsKey(name)) {
      throw new IOException("File exists");
    }
    Inode inode = new Inode();
    names.put(name, inode);
    return new Open(inode);
  }

  @Override
  public synchronized TaskFile open(String name) throws IOException {
    Inode inode = names.get(name);
    if (inode == null) {
      throw new IOException("No such file or directory");
    }
    return new Open(inode);
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    faults.delete();
    names.remove(name);
  }

  @Override
  public synchronized void flush() throws IOException {
    faults.flushFolder();
    durableNames.clear();
    durableNames.putAll(names);
  }

  private final class Open implements TaskFile {
    private final Inode inode;
    private boolean closed;

    private Open(Inode inode) {
      this.inode = inode;
    }

    private void check() throws IOException {
      if (closed) {
        throw new IOException("Bad file descriptor");
      }
    }

    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
      synchronized (FakeTaskFolder.this) {
        check();
        writes++;
        int count = faults.write(bytes.remaining());
        int end = (int) position + count;
        if (end > inode.content.length) {
          inode.content = Arrays.copyOf(inode.content, Math.max(end, 2 * inode.content.length));
        }
        bytes.get(inode.content, (int) position, count);
        inode.size = Math.max(inode.size, end);
        return count;
      }
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      synchronized (FakeTaskFolder.this) {
        check();
        int count = (int) Math.min(into.remaining(), inode.size - position);
        if (count > 0) {
          into.put(inode.content, (int) position, count);
        }
        return Math.max(count, 0);
      }
    }

    @Override
    public long size() {
      synchronized (FakeTaskFolder.this) {
        return inode.size;
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (FakeTaskFolder.this) {
        check();
        faults.truncate();
        Arrays.fill(
            inode.content, (int) Math.min(size, inode.size), inode.content.length, (byte) 0);
        if (size > inode.content.length) {
          inode.content = Arrays.copyOf(inode.content, (int) size);
        }
        inode.size = (int) size;
      }
    }

    @Override
    public void flush() throws IOException {
      synchronized (FakeTaskFolder.this) {
        check();
        flushes++;
        try {
          faults.flush();
        } catch (IOException e) {
          // The kernel takes the pages for clean now and may drop them: the disk's are read again.
          inode.set(survivors(inode.bytes(), inode.durable));
          inode.durable = inode.bytes();
          throw e;
        }
        if (!lies) {
          inode.durable = inode.bytes();
        }
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
