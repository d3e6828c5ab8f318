package pm.daemon.worker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.WorkerSpec;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.protocol.FrameScanner;

/**
 * The two pipes of one worker, when they are read and when they are written. Loop thread only.
 *
 * <p>Its pipe is looked at once a turn, at most {@link Means#CHUNK_BYTES} of it, so that one that
 * never ends its talk keeps nobody waiting. What was found is taken at the end of the batch, when
 * it is kept, and only then the pipe is looked at again. While its log has no room nothing is read:
 * the worker is held back as every program is.
 *
 * <p>Whatever goes wrong with one worker ends this channel and no other: its pings fail.
 */
final class WorkerChannel {

  /**
   * What all channels share.
   *
   * @param toBeTaken told when something was found: {@link #take} is called at the end of the batch
   * @param toBeFlushed told when something waits to be written: {@link #flushAll} is called at the
   *     end of the batch
   * @param toBeHeard told when too much was said in this batch: {@link #postLook} is called at its
   *     end
   * @param whenClosed told when it is of no more use
   */
  record Surroundings(
      EventLoop loop,
      WorkerFolder folder,
      Means means,
      WorkerListener listener,
      WorkerMeters meters,
      LongSupplier clock,
      TaskIds ids,
      TaskData data,
      BatchBudget budget,
      Consumer<WorkerChannel> toBeTaken,
      Consumer<WorkerChannel> toBeFlushed,
      Consumer<WorkerChannel> toBeHeard,
      Consumer<WorkerChannel> whenClosed,
      String pingMark) {}

  private static final Logger LOG = LoggerFactory.getLogger(WorkerChannel.class);

  private final InstanceName instance;
  private final InvocationId invocation;
  private final WorkerFolder.OurEnds ends;
  private final Surroundings surroundings;
  private final EventLoop loop;
  private final boolean hasHeaders;
  private final long maxFrameBytes;
  private final LogInlet log;
  private final Outbox outbox;
  private final Dialogue dialogue;
  private final FrameReader reader;
  private final Remarks stray;
  private final Remarks tooLong;
  private final Remarks unfinished;

  private final List<Runnable> drains = new ArrayList<>();
  private long drainedWhenSeen;
  private boolean isLookDue;
  private boolean isLookPosted;
  private boolean isLookLate;
  private boolean isWatched;
  private boolean isFlushDue;
  private boolean isWriteWatched;
  private boolean isLogWatched;
  private boolean isFinished;
  private boolean isReleased;
  private boolean isClosed;

  // Done every turn, so they are not made every turn.
  private final Work looking = this::look;
  private final Work taking = this::takeFound;
  private final Work flushing = this::flush;

  /** Whether the owner has been told that something was found, and has not called since. */
  private boolean isToBeTaken;

  /** Why nothing can be told to it any more. */
  private Optional<String> mute = Optional.empty();

  /** Whether nothing is heard from it any more either. */
  private boolean isBroken;

  /** What was told of it that nothing can be told to it any more. */
  private Loss told = Loss.NONE;

  /** How much of the talk with it is over. */
  private enum Loss {
    NONE,
    /** It can still say something. */
    INPUT,
    ALL
  }

  /**
   * @param log our end of the pipe to its log
   * @param partBytes how much of a frame from it a daemon before us has moved to a file
   */
  WorkerChannel(
      InstanceName instance,
      InvocationId invocation,
      WorkerSpec spec,
      WorkerFolder.OurEnds ends,
      Optional<Integer> log,
      long partBytes,
      Surroundings surroundings) {
    this.instance = instance;
    this.invocation = invocation;
    this.ends = ends;
    this.surroundings = surroundings;
    loop = surroundings.loop();
    WorkerFolder folder = surroundings.folder();
    Means means = surroundings.means();
    WorkerMeters meters = surroundings.meters();
    this.log = new LogInlet(means, log);
    hasHeaders =
        switch (spec.framing()) {
          case LINE -> false;
          case CONTENT_LENGTH -> true;
        };
    maxFrameBytes = spec.maxFrameBytes();
    outbox =
        new Outbox(
            ends.in(),
            folder.path(instance, invocation, WorkerFolder.File.TORN),
            ends.sent(),
            means,
            means.frames(hasHeaders),
            new Orders(),
            meters);
    dialogue =
        new Dialogue(
            invocation,
            hasHeaders,
            spec.pingMethod(),
            surroundings.pingMark(),
            means.envelope(),
            surroundings.ids(),
            new TaskReplies(
                invocation,
                hasHeaders,
                means.envelope(),
                surroundings.ids(),
                surroundings.listener(),
                meters,
                surroundings.budget(),
                surroundings.clock()),
            surroundings.listener(),
            this::answer,
            this::say,
            meters);
    reader =
        new FrameReader(
            instance + "." + invocation,
            ends.out(),
            new PartFile(folder.path(instance, invocation, WorkerFolder.File.PART), partBytes),
            hasHeaders
                ? FrameScanner.ofContentLengths(spec.maxFrameBytes())
                : FrameScanner.ofLines(spec.maxFrameBytes()),
            means,
            this.log,
            new Found(),
            meters);
    stray = remarks("stray-output", "wrote what is no JSON-RPC message, which is in its log");
    tooLong =
        remarks(
            "frame-too-long",
            "wrote a message of more than " + spec.maxFrameBytes() + " bytes, which is skipped");
    unfinished = remarks("frame-unfinished", "did not end a message, which is in its log");
  }

