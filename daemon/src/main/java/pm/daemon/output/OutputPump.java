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
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
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

  private static final int NO_FILE = -1;
  private static final long IDLE_SECONDS = 2;

  private final PipeFolder pipes;
  private final Path indexFolder;
  private final LogFileOpening opening;
  private final LogFollowers followers = new LogFollowers();
  private final OutputMeters meters = new OutputMeters();
  private final PipeFront front;
  private final Records records;
  private final OwnOutput own;
  private final InstantSource wall;
  private final OutputListener listener;
  private final Turns turns;
  private final Writer writer;
  private final Archiver archiver;
  private final Thread thread;

  /** Two at most, and none while nobody has to be waited for. */
  private final ExecutorService waiters = waiters();

  // Writer thread only.
  private final ByteBuffer indexScratch =
      ByteBuffer.allocateDirect(LogIndexFile.MOST_APPENDED_BYTES);
  private final Map<InvocationId, List<Source>> sources = new HashMap<>();
  private final Map<Path, LogFile> files = new HashMap<>();
  private final Map<OutputTarget.Own, Console> consoles = new EnumMap<>(OutputTarget.Own.class);

  /**
   * Makes the folders that are missing, and starts the thread.
   *
   * @param pipeFolder for the named pipes; in the runtime folder
   * @param logFolder the daemon's own log folder; it and folders below it are made when needed
   * @param indexFolder for what {@link LogReader#since} needs; in the state folder
   * @param own the daemon's own outputs
   * @param wall tells when something was written
   */
  public OutputPump(
      Path pipeFolder,
      Path logFolder,
      Path indexFolder,
      OwnOutput own,
      OutputListener listener,
      InstantSource wall)
      throws IOException {
    this.own = own;
    this.wall = wall;
    this.listener = listener;
    for (Path folder : List.of(pipeFolder, indexFolder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    pipes = new PipeFolder(pipeFolder);
    this.indexFolder = indexFolder;
    opening = new LogFileOpening(logFolder.toAbsolutePath().normalize());
    front = new PipeFront();
    records = new Records(front, wall);
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
    archiver = new Archiver(opening, writer::post);
    thread =
        Thread.ofPlatform()
            .name("log-writer")
            .daemon(true)
            .uncaughtExceptionHandler((ended, cause) -> listener.failed(cause))
            .unstarted(writer);
    thread.start();
    writer.post(() -> removeForgottenIndexes(wall.instant().minus(FORGOTTEN)));
  }

  private static ExecutorService waiters() {
    ThreadPoolExecutor waiters =
        new ThreadPoolExecutor(
            OutputTarget.Own.values().length,
            OutputTarget.Own.values().length,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> Thread.ofPlatform().name("log-console").daemon(true).unstarted(work));
    waiters.allowCoreThreadTimeOut(true);
    return waiters;
  }

  private void removeForgottenIndexes(Instant before) {
    try {
      int removed = LogIndexFile.removeForgotten(indexFolder, before);
      LOG.debug("removed {} indexes of logs that are gone", removed);
    } catch (IOException e) {
      LOG.warn("indexes of logs that are gone cannot be removed: {}", e.getMessage());
    }
  }

  /**
   * Returns the named pipe that leads to the log of an invocation's output, whether it is there or
   * not: what else is written to it comes into the log too.
   */
  public Path stdoutPipe(InstanceName instance, InvocationId invocation) {
    return pipes.path(instance, invocation, PipeFolder.Stream.OUT);
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
    SetUp setUp = new SetUp(instance, invocation, plan, uid, gid);
    boolean isWhole = false;
    try {
      Stdio stdout = setUp.open(PipeFolder.Stream.OUT, plan.stdout());
      Stdio stderr =
          switch (plan.stderr()) {
            case OutputTarget.WithStdout() -> stdout;
            case OutputTarget.ToFile _, OutputTarget.Inherited _, OutputTarget.Nowhere _ ->
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
    private final LogPlan plan;
    private final Optional<Awaited> awaited;
    private final int uid;
    private final int gid;
    private final List<PipeFolder.Ends> made = new ArrayList<>();

    private SetUp(InstanceName instance, InvocationId invocation, LogPlan plan, int uid, int gid) {
      this.instance = instance;
      this.invocation = invocation;
      this.plan = plan;
      awaited = plan.awaited().map(pattern -> awaited(invocation, pattern));
      this.uid = uid;
      this.gid = gid;
    }

    Stdio open(PipeFolder.Stream stream, OutputTarget target) throws OutputException {
      return switch (target) {
        case OutputTarget.WithStdout() -> new Stdio.Null();
        case OutputTarget.Nowhere() ->
            awaited.isEmpty() ? new Stdio.Null() : pipe(stream, target, NO_FILE);
        case OutputTarget.Inherited _ -> pipe(stream, target, NO_FILE);
        case OutputTarget.ToFile(Path path) -> pipe(stream, target, opening.open(path));
      };
    }

    private Stdio pipe(PipeFolder.Stream stream, OutputTarget target, int file)
        throws OutputException {
      PipeFolder.Ends ends;
      try {
        ends = pipes.make(instance, invocation, stream, uid, gid);
      } catch (ErrnoException e) {
        if (file != NO_FILE) {
          close(file);
        }
        throw new OutputException(pipes.path(instance, invocation, stream), e);
      }
      made.add(ends);
      Flow flow = new Flow(instance, invocation, stream, ends.ours(), false, plan, awaited);
      begin(flow, target, file, Optional.empty());
      return new Stdio.Descriptor(ends.child());
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

  private Awaited awaited(InvocationId invocation, Pattern pattern) {
    return new Awaited(pattern, line -> listener.found(invocation, line));
  }

  /** A stream of an invocation. */
  private record Flow(
      InstanceName instance,
      InvocationId invocation,
      PipeFolder.Stream stream,
      PipeFolder.OurEnd pipe,
      boolean isAdopted,
      LogPlan plan,
      Optional<Awaited> awaited) {}

  /**
   * Has the writer begin with a pipe, which it then owns, as it does the open file.
   *
   * @param file {@link #NO_FILE}: a file is opened at the first write
   * @param watched the watch that has seen what a daemon before us moved; empty: a new one
   */
  private void begin(Flow flow, OutputTarget target, int file, Optional<LineWatch> watched)
      throws OutputException {
    try {
      writer.register(flow.pipe().fd());
    } catch (ErrnoException e) {
      close(flow.pipe().fd());
      if (file != NO_FILE) {
        close(file);
      }
      throw new OutputException(flow.pipe().path(), e);
    }
    Optional<LineWatch> watch = watched.or(() -> flow.awaited().map(LineWatch::new));
    writer.post(
        () -> {
          Destination destination =
              switch (target) {
                case OutputTarget.ToFile(Path path) -> fileFor(path, file, flow.plan().limits());
                case OutputTarget.Inherited(OutputTarget.Own which) -> console(which);
                case OutputTarget.Nowhere(), OutputTarget.WithStdout() -> new Discard(front);
              };
          Source source =
              new Source(
                  flow.instance(),
                  flow.invocation(),
                  flow.stream(),
                  flow.pipe(),
                  flow.isAdopted(),
                  destination,
                  watch);
          frame(source, flow, target instanceof OutputTarget.Inherited);
          sources.computeIfAbsent(flow.invocation(), id -> new ArrayList<>(2)).add(source);
          turns.begin(source);
        });
  }

  private static void frame(Source source, Flow flow, boolean isNamed) {
    LineForm form = flow.plan().form();
    source.frame(
        source.frameOf(form, isNamed, OptionalInt.empty()),
        form == LineForm.JSON ? Source.Pid.NEEDED : Source.Pid.SETTLED);
  }

  /**
   * The process of an invocation. Until it is known, records that name it wait, unless somebody
   * waits for them.
   */
  public void began(InvocationId invocation, int pid) {
    writer.post(
        () -> {
          for (Source source : sourcesOf(invocation)) {
            if (source.frame().form() == LineForm.JSON) {
              source.frame(
                  source.frameOf(LineForm.JSON, true, OptionalInt.of(pid)), Source.Pid.SETTLED);
              turns.goOn(source);
            }
          }
        });
  }

  private Console console(OutputTarget.Own which) {
    return consoles.computeIfAbsent(
        which,
        missing -> {
          int fd =
              switch (which) {
                case STDOUT -> own.stdout();
                case STDERR -> own.stderr();
              };
          Object lock = which == OutputTarget.Own.STDERR || isOne() ? own.log() : new Object();
          Path name = Path.of(which.name().toLowerCase(Locale.ROOT) + " of pmd");
          Console made = new Console(name, fd, lock, front, records, waiters, writer::post, turns);
          turns.add(made);
          return made;
        });
  }

  /** Whether both outputs are the same. */
  private boolean isOne() {
    try {
      return Fd.status(own.stdout()).isSameFileAs(Fd.status(own.stderr()));
    } catch (ErrnoException e) {
      LOG.debug("the daemon's own output: {}", e.getMessage());
      return false;
    }
  }

  private LogFile fileFor(Path path, int opened, LogLimits limits) {
    LogFile known = files.get(path);
    if (known != null) {
      if (opened >= 0) {
        close(opened);
      }
      known.changeLimits(limits, wall.millis());
      return known;
    }
    LogIndex index = new LogIndex(LogIndexFile.of(indexFolder, path), indexScratch);
    LogFile made = new LogFile(path, opened, limits, opening, front, records, index, archiver);
    made.tidy();
    files.put(path, made);
    return made;
  }

  /**
   * Holds what is in the pipes of a process that a daemon before us started, also if it ends before
   * we go on with its output: a pipe that nobody has open is empty.
   *
   * @return lets go of them; any thread, once
   */
  public Runnable holdUnread(InstanceName instance, InvocationId invocation) {
    return pipes.hold(instance, invocation);
  }

  /**
   * Goes on with the output of a process that a daemon before us started. A file that cannot be
   * opened is tried again like one that cannot be written. Does file work.
   *
   * @throws OutputException if a pipe is there and cannot be opened
   */
  public void adopt(InstanceName instance, InvocationId invocation, LogPlan plan)
      throws OutputException {
    adopt(instance, invocation, OptionalInt.empty(), plan);
  }

  /**
   * The same. A pipe that has lost its name is looked for among the descriptors of the process.
   *
   * @param pid of the process, if it is known
   */
  public void adopt(InstanceName instance, InvocationId invocation, OptionalInt pid, LogPlan plan)
      throws OutputException {
    Optional<Awaited> awaited = plan.awaited().map(pattern -> awaited(invocation, pattern));
    adopt(instance, invocation, pid, PipeFolder.Stream.OUT, plan.stdout(), plan, awaited);
    adopt(instance, invocation, pid, PipeFolder.Stream.ERR, plan.stderr(), plan, awaited);
  }

  private void adopt(
      InstanceName instance,
      InvocationId invocation,
      OptionalInt pid,
      PipeFolder.Stream stream,
      OutputTarget target,
      LogPlan plan,
      Optional<Awaited> awaited)
      throws OutputException {
    boolean isPiped =
        switch (target) {
          case OutputTarget.WithStdout() -> false;
          case OutputTarget.Nowhere() -> awaited.isPresent();
          case OutputTarget.Inherited _, OutputTarget.ToFile _ -> true;
        };
    if (!isPiped) {
      return;
    }
    Optional<PipeFolder.OurEnd> pipe;
    try {
      pipe = pipes.find(instance, invocation, stream);
      if (pipe.isEmpty() && pid.isPresent()) {
        pipe = pipes.findNameless(instance, invocation, stream, pid.getAsInt());
      }
    } catch (ErrnoException e) {
      throw new OutputException(pipes.path(instance, invocation, stream), e);
    }
    Optional<LineWatch> watch =
        awaited.map(wanted -> seenBefore(wanted, target, plan.form(), invocation));
    if (pipe.isPresent()) {
      begin(
          new Flow(instance, invocation, stream, pipe.get(), true, plan, awaited),
          target,
          NO_FILE,
          watch);
    }
  }

  /** Looks through what a daemon before us has moved to the log of this invocation. */
  private LineWatch seenBefore(
      Awaited awaited, OutputTarget target, LineForm form, InvocationId invocation) {
    LineWatch watch = new LineWatch(awaited);
    if (target instanceof OutputTarget.ToFile(Path path)) {
      try {
        new Retrospect(indexFolder, path, form).feed(watch);
      } catch (ErrnoException e) {
        LOG.warn("{}: what {} has printed cannot be read: {}", path, invocation, e.getMessage());
      }
    }
    return watch;
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
    whenAll(open, turns::whenWritten, whenDone);
  }

  private static void whenAll(
      List<Source> open, BiConsumer<Source, Runnable> wait, Runnable whenDone) {
    if (open.isEmpty()) {
      whenDone.run();
      return;
    }
    int[] left = {open.size()};
    for (Source source : open) {
      wait.accept(
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
                .forEach(file -> file.changeLimits(limits, wall.millis())));
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
    switch (source.file()) {
      case LogFile file -> {
        if (file.sources().isEmpty()) {
          file.close();
          files.remove(file.path());
        }
      }
      case Console _, Discard _ -> {}
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
    archiver.close();
    writer.post(
        () ->
            whenAll(
                sources.values().stream().flatMap(List::stream).toList(),
                turns::whenWrittenButBegun,
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
