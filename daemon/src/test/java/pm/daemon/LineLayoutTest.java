package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;

class LineLayoutTest {

  /** What programs and clients say must not look like a line of ours, nor act on a terminal. */
  @Test
  void aMessageIsOneLineAndHarmless() {
    String said = "web@1: a\n<0>2026 ERROR forged\r\u001b[2J\u009b31m\u202ex\tä";
    assertThat(line(LineLayout.Style.TEXT, said))
        .endsWith(" INFO  web@1: a\\n<0>2026 ERROR forged\\x0d\\x1b[2J\\x9b31m\\u202ex\tä\n")
        .hasLineCount(1);
    assertThat(line(LineLayout.Style.JOURNAL, said))
        .isEqualTo("<6>web@1: a\\n<0>2026 ERROR forged\\x0d\\x1b[2J\\x9b31m\\u202ex\tä\n");
    assertThat(line(LineLayout.Style.JSON, said))
        .endsWith(
            "\"msg\":\"web@1: a\\n<0>2026 ERROR forged\\r\\u001b[2J\\u009b31m\\u202ex\\tä\"}\n")
        .hasLineCount(1);
    assertThat(LineLayout.harmless("nothing to do")).isEqualTo("nothing to do");
  }

  @Test
  void noLineOfAFailureBeginsLikeOneOfOurs() {
    LoggingEvent event =
        event("broken", new IllegalStateException("a\n<0>forged\n2026 ERROR\u001b"));
    for (LineLayout.Style style :
        new LineLayout.Style[] {LineLayout.Style.TEXT, LineLayout.Style.JOURNAL}) {
      assertThat(new LineLayout(style).doLayout(event).lines().skip(1))
          .isNotEmpty()
          .allMatch(line -> line.startsWith("  "))
          .noneMatch(line -> line.contains("\u001b"));
    }
  }

  @Test
  void whatTheKernelRefusesIsASentenceAndAMistakeOfOursATrace() {
    LoggingEvent refused = event("web@1 is lost", new ErrnoException("tee", "fd 7", Errno.ENOMEM));
    assertThat(new LineLayout(LineLayout.Style.TEXT).doLayout(refused))
        .endsWith(" INFO  web@1 is lost: tee fd 7: Cannot allocate memory\n");
    assertThat(new LineLayout(LineLayout.Style.JSON).doLayout(refused))
        .endsWith("\"msg\":\"web@1 is lost\",\"err\":\"tee fd 7: Cannot allocate memory\"}\n");
    LoggingEvent mistake = event("broken", new IllegalStateException("no"));
    assertThat(new LineLayout(LineLayout.Style.TEXT).doLayout(mistake)).contains("\tat ");
  }

  private static String line(LineLayout.Style style, String message) {
    return new LineLayout(style).doLayout(event(message, null));
  }

  private static LoggingEvent event(String message, @Nullable Throwable thrown) {
    LoggerContext context = new LoggerContext();
    return new LoggingEvent(
        "", context.getLogger("pmd"), Level.INFO, message, thrown, new Object[0]);
  }
}