  private Remarks remarks(String type, String sentence) {
    return new Remarks(instance, type, sentence, surroundings.listener(), surroundings.clock());
  }

  InvocationId invocation() {
    return invocation;
  }

  /**
   * Begins to listen.
   *
   * @param isAdopted whether a daemon before us started it
   * @param torn the frame that this one was writing when it ended
   */
  void begin(boolean isAdopted, Optional<TornFrame> torn) {
    if (torn.isPresent() && !torn.get().isKnown() && hasHeaders) {
      mute = Optional.of("a message to it was cut off when the daemon before died");
    }
    if (isAdopted) {
      tellLoss(surroundings.listener()::task);
      // What is left of a frame will be sent.
      long begun = torn.map(TornFrame::sequence).orElse(0L);
      long sent = Math.max(ends.sent().get(), begun);
      surroundings.listener().task(new TaskReport.SentThrough(invocation, sent));
    }
    guarded(
        () -> {
          loop.watch(ends.out(), Epoll.IN | Epoll.EDGE_TRIGGERED, (fd, events) -> lookOrWait());
          isWatched = true;
          if (torn.isPresent() && mute.isEmpty()) {
            outbox.goOnWith(torn.get());
            flush();
          }
          reader.resume();
          found();
          postLook();
        });
  }

  /** Asks it whether it lives. */
  void ping(long number, boolean isUnheard) {
    Optional<String> reason = unreachable();
    if (reason.isPresent()) {
      surroundings.listener().checked(invocation, number, false, reason.get());
    } else if (reader.isHeld()) {
      // Its answer would lie behind what its log has no room for, and that is not its fault.
      surroundings
          .listener()
          .checked(invocation, number, true, "not asked: its log cannot be written");
    } else if (isUnheard && reader.hasFound()) {
      surroundings
          .listener()
          .checked(invocation, number, true, "not asked: what it has sent cannot be kept");
    } else {
      guarded(
          () -> {
            outbox.addPing(dialogue.ping(number));
            flush();
            // What could not be moved out of the pipe may be possible now.
            postLook();
            if (outbox.isRefused()) {
              surroundings.listener().checked(invocation, number, false, "it has closed its input");
            }
          });
    }
  }

  /** Returns why it can be asked nothing any more; empty if it can. */
  private Optional<String> unreachable() {
    if (mute.isPresent()) {
      return mute;
    }
    if (outbox.isRefused()) {
      return Optional.of("it has closed its input");
    }
    return reader.hasEnded() ? Optional.of("it has closed its output") : Optional.empty();
  }

  /** Gives it a task, at the end of the batch. */
  void send(TaskEffect.Send send) {
    Optional<String> reason = unreachable();
    if (reason.isPresent()) {
      notSent(send, reason.get());
    } else if (outbox.order(send)) {
      flushLater();
    } else {
      String why = "too much waits to be sent to it";
      guarded(
          () -> {
            // Nothing after this may be sent: the mark of what was sent would say too much.
            mute = Optional.of(why);
            outbox.refuse(why);
          });
      notSent(send, why);
    }
  }

  /**
   * Tells it something about tasks, at the end of the batch, behind what was given to it before. To
   * one that cannot be reached nothing is told.
   */
  void tell(TaskEffect order) {
    if (unreachable().isEmpty() && outbox.order(order)) {
      flushLater();
    }
  }

  private void flushLater() {
    if (!isFlushDue) {
      isFlushDue = true;
      surroundings.toBeFlushed().accept(this);
    }
  }

  /** Writes what was given to it in this batch. */
  void flushAll() {
    isFlushDue = false;
    if (mute.isEmpty()) {
      guarded(flushing);
    }
  }

  private boolean answer(byte[] frame) {
    if (mute.isPresent() || !outbox.answer(frame)) {
      return false;
    }
    guarded(flushing);
    return true;
  }

  private void notSent(TaskEffect.Send send, String why) {
    // Another turn hears it, as this may be where the effects of the last one are run.
    loop.post(
        () ->
            surroundings
                .listener()
                .task(new TaskReport.NotSent(invocation, send.task(), send.attempt(), why)));
  }

