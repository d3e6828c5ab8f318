package pm.cli.render;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One of our output streams: text is gathered and leaves as UTF-8 in large pieces. For one thread.
 */
public final class Output {
  private static final int ENOUGH = 32 * 1024;

  private final OutputStream stream;
  private final boolean terminal;
  private final StringBuilder pending = new StringBuilder();

  /**
   * Wraps a stream.
   *
   * @param terminal whether a person looks at it
   */
  public Output(OutputStream stream, boolean terminal) {
    this.stream = stream;
    this.terminal = terminal;
  }

  public boolean isTerminal() {
    return terminal;
  }

  /** Adds text that is ours, or has been made harmless. */
  public void print(String text) throws IOException {
    pending.append(text);
    if (pending.length() >= ENOUGH) {
      flush();
    }
  }

  /** Adds a line of text that is ours, or has been made harmless. */
  public void line(String text) throws IOException {
    print(text);
    print("\n");
  }

  /** Adds text from elsewhere; on a terminal without what it would act on. */
  public void foreign(String text) throws IOException {
    print(terminal ? Escapes.visible(text) : text);
  }

  /** Sends what was gathered. */
  public void flush() throws IOException {
    if (!pending.isEmpty()) {
      byte[] bytes = pending.toString().getBytes(StandardCharsets.UTF_8);
      pending.setLength(0);
      stream.write(bytes);
      stream.flush();
    }
  }
}
