package pm.daemon;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;
import pm.config.DaemonSpec;
import pm.config.LogFormat;
import pm.config.LogLevel;

/**
 * The daemon's own log: lines on stderr, through a bounded queue, so that a reader who has stopped
 * reading stops nothing. What does not fit into the queue is dropped.
 *
 * <p>Configured in code, so that a start parses no XML.
 */
final class DaemonLog {

  private static final int QUEUE = 1_024;

  /** Held while a line is written to stderr, which others may want to write lines to as well. */
  static final Object LOCK = new Object();

  private DaemonLog() {}

  /** Makes the log what it is until the configuration is known. */
  static void begin(LoggerContext context) {
    set(context, LogLevel.INFO, LogFormat.AUTO);
  }

  /** Makes the log what the configuration says. */
  static void configure(DaemonSpec spec) {
    if (spec.level() == LogLevel.INFO && spec.format() == LogFormat.AUTO) {
      // As it is.
      return;
    }
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    set(context, spec.level(), spec.format());
  }

  /** Writes what is still in the queue; at most about a second. */
  static void close() {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }

  private static void set(LoggerContext context, LogLevel level, LogFormat format) {
    LineLayout layout = new LineLayout(LineLayout.Style.of(format));
    layout.setContext(context);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setLayout(layout);
    encoder.start();
    OutputStreamAppender<ILoggingEvent> lines = new OutputStreamAppender<>();
    lines.setContext(context);
    lines.setName("stderr");
    lines.setEncoder(encoder);
    lines.setOutputStream(new Stderr());
    lines.start();
    AsyncAppender queue = new AsyncAppender();
    queue.setContext(context);
    queue.setName("queue");
    queue.setQueueSize(QUEUE);
    queue.setDiscardingThreshold(0);
    queue.setNeverBlock(true);
    queue.addAppender(lines);
    queue.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(
        switch (level) {
          case ERROR -> Level.ERROR;
          case WARN -> Level.WARN;
          case INFO -> Level.INFO;
          case DEBUG -> Level.DEBUG;
        });
    root.addAppender(queue);
  }

  /** Stays open: it is the next daemon's too, if this process becomes another version. */
  private static final class Stderr extends FileOutputStream {
    Stderr() {
      super(FileDescriptor.err);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      synchronized (LOCK) {
        super.write(bytes, offset, length);
      }
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
