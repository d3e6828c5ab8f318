package pm.daemon.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.LimitsSpec;
import pm.config.OnMemory;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * Gives invocations control groups of their own, where a part of the tree is ours, with the limits
 * that its controllers can hold. What they cannot is watched by others, and said here. Any thread.
 *
 * <p>A group is named {@code web@1.} and the id of the invocation, so that a process tells by its
 * {@code /proc/PID/cgroup} where it belongs.
 */
public final class CgroupTree {
  private static final Logger LOG = LoggerFactory.getLogger(CgroupTree.class);

  /** Where processes go that stand in the way: a group with controllers has none of its own. */
  private static final String REST = "pm-rest";

  private static final int MOST_ROUNDS = 10;
  private static final int CPU_PERIOD_MICROS = 100_000;
  private static final int MICROS_PER_PERCENT = CPU_PERIOD_MICROS / 100;
  private static final int FOLDER_MODE = 0755;

  /** What the kernel can limit for a whole group. */
  private enum Controller {
    MEMORY("memory"),
    CPU("cpu"),
    PIDS("pids");

    private final String word;

    Controller(String word) {
      this.word = word;
    }
  }

  private final CgroupPlace place;
  private final Object lock = new Object();
  private boolean isPrepared;
  private Set<Controller> controllers = EnumSet.noneOf(Controller.class);
  private String lack;

  CgroupTree(CgroupPlace place) {
    this.place = place;
    lack = place instanceof CgroupPlace.None(String reason) ? reason : "";
  }

  /**
   * Finds the part of the tree that is ours, and makes nothing yet.
   *
   * @param environment of this process
   * @param runFolder tells this daemon from others
   */
  public static CgroupTree find(Map<String, String> environment, Path runFolder)
      throws ErrnoException {
    CgroupPlace place =
        CgroupPlace.find(
            new CgroupPlace.Surroundings(
                SmallFile.read(Path.of("/proc/self/cgroup")).orElse(""),
                SmallFile.read(Path.of("/proc/self/mountinfo")).orElse(""),
                Optional.ofNullable(environment.get("PM_CGROUP")).filter(name -> !name.isEmpty()),
                Host.euid() == 0,
                Files.isDirectory(Path.of("/run/systemd/system")),
                Integer.toHexString(runFolder.toAbsolutePath().toString().hashCode())));
    switch (place) {
      case CgroupPlace.Delegated(Path base) ->
          LOG.info("programs get control groups below {}", base);
      case CgroupPlace.ByHand(Path root, Path base) ->
          LOG.debug("programs with limits get control groups below {}", base);
      case CgroupPlace.None(String reason) -> LOG.debug("no control groups: {}", reason);
    }
    return new CgroupTree(place);
  }

  /** One that has none. */
  static CgroupTree none() {
    return new CgroupTree(new CgroupPlace.None("no control group (version 2) is delegated to pmd"));
  }

  /**
   * What an invocation gets.
   *
   * @param group its group; empty: none
   * @param notes which limits the kernel does not hold, and why
   * @param isEnforced whether the kernel holds all of them
   */
  record Seat(Optional<ControlGroup> group, List<String> notes, boolean isEnforced) {
    Seat {
      notes = List.copyOf(notes);
    }

    /** Returns a descriptor of its {@code cgroup.procs}, which is the caller's to close. */
    Optional<Integer> openProcs() throws ErrnoException {
      return group.isPresent()
          ? Optional.of(
              Fd.open(group.get().folder().resolve("cgroup.procs").toString(), OpenFlags.WRONLY, 0))
          : Optional.empty();
    }
  }

