package pm.daemon.posix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes this process another program; execve(2). It stays what it is to the others: its pid, its
 * parent, its children, whether they have ended or not, its working directory and its locks.
 */
public final class Exec {
  private static final int SIG_SETMASK = 2;
  private static final int SIGNAL_SET_BYTES = 8;
  private static final int STANDARD_DESCRIPTORS = 3;

  private static final long EXECVE = Libc.function("execve");

  private Exec() {}

  /**
   * Replaces this program. All of its threads end where they are, and nothing of it runs any more:
   * what must be written is written before. The new program starts with an empty signal mask and
   * default dispositions, but for the signals that were ignored when this one was started.
   *
   * @param file the program, a path
   * @param argv its words, the first is its own name
   * @param environment all of its environment
   * @param kept descriptors that it gets beside 0, 1 and 2; all others are closed
   * @throws ErrnoException if it cannot be; this program goes on, with the calling thread's signal
   *     mask empty
   */
  public static void exec(
      String file, List<String> argv, Map<String, String> environment, Set<Integer> kept)
      throws ErrnoException {
    List<String> variables = new ArrayList<>(environment.size());
    environment.forEach((name, value) -> variables.add(name + "=" + value));
    int bytes =
        NativeBlock.sizeOf(file)
            + NativeBlock.sizeOf(argv)
            + NativeBlock.sizeOf(variables)
            + Layout.SIGNAL_SET_SIZE
            + 64;
    try (NativeBlock block = new NativeBlock(bytes)) {
      long path = block.text(file);
      long words = block.texts(argv);
      long values = block.texts(variables);
      long noSignals = block.take(Layout.SIGNAL_SET_SIZE);
      for (int fd : openDescriptors()) {
        mark(fd, !kept.contains(fd));
      }
      Libc.call(
          Libc.SYSCALL, Layout.SYS_RT_SIGPROCMASK, SIG_SETMASK, noSignals, 0, SIGNAL_SET_BYTES);
      Libc.call(EXECVE, path, words, values);
      throw new ErrnoException("execve", file, Libc.errno());
    }
  }

  private static void mark(int fd, boolean close) throws ErrnoException {
    try {
      Fd.closeOnExec(fd, close);
    } catch (ErrnoException refused) {
      // That of the listing itself, or of another thread, is closed by now.
      if (refused.errno() != Errno.EBADF || !close) {
        throw refused;
      }
    }
  }

  private static List<Integer> openDescriptors() {
    List<Integer> open = new ArrayList<>();
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : descriptors) {
        int fd = Integer.parseInt(each.getFileName().toString());
        if (fd >= STANDARD_DESCRIPTORS) {
          open.add(fd);
        }
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return open;
  }
}
