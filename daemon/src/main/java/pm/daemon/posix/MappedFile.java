package pm.daemon.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file's bytes as memory that is given back at a known moment and is no part of the heap. */
public final class MappedFile implements AutoCloseable {
  private final Arena arena;
  private final ByteBuffer bytes;

  private MappedFile(Arena arena, ByteBuffer bytes) {
    this.arena = arena;
    this.bytes = bytes;
  }

  /** Maps all of a file for reading; mmap(2). It must not shrink as long as it is mapped. */
  public static MappedFile open(Path path) throws IOException {
    Arena arena = Arena.ofConfined();
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer bytes =
          file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena).asByteBuffer();
      return new MappedFile(arena, bytes);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Returns its bytes, which are there until it is closed. The thread that opened it only. */
  public ByteBuffer bytes() {
    return bytes;
  }

  @Override
  public void close() {
    arena.close();
  }
}
