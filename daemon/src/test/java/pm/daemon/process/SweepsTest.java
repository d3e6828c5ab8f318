package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import pm.config.StopScope;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;

@Timeout(60)
class SweepsTest {

  private static final class Idle implements Turn {
    @Override
    public void endOfBatch() {}

    @Override
    public long nextDeadlineNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void timePassed() {}
  }

  @Test
  void givenNoThread_whenASweepIsOrdered_thenItIsMadeOnceThereIsOne() throws Exception {
    try (EventLoop loop = EventLoop.open(new SystemTime(), 16);
        BlockingPool pool = new BlockingPool(loop, 1, 0)) {
      CountDownLatch hasThread = new CountDownLatch(1);
      Callable<Boolean> busy =
          () -> {
            hasThread.await();
            return true;
          };
      assertThat(pool.submit(busy, done -> {}, thrown -> {})).isTrue();
      CompletableFuture<Sweep.Result> swept = new CompletableFuture<>();
      CountDownLatch delayed = new CountDownLatch(1);
      Sweeps sweeps = new Sweeps(loop, pool, (nanos, work) -> loop.post(work), Set::of);
      Thread thread = new Thread(() -> loop.run(new Idle()), "loop");
      thread.start();
      loop.post(() -> sweeps.order(kill(), swept::complete, delayed::countDown));

      assertThat(delayed.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(swept).isNotDone();
      hasThread.countDown();

      assertThat(swept.get(30, TimeUnit.SECONDS).foundAny()).isFalse();
      loop.stop();
      thread.join();
      assertThat(loop.failures()).isZero();
    }
  }

  private static Sweep.Order kill() {
    return new Sweep.Order(
        InvocationId.draw(RandomGenerator.getDefault()),
        0,
        Sweep.Order.GONE,
        0,
        false,
        Map.of(),
        Optional.empty(),
        StopScope.TREE,
        new Sweep.Action.Kill());
  }
}
