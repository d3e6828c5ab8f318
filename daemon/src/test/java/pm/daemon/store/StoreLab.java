package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/** A journal with the test's thread as its loop. */
final class StoreLab implements TaskStore.Listener, AutoCloseable {
  static final String BOOT = "b007";
  static final Moment NOW =
      new Moment(5_900_000_000_000L, Instant.ofEpochMilli(1_780_000_900_000L));
  private static final long PATIENCE_SECONDS = 30;

  final JournalStore store;
  private final List<FlushesByHand> handFlushers = new ArrayList<>();
  final TaskModel told = new TaskModel();
  final List<TaskEntry> entries = new ArrayList<>();

  /** What the listener heard. */
  final List<String> heard = new ArrayList<>();

  long flushed;
  boolean fails;
  boolean wantsTurn;
  final List<Runnable> later = new ArrayList<>();
  final List<Long> delays = new ArrayList<>();
  private final LinkedBlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();

  StoreLab(Path folder) throws StoreException {
    this(TaskFolder.at(folder), BOOT, JournalStore.SEGMENT_BYTES);
  }

  StoreLab(TaskFolder folder, String boot, int segmentBytes) throws StoreException {
    this(folder, boot, segmentBytes, false);
  }

  /** The flusher is the test's: it flushes when the test says so. */
  static StoreLab byHand(TaskFolder folder, String boot, int segmentBytes) throws StoreException {
    return new StoreLab(folder, boot, segmentBytes, true);
  }

  private Flusher flushesByHand(BooleanSupplier work) {
    handFlushers.add(new FlushesByHand(() -> grantsThread, work));
    return handFlushers.getLast();
  }

  /** Whether a flusher by hand can be asked. */
  boolean grantsThread = true;

  /** Does what the flusher was asked for; only for a lab {@link #byHand}. */
  void runFlusher() {
    handFlushers.forEach(FlushesByHand::run);
  }

  private StoreLab(TaskFolder folder, String boot, int segmentBytes, boolean byHand)
      throws StoreException {
    store =
        JournalStore.open(
            folder,
            boot,
            NOW,
            new Random(7),
            loop::add,
            (nanos, work) -> {
              delays.add(nanos);
              later.add(work);
            },
            this,
            segmentBytes,
            (name, work) -> byHand ? flushesByHand(work) : new FlushThread(name, work));
    store.replay(
        entry -> {
          entries.add(entry);
          told.apply(entry);
        });
  }

  /** Keeps what a history says. */
  long keep(RandomTasks tasks, List<TaskEntry> turn) throws KeepException {
    wantsTurn = false;
    return store.keep(turn, tasks.model::whole);
  }

  /** Does what was posted to the loop. */
  void turn() {
    for (Runnable work = loop.poll(); work != null; work = loop.poll()) {
      work.run();
    }
  }

  /** Does what is posted until there is what is waited for. */
  void await(BooleanSupplier condition) throws InterruptedException {
    turn();
    while (!condition.getAsBoolean()) {
      Runnable work = loop.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(work).as("nothing happens; heard %s", heard).isNotNull();
      work.run();
    }
  }

  /** Flushes by hand. */
  void flushByHand(long position) {
    store.flush(position);
    runFlusher();
    turn();
    assertThat(flushed).isGreaterThanOrEqualTo(position);
  }

  /** Flushes and waits for it. */
  void flush(long position) throws InterruptedException {
    store.flush(position);
    await(() -> flushed >= position);
  }

  @Override
  public void flushed(long position) {
    flushed = Math.max(flushed, position);
    heard.add("flushed");
  }

  @Override
  public void failed(long position, String why) {
    fails = true;
    heard.add("failed " + why);
  }

  @Override
  public void works() {
    fails = false;
    heard.add("works");
  }

  @Override
  public void wantsTurn() {
    wantsTurn = true;
  }

  /** Checks that a store has told and has what a history made. */
  void assertHas(RandomTasks tasks) throws IOException {
    assertThat(told.lines()).isEqualTo(tasks.model.lines());
    assertReads(tasks);
  }

  void assertReads(RandomTasks tasks) throws IOException {
    for (Map.Entry<Long, byte[]> each : tasks.data.entrySet()) {
      assertThat(store.data(each.getKey())).isEqualTo(each.getValue());
      assertThat(store.dataBytes(each.getKey())).isEqualTo(each.getValue().length);
      byte[] result = tasks.results.getOrDefault(each.getKey(), new byte[0]);
      assertThat(store.result(each.getKey())).isEqualTo(result);
      assertThat(store.resultBytes(each.getKey())).isEqualTo(result.length);
    }
  }

  @Override
  public void close() throws IOException {
    store.close();
    turn();
  }
}