  /**
   * Makes a group with limits. What cannot be had is in the notes: the program can run without it.
   */
  Seat seat(InstanceName instance, InvocationId invocation, LimitsSpec limits) {
    boolean isLimited =
        limits.memoryBytes().isPresent()
            || limits.cpuPercent().isPresent()
            || limits.tasks().isPresent();
    Set<Controller> usable = EnumSet.noneOf(Controller.class);
    if (isLimited || place instanceof CgroupPlace.Delegated) {
      usable.addAll(prepared());
    }
    boolean isWanted =
        switch (place) {
          case CgroupPlace.Delegated delegated -> true;
          case CgroupPlace.ByHand byHand -> !usable.isEmpty();
          case CgroupPlace.None none -> false;
        };
    Notes notes = new Notes();
    Optional<ControlGroup> group = Optional.empty();
    if (isWanted) {
      try {
        ControlGroup made = new ControlGroup(base().resolve(name(instance, invocation)));
        FilePath.mkdir(made.folder().toString(), FOLDER_MODE);
        group = Optional.of(made);
      } catch (ErrnoException refused) {
        LOG.warn("{} gets no control group: {}", instance, refused.getMessage());
        notes.lack = "its control group cannot be made: " + Errno.message(refused.errno());
        usable.clear();
      }
    }
    limit(group, limits, usable, notes);
    return new Seat(group, notes.texts, isLimited && notes.isEnforced);
  }

  /** What could not be had, while it is found out. */
  private final class Notes {
    private final List<String> texts = new ArrayList<>();
    private boolean isEnforced = true;
    private String lack = CgroupTree.this.lack;

    void watched(String key, String why) {
      texts.add(key + ": watched by pmd, not held by the kernel: " + why);
      isEnforced = false;
    }

    void missing(String key, Controller controller) {
      watched(key, lack.isEmpty() ? "there is no " + controller.word + " controller here" : lack);
    }
  }

  private void limit(
      Optional<ControlGroup> group, LimitsSpec limits, Set<Controller> usable, Notes notes) {
    if (limits.memoryBytes().isPresent()) {
      String bytes = Long.toString(limits.memoryBytes().getAsLong());
      if (limits.onMemory() == OnMemory.REPORT) {
        // To be reported it must be able to use more.
        notes.isEnforced = false;
      } else if (set(group, usable, notes, "memory", Controller.MEMORY, "memory.max", bytes)) {
        // All of it or nothing: half a program is worse than none. Linux 4.19.
        write(group.orElseThrow(), "memory.oom.group", "1");
      }
    }
    if (limits.cpuPercent().isPresent()) {
      long quota = (long) limits.cpuPercent().getAsInt() * MICROS_PER_PERCENT;
      set(group, usable, notes, "cpu", Controller.CPU, "cpu.max", quota + " " + CPU_PERIOD_MICROS);
    }
    if (limits.tasks().isPresent()) {
      String most = Integer.toString(limits.tasks().getAsInt());
      set(group, usable, notes, "tasks", Controller.PIDS, "pids.max", most);
    }
  }

  private static boolean set(
      Optional<ControlGroup> group,
      Set<Controller> usable,
      Notes notes,
      String key,
      Controller controller,
      String file,
      String value) {
    if (group.isEmpty() || !usable.contains(controller)) {
      notes.missing(key, controller);
      return false;
    }
    Optional<ErrnoException> refused = write(group.get(), file, value);
    refused.ifPresent(
        why -> notes.watched(key, file + " cannot be written: " + Errno.message(why.errno())));
    return refused.isEmpty();
  }

  private static Optional<ErrnoException> write(ControlGroup group, String file, String value) {
    try {
      SmallFile.write(group.folder().resolve(file), value);
      return Optional.empty();
    } catch (ErrnoException refused) {
      LOG.warn("{}", refused.getMessage());
      return Optional.of(refused);
    }
  }

  /** Returns the group of an invocation of a daemon before us; empty if it has none. */
  Optional<ControlGroup> existing(InstanceName instance, InvocationId invocation) {
    return switch (place) {
      case CgroupPlace.None none -> Optional.empty();
      case CgroupPlace.Delegated delegated -> existing(delegated.base(), instance, invocation);
      case CgroupPlace.ByHand byHand -> existing(byHand.base(), instance, invocation);
    };
  }

