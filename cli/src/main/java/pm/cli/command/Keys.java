package pm.cli.command;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import pm.cli.client.Connection;

/**
 * The keys of a terminal one by one, as they are pressed, without being shown. {@code stty} changes
 * the terminal, for doing it ourselves takes a library. Ctrl-C and Ctrl-Z do what they always do.
 */
final class Keys extends Thread {
  private static final File STDIN = new File("/proc/self/fd/0");

  private final InputStream in;
  private final Connection connection;
  private final String before;
  private boolean isListening;
  private volatile boolean isQuit;

  private Keys(InputStream in, Connection connection, String before) {
    super("keys");
    this.in = in;
    this.connection = connection;
    this.before = before;
    setDaemon(true);
  }

  /** Those of the terminal at stdin; empty if that is none, or there is no {@code stty}. */
  static Optional<Keys> of(Session session, Connection connection) {
    try {
      String before = stty("-g").strip();
      return before.isEmpty()
          ? Optional.empty()
          : Optional.of(new Keys(session.in(), connection, before));
    } catch (IOException e) {
      return Optional.empty(); // Then there is Ctrl-C.
    }
  }

  private static String stty(String... words) throws IOException {
    String[] command = new String[words.length + 1];
    command[0] = "stty";
    System.arraycopy(words, 0, command, 1, words.length);
    Process stty =
        new ProcessBuilder(command)
            .redirectInput(STDIN)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
  }

  /** Begins to listen, or goes on after {@link #giveBack}. */
  void take() throws IOException {
    stty("-icanon", "-echo", "min", "1", "time", "0");
    if (!isListening) {
      isListening = true;
      start();
    }
  }

  /** Makes the terminal what it was. */
  void giveBack() throws IOException {
    stty(before);
  }

  /** Whether q was pressed. */
  boolean isQuit() {
    return isQuit;
  }

  @Override
  public void run() {
    try {
      for (int key = in.read(); key >= 0 && !isQuit; key = in.read()) {
        if (key == 'q' || key == 'Q') {
          isQuit = true;
          connection.wakeUp();
        }
      }
    } catch (IOException e) {
      // The terminal is gone; whoever draws on it finds out.
    }
  }
}
