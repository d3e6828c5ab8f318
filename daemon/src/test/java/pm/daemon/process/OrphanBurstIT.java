package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Command;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.event.Report;

/** Thousands of orphans are left to this process, as they are to the first of a container. */
@Timeout(90)
class OrphanBurstIT {
  private static final int ORPHANS = 10_000;
  private static final int HOOKS = 200;

  /** Each orphan is one at once, and then lives for a moment. */
  private static final String RAIN =
      """
      use POSIX ();
      $$| = 1;
      for my $$i (1..%d) {
        my $$pid = fork();
        if ($$pid == 0) {
          if (fork() == 0) { select(undef, undef, undef, 0.2 + ($$i %% 100) * 0.002); }
          POSIX::_exit(0);
        }
        waitpid($$pid, 0);
      }
      print "rained\n";
      """
          .formatted(ORPHANS);

  @TempDir Path folder;

  @Test
  void givenABurstOfOrphans_whenCommandsFailBesideIt_thenAllAreReapedAndNoExitCodeIsLost()
      throws Exception {
    try (World world = new World(folder);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      AtomicReference<ForeignChildren> foreign = new AtomicReference<>();
      world.onLoop(processes -> foreign.set(processes.foreignChildren()));
      World.Started rain = world.start(perl(RAIN));
      List<Future<Integer>> codes = new ArrayList<>();
      for (int i = 0; i < HOOKS; i++) {
        int code = 1 + i % 100;
        codes.add(threads.submit(command(foreign.get(), code)));
      }

      for (int i = 0; i < HOOKS; i++) {
        assertThat(codes.get(i).get(60, TimeUnit.SECONDS))
            .as("command %d", i)
            .isEqualTo(1 + i % 100);
      }
      assertThat(world.output.line(rain.invocation())).isEqualTo("rained");

      if (world.await(rain.invocation(), Report.Exited.class).remains()) {
        world.kill(rain.invocation(), StopScope.TREE);
        world.await(rain.invocation(), Report.RemainsGone.class);
      }
      world.release(rain.invocation());
      Proc.await("all are reaped", () -> Proc.zombies() == 0);
      assertThat(world.failures()).isZero();
    }
  }

  private static ProgramSpec perl(String script) {
    return new ProgramSpec.Builder("web", new Command(List.of("perl", "-e", script), false))
        .build();
  }

  private static Callable<Integer> command(ForeignChildren foreign, int code) {
    return () -> {
      ForeignChildren.Start start = foreign.begin();
      Process process = new ProcessBuilder("/bin/sh", "-c", "exit " + code).start();
      start.started((int) process.pid());
      int seen = process.waitFor();
      foreign.ended((int) process.pid());
      return seen;
    };
  }
}
