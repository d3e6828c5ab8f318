package pm.shipped;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a daemon at rest holds of the machine: to be compared from one rest to the next.
 *
 * @param threads by name and number, without those that the JVM keeps for itself and, at rest, the
 *     one that waits to start the next process
 */
record Footprint(int descriptors, Set<String> threads) {

  /**
   * What the JVM does for itself; it is kept to almost nothing, but not ours to end. Those that
   * wait for ended commands stay for a minute.
   */
  private static final Set<String> OF_THE_JVM =
      Set.of(
          "VM Periodic Tas",
          "VM Thread",
          "Service Thread",
          "C1 CompilerThre",
          "Common-Cleaner",
          "process reaper");

  /** Names of threads that only help, and end when there is nothing to help with. */
  private static final List<String> HELPERS = List.of("blocking", "hook");

  /** Of those that start processes one stays, whichever; the others end. */
  private static final String SPAWN = "spawn-";

  /** Waits until the threads that only help have ended, and what was opened for them is closed. */
  static Footprint atRest(Pmd pmd) {
    Await.until("the daemon is at rest", () -> isAtRest(of(pmd)), () -> of(pmd).toString());
    Footprint whole = of(pmd);
    Set<String> threads = new TreeSet<>(whole.threads);
    threads.removeIf(name -> name.startsWith(SPAWN));
    return new Footprint(whole.descriptors, threads);
  }

  private static boolean isAtRest(Footprint whole) {
    return whole.threads.stream().noneMatch(name -> HELPERS.stream().anyMatch(name::startsWith))
        && whole.threads.stream().filter(name -> name.startsWith(SPAWN)).count() <= 1;
  }

  private static Footprint of(Pmd pmd) {
    Set<String> threads = new TreeSet<>();
    for (Path task : entries(pmd, "task")) {
      try {
        String name = Files.readString(task.resolve("comm")).strip();
        if (!OF_THE_JVM.contains(name)) {
          threads.add(name + " " + task.getFileName());
        }
      } catch (IOException ended) {
        // A thread that is gone is not held.
      }
    }
    return new Footprint(entries(pmd, "fd").size(), threads);
  }

  private static List<Path> entries(Pmd pmd, String kind) {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pmd.pid() + "/" + kind))) {
      return all.toList();
    } catch (IOException unreadable) {
      throw new AssertionError(pmd.said(), unreadable);
    }
  }
}
