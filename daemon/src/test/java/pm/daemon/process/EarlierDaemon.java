package pm.daemon.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A daemon that starts one process for each script that it is given, says which, and then waits to
 * be killed.
 */
final class EarlierDaemon {
  /** Begins a line about a process, among those of the log. */
  static final String MARK = "started";

  private EarlierDaemon() {}

  public static void main(String[] arguments) throws Exception {
    World world = new World(Path.of(arguments[0]));
    for (int i = 1; i < arguments.length; i++) {
      World.Started started = world.start(World.sh(arguments[i]).build());
      System.out.println(
          String.join(
              " ",
              MARK,
              started.invocation().hex(),
              Integer.toString(started.process().pid()),
              Long.toString(started.process().startTicks()),
              Long.toString(started.process().inode())));
    }
    new CountDownLatch(1).await();
  }

  /** Returns the words that run it. */
  static List<String> command(Path folder, String... scripts) {
    List<String> words = new ArrayList<>(java(EarlierDaemon.class));
    words.add(folder.toString());
    words.addAll(List.of(scripts));
    return words;
  }

  /** Returns the words that run a class of ours in another JVM. */
  static List<String> java(Class<?> main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xshare:auto",
        "-XX:-UsePerfData",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        main.getName());
  }
}
