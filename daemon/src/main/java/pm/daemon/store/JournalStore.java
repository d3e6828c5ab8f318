package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/**
 * Tasks in files of the state folder: an append-only journal that survives {@code kill -9} with
 * each write and a loss of power with each flush.
 *
 * <p>What is kept together is one block with a checksum at the end of the newest file, a segment.
 * Flushes happen only when somebody waits for one, on a thread of their own, and one covers all
 * that was written by then. When the files have become larger than twice what is needed, what is
 * needed of the oldest is copied to the newest, a little with each call of {@link #keep}; once that
 * is on the disk, the oldest is removed.
 *
 * <p>If a flush fails, nobody knows what of the segment is on the disk. All tasks are then kept
 * anew in a new segment, as often as it takes, and nothing is acknowledged before that is flushed.
 */
public final class JournalStore implements TaskStore {

  /** Its folder in the state folder. */
  public static final String FOLDER = "tasks";

  /** Bytes of a segment after which the next is begun. */
  static final int SEGMENT_BYTES = 4 * 1024 * 1024;

  private static final long FIRST_RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LAST_RETRY_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final Logger LOG = LoggerFactory.getLogger(JournalStore.class);

  private final TaskFolder folder;
  private final Moment openedAt;
  private final Consumer<Runnable> loop;
  private final TaskTimer timer;
  private final Listener listener;
  private final JournalOpening opening;
  private final String epoch;

  private final TaskLedger ledger = new TaskLedger();
  private final ReentrantLock lock = ledger.lock();
  private final ByteBuffer direct = ByteBuffer.allocateDirect(BlockWriter.CHUNK);
  private final BlobReader blobs = new BlobReader(ledger);
  private final JournalAppender appender;
  private final JournalCleaner cleaner;
  private final Flusher flusher;

  /** Not the flusher: a file system may take half a second for a removal. */
  private final Flusher remover;

  private boolean isReplayed;

  /** What is posted to the loop after that changes nothing any more. */
  private boolean isClosed;

  /** Two numbers for each entry of a call but {@code Started}: location and length. */
  private long[] staged = new long[2 * 64];

  private int stagedCount;

  /** The position up to which all is on the disk. */
  private long flushed;

  /** Whether the listener knows that nothing is acknowledged; and why. */
  private boolean isTroubled;

  private String trouble = "";

  /** Whether all is to be kept anew with the next call of {@link #keep}. */
  private boolean isAnewDue;

  /** Whether that needs another segment than the newest. */
  private boolean isSegmentBad;

  /** How long to wait before the next try. */
  private long retryNanos;

  // Under the lock: what there is to do off the loop.
  private long wanted;
  private long taken;

  /** Whether a flush failed and not all was kept anew since. */
  private boolean isFailing;

  private final ArrayDeque<String> doomed = new ArrayDeque<>();

  /** The remover's. */
  private boolean isRemovalFailing;

  private JournalStore(
      TaskFolder folder,
      String bootId,
      Moment now,
      RandomGenerator random,
      Consumer<Runnable> loop,
      TaskTimer timer,
      Listener listener,
      int segmentBytes,
      Flusher.Maker flushers)
      throws StoreException {
    this.folder = folder;
    this.openedAt = now;
    this.loop = loop;
    this.timer = timer;
    this.listener = listener;
    opening = new JournalOpening(folder, bootId, ledger);
    opening.open();
    epoch = opening.epoch().orElseGet(() -> Epochs.draw(random));
    appender = new JournalAppender(folder, ledger, epoch, bootId, segmentBytes, direct);
    cleaner = new JournalCleaner(ledger, appender, blobs, segmentBytes);
    flusher = flushers.make("task-flusher", this::flushOnce);
    remover = flushers.make("task-remover", this::removeOne);
  }

