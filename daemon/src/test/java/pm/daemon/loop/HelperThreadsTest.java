package pm.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class HelperThreadsTest {
  private static final long LONG_SECONDS = 60;

  private final BlockingQueue<String> done = new LinkedBlockingQueue<>();

  @Test
  void givenAThreadThatWaits_whenThereIsWork_thenNoOtherIsMade() throws Exception {
    HelperThreads threads = new HelperThreads("helper", 4, 0, 10);
    Set<Thread> used = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 10; i++) {
      assertThat(threads.execute(() -> note(used))).isTrue();
      assertThat(done.poll(LONG_SECONDS, TimeUnit.SECONDS)).isNotNull();
      awaitState(used.iterator().next(), Thread.State.TIMED_WAITING);
    }
    threads.close();

    assertThat(used).hasSize(1);
  }

  @Test
  void givenAllAreBusy_whenThereIsMoreThanMayWait_thenItIsRefused() throws Exception {
    HelperThreads threads = new HelperThreads("helper", 2, 0, 1);
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 2; i++) {
      assertThat(
              threads.execute(
                  () -> {
                    begun.countDown();
                    await(end);
                  }))
          .isTrue();
      // The bound is about what waits: each is to be in hand before the next.
      int wanted = 1 - i;
      while (begun.getCount() > wanted) {
        Thread.onSpinWait();
      }
    }

    assertThat(threads.execute(() -> done.add("waited"))).isTrue();
    assertThat(threads.execute(() -> done.add("refused"))).isFalse();
    end.countDown();
    assertThat(done.poll(LONG_SECONDS, TimeUnit.SECONDS)).isEqualTo("waited");
    threads.close();
    assertThat(threads.execute(() -> done.add("closed"))).isFalse();
  }

  @Test
  void givenWorkThatThrows_whenThereIsMore_thenThatIsDone() throws Exception {
    HelperThreads threads = new HelperThreads("helper", 1, 1, 10);
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    assertThat(
            threads.execute(
                () -> {
                  Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> thrown.add(e));
                  throw new IllegalStateException("broken");
                }))
        .isTrue();
    assertThat(threads.execute(() -> done.add("next"))).isTrue();

    assertThat(thrown.poll(LONG_SECONDS, TimeUnit.SECONDS)).hasMessage("broken");
    assertThat(done.poll(LONG_SECONDS, TimeUnit.SECONDS)).isEqualTo("next");
    threads.close();
  }

  @Test
  void givenWorkInHand_whenItIsClosedNow_thenThatIsInterruptedAndTheRestDropped() throws Exception {
    HelperThreads threads = new HelperThreads("helper", 1, 0, 10);
    CountDownLatch begun = new CountDownLatch(1);
    assertThat(
            threads.execute(
                () -> {
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException asked) {
                    done.add("interrupted");
                  }
                }))
        .isTrue();
    assertThat(threads.execute(() -> done.add("dropped"))).isTrue();
    begun.await();
    threads.closeNow();

    assertThat(done.poll(LONG_SECONDS, TimeUnit.SECONDS)).isEqualTo("interrupted");
    assertThat(done).isEmpty();
  }

  private void note(Set<Thread> used) {
    used.add(Thread.currentThread());
    done.add("done");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void awaitState(Thread thread, Thread.State state) {
    while (thread.getState() != state) {
      Thread.onSpinWait();
    }
  }
}
