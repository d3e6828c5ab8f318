package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many spawns from threads with changed rights, while the collector stops all threads. */
final class SpawnStressIT {
  private static final int SPAWNS = 300;
  private static final int GET_DUMPABLE = 3;

  @Test
  void spawnsUnderCollection() throws Exception {
    Spawn spawn = new Spawn();
    int dumpableBefore = dumpable();
    AtomicBoolean isOver = new AtomicBoolean();
    // One collection after every fourth spawn, so that each spawn meets some, however long they
    // take.
    Semaphore spawned = new Semaphore(4);
    Thread collector =
        new Thread(
            () -> {
              while (!isOver.get()) {
                spawned.acquireUninterruptibly(4);
                System.gc();
              }
            });
    collector.start();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<WaitStatus>> work =
          IntStream.range(0, SPAWNS)
              .<Callable<WaitStatus>>mapToObj(
                  i ->
                      () -> {
                        spawned.release();
                        return one(spawn, i);
                      })
              .toList();
      List<Future<WaitStatus>> results = threads.invokeAll(work);
      for (int i = 0; i < SPAWNS; i++) {
        assertThat(results.get(i).get()).isEqualTo(new WaitStatus.Code(i % 100));
      }
    } finally {
      isOver.set(true);
      spawned.release(4);
      collector.join();
    }
    assertThat(dumpable()).isEqualTo(dumpableBefore);
  }

  private static WaitStatus one(Spawn spawn, int number) throws Exception {
    String expected =
        Host.euid() == 0 ? String.valueOf(2000 + number) : String.valueOf(Host.euid());
    SpawnRequest request =
        Child.withUmask(
            number % 2 == 0 ? 0077 : 0027,
            Child.script(
                "[ $(id -u) = " + expected + " ] || exit 111; exit " + number % 100,
                new Stdio.Null()));
    if (Host.euid() == 0) {
      request = Child.as(new Credentials(2000 + number, 3000, List.of(3000)), request);
    }
    return Child.end(Child.start(spawn, request));
  }

  private static int dumpable() {
    return (int) Libc.call(Libc.function("prctl"), GET_DUMPABLE, 0, 0, 0, 0);
  }
}