  /** The data of the task that is next, from the store. */
  private final class Data implements TaskData.Reader {
    private final TaskEffect.Send send;

    private Data(TaskEffect.Send send) {
      this.send = send;
    }

    @Override
    public void read(byte[] data) {
      guarded(
          () -> {
            if (outbox.dataRead(send, data)) {
              flushLater();
            }
          });
    }

    @Override
    public void failed(boolean isDamage, String why) {
      guarded(
          () -> {
            if (outbox.isNext(send)) {
              surroundings
                  .listener()
                  .task(
                      new TaskReport.NoData(
                          invocation,
                          send.task(),
                          send.attempt(),
                          isDamage,
                          "its data cannot be read from the store: " + why));
            } else {
              outbox.restFailed(send, why);
            }
          });
    }
  }

  /** It is kept that an attempt without data was not sent: goes on with what waits behind it. */
  void withdraw(TaskEffect.Withdraw withdraw) {
    if (outbox.withdraw(withdraw.task(), withdraw.attempt())) {
      flushLater();
    }
  }

  private void flush() throws ErrnoException {
    outbox.flush();
    watchWrite(outbox.needsRoom());
  }

  private void roomCame() throws ErrnoException {
    outbox.roomCame();
    watchWrite(outbox.needsRoom());
  }

  private void watchWrite(boolean wanted) throws ErrnoException {
    if (wanted != isWriteWatched && ends.in().isPresent()) {
      int in = ends.in().get();
      if (wanted) {
        loop.watch(in, Epoll.OUT, (fd, events) -> guarded(this::roomCame));
      } else {
        loop.unwatch(in);
      }
      isWriteWatched = wanted;
    }
  }

  private void watchLog(boolean wanted) throws ErrnoException {
    if (wanted != isLogWatched && log.fd().isPresent()) {
      int fd = log.fd().get();
      if (wanted) {
        loop.watch(fd, Epoll.OUT, (_, events) -> take());
      } else {
        loop.unwatch(fd);
      }
      isLogWatched = wanted;
    }
  }

  private void say(byte[] text) {
    reader.say(text);
  }

  private void lookOrWait() {
    if (reader.hasFound()) {
      isLookDue = true;
    } else if (surroundings.budget().isSpent()) {
      hearLater();
    } else {
      guarded(looking);
    }
  }

  private void hearLater() {
    if (!isLookLate) {
      isLookLate = true;
      surroundings.toBeHeard().accept(this);
    }
  }

  /** Has the pipe looked at in the next turn. */
  void postLook() {
    isLookLate = false;
    if (!isLookPosted && !isClosed) {
      isLookPosted = true;
      loop.post(
          () -> {
            isLookPosted = false;
            if (!isClosed && !isBroken) {
              lookOrWait();
            }
          });
    }
  }

  private void look() throws IOException {
    isLookDue = false;
    if (!reader.hasEnded()) {
      reader.look();
    }
    found();
    if (!reader.hasFound()) {
      rest();
    }
  }

  private void found() {
    if (reader.hasFound() && !isToBeTaken) {
      isToBeTaken = true;
      surroundings.toBeTaken().accept(this);
    }
  }

  /** What was found is kept now: takes it out of the pipe. */
  void take() {
    isToBeTaken = false;
    if (!isBroken) {
      guarded(taking);
    }
  }

  private void takeFound() throws IOException {
    reader.take();
    watchLog(reader.isHeld());
    if (reader.isHeld()) {
      // Who waits for the end of this worker must not wait for a disk too.
      drained();
    } else if (isLookDue || reader.hasMore()) {
      if (isDrained()) {
        finish();
      }
      postLook();
    } else {
      rest();
    }
  }

  /** The pipe holds nothing new. */
  private void rest() throws IOException {
    if (reader.empty() && reader.hasMore()) {
      postLook();
      return;
    }
    if (!isFinished && (!drains.isEmpty() || isReleased || reader.hasEnded())) {
      finish();
    } else {
      drained();
    }
    if (isReleased && reader.hasEnded() && !reader.hasFound()) {
      close();
    }
  }

  private boolean isDrained() {
    return !drains.isEmpty() && reader.seen() >= drainedWhenSeen;
  }

  /** Nothing that comes from now on is of the worker itself. */
  private void finish() throws ErrnoException {
    if (!isFinished) {
      isFinished = true;
      reader.finish();
      reader.take();
      watchLog(reader.isHeld());
    }
    drained();
  }

  private void drained() {
    if (drains.isEmpty()) {
      return;
    }
    List<Runnable> done = List.copyOf(drains);
    drains.clear();
    done.forEach(Runnable::run);
  }

