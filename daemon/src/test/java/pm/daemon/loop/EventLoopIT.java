package pm.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

@Timeout(30)
class EventLoopIT {
  private final SystemTime time = new SystemTime();
  private EventLoop loop;
  private Thread thread;
  private volatile long deadline = Long.MAX_VALUE;
  private final CompletableFuture<Long> passed = new CompletableFuture<>();

  @BeforeEach
  void start() throws ErrnoException {
    loop = EventLoop.open(time, 16);
    thread =
        new Thread(
            () ->
                loop.run(
                    new Turn() {
                      @Override
                      public void endOfBatch() {}

                      @Override
                      public long nextDeadlineNanos() {
                        return deadline;
                      }

                      @Override
                      public void timePassed() {
                        passed.complete(time.nanos());
                        deadline = Long.MAX_VALUE;
                      }
                    }));
    thread.start();
  }

  @AfterEach
  void stop() throws ErrnoException, InterruptedException {
    loop.stop();
    thread.join();
    loop.close();
  }

  @Test
  void givenASleepingLoop_whenManyThreadsPost_thenAllOfItIsDoneInTheOrderOfEach()
      throws InterruptedException {
    int posters = 4;
    int each = 5_000;
    List<List<Integer>> done = new ArrayList<>();
    CountDownLatch all = new CountDownLatch(posters * each);
    for (int poster = 0; poster < posters; poster++) {
      List<Integer> mine = new ArrayList<>();
      done.add(mine);
      new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  int number = i;
                  loop.post(
                      () -> {
                        mine.add(number);
                        all.countDown();
                      });
                }
              })
          .start();
    }

    all.await();

    for (List<Integer> mine : done) {
      assertThat(mine).hasSize(each).isSorted();
    }
  }

  @Test
  void givenAWatchedPipe_whenItIsWritten_thenItsHandlerIsCalled() throws Exception {
    Fd.Pipe pipe = Fd.pipe(OpenFlags.NONBLOCK);
    CompletableFuture<Integer> events = new CompletableFuture<>();
    CompletableFuture<Boolean> watched = new CompletableFuture<>();
    loop.post(
        () -> {
          try {
            loop.watch(
                pipe.readEnd(),
                Epoll.IN,
                (fd, ready) -> {
                  events.complete(ready);
                  loop.unwatch(fd);
                });
            watched.complete(true);
          } catch (ErrnoException refused) {
            watched.completeExceptionally(refused);
          }
        });
    assertThat(watched.get()).isTrue();

    ByteBuffer bytes = ByteBuffer.allocateDirect(1);
    Fd.write(pipe.writeEnd(), bytes);

    assertThat(events.get()).isEqualTo(Epoll.IN);
    Fd.close(pipe.writeEnd());
    Fd.close(pipe.readEnd());
  }

  @Test
  void givenADeadline_whenItComes_thenTimePassesSoonAfter() throws Exception {
    long due = time.nanos() + TimeUnit.MILLISECONDS.toNanos(20);
    loop.post(() -> deadline = due);

    assertThat(passed.get()).isBetween(due, due + TimeUnit.SECONDS.toNanos(5));
  }

  @Test
  void givenAPool_whenWorkIsDone_thenItsResultComesOnTheLoopThread() throws Exception {
    CompletableFuture<String> result = new CompletableFuture<>();
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    try (BlockingPool pool = new BlockingPool(loop, 2, 8)) {
      boolean accepted =
          pool.submit(
                  () -> Thread.currentThread().getName(),
                  name -> result.complete(name + (loop.isLoopThread() ? " to the loop" : "")),
                  failure::complete)
              && pool.submit(
                  () -> {
                    throw new AssertionError("planted");
                  },
                  ignored -> {},
                  failure::complete);

      assertThat(accepted).isTrue();
      assertThat(result.get()).startsWith("blocking-").endsWith(" to the loop");
      assertThat(failure.get()).hasMessage("planted");
    }
  }

  @Test
  void givenABusyPool_whenMoreIsAskedThanMayWait_thenItIsRefused() throws Exception {
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(2);
    try (BlockingPool pool = new BlockingPool(loop, 1, 1)) {
      List<Boolean> accepted = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        accepted.add(
            pool.submit(
                () -> {
                  hold.await();
                  return true;
                },
                ignored -> done.countDown(),
                ignored -> {}));
      }
      hold.countDown();
      done.await();

      assertThat(accepted).containsExactly(true, true, false);
    }
  }
}
