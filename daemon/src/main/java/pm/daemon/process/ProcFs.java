package pm.daemon.process;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.OpenFlags;

/**
 * Reads {@code /proc}; proc(5). One thread at a time: it holds the buffers. A process that is gone
 * is an empty answer, one that may not be looked at an {@link ErrnoException}.
 *
 * <p>{@link #stat} never waits for the process. {@link #invocation} may, when one of its threads
 * hangs in the kernel with its memory locked: never on the loop.
 */
final class ProcFs {
  private static final int BUFFER_BYTES = 16 * 1024;
  private static final byte[] INVOCATION = "PM_INVOCATION_ID=".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HOOK = "PM_HOOK=".getBytes(StandardCharsets.US_ASCII);
  private static final int HEX_DIGITS = 32;

  /** How many descriptors are looked at: what a process was given comes first. */
  private static final int MOST_DESCRIPTORS = 64;

  private static final int MAY_WRITE = 0200;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final byte[] bytes = new byte[BUFFER_BYTES];

  /** Returns what the kernel shows of a process, a zombie too. */
  Optional<ProcessStat> stat(int pid) throws ErrnoException {
    OptionalInt length = read("/proc/" + pid + "/stat");
    return length.isPresent() ? ProcessStat.parse(bytes, length.getAsInt()) : Optional.empty();
  }

  /** Returns the pid of every process. */
  List<Integer> pids() throws ErrnoException {
    List<Integer> pids = new ArrayList<>();
    for (String name : list("/proc")) {
      int pid = pid(name);
      if (pid > 0) {
        pids.add(pid);
      }
    }
    return pids;
  }

  private static String[] list(String folder) throws ErrnoException {
    String[] names = new File(folder).list();
    if (names == null) {
      // Java does not say why; the kernel does.
      Fd.close(Fd.open(folder, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0));
      throw new ErrnoException("readdir", folder, Errno.EAGAIN);
    }
    return names;
  }

  /**
   * Returns the invocation that a process had in its environment when it was executed; empty too
   * for a zombie, and for one that has overwritten its environment.
   */
  Optional<String> invocation(int pid) throws ErrnoException {
    OptionalInt fd = open("/proc/" + pid + "/environ");
    if (fd.isEmpty()) {
      return Optional.empty();
    }
    try {
      return findInvocation(fd.getAsInt());
    } catch (ErrnoException refused) {
      if (isGone(refused)) {
        return Optional.empty();
      }
      throw refused;
    } finally {
      Fd.close(fd.getAsInt());
    }
  }

  private Optional<String> findInvocation(int fd) throws ErrnoException {
    StringBuilder value = new StringBuilder(HEX_DIGITS);
    int matched = 0;
    while (true) {
      buffer.clear();
      int count = Fd.read(fd, buffer);
      if (count <= 0) {
        return value.length() == HEX_DIGITS ? Optional.of(value.toString()) : Optional.empty();
      }
      for (int i = 0; i < count; i++) {
        byte b = buffer.get(i);
        if (b == 0) {
          if (value.length() == HEX_DIGITS) {
            return Optional.of(value.toString());
          }
          value.setLength(0);
          matched = 0;
        } else if (matched == INVOCATION.length) {
          if (value.length() < HEX_DIGITS) {
            value.append((char) b);
          } else {
            value.setLength(0);
            matched = -1;
          }
        } else if (matched >= 0) {
          matched = b == INVOCATION[matched] ? matched + 1 : -1;
        }
      }
    }
  }

  /**
   * Whether a process, when it was executed, had a variable {@code PM_HOOK} in its environment: it
   * was run beside the program.
   */
  boolean isHook(int pid) throws ErrnoException {
    OptionalInt fd = open("/proc/" + pid + "/environ");
    if (fd.isEmpty()) {
      return false;
    }
    try {
      return hasVariable(fd.getAsInt(), HOOK);
    } catch (ErrnoException refused) {
      if (isGone(refused)) {
        return false;
      }
      throw refused;
    } finally {
      Fd.close(fd.getAsInt());
    }
  }

  private boolean hasVariable(int fd, byte[] nameAndEquals) throws ErrnoException {
    int matched = 0;
    while (true) {
      buffer.clear();
      int count = Fd.read(fd, buffer);
      if (count <= 0) {
        return false;
      }
      for (int i = 0; i < count; i++) {
        byte b = buffer.get(i);
        if (b == 0) {
          matched = 0;
        } else if (matched >= 0) {
          matched = b == nameAndEquals[matched] ? matched + 1 : -1;
          if (matched == nameAndEquals.length) {
            return true;
          }
        }
      }
    }
  }

  /**
   * Returns the invocations whose named pipes a process can write to. A reader of such a pipe is no
   * child of ours but somebody who looks.
   */
  Set<String> pipes(int pid) throws ErrnoException {
    String folder = "/proc/" + pid + "/fd";
    String[] descriptors;
    try {
      descriptors = list(folder);
    } catch (ErrnoException refused) {
      if (isGone(refused)) {
        return Set.of();
      }
      throw refused;
    }
    Set<String> found = new HashSet<>();
    for (int i = 0; i < descriptors.length && i < MOST_DESCRIPTORS; i++) {
      pipe(folder + "/" + descriptors[i]).ifPresent(found::add);
    }
    return found;
  }

