package pm.daemon.process;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;

/**
 * The control group of one invocation; cgroups(7), version 2. What it has not got, because it was
 * removed or a controller is missing, is an empty answer. Any thread; nothing here waits.
 */
record ControlGroup(Path folder) {
  /** A program may make groups below its own; deeper than this nobody looks. */
  private static final int MOST_LEVELS = 16;

  /** Returns the processes in it and below it; one of another pid namespace is left out. */
  List<Integer> processes() throws ErrnoException {
    List<Integer> pids = new ArrayList<>();
    addProcesses(folder, MOST_LEVELS, pids);
    return pids;
  }

  private static void addProcesses(Path group, int levels, List<Integer> pids)
      throws ErrnoException {
    try {
      SmallFile.read(group.resolve("cgroup.procs"))
          .ifPresent(
              text ->
                  text.lines()
                      .filter(line -> !line.isEmpty())
                      .mapToInt(Integer::parseInt)
                      .filter(pid -> pid > 0)
                      .forEach(pids::add));
    } catch (ErrnoException refused) {
      // A threaded group below has no processes to show.
      if (refused.errno() != Errno.EOPNOTSUPP) {
        throw refused;
      }
    }
    if (levels > 0) {
      for (Path below : groupsBelow(group)) {
        addProcesses(below, levels - 1, pids);
      }
    }
  }

  private static List<Path> groupsBelow(Path group) {
    File[] below = group.toFile().listFiles(File::isDirectory);
    return below == null ? List.of() : java.util.Arrays.stream(below).map(File::toPath).toList();
  }

  /**
   * Kills every process in it and below it at once, also what is being made at this moment; {@code
   * cgroup.kill}, Linux 5.14.
   *
   * @return false if this kernel cannot, or the group is gone: nothing was done
   */
  boolean kill() throws ErrnoException {
    try {
      SmallFile.write(folder.resolve("cgroup.kill"), "1");
      return true;
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ENOENT || refused.errno() == Errno.ENODEV) {
        return false;
      }
      throw refused;
    }
  }

  /** Whether the kernel has killed a process of it for want of memory. */
  boolean hadOomKill() throws ErrnoException {
    return value("memory.events", "oom_kill").orElse(0) > 0;
  }

  /** Returns the memory that is charged to it, in bytes; needs the memory controller. */
  OptionalLong memoryBytes() throws ErrnoException {
    return number("memory.current");
  }

  /** Returns the processor time that was used in it so far, in nanoseconds. */
  OptionalLong cpuNanos() throws ErrnoException {
    OptionalLong micros = value("cpu.stat", "usage_usec");
    return micros.isPresent() ? OptionalLong.of(micros.getAsLong() * 1000) : micros;
  }

  /** Returns its processes and threads; needs the pids controller. */
  OptionalInt tasks() throws ErrnoException {
    OptionalLong tasks = number("pids.current");
    return tasks.isPresent() ? OptionalInt.of((int) tasks.getAsLong()) : OptionalInt.empty();
  }

  private OptionalLong number(String file) throws ErrnoException {
    Optional<String> text = SmallFile.read(folder.resolve(file));
    return text.isPresent()
        ? OptionalLong.of(Long.parseLong(text.get().strip()))
        : OptionalLong.empty();
  }

  /** Reads {@code name value} lines. */
  private OptionalLong value(String file, String name) throws ErrnoException {
    return SmallFile.read(folder.resolve(file)).stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .findFirst();
  }

  /**
   * Removes it with all groups below it.
   *
   * @return false if something still lives in it: then it stays
   */
  boolean remove() throws ErrnoException {
    return remove(folder, MOST_LEVELS);
  }

  private static boolean remove(Path group, int levels) throws ErrnoException {
    try {
      FilePath.rmdir(group.toString());
      return true;
    } catch (ErrnoException refused) {
      switch (refused.errno()) {
        case Errno.ENOENT -> {
          return true;
        }
        case Errno.EBUSY, Errno.ENOTEMPTY -> {}
        default -> throw refused;
      }
    }
    List<Path> below = groupsBelow(group);
    if (below.isEmpty() || levels == 0) {
      return false;
    }
    for (Path each : below) {
      if (!remove(each, levels - 1)) {
        return false;
      }
    }
    return remove(group, 0);
  }
}
