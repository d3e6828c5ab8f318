package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class LogProviderTest {

  @Test
  void givenNothingButTheProvider_whenItIsInitialized_thenLinesGoThroughTheQueue() {
    LogProvider provider = new LogProvider();
    provider.initialize();
    LoggerContext context = (LoggerContext) provider.getLoggerFactory();
    try {
      ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
      assertThat(context.isStarted()).isTrue();
      assertThat(root.getLevel()).isEqualTo(Level.INFO);
      assertThat(root.getAppender("queue"))
          .isInstanceOfSatisfying(
              AsyncAppender.class, queue -> assertThat(queue.isNeverBlock()).isTrue());
      assertThat(context.getMDCAdapter()).isSameAs(provider.getMDCAdapter());
    } finally {
      context.stop();
    }
  }

  @Test
  void itIsWhatTheInstalledSlf4jAsksFor() {
    // SLF4J takes providers of its own series only.
    assertThat(new LogProvider().getRequestedApiVersion()).startsWith("2.0");
  }
}