  private static Optional<String> pipe(String link) {
    try {
      String target = Files.readSymbolicLink(Path.of(link)).toString();
      Optional<String> invocation = invocationOfPipe(target);
      return invocation.isPresent() && (FilePath.linkStatus(link).permissions() & MAY_WRITE) != 0
          ? invocation
          : Optional.empty();
    } catch (IOException goneOrForbidden) {
      // Closed in the meantime, or not ours to look at: then it is no evidence.
      return Optional.empty();
    }
  }

  /** Reads {@code RUN/pipes/web@1.0123….out}, with or without {@code (deleted)} at its end. */
  static Optional<String> invocationOfPipe(String path) {
    int folder = path.lastIndexOf("/pipes/");
    int end = path.endsWith(" (deleted)") ? path.length() - 10 : path.length();
    int dot = path.lastIndexOf('.', end - 1);
    int begin = dot - HEX_DIGITS;
    if (folder < 0 || begin < folder + 7 || path.charAt(begin - 1) != '.') {
      return Optional.empty();
    }
    String hex = path.substring(begin, dot);
    return isInvocation(hex) ? Optional.of(hex) : Optional.empty();
  }

  /** Returns the invocations in whose control groups, version 2, a process is. */
  Set<String> groups(int pid) throws ErrnoException {
    OptionalInt length = read("/proc/" + pid + "/cgroup");
    return length.isPresent()
        ? invocationsOfGroup(new String(bytes, 0, length.getAsInt(), StandardCharsets.UTF_8))
        : Set.of();
  }

  /** Reads {@code 0::/system.slice/…/web@1.0123…/below}. */
  static Set<String> invocationsOfGroup(String groups) {
    Set<String> found = new HashSet<>();
    groups
        .lines()
        .filter(line -> line.startsWith("0::/"))
        .flatMap(line -> Stream.of(line.substring("0::/".length()).split("/", -1)))
        .filter(name -> name.indexOf('@') > 0)
        .forEach(
            name -> {
              int dot = name.lastIndexOf('.');
              if (dot > 0 && isInvocation(name.substring(dot + 1))) {
                found.add(name.substring(dot + 1));
              }
            });
    return found;
  }

  private static boolean isInvocation(String hex) {
    return hex.length() == HEX_DIGITS
        && hex.chars().allMatch(digit -> Character.digit(digit, 16) >= 0);
  }

  /**
   * Tells whether we may know how a zombie ended: without that right {@code /proc/PID/stat} shows
   * 0, as if it had succeeded. The link {@code exe} is under the same rule, and a zombie has none.
   */
  boolean mayKnowExit(int pid) {
    try {
      Fd.close(Fd.open("/proc/" + pid + "/exe", OpenFlags.RDONLY, 0));
      return true;
    } catch (ErrnoException refused) {
      return refused.errno() == Errno.ENOENT;
    }
  }

  /**
   * Pages of memory.
   *
   * @param own those that belong to no file, and are the process's own but for what it shares with
   *     the one that it was forked from
   * @param shared those of files and of shared memory
   */
  record Pages(long own, long shared) {}

  /** Returns the memory of a process that is present; none of one that is gone. */
  Pages pages(int pid) throws ErrnoException {
    OptionalInt length = read("/proc/" + pid + "/statm");
    if (length.isEmpty()) {
      return new Pages(0, 0);
    }
    String[] fields =
        new String(bytes, 0, length.getAsInt(), StandardCharsets.US_ASCII).strip().split(" ", -1);
    long resident = Long.parseLong(fields[1]);
    long shared = Long.parseLong(fields[2]);
    return new Pages(Math.max(0, resident - shared), shared);
  }

  /** Reads a small file into {@link #bytes}; empty if the process is gone. */
  private OptionalInt read(String path) throws ErrnoException {
    OptionalInt fd = open(path);
    if (fd.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      buffer.clear();
      int length = Math.max(0, Fd.read(fd.getAsInt(), buffer));
      buffer.get(0, bytes, 0, length);
      return length == 0 ? OptionalInt.empty() : OptionalInt.of(length);
    } catch (ErrnoException refused) {
      if (isGone(refused)) {
        return OptionalInt.empty();
      }
      throw refused;
    } finally {
      Fd.close(fd.getAsInt());
    }
  }

  private static OptionalInt open(String path) throws ErrnoException {
    try {
      return OptionalInt.of(Fd.open(path, OpenFlags.RDONLY, 0));
    } catch (ErrnoException refused) {
      if (isGone(refused)) {
        return OptionalInt.empty();
      }
      throw refused;
    }
  }

  private static boolean isGone(ErrnoException refused) {
    return refused.errno() == Errno.ENOENT || refused.errno() == Errno.ESRCH;
  }

  private static int pid(String name) {
    int pid = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < '0' || c > '9') {
        return 0;
      }
      pid = pid * 10 + (c - '0');
    }
    return pid;
  }
}
