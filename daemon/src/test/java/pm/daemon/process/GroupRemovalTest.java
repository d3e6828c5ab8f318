package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;

/** Folders stand in for control groups: both go with {@code rmdir}, if nothing is in them. */
class GroupRemovalTest {

  @TempDir Path base;

  @Test
  void givenRemovalsThatWereNotMadeYet_whenItIsClosed_thenTheyAreMade() throws Exception {
    Path empty = Files.createDirectory(base.resolve("web@1.a"));
    Path used = Files.createDirectory(base.resolve("web@2.b"));
    Files.createFile(used.resolve("process"));
    try (EventLoop loop = EventLoop.open(new SystemTime(), 16);
        BlockingPool pool = new BlockingPool(loop, 1, 16)) {
      CountDownLatch never = new CountDownLatch(1);
      Callable<String> waiting =
          () -> {
            never.await();
            return "";
          };
      assertThat(pool.submit(waiting, done -> {}, interrupted -> {})).isTrue();
      GroupRemoval removal = new GroupRemoval(pool);
      removal.remove(new ControlGroup(empty));
      removal.remove(new ControlGroup(used));

      removal.close();

      assertThat(empty).doesNotExist();
      assertThat(used).exists();
    }
  }
}
