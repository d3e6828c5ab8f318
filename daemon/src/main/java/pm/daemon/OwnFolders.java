package pm.daemon;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.Folders;
import pm.config.MalformedValueException;
import pm.config.Trust;

/** Makes the daemon's folders and refuses those that somebody else could tamper with. */
final class OwnFolders {

  /** The folder of the sockets of sd_notify; its name is short, as a socket's address must be. */
  static final String NOTIFY = "n";

  /** The folder of the pipes of programs' output. */
  static final String PIPES = "pipes";

  /** The folder of the pipes of workers. */
  static final String WORKERS = "workers";

  private static final FileAttribute<Set<PosixFilePermission>> PARENT =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private OwnFolders() {}

  /**
   * Makes the runtime, state and log folders as far as they are missing.
   *
   * @param uid the daemon's effective user
   * @throws UnusableFolderException if one cannot be made, belongs to another user, or can be
   *     written by others
   */
  static void prepare(Folders folders, int uid) throws UnusableFolderException {
    prepareRuntime(folders, uid);
    prepare("state", folders.state(), "rwx------", uid);
    checkWay("state", folders.state(), uid);
    prepare("log", folders.log(), "rwxr-x---", uid);
  }

  /**
   * Makes the runtime folder and those in it as far as they are missing, as {@link #prepare}.
   *
   * @return those that were, in words
   */
  static List<String> prepareRuntime(Folders folders, int uid) throws UnusableFolderException {
    List<String> made = new ArrayList<>();
    // Members of the socket's group must be able to pass through root's runtime folder.
    if (prepare("runtime", folders.run(), uid == 0 ? "rwxr-xr-x" : "rwx------", uid)) {
      made.add("the folder");
    }
    checkWay("runtime", folders.run(), uid);
    if (prepare("pipe", folders.run().resolve(PIPES), "rwx--x--x", uid)) {
      made.add("the folder of pipes");
    }
    // Programs of other users must be able to send to their sockets in there.
    if (prepare("notify", folders.run().resolve(NOTIFY), "rwx--x--x", uid)) {
      made.add("the folder of notify sockets");
    }
    if (prepare("worker", folders.run().resolve(WORKERS), "rwx------", uid)) {
      made.add("the folder of workers");
    }
    return made;
  }

  /** Returns whether it was missing. */
  private static boolean prepare(String what, Path folder, String permissions, int uid)
      throws UnusableFolderException {
    boolean isMade = false;
    FileAttribute<Set<PosixFilePermission>> mode =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    try {
      Path parent = folder.getParent();
      if (parent != null && !Files.isDirectory(parent)) {
        // Whatever umask we were started with, others must not be able to exchange what is in it.
        Files.createDirectories(parent, PARENT);
      }
      try {
        Files.createDirectory(folder, mode);
        isMade = true;
        // The socket's group must get through whatever umask we were started with.
        Files.setPosixFilePermissions(folder, mode.value());
      } catch (FileAlreadyExistsException there) {
        check(what, folder, uid);
      }
      if (!Files.isWritable(folder)) {
        throw new UnusableFolderException(
            "the "
                + what
                + " folder "
                + folder
                + " cannot be written. Give another by --home DIR.");
      }
      return isMade;
    } catch (IOException refused) {
      throw new UnusableFolderException(
          "the "
              + what
              + " folder "
              + folder
              + " cannot be used: "
              + reason(refused)
              + ". Give another by --home DIR.");
    }
  }

  private static void check(String what, Path folder, int uid)
      throws IOException, UnusableFolderException {
    Path real = Files.isSymbolicLink(folder) && uid == 0 ? folder.toRealPath() : folder;
    if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
      throw new UnusableFolderException(
          "the " + what + " folder " + folder + " is no directory. Remove it or give --home DIR.");
    }
    Map<String, Object> facts =
        Files.readAttributes(real, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
    int owner = (Integer) facts.getOrDefault("uid", -1);
    int mode = (Integer) facts.getOrDefault("mode", 0);
    if (owner != uid) {
      throw new UnusableFolderException(
          "the "
              + what
              + " folder "
              + folder
              + " belongs to user "
              + owner
              + ", not to "
              + uid
              + ". Remove it or give --home DIR.");
    }
    if ((mode & 0022) != 0) {
      throw new UnusableFolderException(
          "the "
              + what
              + " folder "
              + folder
              + " can be written by others. Run: chmod go-w "
              + folder);
    }
  }

  /**
   * Root acts on what it finds there, so nobody else may be able to put another folder in its
   * place. The log folder needs none of this: the way to it is walked anew for each file, and on
   * some systems {@code /var/log} belongs to a group.
   */
  private static void checkWay(String what, Path folder, int uid) throws UnusableFolderException {
    Optional<MalformedValueException> distrust;
    try {
      distrust = Trust.ofUser(uid).distrust(folder);
    } catch (IOException refused) {
      throw new UnusableFolderException(
          "the " + what + " folder " + folder + " cannot be used: " + reason(refused) + ".");
    }
    if (distrust.isPresent()) {
      throw new UnusableFolderException(
          "the "
              + what
              + " folder "
              + folder
              + " could be exchanged by another user: "
              + distrust.get().what()
              + ". Give another by --home DIR, or "
              + distrust.get().remedy()
              + ".");
    }
  }

  /** Returns the kernel's words. */
  static String reason(IOException refused) {
    String message = refused.getMessage();
    String path = refused instanceof java.nio.file.FileSystemException fs ? fs.getFile() : null;
    if (refused instanceof java.nio.file.AccessDeniedException) {
      return "Permission denied: " + path;
    }
    if (refused instanceof java.nio.file.NoSuchFileException) {
      return "No such file or directory: " + path;
    }
    if (refused instanceof FileAlreadyExistsException) {
      return "File exists: " + path;
    }
    if (refused instanceof java.nio.file.FileSystemException fs && fs.getReason() != null) {
      return fs.getReason();
    }
    return message == null ? refused.getClass().getSimpleName() : message;
  }
}
