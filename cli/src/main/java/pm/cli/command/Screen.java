package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.StatusTable;
import pm.cli.render.Style;
import pm.cli.render.Table;
import pm.cli.render.Terminal;
import pm.protocol.JsonException;
import pm.protocol.Members;
import sun.misc.Signal;

/**
 * The other screen of a terminal, which full-screen programs use, with a table drawn in place. It
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
  private final Thread ending = new Thread(this::leaveAtEnd, "screen");
  private final Object lock = new Object();
  private Terminal size;
  private boolean entered;
  private String last = "";
  private boolean stopped;
  private volatile boolean resized;

  private Screen(Session session, Connection connection) {
    this.session = session;
    this.connection = connection;
    this.size = Terminal.of(session.environment()).orElse(Terminal.UNKNOWN);
  }

  /** Prepares to take the terminal, which the first picture does. */
  static Screen open(Session session, Connection connection) {
    Screen screen = new Screen(session, connection);
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

  /** Draws the instances. */
  void show(List<Members> items) throws JsonException, IOException {
    if (resized) {
      resized = false;
      size = Terminal.ask().orElse(size);
    }
    Table table = StatusTable.of(items, session.format() == Format.WIDE, session.style());
    String text = table.render(size.columns());
    StringBuilder drawn = new StringBuilder(HOME);
    String summary = summary(items);
    summary = summary.substring(0, Math.min(summary.length(), size.columns()));
    drawn.append(session.style().dim(summary)).append(ERASE_REST_OF_LINE);
    int room = Math.max(2, size.rows() - 1);
    int lines = items.size() + 1;
    int shown = 0;
    for (String line : text.lines().toList()) {
      if (lines > room && shown == room - 1) {
        break;
      }
      drawn.append("\r\n").append(fitting(line, table)).append(ERASE_REST_OF_LINE);
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
        session.out().print(entered ? "" : ENTER);
        entered = true;
        session.out().print(drawn.toString());
        session.out().flush();
      }
    }
  }

  /** A line that would wrap would push the others off the screen; colours are given up for it. */
  private String fitting(String line, Table table) {
    if (session.style() == Style.COLORED && table.width() <= size.columns()) {
      return line;
    }
    String plain =
        session.style() == Style.COLORED ? line.replaceAll("\u001b\\[[0-9;]*m", "") : line;
    return plain.length() <= size.columns() ? line : plain.substring(0, size.columns());
  }

  private static String summary(List<Members> items) throws JsonException {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Members item : items) {
      String reason = item.optionalString("reason").orElse("");
      String state = item.string("state");
      counts.merge(reason.isEmpty() ? state : reason, 1, Integer::sum);
    }
    StringBuilder summary = new StringBuilder();
    summary.append(items.size()).append(items.size() == 1 ? " instance" : " instances");
    String separator = ": ";
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      summary.append(separator).append(count.getValue()).append(' ').append(count.getKey());
      separator = ", ";
    }
    return summary.toString();
  }

  private void leave(boolean forGood) throws IOException {
    synchronized (lock) {
      stopped = true;
      if (entered) {
        entered = false;
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
