package pm.daemon.probe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Durations;
import pm.config.ProgramSpec;
import pm.config.Template;
import pm.daemon.core.plan.Account;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.core.plan.SpawnPlanner;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.Signals;

/**
 * Runs commands beside programs: as the program's user, in its folder and with its environment, in
 * a session of their own, for a limited time. Loop thread only.
 *
 * <p>What a command has started and left in its session is killed when it ends. What has left the
 * session goes on and belongs to the instance, with which it goes; if the command took too long, or
 * its invocation is over so that nobody will look for it, it is killed as well.
 */
final class CommandRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CommandRunner.class);

  /** How the names of output pipes begin. */
  static final String PIPE_PREFIX = "hook.";

  /** How many wait for their turn. */
  private static final int MOST_WAITING = 4_096;

  /** How long we wait for what was killed to be gone. */
  private static final long KILL_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** A deadline that is handled so much later than it came was missed because we stood still. */
  static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long FRESH_LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EventLoop loop;
  private final BlockingPool pool;
  private final Deadlines deadlines;
  private final SystemTime time;
  private final Plans plans;
  private final Neighbours neighbours;
  private final Path folder;
  private final int mostAtOnce;
  private final ArrayDeque<Running> waiting = new ArrayDeque<>();
  private final Set<Running> running = new HashSet<>();

  /**
   * @param pool for starting and killing
   * @param folder where output pipes are made; nobody else may write to it
   * @param mostAtOnce how many run at once; the others wait
   */
  CommandRunner(
      EventLoop loop,
      BlockingPool pool,
      Deadlines deadlines,
      SystemTime time,
      Plans plans,
      Neighbours neighbours,
      Path folder,
      int mostAtOnce) {
    this.loop = loop;
    this.pool = pool;
    this.deadlines = deadlines;
    this.time = time;
    this.plans = plans;
    this.neighbours = neighbours;
    this.folder = folder;
    this.mostAtOnce = mostAtOnce;
  }

  /**
   * Runs a command.
   *
   * @param done gets how it ended, unless it is cancelled
   */
  Attempt run(CommandOrder order, Consumer<CommandEnd> done) {
    Running command = new Running(order, done);
    if (running.size() < mostAtOnce) {
      command.begin();
    } else if (waiting.size() < MOST_WAITING) {
      waiting.add(command);
    } else {
      loop.post(() -> command.report(failed("too many commands wait to be run")));
    }
    return command;
  }

  private static CommandEnd failed(String problem) {
    return new CommandEnd(OptionalInt.empty(), false, problem, "");
  }

  private void beginNext() {
    while (running.size() < mostAtOnce && !waiting.isEmpty()) {
      waiting.remove().begin();
    }
  }

  /** Kills nothing: what runs is found by the next daemon, with what belongs to its invocation. */
  @Override
  public void close() {
    waiting.clear();
    for (Running command : List.copyOf(running)) {
      command.letGo();
    }
  }

  /** A command that runs. */
  private record Started(Process process, int pipe, Path path, OptionalLong startTicks) {}

  /** It cannot be started; the message says why. */
  private static final class NotStartedException extends Exception {
    private static final long serialVersionUID = 1L;

    NotStartedException(String message) {
      super(message);
    }
  }

  /** The command in place of the program's own; what it is run for is known to both. */
  private static ProgramSpec asProgram(CommandOrder order) {
    Map<String, String> environment = new LinkedHashMap<>(order.spec().environment());
    order.facts().forEach((name, value) -> environment.put(name, Template.escape(value)));
    environment.put("PM_HOOK", order.mark());
    return new ProgramSpec.Builder(order.spec())
        .command(order.command())
        .environment(environment)
        .build();
  }

  /** On a thread of the pool. */
  private Started start(CommandOrder order, Running command) throws NotStartedException {
    SpawnPlan plan =
        switch (plans.plan(asProgram(order), order.instance(), order.invocation())) {
          case SpawnPlanner.Result.Planned planned -> planned.plan();
          case SpawnPlanner.Result.Refused refused ->
              throw new NotStartedException(refused.stage() + ": " + refused.reason());
        };
    Path path = Path.of("");
    int pipe = -1;
    boolean isStarted = false;
    try {
      path = folder.resolve(PIPE_PREFIX + Host.randomHex());
      Account account = plan.account();
      boolean isOwnUser = isOwnUser(account);
      FilePath.mkfifo(path.toString(), 0600);
      pipe = Fd.open(path.toString(), OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
      Fd.chown(pipe, account.uid(), account.gid());
      CommandChain chain = CommandChain.of(plan, path, isOwnUser);
      Started started = start(chain, pipe, path, command);
      isStarted = true;
      return started;
    } catch (CommandChain.MissingToolException missing) {
      throw new NotStartedException(String.valueOf(missing.getMessage()));
    } catch (IOException refused) {
      throw new NotStartedException(String.valueOf(refused.getMessage()));
    } finally {
      if (!isStarted) {
        discard(pipe, path);
      }
    }
  }

  private Started start(CommandChain chain, int pipe, Path path, Running command)
      throws IOException {
    Neighbours.Start start = neighbours.begin();
    Process process;
    try {
      process =
          ZtExec.start(chain.words(), chain.environment(), chain.folder(), command::endedOffLoop);
    } catch (IOException | RuntimeException | Error refused) {
      start.failed();
      throw refused;
    }
    int pid = (int) process.pid();
    start.started(pid);
    OptionalLong startTicks;
    try {
      startTicks = neighbours.startTicks(pid);
    } catch (IOException refused) {
      LOG.warn("process {} cannot be looked at: {}", pid, refused.getMessage());
      startTicks = OptionalLong.empty();
    }
    return new Started(process, pipe, path, startTicks);
  }

  private static boolean isOwnUser(Account account) throws ErrnoException {
    return account.uid() == Host.euid()
        && account.gid() == Host.egid()
        && Set.copyOf(account.groups()).equals(Set.copyOf(Host.groups()));
  }

  /** Whether anything is left of a group; only asked, so another's of that number does no harm. */
  private static boolean hasGroup(int group) {
    try {
      Signals.killGroup(group, 0);
      return true;
    } catch (ErrnoException refused) {
      return refused.errno() != Errno.ESRCH;
    }
  }

  private static void discard(int pipe, Path path) {
    try {
      if (pipe >= 0) {
        Fd.close(pipe);
      }
      if (!path.toString().isEmpty()) {
        FilePath.unlink(path.toString());
      }
    } catch (ErrnoException refused) {
      LOG.warn("an output pipe stays: {}", refused.getMessage());
    }
  }

  /** One command, from its order to its end. */
  private final class Running implements Attempt {
    private final CommandOrder order;
    private final Consumer<CommandEnd> done;
    private Optional<Started> started = Optional.empty();
    private Optional<CommandOutput> output = Optional.empty();
    private Optional<Deadlines.Deadline> deadline = Optional.empty();
    private OptionalInt exitCode = OptionalInt.empty();
    private boolean isReported;
    private boolean isTimedOut;
    private boolean isKilling;
    private boolean isSwept;
    private boolean isForgotten;

    Running(CommandOrder order, Consumer<CommandEnd> done) {
      this.order = order;
      this.done = done;
    }

    void begin() {
      running.add(this);
      boolean taken =
          pool.submit(() -> start(order, this), this::started, thrown -> notStarted(thrown));
      if (!taken) {
        loop.post(() -> notStarted(new NotStartedException("too much waits to be done")));
      }
    }

    private void notStarted(Throwable thrown) {
      if (!(thrown instanceof NotStartedException)) {
        LOG.error("{} {} broke off", order.instance(), order.mark(), thrown);
      }
      report(failed(String.valueOf(thrown.getMessage())));
      end();
    }

    private void started(Started now) {
      started = Optional.of(now);
      CommandOutput reader = new CommandOutput(now.pipe(), order.lines());
      output = Optional.of(reader);
      try {
        loop.watch(now.pipe(), Epoll.IN, (fd, events) -> readable(reader, fd));
      } catch (ErrnoException refused) {
        // It is read when the command has ended.
        LOG.warn("{} {}: {}", order.instance(), order.mark(), refused.getMessage());
      }
      if (isReported) {
        kill();
      } else {
        limit(order.timeout().toNanos());
      }
      finishIfOver();
    }

    private void readable(CommandOutput reader, int fd) {
      try {
        reader.read();
      } catch (ErrnoException refused) {
        LOG.warn("{} {}: {}", order.instance(), order.mark(), refused.getMessage());
        loop.unwatch(fd);
        return;
      }
      if (reader.isAtEnd()) {
        loop.unwatch(fd);
      }
    }

    private void limit(long nanos) {
      long due = time.nanos() + nanos;
      deadline = Optional.of(deadlines.at(due, () -> tooLong(due)));
    }

    private void tooLong(long due) {
      if (time.nanos() - due > LATE_NANOS) {
        // We stood still, and its end may not have been heard yet.
        limit(Math.min(order.timeout().toNanos(), FRESH_LOOK_NANOS));
        return;
      }
      isTimedOut = true;
      kill();
    }

    @Override
    public void cancel() {
      isReported = true;
      waiting.remove(this);
      if (started.isPresent() && !isKilling) {
        kill();
      }
    }

    /** Kills it and what it has started; what is not gone in time is given up. */
    private void kill() {
      dropDeadline();
      deadline = Optional.of(deadlines.at(time.nanos() + KILL_NANOS, this::giveUp));
      sweep(true);
    }

    private void giveUp() {
      deadline = Optional.empty();
      report(
          new CommandEnd(
              OptionalInt.empty(),
              isTimedOut,
              "took longer than " + Durations.format(order.timeout()) + " and cannot be killed",
              tail()));
    }

    private void sweep(boolean escaped) {
      Started now = started.orElseThrow();
      isKilling = true;
      boolean taken =
          pool.submit(
              () ->
                  neighbours.killStrays(
                      (int) now.process().pid(),
                      now.startTicks(),
                      order.invocation(),
                      order.mark(),
                      escaped),
              count -> {
                isKilling = false;
                isSwept = true;
                finishIfOver();
              },
              thrown -> {
                LOG.warn("{} {}: {}", order.instance(), order.mark(), thrown.getMessage());
                sweepLater(escaped);
              });
      if (!taken) {
        sweepLater(escaped);
      }
    }

    private void sweepLater(boolean escaped) {
      deadlines.at(time.nanos() + RETRY_NANOS, () -> sweep(escaped));
    }

    /** On a thread of zt-exec. */
    void endedOffLoop(int code) {
      loop.post(
          () -> {
            exitCode = OptionalInt.of(code);
            finishIfOver();
          });
    }

    private void finishIfOver() {
      if (started.isEmpty() || exitCode.isEmpty() || isKilling) {
        return;
      }
      int pid = (int) started.get().process().pid();
      if (!isForgotten) {
        isForgotten = true;
        neighbours.ended(pid);
      }
      CommandOutput reader = output.orElseThrow();
      drain(reader);
      if (!isSwept && mayHaveLeft(reader, pid)) {
        sweep(isTimedOut || order.isLast());
        return;
      }
      drain(reader);
      int code = exitCode.getAsInt();
      report(
          isTimedOut
              ? new CommandEnd(OptionalInt.empty(), true, tookTooLong(), tail())
              : new CommandEnd(OptionalInt.of(code), false, "", tail()));
      end();
    }

    private String tookTooLong() {
      return "took longer than " + Durations.format(order.timeout());
    }

    /** Who holds its output may be of its session; who was left for the last time is looked for. */
    private boolean mayHaveLeft(CommandOutput reader, int pid) {
      return order.isLast() || isTimedOut || !reader.isAtEnd() || hasGroup(pid);
    }

    private void drain(CommandOutput reader) {
      try {
        reader.finish();
      } catch (ErrnoException refused) {
        LOG.warn("{} {}: {}", order.instance(), order.mark(), refused.getMessage());
      }
    }

    private String tail() {
      return output.map(CommandOutput::tail).orElse("");
    }

    void report(CommandEnd end) {
      if (!isReported) {
        isReported = true;
        done.accept(end);
      }
    }

    private void dropDeadline() {
      deadline.ifPresent(deadlines::drop);
      deadline = Optional.empty();
    }

    private void end() {
      dropDeadline();
      letGo();
      running.remove(this);
      beginNext();
    }

    void letGo() {
      if (started.isPresent()) {
        loop.unwatch(started.get().pipe());
        discard(started.get().pipe(), started.get().path());
        started = Optional.empty();
      }
    }
  }
}
