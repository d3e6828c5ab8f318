package pm.daemon.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the control groups of our programs may lie, found out from what the kernel shows of this
 * process. Only a part of the tree that is ours alone is used:
 *
 * <ol>
 *   <li>the group that {@code PM_CGROUP} names;
 *   <li>under systemd the group of {@code pm-programs.service}, beside our own. Never our own:
 *       systemd does not start a unit anew while its group has controllers enabled and processes
 *       below it, and pmd is started anew after a crash, while its programs go on;
 *   <li>in a container with a control group namespace of its own, its root;
 *   <li>as root, where no systemd owns the tree, a group at its root. It is only made when a limit
 *       needs it.
 * </ol>
 */
sealed interface CgroupPlace {
  /** The unit whose control group is delegated to us; see {@code packaging/systemd}. */
  String UNIT = "pm-programs.service";

  /** A group that exists and was given to us, so every program gets one below it. */
  record Delegated(Path base) implements CgroupPlace {}

  /** A group that we may make, for programs with limits. */
  record ByHand(Path root, Path base) implements CgroupPlace {}

  /**
   * None.
   *
   * @param reason a clause: {@code no control group (version 2) is delegated to pmd}
   */
  record None(String reason) implements CgroupPlace {}

  /**
   * What the answer depends on.
   *
   * @param ownGroups {@code /proc/self/cgroup}
   * @param mounts {@code /proc/self/mountinfo}
   * @param named the value of {@code PM_CGROUP}, if it is set
   * @param isRoot whether we act as root
   * @param hasSystemd whether systemd runs this machine, and so owns the tree
   * @param id tells this daemon from others
   */
  record Surroundings(
      String ownGroups,
      String mounts,
      Optional<String> named,
      boolean isRoot,
      boolean hasSystemd,
      String id) {}

  /** Finds the place; makes nothing. */
  static CgroupPlace find(Surroundings surroundings) {
    if (surroundings.named().isPresent()) {
      Path base = Path.of(surroundings.named().get());
      return isOurs(base)
          ? new Delegated(base)
          : new None("PM_CGROUP=" + base + " is no control group that pmd may write to");
    }
    Optional<Mount> mount = mount(surroundings.mounts());
    Optional<String> own = ownGroup(surroundings.ownGroups());
    if (mount.isEmpty() || own.isEmpty()) {
      return new None("there is no file system of control groups version 2");
    }
    Path root = mount.get().point();
    Optional<Path> here = mount.get().locate(own.get());
    Optional<Path> beside = here.map(group -> group.resolveSibling(UNIT));
    if (beside.isPresent() && !here.get().equals(root) && isOurs(beside.get())) {
      return new Delegated(beside.get());
    }
    // Only the root of the whole tree has no type.
    boolean isWholeTree = !Files.exists(root.resolve("cgroup.type"));
    if (!isWholeTree && here.filter(root::equals).isPresent() && isOurs(root)) {
      return new Delegated(root);
    }
    if (isWholeTree && surroundings.isRoot() && !surroundings.hasSystemd() && isOurs(root)) {
      return new ByHand(root, root.resolve("pm-" + surroundings.id()));
    }
    return new None("no control group (version 2) is delegated to pmd");
  }

  private static boolean isOurs(Path group) {
    return Files.isWritable(group.resolve("cgroup.procs"))
        && Files.isWritable(group.resolve("cgroup.subtree_control"));
  }

  private static Optional<String> ownGroup(String ownGroups) {
    return ownGroups
        .lines()
        .filter(line -> line.startsWith("0::/"))
        .map(line -> line.substring("0::".length()))
        .findFirst();
  }

  /**
   * Where the tree is mounted.
   *
   * @param root which part of it is
   */
  record Mount(String root, Path point) {
    /** Returns where a group is; empty if it is not in the part that is mounted. */
    Optional<Path> locate(String group) {
      String prefix = root.equals("/") ? "/" : root + "/";
      if (group.equals(root)) {
        return Optional.of(point);
      }
      return group.startsWith(prefix) && !group.startsWith("/..")
          ? Optional.of(point.resolve(group.substring(prefix.length())))
          : Optional.empty();
    }
  }

  private static Optional<Mount> mount(String mounts) {
    return mounts
        .lines()
        .filter(line -> line.contains(" - cgroup2 "))
        .map(line -> List.of(line.split(" ", -1)))
        .map(fields -> new Mount(fields.get(3), Path.of(unescape(fields.get(4)))))
        .findFirst();
  }

  /** Spaces and the like are written in octal there. */
  private static String unescape(String path) {
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
  }
}
