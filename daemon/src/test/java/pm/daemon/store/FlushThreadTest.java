package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FlushThreadTest {
  private final AtomicInteger calls = new AtomicInteger();
  private final Semaphore called = new Semaphore(0);

  @Test
  void whateverIsThrownTheNextRequestIsLookedAtAndCloseReturns() throws Exception {
    Flusher flusher =
        new FlushThread(
            "flusher",
            () -> {
              int call = calls.incrementAndGet();
              called.release();
              if (call == 1) {
                throw new IllegalStateException("planted");
              }
              if (call == 2) {
                throw new NoClassDefFoundError("planted");
              }
              return false;
            });
    for (int i = 1; i <= 3; i++) {
      assertThat(flusher.ask()).isTrue();
      assertThat(called.tryAcquire(30, TimeUnit.SECONDS)).as("call %s", i).isTrue();
    }
    flusher.close();
    assertThat(calls).hasValue(3);
  }

  @Test
  void oneThatWasNeverAskedCloses() {
    new FlushThread("flusher", () -> false).close();
    assertThat(calls).hasValue(0);
  }
}
