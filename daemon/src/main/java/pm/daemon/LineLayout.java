package pm.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.stream.Collectors;
import pm.config.LogFormat;
import pm.daemon.posix.ErrnoException;
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
            .append(harmless(event.getFormattedMessage()));
        thrown(event, line);
      }
      case JOURNAL -> {
        line.append('<')
            .append(priority(event.getLevel()))
            .append('>')
            .append(harmless(event.getFormattedMessage()));
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
          line.append(",\"err\":").append(Json.write(said(thrown)));
        }
        line.append('}');
      }
    }
    return line.append('\n').toString();
  }

  /**
   * Parts of a message come from programs and clients. Nothing of them may look like a line of its
   * own, or act on a terminal: control characters, and those that turn the direction of text, are
   * written as {@code \\n}, {@code \\x1b} or {@code \\u202e}.
   */
  static String harmless(String message) {
    int first = 0;
    while (first < message.length() && !isActive(message.charAt(first))) {
      first++;
    }
    if (first == message.length()) {
      return message;
    }
    StringBuilder text = new StringBuilder(message.length() + 16).append(message, 0, first);
    for (int i = first; i < message.length(); i++) {
      char c = message.charAt(i);
      if (!isActive(c)) {
        text.append(c);
      } else if (c == '\n') {
        text.append("\\n");
      } else if (c < 0x100) {
        text.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
      } else {
        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      }
    }
    return text.toString();
  }

  private static boolean isActive(char c) {
    return (c < ' ' && c != '\t')
        || (c >= 0x7f && c < 0xa0)
        || c == '\u200e'
        || c == '\u200f'
        || (c >= '\u2028' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069');
  }

  private static void thrown(ILoggingEvent event, StringBuilder line) {
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      // No line of it begins where one of ours does.
      line.append(": ")
          .append(
              said(thrown)
                  .stripTrailing()
                  .lines()
                  .map(LineLayout::harmless)
                  .collect(Collectors.joining("\n  ")));
    }
  }

  /** Where a call was made says something of a mistake of ours, not of what the kernel refuses. */
  private static String said(IThrowableProxy thrown) {
    return thrown.getClassName().equals(ErrnoException.class.getName())
        ? String.valueOf(thrown.getMessage())
        : ThrowableProxyUtil.asString(thrown);
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
