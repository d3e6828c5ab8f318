package pm.daemon.output;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Capability;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.EventFd;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.Stdio;

/**
 * Takes what programs print from named pipes to log files, on one thread of its own, by splice(2):
 * a byte is either still in its pipe or already in its file, so the death of the daemon at any
 * moment neither loses nor doubles one.
 *
 * <p>Each method may be called by any thread; those that do file work on the calling thread, and so
 * may block it, say so.
 */
public final class OutputPump implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OutputPump.class);

  /** Pipes that one wake-up tells of; the others come with the next. */
  private static final int MAX_EVENTS = 256;

  /** A disk that does not answer must not keep the daemon from ending. */
  private static final Duration LONGEST_CLOSE = Duration.ofSeconds(10);

  /** The index of a log that is gone is kept so long, should the log come back. */
  private static final Duration FORGOTTEN = Duration.ofDays(30);

  private final PipeFolder pipes;
  private final Path indexFolder;
  private final LogFileOpening opening;
  private final LogFollowers followers = new LogFollowers();
  private final OutputMeters meters = new OutputMeters();
  private final LineEnds lineEnds;
  private final Turns turns;
  private final Writer writer;
  private final Thread thread;

  // Writer thread only.
  private final ByteBuffer indexScratch =
      ByteBuffer.allocateDirect(LogIndexFile.MOST_APPENDED_BYTES);
  private final Map<InvocationId, List<Source>> sources = new HashMap<>();
  private final Map<Path, LogFile> files = new HashMap<>();

  /**
   * Makes the folders that are missing, and starts the thread.
   *
   * @param pipeFolder for the named pipes; in the runtime folder
   * @param logFolder the daemon's own log folder; it and folders below it are made when needed
   * @param indexFolder for what {@link LogReader#since} needs; in the state folder
   * @param wall tells when something was written
   */
  public OutputPump(
      Path pipeFolder,
      Path logFolder,
      Path indexFolder,
      OutputListener listener,
      InstantSource wall)
      throws IOException {
    for (Path folder : List.of(pipeFolder, indexFolder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    pipes = new PipeFolder(pipeFolder);
    this.indexFolder = indexFolder;
    opening = new LogFileOpening(logFolder.toAbsolutePath().normalize());
    lineEnds = new LineEnds();
    Epoll epoll = Epoll.create(MAX_EVENTS);
    turns =
        new Turns(
            epoll,
            new Blockages(listener, meters),
            followers,
            meters,
            wall,
            new LargePipes(Host.hasCapability(Capability.SYS_RESOURCE)),
            this::finished);
    writer = new Writer(epoll, EventFd.create(), turns);
    thread =
        Thread.ofPlatform()
            .name("log-writer")
            .daemon(true)
            .uncaughtExceptionHandler((ended, cause) -> listener.failed(cause))
            .unstarted(writer);
    thread.start();
    writer.post(() -> removeForgottenIndexes(wall.instant().minus(FORGOTTEN)));
  }

  private void removeForgottenIndexes(Instant before) {
    try {
      int removed = LogIndexFile.removeForgotten(indexFolder, before);
      LOG.debug("removed {} indexes of logs that are gone", removed);
    } catch (IOException e) {
      LOG.warn("indexes of logs that are gone cannot be removed: {}", e.getMessage());
    }
  }

  /** Tells those who follow a file that it has grown. */
  public LogFollowers followers() {
    return followers;
  }

  /** Counts. */
  public OutputMeters meters() {
    return meters;
  }

  /**
   * Makes the pipes of a new invocation, opens its log files and begins to move what it prints.
   * Does file work.
   *
   * @param uid the user who gets the pipes, so that the program can open {@code /dev/stdout}; -1:
   *     our own
   * @param gid -1: our own
   * @return the child's ends, which the caller closes after the spawn
   * @throws OutputException if there is to be no start; nothing is left of it
   */
  public ChildEnds open(
      InstanceName instance, InvocationId invocation, LogPlan plan, int uid, int gid)
      throws OutputException {
    SetUp setUp = new SetUp(instance, invocation, plan.limits(), uid, gid);
    boolean isWhole = false;
    try {
      Stdio stdout = setUp.open(PipeFolder.Stream.OUT, plan.stdout());
      Stdio stderr =
          switch (plan.stderr()) {
            case OutputTarget.WithStdout() -> stdout;
            case OutputTarget.ToFile _, OutputTarget.Nowhere _ ->
                setUp.open(PipeFolder.Stream.ERR, plan.stderr());
          };
      isWhole = true;
      return new ChildEnds(stdout, stderr);
    } finally {
      if (!isWhole) {
        setUp.undo();
      }
    }
  }

  /** The output of a new invocation in the making, which is undone if one of its parts fails. */
  private final class SetUp {
    private final InstanceName instance;
    private final InvocationId invocation;
    private final LogLimits limits;
    private final int uid;
    private final int gid;
    private final List<PipeFolder.Ends> made = new ArrayList<>();

    private SetUp(
        InstanceName instance, InvocationId invocation, LogLimits limits, int uid, int gid) {
      this.instance = instance;
      this.invocation = invocation;
      this.limits = limits;
      this.uid = uid;
      this.gid = gid;
    }

    Stdio open(PipeFolder.Stream stream, OutputTarget target) throws OutputException {
      return switch (target) {
        case OutputTarget.Nowhere(), OutputTarget.WithStdout() -> new Stdio.Null();
        case OutputTarget.ToFile(Path path) -> {
          int file = opening.open(path);
          PipeFolder.Ends ends;
          try {
            ends = pipes.make(instance, invocation, stream, uid, gid);
          } catch (ErrnoException e) {
            close(file);
            throw new OutputException(pipes.path(instance, invocation, stream), e);
          }
          made.add(ends);
          begin(instance, invocation, ends.ours(), path, file, limits);
          yield new Stdio.Descriptor(ends.child());
        }
      };
    }

    void undo() {
      for (PipeFolder.Ends ends : made) {
        close(ends.child());
        removePipe(ends.ours().path());
      }
      abandon(invocation);
    }
  }

  private static void close(int fd) {
    try {
      Fd.close(fd);
    } catch (ErrnoException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  /**
   * Has the writer begin with a pipe, which it then owns, as it does the open file.
   *
   * @param file -1: opened at the first write
   */
  private void begin(
      InstanceName instance,
      InvocationId invocation,
      PipeFolder.OurEnd pipe,
      Path path,
      int file,
      LogLimits limits)
      throws OutputException {
    try {
      writer.register(pipe.fd());
    } catch (ErrnoException e) {
      close(pipe.fd());
      if (file >= 0) {
        close(file);
      }
      throw new OutputException(pipe.path(), e);
    }
    writer.post(
        () -> {
          Source source = new Source(instance, invocation, pipe, fileFor(path, file, limits));
          sources.computeIfAbsent(invocation, id -> new ArrayList<>(2)).add(source);
          turns.begin(source);
        });
  }

  private LogFile fileFor(Path path, int opened, LogLimits limits) {
    LogFile known = files.get(path);
    if (known != null) {
      if (opened >= 0) {
        close(opened);
      }
      known.changeLimits(limits);
      return known;
    }
    LogIndex index = new LogIndex(LogIndexFile.of(indexFolder, path), indexScratch);
    LogFile made = new LogFile(path, opened, limits, opening, lineEnds, index);
    files.put(path, made);
    return made;
  }

  /**
   * Goes on with the output of a process that a daemon before us started. A file that cannot be
   * opened is tried again like one that cannot be written. Does file work.
   *
   * @throws OutputException if a pipe is there and cannot be opened
   */
  public void adopt(InstanceName instance, InvocationId invocation, LogPlan plan)
      throws OutputException {
    adopt(instance, invocation, PipeFolder.Stream.OUT, plan.stdout(), plan.limits());
    adopt(instance, invocation, PipeFolder.Stream.ERR, plan.stderr(), plan.limits());
  }

  private void adopt(
      InstanceName instance,
      InvocationId invocation,
      PipeFolder.Stream stream,
      OutputTarget target,
      LogLimits limits)
      throws OutputException {
    switch (target) {
      case OutputTarget.Nowhere(), OutputTarget.WithStdout() -> {}
      case OutputTarget.ToFile(Path path) -> {
        Optional<PipeFolder.OurEnd> pipe;
        try {
          pipe = pipes.find(instance, invocation, stream);
        } catch (ErrnoException e) {
          throw new OutputException(pipes.path(instance, invocation, stream), e);
        }
        if (pipe.isPresent()) {
          begin(instance, invocation, pipe.get(), path, -1, limits);
        }
      }
    }
  }

  /**
   * Removes the pipes that a daemon before us left and that nobody goes on with. At the start,
   * before anything is opened. Does file work.
   *
   * @return how many
   */
  public int removeStalePipes(Set<InvocationId> claimed) throws IOException {
    return pipes.removeAllBut(claimed);
  }

  /** The process of this invocation was never made: its pipes go. */
  public void abandon(InvocationId invocation) {
    writer.post(() -> sourcesOf(invocation).forEach(turns::finish));
  }

  /**
   * Has {@code whenDone} run, on the writer thread, when all that was printed so far is in its
   * file. If a file cannot be written it runs at once (unless many ended invocations wait for that
   * file): the rest stays in the pipe, which we keep, and comes before what a successor prints.
   */
  public void drain(InvocationId invocation, Runnable whenDone) {
    writer.post(() -> drain(sourcesOf(invocation), whenDone));
  }

  private void drain(List<Source> open, Runnable whenDone) {
    if (open.isEmpty()) {
      whenDone.run();
      return;
    }
    int[] left = {open.size()};
    for (Source source : open) {
      turns.whenWritten(
          source,
          () -> {
            left[0]--;
            if (left[0] == 0) {
              whenDone.run();
            }
          });
    }
  }

  /**
   * The invocation is over: its pipes lose their names. What still holds one may go on printing,
   * and we read it until its end, but no later daemon will.
   */
  public void release(InvocationId invocation) {
    writer.post(
        () -> {
          for (Source source : sourcesOf(invocation)) {
            removePipe(source.pipe());
            turns.hurry(source);
          }
        });
  }

  /** The limits of the files of an instance have changed. */
  public void changeLimits(InstanceName instance, LogLimits limits) {
    writer.post(
        () ->
            files.values().stream()
                .filter(
                    file -> file.sources().stream().anyMatch(s -> s.instance().equals(instance)))
                .forEach(file -> file.changeLimits(limits)));
  }

  /** Opens all files anew by their names, as an outside rotation asks for. */
  public void reopenAll() {
    writer.post(
        () -> {
          for (LogFile file : List.copyOf(files.values())) {
            file.reopen();
            turns.retry(file);
          }
        });
  }

  private List<Source> sourcesOf(InvocationId invocation) {
    return List.copyOf(sources.getOrDefault(invocation, List.of()));
  }

  private void finished(Source source) {
    removePipe(source.pipe());
    sources.computeIfPresent(
        source.invocation(),
        (id, open) -> {
          open.remove(source);
          return open.isEmpty() ? null : open;
        });
    if (source.file().sources().isEmpty()) {
      source.file().close();
      files.remove(source.file().path());
    }
  }

  /** Of a program that has ended they are lost with the pipe. */
  private static void warnOfRest(Source source) {
    try {
      int left = Fd.bytesReadable(source.fd());
      if (left > 0) {
        LOG.warn("{}: its last {} bytes are not in {}", source, left, source.file().path());
      }
    } catch (ErrnoException e) {
      LOG.warn("{}: {}", source, e.getMessage());
    }
  }

  private static void removePipe(Path pipe) {
    try {
      PipeFolder.remove(pipe);
    } catch (ErrnoException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  /**
   * Writes what the pipes hold and ends the thread; waits for that, 10 seconds at most. The pipes
   * of programs that still run keep their names, so that a later daemon can go on with them.
   */
  @Override
  public void close() {
    writer.post(
        () ->
            drain(
                sources.values().stream().flatMap(List::stream).toList(),
                () -> {
                  sources.values().stream().flatMap(List::stream).forEach(OutputPump::warnOfRest);
                  files.values().forEach(LogFile::close);
                  writer.stop();
                }));
    try {
      if (!thread.join(LONGEST_CLOSE)) {
        LOG.warn("what programs have printed last is not in their logs: a disk does not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
