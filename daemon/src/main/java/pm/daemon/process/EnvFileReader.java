package pm.daemon.process;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.config.EnvFile;
import pm.config.EnvFileText;
import pm.config.MalformedValueException;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/** Reads the files of {@code env_file}, anew for each start. Not for the loop; any other thread. */
final class EnvFileReader {
  static final String STAGE = "env_file";

  private EnvFileReader() {}

  /** Returns the variables of all files, the later over the earlier. */
  static Map<String, String> read(List<EnvFile> files) throws StageException {
    Map<String, String> variables = new LinkedHashMap<>();
    for (EnvFile file : files) {
      try {
        variables.putAll(EnvFileText.parse(text(file.path())));
      } catch (ErrnoException refused) {
        if (!(file.optional() && refused.errno() == Errno.ENOENT)) {
          throw new StageException(
              STAGE, file.path() + ": " + Errno.message(refused.errno()), refused.isShortage());
        }
      } catch (MalformedValueException malformed) {
        throw new StageException(STAGE, file.path() + ": " + malformed.getMessage(), false);
      } catch (CharacterCodingException malformed) {
        throw new StageException(STAGE, file.path() + ": is not UTF-8", false);
      }
    }
    return variables;
  }

  private static String text(String path)
      throws ErrnoException, StageException, CharacterCodingException {
    // Without waiting: a named pipe would hold us up until somebody writes to it.
    int fd = Fd.open(path, OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOCTTY, 0);
    try {
      FileStatus status = Fd.status(fd);
      if (!status.isRegular()) {
        String what = status.isDirectory() ? "is a directory" : "is not a regular file";
        throw new StageException(STAGE, path + ": " + what, false);
      }
      if (status.sizeBytes() > EnvFileText.MOST_BYTES) {
        throw new StageException(STAGE, path + ": is larger than 1 MiB", false);
      }
      ByteBuffer bytes = ByteBuffer.allocateDirect((int) status.sizeBytes() + 1);
      int count;
      do {
        count = Fd.read(fd, bytes);
      } while (count > 0 && bytes.hasRemaining());
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } finally {
      Fd.close(fd);
    }
  }
}