  /**
   * Opens the tasks in the state folder, or begins them. Blocks; called before the loop runs. Only
   * the holder of the daemon's lock may call this.
   *
   * @param state the state folder, which exists
   * @param bootId of the kernel
   * @param now nanoseconds of other boots are told by {@link #replay} as if they were of this one
   * @param random draws what ids of tasks begin with
   * @param loop runs something on the loop thread; from any thread
   * @param timer for the next try where the disk fails
   * @throws StoreException if there are files that we do not understand, or the folder cannot be
   *     used
   */
  public static JournalStore open(
      Path state,
      String bootId,
      Moment now,
      RandomGenerator random,
      Consumer<Runnable> loop,
      TaskTimer timer,
      Listener listener)
      throws StoreException {
    TaskFolder folder = TaskFolder.at(state.resolve(FOLDER));
    return open(
        folder, bootId, now, random, loop, timer, listener, SEGMENT_BYTES, FlushThread::new);
  }

  static JournalStore open(
      TaskFolder folder,
      String bootId,
      Moment now,
      RandomGenerator random,
      Consumer<Runnable> loop,
      TaskTimer timer,
      Listener listener,
      int segmentBytes,
      Flusher.Maker flushers)
      throws StoreException {
    return new JournalStore(
        folder, bootId, now, random, loop, timer, listener, segmentBytes, flushers);
  }

