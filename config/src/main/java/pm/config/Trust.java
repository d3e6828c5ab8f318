package pm.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a file may say what runs as root. Whoever can write it, or swap it or a folder above it,
 * is root too, so each of them must belong to root or to {@code uid} and be writable by nobody
 * else. A sticky folder such as {@code /tmp} may be writable, because what root owns in it cannot
 * be swapped by others. Links are followed and what they point to is checked in the same way.
 *
 * @param required false: everything is trusted, as for a daemon that is no more than its user
 * @param uid whose files are trusted, besides those of root
 */
public record Trust(boolean required, int uid) {
  private static final int OTHERS_CAN_WRITE = 0022;
  private static final int STICKY = 01000;
  private static final int MOST_LINKS = 40;

  /** Trusts everything. */
  public static final Trust ANYTHING = new Trust(false, 0);

  /** What a process of this user checks. */
  public static Trust ofUser(int uid) {
    return new Trust(uid == 0, uid);
  }

  /**
   * Why {@code path}, a file or a folder, is not trusted; empty if it is.
   *
   * @throws IOException if it cannot be looked at, as when it is missing
   */
  public Optional<MalformedValueException> distrust(Path path) throws IOException {
    if (required) {
      try {
        check(path.toAbsolutePath(), 0);
      } catch (MalformedValueException distrusted) {
        return Optional.of(distrusted);
      }
    }
    return Optional.empty();
  }

  /** Goes down from the root folder; returns the real path. */
  private Path check(Path path, int links) throws IOException, MalformedValueException {
    Path real = path.getRoot();
    checkOne(real);
    for (Path name : path) {
      if (name.toString().equals(".")) {
        continue;
      }
      if (name.toString().equals("..")) {
        Path parent = real.getParent();
        real = parent == null ? real : parent;
        continue;
      }
      Path next = real.resolve(name);
      if (Files.isSymbolicLink(next)) {
        if (links == MOST_LINKS) {
          throw new MalformedValueException("too many links lead to " + next, "");
        }
        checkOwner(next, attributes(next));
        real = check(real.resolve(Files.readSymbolicLink(next)), links + 1);
      } else {
        checkOne(next);
        real = next;
      }
    }
    return real;
  }

  private void checkOne(Path path) throws IOException, MalformedValueException {
    Map<String, Object> attributes = attributes(path);
    checkOwner(path, attributes);
    int mode = number(attributes, "mode");
    boolean folder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    if ((mode & OTHERS_CAN_WRITE) != 0 && !(folder && (mode & STICKY) != 0)) {
      throw new MalformedValueException("others can write " + path, "run chmod go-w " + path);
    }
  }

  private void checkOwner(Path path, Map<String, Object> attributes)
      throws IOException, MalformedValueException {
    int owner = number(attributes, "uid");
    if (owner != 0 && owner != uid) {
      throw new MalformedValueException(
          path + " belongs to the user " + Integer.toUnsignedString(owner),
          "run chown -h root " + path);
    }
  }

  private static Map<String, Object> attributes(Path path) throws IOException {
    return Files.readAttributes(path, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static int number(Map<String, Object> attributes, String name) throws IOException {
    if (attributes.get(name) instanceof Integer number) {
      return number;
    }
    throw new IOException("the file system has no " + name);
  }
}
