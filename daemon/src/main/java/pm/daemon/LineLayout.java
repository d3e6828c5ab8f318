package pm.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import pm.config.LogFormat;
import pm.protocol.Json;

/** One line an event: for people, for the journal, or for machines. */
final class LineLayout extends LayoutBase<ILoggingEvent> {

  /** How a line looks. */
  enum Style {
    /** Time, level, text. */
    TEXT,
    /** {@code <6>text}: the journal knows the time and wants the priority; sd-daemon(3). */
    JOURNAL,
    /** A JSON object. */
    JSON;

    static Style of(LogFormat format) {
      return switch (format) {
        // Set by systemd to the journal's socket if stderr leads there; systemd.exec(5).
        case AUTO -> System.getenv("JOURNAL_STREAM") == null ? TEXT : JOURNAL;
        case TEXT -> TEXT;
        case JSON -> JSON;
      };
    }
  }

  private final Style style;

  LineLayout(Style style) {
    this.style = style;
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(128);
    switch (style) {
      case TEXT -> {
        line.append(Instant.ofEpochMilli(event.getTimeStamp()).truncatedTo(ChronoUnit.MILLIS))
            .append(' ')
            .append(event.getLevel())
            .append(
                event.getLevel().toInt() == Level.INFO_INT || event.getLevel() == Level.WARN
                    ? "  "
                    : " ")
            .append(event.getFormattedMessage());
        thrown(event, line);
      }
      case JOURNAL -> {
        line.append('<')
            .append(priority(event.getLevel()))
            .append('>')
            .append(event.getFormattedMessage());
        thrown(event, line);
      }
      case JSON -> {
        line.append("{\"ts\":\"")
            .append(Instant.ofEpochMilli(event.getTimeStamp()).truncatedTo(ChronoUnit.MILLIS))
            .append("\",\"level\":\"")
            .append(event.getLevel())
            .append("\",\"logger\":")
            .append(Json.write(event.getLoggerName()))
            .append(",\"msg\":")
            .append(Json.write(event.getFormattedMessage()));
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
          line.append(",\"err\":").append(Json.write(ThrowableProxyUtil.asString(thrown)));
        }
        line.append('}');
      }
    }
    return line.append('\n').toString();
  }

  private static void thrown(ILoggingEvent event, StringBuilder line) {
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.append(": ").append(ThrowableProxyUtil.asString(thrown).stripTrailing());
    }
  }

  /** Returns the syslog priority; syslog(3). */
  private static int priority(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT -> 3;
      case Level.WARN_INT -> 4;
      case Level.INFO_INT -> 6;
      default -> 7;
    };
  }
}
