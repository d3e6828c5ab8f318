package pm.daemon.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.EnvFile;
import pm.config.EnvFileText;
import pm.config.MalformedValueException;
import pm.config.Trust;
import pm.daemon.core.plan.Account;
import pm.daemon.posix.AsUser;
import pm.daemon.posix.Credentials;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * Reads the files of {@code env_file}, anew for each start. Not for the loop; any other thread.
 *
 * <p>What only root can change, root reads for a program of any user: secrets may lie in it. What
 * others could change, or could exchange for another file, is read with the rights of the program's
 * user; and a program that runs as root has none of it.
 */
final class EnvFileReader {
  static final String STAGE = "env_file";

  private EnvFileReader() {}

  /**
   * What the files say.
   *
   * @param values of all variables
   * @param unsure those whose value others than root, or than our own user, could have chosen
   */
  record Variables(Map<String, String> values, Set<String> unsure) {}

  /** Returns the variables of all files, the later over the earlier. */
  static Variables read(List<EnvFile> files, Account account) throws StageException {
    Map<String, String> values = new LinkedHashMap<>();
    Set<String> unsure = new HashSet<>();
    for (EnvFile file : files) {
      try {
        Optional<MalformedValueException> distrust = distrust(file.path());
        Map<String, String> found =
            EnvFileText.parse(text(file.path(), open(file.path(), distrust, account)));
        values.putAll(found);
        if (distrust.isPresent()) {
          unsure.addAll(found.keySet());
        } else {
          unsure.removeAll(found.keySet());
        }
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
    return new Variables(values, unsure);
  }

  private static Optional<MalformedValueException> distrust(String path)
      throws ErrnoException, StageException {
    try {
      return Trust.ofUser(Host.euid()).distrust(Path.of(path));
    } catch (NoSuchFileException missing) {
      // Not opened after all: it could be there by now.
      throw new ErrnoException("open", path, Errno.ENOENT);
    } catch (FileSystemException refused) {
      String reason = refused.getReason();
      throw new StageException(
          STAGE, path + ": " + (reason == null ? "cannot be looked at" : reason), false);
    } catch (IOException refused) {
      throw new StageException(STAGE, path + ": " + refused.getMessage(), false);
    }
  }

  private static int open(String path, Optional<MalformedValueException> distrust, Account account)
      throws ErrnoException, StageException {
    // Without waiting: a named pipe would hold us up until somebody writes to it.
    int flags = OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOCTTY;
    if (distrust.isEmpty()) {
      return Fd.open(path, flags, 0);
    }
    MalformedValueException why = distrust.get();
    if (account.uid() == 0) {
      throw new StageException(
          STAGE,
          path + ": " + why.what() + ", and this program runs as root; " + why.remedy(),
          false);
    }
    try {
      return AsUser.open(
          new Credentials(account.uid(), account.gid(), account.groups()), path, flags);
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.EACCES) {
        throw refused;
      }
      throw new StageException(
          STAGE,
          path
              + ": "
              + Errno.message(Errno.EACCES)
              + " for user "
              + account.name()
              + ", as whom it is read because "
              + why.what(),
          false);
    }
  }

  private static String text(String path, int fd)
      throws ErrnoException, StageException, CharacterCodingException {
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