  /**
   * Reads the headers of the tasks in the state folder as {@link #open} would, and changes nothing.
   * Also while their daemon runs.
   *
   * @throws StoreException if {@link #open} would
   */
  public static void look(Path state) throws StoreException {
    Path path = state.resolve(FOLDER);
    if (!java.nio.file.Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    TaskLedger found = new TaskLedger();
    new JournalOpening(TaskFolder.at(path), "", found).open();
    try {
      for (Segment each : found.segments()) {
        each.drop();
      }
    } catch (IOException e) {
      throw new StoreException("cannot use " + path + ": " + RunRecords.reason(e), e);
    }
  }

  @Override
  public String epoch() {
    return epoch;
  }

  @Override
  public boolean isOfThisBoot() {
    return opening.isOfThisBoot();
  }

  @Override
  public long lastTask() {
    return ledger.lastTask();
  }

  @Override
  public void replay(Consumer<TaskEntry> entries) throws StoreException {
    if (isReplayed) {
      throw new IllegalStateException("told already");
    }
    opening.replay(blobs, direct, openedAt, entries);
    isReplayed = true;
    flushOld();
  }

  /** What a killed daemon has written was perhaps never flushed, and may be acknowledged now. */
  private void flushOld() {
    if (ledger.segments().isEmpty()) {
      return;
    }
    try {
      for (Segment each : ledger.segments()) {
        each.file().flush();
      }
      folder.flush();
      Segment newest = ledger.segments().getLast();
      appender.durable(newest.number(), newest.size());
    } catch (IOException e) {
      fails(0, e);
    }
  }

  @Override
  public long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
      throws KeepException {
    if (!isReplayed) {
      throw new IllegalStateException("not yet told what is kept");
    }
    if (isAnewDue && isSegmentBad) {
      appender.giveUpSegment();
      isSegmentBad = false;
    }
    if (!entries.isEmpty()) {
      write(entries);
    }
    if (isAnewDue) {
      keepAnew(whole);
    } else if (!isTroubled && cleaner.clean(whole)) {
      want(appender.position());
    }
    return appender.position();
  }

  private void write(List<TaskEntry> entries) throws KeepException {
    stagedCount = 0;
    Segment target;
    long end;
    try {
      target = appender.begin();
      for (int i = 0; i < entries.size(); i++) {
        put(entries.get(i));
      }
      end = appender.write();
    } catch (IOException e) {
      appender.abandon();
      throw new KeepException("cannot write to " + folder.path() + ": " + RunRecords.reason(e), e);
    }
    lock.lock();
    try {
      appender.written(target, end);
      int at = 0;
      for (int i = 0; i < entries.size(); i++) {
        TaskEntry entry = entries.get(i);
        if (!(entry instanceof TaskEntry.Started)) {
          ledger.apply(entry, target, staged[at], (int) staged[at + 1]);
          at += 2;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void put(TaskEntry entry) throws IOException {
    long before = appender.blocks().offset();
    long location = appender.entries().put(entry);
    if (!(entry instanceof TaskEntry.Started)) {
      stage(location, appender.blocks().offset() - before - Location.length(location));
    }
  }

  private void stage(long location, long bytes) {
    if (stagedCount + 2 > staged.length) {
      staged = Arrays.copyOf(staged, 2 * staged.length);
    }
    staged[stagedCount++] = location;
    staged[stagedCount++] = bytes;
  }

  private void keepAnew(LongFunction<Optional<TaskEntry.Whole>> whole) {
    isAnewDue = false;
    try {
      cleaner.anew(whole);
    } catch (IOException e) {
      LOG.warn("cannot keep all tasks anew in {}: {}", folder.path(), RunRecords.reason(e));
      again(this::anewIsDue);
      return;
    }
    lock.lock();
    try {
      isFailing = false;
    } finally {
      lock.unlock();
    }
    want(appender.position());
  }

  private void anewIsDue() {
    isAnewDue = true;
    listener.wantsTurn();
  }

  /** Tries something again: at once for the first time, then after longer and longer times. */
  private void again(Runnable work) {
    if (isClosed) {
      return;
    }
    long delay = retryNanos;
    retryNanos = Math.min(Math.max(2 * delay, FIRST_RETRY_NANOS), LAST_RETRY_NANOS);
    if (delay == 0) {
      work.run();
    } else {
      timer.after(delay, work);
    }
  }

  @Override
  public void flush(long position) {
    if (isTroubled) {
      String why = trouble;
      loop.accept(() -> listener.failed(position, why));
    } else if (position <= flushed) {
      long now = flushed;
      loop.accept(() -> listener.flushed(now));
    } else {
      want(position);
    }
  }

  private void want(long position) {
    lock.lock();
    try {
      wanted = Math.max(wanted, position);
    } finally {
      lock.unlock();
    }
    askFlusher();
  }

  private void askFlusher() {
    if (!flusher.ask()) {
      loop.accept(this::hasNoThread);
    }
  }

  /** Nothing is lost, but nothing can be flushed either. */
  private void hasNoThread() {
    trouble(appender.position(), "cannot flush " + folder.path() + ": no thread can be started");
    again(this::askFlusher);
  }

  /** On the flusher's thread; returns whether there may be more to do. */
  private boolean flushOnce() {
    try {
      Optional<JournalAppender.Unflushed> unflushed = take();
      return unflushed.isPresent() && flush(unflushed.get());
    } catch (RuntimeException | Error mistake) {
      // Whoever waits must hear of it, whatever it is.
      LOG.error("a mistake in flushing tasks", mistake);
      failOffLoop(asked(), new IOException("a mistake, which the log of pmd tells", mistake));
      return false;
    }
  }

  private long asked() {
    lock.lock();
    try {
      taken = Math.max(taken, wanted);
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** All that was written by now shares one flush. */
  private Optional<JournalAppender.Unflushed> take() {
    lock.lock();
    try {
      if (isFailing || wanted <= taken) {
        return Optional.empty();
      }
      JournalAppender.Unflushed unflushed = appender.take();
      taken = unflushed.position();
      return Optional.of(unflushed);
    } finally {
      lock.unlock();
    }
  }

  private boolean flush(JournalAppender.Unflushed unflushed) {
    try {
      for (Segment each : unflushed.segments()) {
        each.file().flush();
      }
      if (unflushed.folder()) {
        folder.flush();
      }
    } catch (IOException e) {
      failOffLoop(unflushed.position(), e);
      return false;
    }
    loop.accept(() -> flushed(unflushed));
    return true;
  }

  private void failOffLoop(long position, IOException why) {
    lock.lock();
    try {
      isFailing = true;
    } finally {
      lock.unlock();
    }
    loop.accept(() -> fails(position, why));
  }

  /**
   * On the remover's thread: removes the oldest of the files that are not needed, each before the
   * next; returns whether there may be more.
   */
  private boolean removeOne() {
    Optional<String> name;
    lock.lock();
    try {
      name = Optional.ofNullable(doomed.peekFirst());
    } finally {
      lock.unlock();
    }
    if (name.isEmpty()) {
      return false;
    }
    try {
      folder.delete(name.get());
      folder.flush();
    } catch (IOException e) {
      if (!isRemovalFailing) {
        LOG.warn(
            "cannot remove {}, which is not needed any more: {}; it is tried again",
            folder.path().resolve(name.get()),
            RunRecords.reason(e));
      }
      isRemovalFailing = true;
      return false;
    }
    isRemovalFailing = false;
    lock.lock();
    try {
      doomed.removeFirst();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void flushed(JournalAppender.Unflushed unflushed) {
    if (isClosed) {
      return;
    }
    flushed = unflushed.position();
    appender.durable(unflushed.newest(), unflushed.size());
    if (isTroubled) {
      isTroubled = false;
      retryNanos = 0;
      listener.works();
    }
    listener.flushed(flushed);
    removeEmpty();
  }

  private void removeEmpty() {
    boolean any = false;
    for (Optional<Segment> empty = cleaner.takeEmpty(flushed);
        empty.isPresent();
        empty = cleaner.takeEmpty(flushed)) {
      any = true;
      lock.lock();
      try {
        ledger.segments().removeFirst();
        doomed.addLast(empty.get().name());
        empty.get().drop();
      } catch (IOException e) {
        LOG.debug("cannot close {}: {}", empty.get().name(), RunRecords.reason(e));
      } finally {
        lock.unlock();
      }
    }
    if (any && !remover.ask()) {
      LOG.debug("files that are not needed stay for now: there is no thread");
    }
  }

  /** Nobody knows what of the newest segments is on the disk, and the kernel forgets it. */
  private void fails(long position, IOException why) {
    lock.lock();
    try {
      isFailing = true;
    } finally {
      lock.unlock();
    }
    isSegmentBad = true;
    trouble(position, "cannot flush " + folder.path() + ": " + RunRecords.reason(why));
    again(this::anewIsDue);
  }

  private void trouble(long position, String why) {
    if (isClosed) {
      return;
    }
    trouble = why;
    if (isTroubled) {
      LOG.warn("{}; it is tried again", why);
      return;
    }
    isTroubled = true;
    listener.failed(position, why);
  }

  @Override
  public byte[] data(long task) throws IOException {
    return blobs.read(() -> dataOf(task));
  }

  @Override
  public byte[] result(long task) throws IOException {
    return blobs.read(() -> ledger.index().result(place(task)));
  }

  /** Under the lock. */
  private long dataOf(long task) throws IOException {
    long location = ledger.index().data(place(task));
    if (location == Location.NONE) {
      throw new IOException("the data of task " + task + " are lost");
    }
    return location;
  }

  /** Under the lock. */
  private int place(long task) throws IOException {
    int place = ledger.index().find(task);
    if (place == TaskIndex.NOWHERE) {
      throw new IOException("task " + task + " is not known");
    }
    return place;
  }

  @Override
  public int dataBytes(long task) {
    return length(task, true);
  }

  @Override
  public int resultBytes(long task) {
    return length(task, false);
  }

  private int length(long task, boolean ofData) {
    lock.lock();
    try {
      int place = ledger.index().find(task);
      if (place == TaskIndex.NOWHERE) {
        return 0;
      }
      TaskIndex index = ledger.index();
      return Location.length(ofData ? index.data(place) : index.result(place));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long sizeBytes() {
    return ledger.totalBytes();
  }

  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    want(appender.position());
    isClosed = true;
    flusher.close();
    remover.close();
    lock.lock();
    try {
      for (Segment each : ledger.segments()) {
        each.drop();
      }
    } finally {
      lock.unlock();
    }
  }
}
