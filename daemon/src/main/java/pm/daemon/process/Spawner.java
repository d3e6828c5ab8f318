package pm.daemon.process;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.HelperThreads;

/**
 * Starts processes on threads of its own, so many at once as it is told; the loop waits for none of
 * them. What waits for a thread is bounded by the number of instances, for each has one start at a
 * time. Threads without work end, all but one. Loop thread only.
 */
final class Spawner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Spawner.class);
  private static final String NO_THREAD = "the host grants no thread for it";

  private final EventLoop loop;
  private final Reaper reaper;
  private final Consumer<Report> reports;
  private final Launch.Means means;
  private final HelperThreads threads;

  Spawner(
      EventLoop loop, Reaper reaper, Consumer<Report> reports, Launch.Means means, int mostAtOnce) {
    this.loop = loop;
    this.reaper = reaper;
    this.reports = reports;
    this.means = means;
    // One stays: a program that has ended is not to wait until a thread is made.
    threads = new HelperThreads("spawn", mostAtOnce, 1, Integer.MAX_VALUE);
  }

  /** Carries out the effect. */
  void spawn(Effect.Spawn effect) {
    if (!threads.execute(() -> launch(effect))) {
      loop.post(() -> broke(effect, NO_THREAD));
    }
  }

  private void launch(Effect.Spawn effect) {
    Launch.Outcome outcome;
    try {
      outcome = new Launch(means, effect).run();
    } catch (RuntimeException | Error thrown) {
      LOG.error("the start of {} broke off", effect.instance(), thrown);
      loop.post(() -> broke(effect, String.valueOf(thrown.getMessage())));
      return;
    }
    loop.post(() -> launched(effect, outcome));
  }

  private void broke(Effect.Spawn effect, String reason) {
    reaper.spawnEnded(effect.invocation());
    reports.accept(new Report.SpawnFailed(effect.invocation(), "spawn", reason, true));
  }

  private void launched(Effect.Spawn effect, Launch.Outcome outcome) {
    switch (outcome) {
      case Launch.Outcome.Started started -> {
        reaper.add(started.child());
        LOG.debug("{} is spawned", started.child());
        reports.accept(
            new Report.Spawned(
                effect.invocation(),
                started.child().identity(),
                started.notes(),
                started.isEnforced()));
      }
      case Launch.Outcome.Failed failed -> {
        reaper.spawnEnded(effect.invocation());
        reports.accept(failed.report());
      }
    }
  }

  /** Starts nothing more. What has begun is finished. */
  @Override
  public void close() {
    threads.close();
  }
}
