package pm.shipped;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A process as {@code /proc} shows it.
 *
 * @param state {@code R}, {@code S}, {@code Z} and so on
 * @param session the pid of the leader of its session
 */
record Proc(long pid, String state, long parent, long session, List<String> environment) {

  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** An exec is over before; what shows nothing for so long has nothing to show. */
  private static final int MOST_LOOKS = 1_000;

  /** {@code PF_KTHREAD} and {@code PF_EXITING} among the flags of proc(5). */
  private static final long NEVER_SHOWN = 0x0020_0004;

  /** Returns the processes, but for zombies, that have this {@code NAME=value}. */
  static List<Proc> withEnvironment(String variable) {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.map(folder -> folder.getFileName().toString())
          .filter(name -> Character.isDigit(name.charAt(0)))
          .flatMap(name -> of(Long.parseLong(name)).stream())
          .filter(process -> process.environment.contains(variable))
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Empty if there is no such process, or nothing but a zombie of it. */
  static Optional<Proc> of(long pid) {
    Path folder = Path.of("/proc", Long.toString(pid));
    try {
      for (int look = 1; ; look++) {
        byte[] environment = Files.readAllBytes(folder.resolve("environ"));
        String stat = new String(Files.readAllBytes(folder.resolve("stat")), ISO_8859_1);
        // From the third on, since the second may hold anything.
        List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
        String state = fields.getFirst();
        if (state.equals("Z") || state.equals("X")) {
          return Optional.empty();
        }
        if (environment.length > 0 || hasNone(fields) || look == MOST_LOOKS) {
          return Optional.of(
              new Proc(
                  pid,
                  state,
                  Long.parseLong(fields.get(1)),
                  Long.parseLong(fields.get(3)),
                  Arrays.asList(new String(environment, ISO_8859_1).split("\0", -1))));
        }
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  /**
   * Whether a process without an environment really has none. In the middle of an exec, which
   * whoever started it may take for done, nothing can be seen of that which it is about to get.
   */
  private static boolean hasNone(List<String> fields) {
    String from = fields.get(47);
    String to = fields.get(48);
    boolean isNeverShown = (Long.parseLong(fields.get(6)) & NEVER_SHOWN) != 0;
    return isNeverShown || (from.equals(to) && !to.equals("0"));
  }

  boolean leadsSession() {
    return session == pid;
  }

  /** Returns the value of one of its variables, empty where it is not set. */
  String variable(String name) {
    return environment.stream()
        .filter(entry -> entry.startsWith(name + "="))
        .map(entry -> entry.substring(name.length() + 1))
        .findFirst()
        .orElse("");
  }

  void kill() {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }
}
