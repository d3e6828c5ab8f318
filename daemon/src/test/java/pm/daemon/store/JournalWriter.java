package pm.daemon.store;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/** A process that keeps tasks, and says what it has kept, until it is killed. */
final class JournalWriter {
  static final int SEGMENT_BYTES = 64 * 1024;
  static final int TASKS = 200;

  private JournalWriter() {}

  /**
   * Keeps tasks until it is killed.
   *
   * @param arguments the folder and a seed
   */
  public static void main(String[] arguments) throws Exception {
    LinkedBlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();
    List<Long> told = new ArrayList<>();
    try (JournalStore store =
        JournalStore.open(
            TaskFolder.at(Path.of(arguments[0])),
            "boot",
            new Moment(1, Instant.EPOCH),
            new Random(),
            loop::add,
            (nanos, work) -> {},
            new Quiet(),
            SEGMENT_BYTES,
            FlushThread::new)) {
      store.replay(entry -> told.add(entry.task()));
      // Each life begins with nothing, so that whoever looks can tell what it must be.
      List<TaskEntry> forget = new ArrayList<>();
      told.stream().distinct().forEach(task -> forget.add(new TaskEntry.Forgotten(task)));
      store.keep(forget, task -> Optional.empty());
      RandomTasks tasks = begin(Long.parseLong(arguments[1]), store.lastTask());
      System.out.println("begun " + store.lastTask());
      for (int turn = 1; ; turn++) {
        long position = store.keep(tasks.turn(20), tasks.model::whole);
        System.out.println("kept " + turn);
        store.flush(position);
        for (Runnable work = loop.poll(); work != null; work = loop.poll()) {
          work.run();
        }
      }
    }
  }

  /** Returns the history of a life, before its first turn. */
  static RandomTasks begin(long seed, long lastTask) {
    RandomTasks tasks = new RandomTasks(new Random(seed), TASKS, 20_000);
    tasks.restore(tasks.snapshot(0), lastTask);
    return tasks;
  }

  /** Nobody waits for a flush here. */
  private static final class Quiet implements TaskStore.Listener {
    @Override
    public void flushed(long position) {
      // Whoever kills this process wants what was written.
    }

    @Override
    public void failed(long position, String why) {
      System.out.println("failed " + why);
    }

    @Override
    public void works() {
      System.out.println("works");
    }

    @Override
    public void wantsTurn() {
      System.out.println("wants a turn");
    }
  }
}