  /**
   * Has {@code whenDone} run when all that it has written by now is taken.
   *
   * @param isHeld whether nothing can be kept for now: at once
   */
  void drain(boolean isHeld, Runnable whenDone) {
    if (isBroken || isHeld || reader.isHeld() || isFinished) {
      whenDone.run();
      return;
    }
    drains.add(whenDone);
    guarded(
        () -> {
          drainedWhenSeen = reader.seen() + reader.held();
          postLook();
        });
  }

  /**
   * What was told cannot be kept for now. Who waits for the end of this worker must not wait for
   * that too; what it has said beyond that is not heard then.
   */
  void hold() {
    if (!drains.isEmpty()) {
      loop.post(this::drained);
    }
  }

  /** The invocation is over: the pipes lose their names, and nothing is sent any more. */
  void release() {
    isReleased = true;
    stray.close();
    tooLong.close();
    unfinished.close();
    guarded(
        () -> {
          surroundings.folder().remove(instance, invocation);
          watchWrite(false);
          outbox.close();
        });
    if (isBroken) {
      close();
    } else {
      guarded(
          () -> {
            if (!reader.hasFound()) {
              finish();
            }
            postLook();
          });
    }
  }

  /** Leaves the rest of a frame to the daemon that takes our place. */
  void handOver() {
    if (!isReleased) {
      guarded(outbox::handOver);
    }
  }

  /** Closes our ends; the names stay, for a daemon after us. */
  void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    try {
      watchWrite(false);
      watchLog(false);
      if (isWatched) {
        isWatched = false;
        loop.unwatch(ends.out());
      }
      if (!isReleased) {
        outbox.close();
      }
      reader.close();
      log.close();
    } catch (ErrnoException e) {
      LOG.warn("{}: {}", instance, e.getMessage());
    }
    drained();
    surroundings.whenClosed().accept(this);
  }

  /** Something to be done with the pipes. */
  private interface Work {
    void run() throws IOException;
  }

  private void guarded(Work work) {
    if (isClosed) {
      return;
    }
    try {
      work.run();
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: nothing can be heard from it or told to it any more", instance, e);
      isBroken = true;
      String why = "its channel broke: " + e.getMessage();
      mute = Optional.of(why);
      outbox.refuse(why);
      if (isWatched) {
        isWatched = false;
        loop.unwatch(ends.out());
      }
      drained();
    }
    // Another turn hears it, as this may be where the effects of the last one are run.
    tellLoss(report -> loop.post(() -> surroundings.listener().task(report)));
  }

  private void tellLoss(Consumer<TaskReport> listener) {
    Loss loss =
        isBroken || reader.hasEnded()
            ? Loss.ALL
            : mute.isPresent() || outbox.isRefused() ? Loss.INPUT : Loss.NONE;
    if (loss.compareTo(told) > 0 && !isReleased && !isClosed) {
      told = loss;
      String why = unreachable().orElseThrow();
      listener.accept(new TaskReport.Unreachable(invocation, loss == Loss.INPUT, why));
    }
  }

  /** What becomes of tasks that wait to be sent. */
  private final class Orders implements Outbox.Orderer {
    @Override
    public void needsData(TaskEffect.Send send) {
      surroundings.data().read(send.task(), new Data(send));
    }

    @Override
    public void notSent(TaskEffect.Send send, String why) {
      WorkerChannel.this.notSent(send, why);
    }
  }

  /** What becomes of what the reader finds. */
  private final class Found implements FrameReader.Sink {
    @Override
    public boolean frame(byte[] bytes, int from, int to) {
      return dialogue.take(bytes, from, to);
    }

    @Override
    public void stray(byte[] bytes, int from, int to) {
      surroundings.meters().strayLines.incrementAndGet();
      stray.note(bytes, from, to);
    }

    @Override
    public void tooLong(byte[] bytes, int from, int to) {
      surroundings.meters().tooLong.incrementAndGet();
      tooLong.note(bytes, from, to);
      dialogue.tooLong(bytes, from, to, maxFrameBytes);
    }

    @Override
    public void unfinished(long bytes) {
      surroundings.meters().strayLines.incrementAndGet();
      unfinished.note(new byte[0], 0, 0);
    }

    @Override
    public void dropped(long bytes) {
      surroundings.meters().tooLongBytes.addAndGet(bytes);
    }
  }

  @Override
  public String toString() {
    return instance + " " + invocation + " on fd " + ends.out();
  }

  static void closeQuietly(WorkerFolder.OurEnds ends) {
    try {
      Fd.close(ends.out());
      if (ends.in().isPresent()) {
        Fd.close(ends.in().get());
      }
      ends.sent().close();
    } catch (ErrnoException e) {
      LOG.warn("our end of a worker's pipe: {}", e.getMessage());
    }
  }
}
