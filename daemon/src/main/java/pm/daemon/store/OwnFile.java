package pm.daemon.store;

import java.io.IOException;
import java.nio.file.Path;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;

/**
 * Files that only this daemon makes, in folders that only it can write. What is something else in
 * their place was put there by mistake, or before the folder was ours alone: it is neither waited
 * for, as a named pipe would have to be, nor read, nor written to. Any thread.
 */
final class OwnFile {
  private OwnFile() {}

  /**
   * Returns whether there is a file.
   *
   * @throws IOException if what is there is none of ours, with the rest of a sentence
   */
  static boolean isThere(Path path) throws IOException {
    FileStatus status;
    try {
      status = FilePath.linkStatus(path.toString());
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
    if (!status.isRegular()) {
      throw new IOException("it is no regular file; move it away");
    }
    if (status.links() > 1) {
      throw new IOException("it has " + status.links() + " names (hard links); move it away");
    }
    if (status.uid() != Host.euid()) {
      throw new IOException(
          "it belongs to user "
              + Integer.toUnsignedString(status.uid())
              + ", not to "
              + Integer.toUnsignedString(Host.euid())
              + "; move it away");
    }
    return true;
  }
}
