package pm.daemon.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.WorkerSpec;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.OpenFlags;

/**
 * Talks with all workers. Their pipes are named, and the workers hold them open for reading and
 * writing, so that they outlive the daemon and the next one goes on.
 *
 * <p>{@link #open} and {@link #adopt} do file work on the calling thread; everything else is for
 * the loop thread.
 */
public final class Workers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  private final WorkerFolder folder;
  private final EventLoop loop;
  private final LongSupplier clock;
  private final WorkerListener listener;
  private final TaskData data;
  private final String pingMark;
  private final TaskIds ids = new TaskIds();
  private final WorkerMeters meters = new WorkerMeters();

  // Loop thread only.
  private final Map<InvocationId, WorkerChannel> channels = new HashMap<>();
  private final Set<WorkerChannel> open = new LinkedHashSet<>();
  private List<WorkerChannel> found = new ArrayList<>();
  private List<WorkerChannel> taken = new ArrayList<>();
  private boolean isHeld;
  private List<WorkerChannel> flushing = new ArrayList<>();
  private List<WorkerChannel> flushed = new ArrayList<>();
  private final List<WorkerChannel> late = new ArrayList<>();
  private final BatchBudget budget = new BatchBudget();

  private @Nullable Means means;

  /**
   * Makes the folder if it is missing.
   *
   * @param folder for the pipes; in the runtime folder
   * @param clock monotonic nanoseconds
   * @param data has the data of tasks that are given without
   * @param pingMark a few letters and digits, drawn anew by each daemon
   */
  public Workers(
      Path folder,
      EventLoop loop,
      LongSupplier clock,
      WorkerListener listener,
      TaskData data,
      String pingMark)
      throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    this.folder = new WorkerFolder(folder);
    this.loop = loop;
    this.clock = clock;
    this.listener = listener;
    this.data = data;
    this.pingMark = pingMark;
  }

  /**
   * Takes what the ids of tasks begin with that have no key. Before any worker is spoken with; loop
   * thread, or before it runs.
   */
  public void epoch(String epoch) {
    ids.begin(epoch);
  }

  /** Returns the counts. Any thread. */
  public WorkerMeters meters() {
    return meters;
  }

  /**
   * Removes what a daemon before us left and nobody goes on with. At the start, before anything is
   * opened. Does file work.
   *
   * @return how many files
   */
  public int removeStale(Set<InvocationId> claimed) throws IOException {
    return folder.removeAllBut(claimed);
  }

  /**
   * Makes the pipes of a new invocation and listens. Any thread; does file work.
   *
   * @param log the named pipe to its log, which may not be there
   * @param uid the user who gets the pipes; -1: our own
   * @param gid -1: our own
   * @return the worker's ends, which the caller closes after the spawn
   * @throws WorkerException if there is to be no start; nothing is left of it
   */
  public WorkerEnds open(
      InstanceName instance, InvocationId invocation, WorkerSpec spec, Path log, int uid, int gid)
      throws WorkerException {
    try {
      Means shared = means();
      WorkerFolder.Ends ends = folder.make(instance, invocation, uid, gid);
      WorkerEnds childs = new WorkerEnds(ends.childIn(), ends.childOut());
      try {
        Optional<Integer> inlet = openLog(log);
        begin(instance, invocation, spec, ends.ours(), inlet, 0, false, Optional.empty(), shared);
        return childs;
      } catch (ErrnoException e) {
        childs.close();
        WorkerChannel.closeQuietly(ends.ours());
        folder.remove(instance, invocation);
        throw e;
      }
    } catch (ErrnoException e) {
      throw new WorkerException(e);
    }
  }

  /**
   * Goes on with a worker that a daemon before us started. What has come from it meanwhile is
   * taken. Where its pipes are gone or cannot be opened, {@link TaskReport.Unreachable} is told.
   * Any thread; does file work.
   *
   * @param log the named pipe to its log, which is being read again and may not be there
   * @throws WorkerException if its pipes are there and cannot be opened
   */
  public void adopt(InstanceName instance, InvocationId invocation, WorkerSpec spec, Path log)
      throws WorkerException {
    try {
      Means shared = means();
      Optional<WorkerFolder.OurEnds> ends = folder.find(instance, invocation);
      if (ends.isEmpty()) {
        // One of them may be there: the daemon before us was killed between both.
        folder.remove(instance, invocation);
        lost(invocation, "its pipes are gone");
        return;
      }
      try {
        Path part = folder.path(instance, invocation, WorkerFolder.File.PART);
        Path torn = folder.path(instance, invocation, WorkerFolder.File.TORN);
        long partBytes =
            WorkerFolder.exists(part) ? FilePath.linkStatus(part.toString()).sizeBytes() : 0;
        Optional<TornFrame> frame =
            WorkerFolder.exists(torn) ? Optional.of(TornFrame.take(torn)) : Optional.empty();
        begin(instance, invocation, spec, ends.get(), openLog(log), partBytes, true, frame, shared);
      } catch (ErrnoException e) {
        WorkerChannel.closeQuietly(ends.get());
        throw e;
      }
    } catch (ErrnoException e) {
      lost(invocation, "its pipes cannot be opened: " + e.getMessage());
      throw new WorkerException(e);
    }
  }

  private void lost(InvocationId invocation, String why) {
    loop.post(() -> listener.task(new TaskReport.Unreachable(invocation, false, why)));
  }

  private void begin(
      InstanceName instance,
      InvocationId invocation,
      WorkerSpec spec,
      WorkerFolder.OurEnds ends,
      Optional<Integer> log,
      long partBytes,
      boolean isAdopted,
      Optional<TornFrame> torn,
      Means shared) {
    WorkerChannel.Surroundings surroundings =
        new WorkerChannel.Surroundings(
            loop,
            folder,
            shared,
            listener,
            meters,
            clock,
            ids,
            data,
            budget,
            channel -> found.add(channel),
            channel -> flushing.add(channel),
            channel -> late.add(channel),
            this::closed,
            pingMark);
    WorkerChannel channel =
        new WorkerChannel(instance, invocation, spec, ends, log, partBytes, surroundings);
    loop.post(
        () -> {
          channels.put(invocation, channel);
          open.add(channel);
          channel.begin(isAdopted, torn);
        });
  }

  private void closed(WorkerChannel channel) {
    open.remove(channel);
    channels.remove(channel.invocation(), channel);
  }

  /** Opened with the first worker, so that a daemon without any has none of it. */
  private synchronized Means means() throws ErrnoException {
    Means made = means;
    if (made == null) {
      made = Means.open(ids);
      means = made;
    }
    return made;
  }

  private static Optional<Integer> openLog(Path pipe) throws ErrnoException {
    try {
      return Optional.of(
          Fd.open(pipe.toString(), OpenFlags.WRONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENXIO) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Asks a worker whether it lives; told by {@link WorkerListener#checked}.
   *
   * @param number larger than those before of the same invocation and daemon
   */
  public void ping(InvocationId invocation, long number) {
    WorkerChannel channel = channels.get(invocation);
    if (channel == null) {
      listener.checked(invocation, number, false, "it has no pipes");
    } else {
      channel.ping(number, isHeld);
    }
  }

  /**
   * Sends an attempt at a task to a worker: it is written by {@link #kept}, many at once, or waits
   * for room in the pipe. Frames go out in the order of these calls. Without data, {@link TaskData}
   * is asked for them when it is next. Told by {@link TaskReport.NotSent} in a later turn if the
   * worker can certainly not get it, which then is so for whatever is sent to it after; by {@link
   * TaskReport.NoData} if its data cannot be read, and {@link #withdraw} has to follow.
   *
   * @param send its data without a line feed; its id as {@link TaskIds} has them
   */
  public void send(TaskEffect.Send send) {
    WorkerChannel channel = channels.get(send.invocation());
    if (channel == null) {
      loop.post(
          () ->
              listener.task(
                  new TaskReport.NotSent(
                      send.invocation(), send.task(), send.attempt(), "it has no pipes")));
    } else {
      channel.send(send);
    }
  }

  /**
   * Goes on with what waits behind an attempt whose data cannot be read: it is kept by now that it
   * was not sent. Until then nothing after it is, for the mark of what was sent would say too much.
   */
  public void withdraw(TaskEffect.Withdraw withdraw) {
    WorkerChannel channel = channels.get(withdraw.invocation());
    if (channel != null) {
      channel.withdraw(withdraw);
    }
  }

  /**
   * Tells a worker to give a task up; behind what was sent to it before.
   *
   * @param task the id of the task, without an attempt
   */
  public void cancel(InvocationId invocation, String task) {
    tell(new TaskEffect.Cancel(invocation, task), invocation);
  }

  /** Asks a worker to finish what it has and exit; behind what was sent to it before. */
  public void shutdown(InvocationId invocation) {
    tell(new TaskEffect.Finish(invocation), invocation);
  }

  private void tell(TaskEffect order, InvocationId invocation) {
    WorkerChannel channel = channels.get(invocation);
    if (channel != null) {
      channel.tell(order);
    }
  }

  /**
   * Calls {@code whenDone} once when all that a worker had written when this was called is handled
   * or in its log pipe; at once for an invocation that has no pipes here, and where the log has no
   * room.
   */
  public void drain(InvocationId invocation, Runnable whenDone) {
    WorkerChannel channel = channels.get(invocation);
    if (channel == null) {
      whenDone.run();
    } else {
      channel.drain(isHeld, whenDone);
    }
  }

  /** Drops what served an invocation, which is over. */
  public void release(InvocationId invocation) {
    WorkerChannel channel = channels.remove(invocation);
    if (channel != null) {
      channel.release();
    }
  }

  /**
   * Everything that was told to the listener before is kept: writes what was sent meanwhile, and
   * takes the messages that led to it out of their pipes. To be called at the end of each batch,
   * when its effects have been run.
   */
  public void kept() {
    flush();
    budget.renew();
    if (!late.isEmpty()) {
      late.forEach(WorkerChannel::postLook);
      late.clear();
    }
    if (found.isEmpty()) {
      return;
    }
    List<WorkerChannel> now = found;
    found = taken;
    for (int i = 0; i < now.size(); i++) {
      now.get(i).take();
    }
    now.clear();
    taken = now;
  }

  /**
   * Says whether what was told to the listener cannot be kept for now, so that {@link #kept} is not
   * called. A worker that has said something meanwhile cannot be heard, which is not its fault: its
   * pings count as passed, and nobody waits for the rest of what it said when it has ended.
   */
  public void hold(boolean isHolding) {
    if (isHolding && !isHeld) {
      open.forEach(WorkerChannel::hold);
    }
    isHeld = isHolding;
  }

  private void flush() {
    if (flushing.isEmpty()) {
      return;
    }
    List<WorkerChannel> now = flushing;
    flushing = flushed;
    for (int i = 0; i < now.size(); i++) {
      now.get(i).flushAll();
    }
    now.clear();
    flushed = now;
  }

  /**
   * Leaves the rest of frames of which a part is written to the daemon that takes our place. Before
   * {@link #close}, and nothing in between; does file work.
   */
  public void handOver() {
    open.forEach(WorkerChannel::handOver);
  }

  /** Closes our ends; workers that run keep theirs, for a daemon after us. */
  @Override
  public void close() {
    List<WorkerChannel> closing = new ArrayList<>(open);
    closing.forEach(WorkerChannel::close);
    LOG.debug("let go of {} workers", closing.size());
    try {
      closeMeans();
    } catch (ErrnoException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  private synchronized void closeMeans() throws ErrnoException {
    Means shared = means;
    if (shared != null) {
      means = null;
      shared.close();
    }
  }
}
