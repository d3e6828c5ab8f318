package pm.cli.command;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import pm.cli.client.Connection;
import pm.cli.render.Style;
import pm.cli.render.Terminal;
import sun.misc.Signal;

/**
 * The other screen of a terminal, which full-screen programs use, with tables drawn in place. It
 * follows the terminal's size, and gives the terminal back as it was, also when the user stops us
 * (Ctrl-Z) or ends us (Ctrl-C): then the last table stays on the screen that was there before.
 */
final class Screen implements AutoCloseable {
  private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[H\u001b[2J";
  private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String ERASE_REST_OF_LINE = "\u001b[K";
  private static final String ERASE_REST = "\u001b[J";

  private final Session session;
  private final Connection connection;
  private final Optional<Keys> keys;
  private final Thread ending = new Thread(this::leaveAtEnd, "screen");
  private final Object lock = new Object();
  private Terminal size;
  private boolean entered;
  private String last = "";
  private boolean stopped;
  private volatile boolean resized;

  private Screen(Session session, Connection connection, Optional<Keys> keys) {
    this.session = session;
    this.connection = connection;
    this.keys = keys;
    this.size = Terminal.of(session.environment()).orElse(Terminal.UNKNOWN);
  }

  /** Prepares to take the terminal, which the first picture does. */
  static Screen open(Session session, Connection connection) {
    return open(session, connection, Optional.empty());
  }

  /** As the other, and listens to keys. */
  static Screen withKeys(Session session, Connection connection) {
    return open(session, connection, Keys.of(session, connection));
  }

  private static Screen open(Session session, Connection connection, Optional<Keys> keys) {
    Screen screen = new Screen(session, connection, keys);
    Runtime.getRuntime().addShutdownHook(screen.ending);
    Signal.handle(new Signal("WINCH"), signal -> screen.wake(true));
    Signal.handle(new Signal("CONT"), signal -> screen.goOn());
    Signal.handle(new Signal("TSTP"), signal -> screen.stop());
    return screen;
  }

  private void wake(boolean size) {
    resized |= size;
    connection.wakeUp();
  }

  /**
   * We were in the background: what the shell has written is not ours, and may have another size.
   */
  private void goOn() {
    synchronized (lock) {
      stopped = false;
    }
    wake(true);
  }

  /** Ctrl-Z. Java cannot stop itself, so somebody else has to. */
  private void stop() {
    try {
      leave(false);
      new ProcessBuilder("kill", "-STOP", Long.toString(ProcessHandle.current().pid())).start();
    } catch (IOException e) {
      // The terminal is gone, or there is no kill: then we go on.
      goOn();
    }
  }

  /** How many characters fit into a line. */
  int columns() {
    if (resized) {
      resized = false;
      size = Terminal.ask().orElse(size);
    }
    return size.columns();
  }

  /** Whether the user has had enough, by a key. */
  boolean isQuit() {
    return keys.isPresent() && keys.get().isQuit();
  }

  /**
   * Draws a picture.
   *
   * @param summary the first line
   * @param text the other lines, each with a line feed; what does not fit is cut off
   * @param fits whether no line of the text is too long
   */
  void show(String summary, String text, boolean fits) throws IOException {
    StringBuilder drawn = new StringBuilder(HOME);
    String first = summary.substring(0, Math.min(summary.length(), size.columns()));
    drawn.append(session.style().dim(first)).append(ERASE_REST_OF_LINE);
    int room = Math.max(2, size.rows() - 1);
    List<String> all = text.lines().toList();
    int lines = all.size();
    int shown = 0;
    for (String line : all) {
      if (lines > room && shown == room - 1) {
        break;
      }
      drawn.append("\r\n").append(fits ? line : fitting(line)).append(ERASE_REST_OF_LINE);
      shown++;
    }
    if (shown < lines) {
      drawn
          .append("\r\n\u2026 and ")
          .append(lines - shown)
          .append(" more")
          .append(ERASE_REST_OF_LINE);
    }
    drawn.append(ERASE_REST);
    synchronized (lock) {
      last = text;
      if (!stopped) {
        if (!entered) {
          takeKeys();
        }
        session.out().print(entered ? "" : ENTER);
        entered = true;
        session.out().print(drawn.toString());
        session.out().flush();
      }
    }
  }

  /** A line that would wrap would push the others off the screen; colours are given up for it. */
  private String fitting(String line) {
    String plain =
        session.style() == Style.COLORED ? line.replaceAll("\u001b\\[[0-9;]*m", "") : line;
    return plain.length() <= size.columns() ? line : plain.substring(0, size.columns());
  }

  private void takeKeys() throws IOException {
    if (keys.isPresent()) {
      keys.get().take();
    }
  }

  private void leave(boolean forGood) throws IOException {
    synchronized (lock) {
      stopped = true;
      if (entered) {
        entered = false;
        if (keys.isPresent()) {
          keys.get().giveBack();
        }
        session.out().print(LEAVE);
        if (forGood) {
          session.out().print(last);
        }
        session.out().flush();
      }
    }
  }

  private void leaveAtEnd() {
    try {
      leave(true);
    } catch (IOException e) {
      // The terminal is gone, and with it what would have to be tidied up.
    }
  }

  @Override
  public void close() throws IOException {
    leave(true);
    Runtime.getRuntime().removeShutdownHook(ending);
  }
}