  private static Optional<ControlGroup> existing(
      Path base, InstanceName instance, InvocationId invocation) {
    Path folder = base.resolve(name(instance, invocation));
    return Files.isDirectory(folder) ? Optional.of(new ControlGroup(folder)) : Optional.empty();
  }

  private static String name(InstanceName instance, InvocationId invocation) {
    return instance + "." + invocation.hex();
  }

  private Path base() {
    return switch (place) {
      case CgroupPlace.Delegated delegated -> delegated.base();
      case CgroupPlace.ByHand byHand -> byHand.base();
      case CgroupPlace.None none -> throw new IllegalStateException("there is no tree");
    };
  }

  /** Returns the controllers that groups of ours have, once everything is made for them. */
  private Set<Controller> prepared() {
    synchronized (lock) {
      if (!isPrepared) {
        isPrepared = true;
        try {
          controllers = prepare();
        } catch (ErrnoException refused) {
          lack = "its control groups cannot be prepared: " + refused.getMessage();
          LOG.warn("{}", lack);
        }
      }
      return controllers;
    }
  }

  private Set<Controller> prepare() throws ErrnoException {
    return switch (place) {
      case CgroupPlace.None none -> EnumSet.noneOf(Controller.class);
      case CgroupPlace.Delegated(Path base) -> {
        makeRoom(base);
        yield enable(base, available(base));
      }
      case CgroupPlace.ByHand(Path root, Path base) -> {
        Set<Controller> inRoot = enable(root, available(root));
        if (inRoot.isEmpty()) {
          yield inRoot;
        }
        if (!Files.isDirectory(base)) {
          FilePath.mkdir(base.toString(), FOLDER_MODE);
        }
        yield enable(base, inRoot);
      }
    };
  }

  /**
   * Moves what is in the group itself to one beside those of the programs: the process that keeps a
   * unit up, or in a container we ourselves.
   */
  private static void makeRoom(Path base) throws ErrnoException {
    Path rest = base.resolve(REST);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      List<String> pids =
          SmallFile.read(base.resolve("cgroup.procs")).stream()
              .flatMap(String::lines)
              // 0: of another pid namespace, and not ours to move.
              .filter(line -> !line.isEmpty() && !line.equals("0"))
              .toList();
      if (pids.isEmpty()) {
        return;
      }
      if (!Files.isDirectory(rest)) {
        FilePath.mkdir(rest.toString(), FOLDER_MODE);
      }
      for (String pid : pids) {
        try {
          SmallFile.write(rest.resolve("cgroup.procs"), pid);
        } catch (ErrnoException refused) {
          // ESRCH: it has ended in the meantime.
          if (refused.errno() != Errno.ESRCH) {
            throw refused;
          }
        }
      }
    }
  }

  private static Set<Controller> available(Path group) throws ErrnoException {
    List<String> words =
        List.of(
            SmallFile.read(group.resolve("cgroup.controllers")).orElse("").strip().split(" ", -1));
    Set<Controller> found = EnumSet.noneOf(Controller.class);
    for (Controller controller : Controller.values()) {
      if (words.contains(controller.word)) {
        found.add(controller);
      }
    }
    return found;
  }

  /** Enables controllers for the groups below, one by one: some may be refused. */
  private static Set<Controller> enable(Path group, Set<Controller> wanted) {
    Set<Controller> enabled = EnumSet.noneOf(Controller.class);
    for (Controller controller : wanted) {
      try {
        SmallFile.write(group.resolve("cgroup.subtree_control"), "+" + controller.word);
        enabled.add(controller);
      } catch (ErrnoException refused) {
        LOG.warn("no {} limits by control groups: {}", controller.word, refused.getMessage());
      }
    }
    return enabled;
  }

  /** Removes what was made by hand, if no program is in it any more. */
  void close() {
    if (place instanceof CgroupPlace.ByHand(Path root, Path base) && Files.isDirectory(base)) {
      try {
        FilePath.rmdir(base.toString());
      } catch (ErrnoException inUse) {
        LOG.debug("{} stays: {}", base, inUse.getMessage());
      }
    }
  }
}
