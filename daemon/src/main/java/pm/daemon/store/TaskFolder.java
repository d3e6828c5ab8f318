package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/** Where the files of the journal of tasks come from, and where tests let them fail. */
interface TaskFolder {

  /** Returns where it is, for messages. */
  Path path();

  /**
   * Makes it unless it is there.
   *
   * @throws IOException if it cannot be made, or others could tamper with it
   */
  void prepare() throws IOException;

  /** Returns the names of what is in it, in any order. */
  List<String> names() throws IOException;

  /** Makes a new file, readable by us only; there is none of that name. */
  TaskFile create(String name) throws IOException;

  /** Opens a file that is ours and no link. */
  TaskFile open(String name) throws IOException;

  /** Removes a file; nothing happens if there is none. */
  void delete(String name) throws IOException;

  /** Waits until made and removed names are on the disk. Blocks. */
  void flush() throws IOException;

  /** Returns a real folder. */
  static TaskFolder at(Path path) {
    return new Real(path);
  }

  /** A real folder. */
  record Real(Path path) implements TaskFolder {
    private static final int OTHERS_WRITE = 0022;

    @Override
    public void prepare() throws IOException {
      String name = path.toString();
      if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
        FilePath.mkdir(name, 0700);
      }
      FileStatus status = FilePath.linkStatus(name);
      if (!status.isDirectory()) {
        throw new IOException("it is no folder; move it away");
      }
      check(status, "the folder");
    }

    @Override
    public List<String> names() throws IOException {
      List<String> names = new ArrayList<>();
      try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
        for (Path each : files) {
          names.add(String.valueOf(each.getFileName()));
        }
      } catch (java.nio.file.DirectoryIteratorException e) {
        throw e.getCause();
      }
      return names;
    }

    @Override
    public TaskFile create(String name) throws IOException {
      int flags = OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.NOFOLLOW;
      return new OfDescriptor(Fd.open(path.resolve(name).toString(), flags, 0600));
    }

    @Override
    public TaskFile open(String name) throws IOException {
      String full = path.resolve(name).toString();
      if (!FilePath.linkStatus(full).isRegular()) {
        throw new IOException("it is no regular file; move it away");
      }
      OfDescriptor file = new OfDescriptor(Fd.open(full, OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0));
      try {
        check(Fd.status(file.fd()), "it");
      } catch (IOException e) {
        file.close();
        throw e;
      }
      return file;
    }

    private static void check(FileStatus status, String what) throws IOException {
      if (status.uid() != Host.euid()) {
        throw new IOException(
            what
                + " belongs to user "
                + status.uid()
                + ", not to "
                + Host.euid()
                + "; move it away");
      }
      if ((status.permissions() & OTHERS_WRITE) != 0) {
        throw new IOException(what + " can be written by others; see who did, and move it away");
      }
    }

    @Override
    public void delete(String name) throws IOException {
      try {
        FilePath.unlink(path.resolve(name).toString());
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOENT) {
          throw e;
        }
      }
    }

    @Override
    public void flush() throws IOException {
      FilePath.syncDirectory(path.toString());
    }
  }

  /** A real file. */
  record OfDescriptor(int fd) implements TaskFile {
    @Override
    public int write(ByteBuffer bytes, long position) throws ErrnoException {
      return Fd.writeAt(fd, bytes, position);
    }

    @Override
    public int read(ByteBuffer into, long position) throws ErrnoException {
      return Fd.readAt(fd, into, position);
    }

    @Override
    public long size() throws ErrnoException {
      return Fd.status(fd).sizeBytes();
    }

    @Override
    public void truncate(long size) throws ErrnoException {
      Fd.truncate(fd, size);
    }

    @Override
    public void flush() throws ErrnoException {
      Fd.syncData(fd);
    }

    @Override
    public void close() throws ErrnoException {
      Fd.close(fd);
    }
  }
}
