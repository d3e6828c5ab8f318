package pm.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import pm.cli.render.Output;

/** Where {@code pmctl} begins. */
public final class Main {
  /** Far more than a daemon needs that is not stopped. */
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    Pmctl pmctl =
        new Pmctl(
            System.getenv(),
            ANSWER_LIMIT,
            new FileInputStream(FileDescriptor.in),
            new Output(new FileOutputStream(FileDescriptor.out), isTerminal(1)),
            new Output(new FileOutputStream(FileDescriptor.err), isTerminal(2)));
    // Everything is written and nothing is to be tidied up. System.exit would first look for a
    // logger to tell.
    Runtime.getRuntime().halt(pmctl.run(List.of(arguments)));
  }

  /**
   * By its name, for asking the terminal itself takes a library that takes longer to load than most
   * commands take.
   */
  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false; // It is closed, or there is no /proc.
    }
  }
}
