package pm.daemon.probe;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.zeroturnaround.exec.MessageLoggers;
import org.zeroturnaround.exec.ProcessExecutor;
import org.zeroturnaround.exec.listener.ProcessListener;
import org.zeroturnaround.exec.stream.ExecuteStreamHandler;

/**
 * Starts a command by zt-exec and hears of its end. This class alone names zt-exec, so that a
 * daemon that runs no command loads nothing of it.
 *
 * <p>zt-exec moves no output: the command's own first word leads it into a pipe of ours, so that
 * what outlives a command holds up no thread.
 */
final class ZtExec {
  private ZtExec() {}

  /**
   * Starts a command.
   *
   * @param environment all that it gets
   * @param ended gets its exit code once it has ended and is reaped, on another thread
   * @throws IOException if it cannot be started
   */
  static Process start(
      List<String> words, Map<String, String> environment, String folder, IntConsumer ended)
      throws IOException {
    Map<String, @Nullable String> changes = new HashMap<>();
    for (String inherited : System.getenv().keySet()) {
      changes.put(inherited, null);
    }
    changes.putAll(environment);
    return new ProcessExecutor(words)
        .environment(changes)
        .directory(new File(folder))
        .exitValueAny()
        .setMessageLogger(MessageLoggers.NOP)
        .streams(new Untouched())
        .addListener(new Ended(ended))
        .start()
        .getProcess();
  }

  /** Hears of the end. */
  private static final class Ended extends ProcessListener {
    private final IntConsumer ended;

    Ended(IntConsumer ended) {
      this.ended = ended;
    }

    @Override
    public void afterStop(Process process) {
      ended.accept(process.exitValue());
    }
  }

  /** Leaves the streams of the process alone: nothing comes through them. */
  private static final class Untouched implements ExecuteStreamHandler {
    @Override
    public void setProcessInputStream(OutputStream stream) throws IOException {
      stream.close();
    }

    @Override
    public void setProcessErrorStream(@Nullable InputStream stream) {}

    @Override
    public void setProcessOutputStream(@Nullable InputStream stream) {}

    @Override
    public void start() {}

    @Override
    public void stop() {}
  }
}
