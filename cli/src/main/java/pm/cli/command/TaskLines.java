package pm.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.protocol.JsonCursor;
import pm.protocol.LineSplitter;

/**
 * Reads the input of a batch, a task a line, on a thread of its own: it checks the next lines while
 * the daemon is busy with those before, and whoever sends them waits for the daemon alone. What has
 * come is handed over as soon as it is wanted, so a slow input is not held up, and at most one
 * chunk is held, so an endless one needs no more memory.
 */
final class TaskLines extends Thread {
  private static final int BUFFER_BYTES = 64 * 1024;

  /** What some editors put at the beginning of a file of UTF-8. */
  private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final InputStream in;
  private final String given;
  private final String options;
  private final int most;
  private final Connection reader;
  private final JsonCursor cursor = new JsonCursor();
  private final Object lock = new Object();
  private long line;
  private Optional<String> problem = Optional.empty();

  // Under the lock:
  private TaskChunk chunk;
  private boolean isWanted;
  private boolean hasEnded;
  private Optional<CommandFailure> failure = Optional.empty();

  /**
   * @param in what is read; it is not closed
   * @param given how the user has named it
   * @param most tasks that are held
   * @param reader is woken up when there is something that was wanted
   */
  TaskLines(InputStream in, String given, String options, int most, Connection reader) {
    super("lines");
    this.in = in;
    this.given = given;
    this.options = options;
    this.most = most;
    this.reader = reader;
    this.chunk = new TaskChunk(options, most);
    setDaemon(true);
  }

  /** The tasks that have come since; if there are none, the connection is woken up for the next. */
  Optional<TaskChunk> take() {
    synchronized (lock) {
      if (chunk.count() == 0) {
        isWanted = true;
        return Optional.empty();
      }
      TaskChunk taken = chunk;
      chunk = new TaskChunk(options, most);
      lock.notifyAll();
      return Optional.of(taken);
    }
  }

  /** Whether nothing more will come. */
  boolean hasEnded() {
    synchronized (lock) {
      return hasEnded && chunk.count() == 0;
    }
  }

  /** Why it has ended before its end, once it has. */
  Optional<CommandFailure> failure() {
    synchronized (lock) {
      return failure;
    }
  }

  @Override
  public void run() {
    Optional<CommandFailure> why = Optional.empty();
    try {
      read();
      if (problem.isPresent()) {
        why = Optional.of(TaskData.wrong(problem.get()));
      }
    } catch (IOException e) {
      why = Optional.of(TaskData.unreadable(given, e));
    } catch (InterruptedException e) {
      return; // Nobody wants it any more.
    }
    synchronized (lock) {
      failure = why;
      hasEnded = true;
    }
    reader.wakeUp();
  }

  private void read() throws IOException, InterruptedException {
    byte[] bytes = new byte[BUFFER_BYTES];
    LineSplitter splitter = new LineSplitter(TaskData.MOST_BYTES);
    Found found = new Found();
    for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
      splitter.feed(ByteBuffer.wrap(bytes, 0, count), found);
      if (found.isInterrupted) {
        throw new InterruptedException();
      }
      if (problem.isPresent()) {
        return;
      }
    }
    if (splitter.pendingBytes() > 0) {
      splitter.feed(ByteBuffer.wrap(new byte[] {'\n'}), found);
    }
  }

  private final class Found implements LineSplitter.Sink {
    private boolean isInterrupted;

    @Override
    public void line(byte[] data) {
      if (problem.isPresent() || isInterrupted) {
        return;
      }
      line++;
      byte[] text = line == 1 ? withoutMark(data) : data;
      if (isBlank(text)) {
        return;
      }
      Optional<String> wrong = TaskData.problem(cursor, text);
      if (wrong.isPresent()) {
        problem =
            Optional.of(
                "line "
                    + line
                    + " of "
                    + TaskData.name(given)
                    + " is not JSON: "
                    + wrong.get()
                    + ".");
      } else {
        isInterrupted = !add(text);
      }
    }

    @Override
    public void tooLong() {
      line++;
      if (problem.isEmpty()) {
        problem =
            Optional.of(
                "line "
                    + line
                    + " of "
                    + TaskData.name(given)
                    + " is longer than "
                    + TaskData.MOST_BYTES
                    + " bytes"
                    + TaskData.LONG_REMEDY);
      }
    }
  }

  /** Waits for room and adds a task; false if nobody wants it any more. */
  private boolean add(byte[] data) {
    boolean wake;
    synchronized (lock) {
      try {
        while (!chunk.hasRoom(data.length)) {
          lock.wait();
        }
      } catch (InterruptedException e) {
        return false;
      }
      chunk.add(data, line);
      wake = isWanted;
      isWanted = false;
    }
    if (wake) {
      reader.wakeUp();
    }
    return true;
  }

  private static boolean isBlank(byte[] text) {
    for (byte b : text) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private static byte[] withoutMark(byte[] text) {
    for (int i = 0; i < MARK.length; i++) {
      if (i >= text.length || text[i] != MARK[i]) {
        return text;
      }
    }
    return java.util.Arrays.copyOfRange(text, MARK.length, text.length);
  }
}
