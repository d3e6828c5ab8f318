package pm.daemon.process;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.Later;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.PidFd;

/**
 * Finds the processes that a daemon before us started, and takes them over. Loop thread only.
 *
 * <p>Of a process that was known, a hold is taken first and then its identity compared, so that no
 * other can slip in between. One whose start was intended and that nobody has seen is looked for by
 * its invocation among all processes, one look for all of them.
 *
 * <p>Their output is read again before anything is reported.
 */
final class Adoption {
  private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Whether a process is the one that was meant. */
  private enum Answer {
    MATCH,
    STRANGER,
    CANNOT_TELL
  }

  /**
   * A process that shows an invocation.
   *
   * @param isHook whether it was run beside the program, so that it cannot be its main process
   */
  private record Shown(ProcessStat process, boolean isHook) {}

  /**
   * What the pool has found out.
   *
   * @param found processes that show an invocation whose process was not known, by its id
   * @param blocked what could not be read again
   */
  private record Findings(
      Map<InvocationId, List<Shown>> found, List<Report.OutputBlocked> blocked) {}

  private final EventLoop loop;
  private final BlockingPool pool;
  private final Later later;
  private final Reaper reaper;
  private final Consumer<Report> reports;
  private final Launch.Means means;
  private final ProcFs proc;
  private final int self = Host.pid();
  private final List<Effect.Adopt> asked = new ArrayList<>();
  private final Map<InvocationId, List<Runnable>> deferred = new HashMap<>();

  /** What holds the output that is not read yet; between the loop and the pool. */
  private final Map<InvocationId, Runnable> held = new ConcurrentHashMap<>();

  Adoption(
      EventLoop loop,
      BlockingPool pool,
      Later later,
      Reaper reaper,
      Consumer<Report> reports,
      Launch.Means means,
      ProcFs proc) {
    this.loop = loop;
    this.pool = pool;
    this.later = later;
    this.reaper = reaper;
    this.reports = reports;
    this.means = means;
    this.proc = proc;
  }

  /** Carries out the effect, together with all others of this batch. */
  void adopt(Effect.Adopt effect) {
    if (asked.isEmpty()) {
      loop.post(this::begin);
    }
    asked.add(effect);
    InvocationId invocation = effect.run().invocation();
    // It may end at any moment, and with it what it has printed.
    held.put(invocation, means.output().holdUnread(effect.instance(), invocation));
    // Its process may have ended and be nobody's yet: it is not to be reaped as a stranger's.
    means.inFlight().begin(invocation, 0);
    deferred.put(invocation, new ArrayList<>());
  }

  /**
   * Has {@code work} done when the invocation has been taken over.
   *
   * @return false if it is not about to be: nothing was and will be done
   */
  boolean defer(InvocationId invocation, Runnable work) {
    List<Runnable> waiting = deferred.get(invocation);
    if (waiting == null) {
      return false;
    }
    waiting.add(work);
    return true;
  }

  private void begin() {
    List<Effect.Adopt> batch = List.copyOf(asked);
    asked.clear();
    submit(batch);
  }

  private void submit(List<Effect.Adopt> batch) {
    boolean accepted =
        pool.submit(
            () -> findOut(batch),
            findings -> finish(batch, findings),
            thrown -> {
              LOG.error("processes cannot be looked for", thrown);
              finish(batch, new Findings(Map.of(), List.of()));
            });
    if (!accepted) {
      LOG.warn("there is no thread to look for processes; trying again");
      later.in(PAUSE_NANOS, () -> submit(batch));
    }
  }

  private Findings findOut(List<Effect.Adopt> batch) {
    List<Report.OutputBlocked> blocked = new ArrayList<>();
    List<InvocationId> sought = new ArrayList<>();
    for (Effect.Adopt effect : batch) {
      reattach(effect).ifPresent(blocked::add);
      letGo(effect);
      if (effect.run().process().isEmpty() && !effect.exited()) {
        sought.add(effect.run().invocation());
      }
    }
    return new Findings(sought.isEmpty() ? Map.of() : find(sought), blocked);
  }

  private void letGo(Effect.Adopt effect) {
    Runnable holding = held.remove(effect.run().invocation());
    if (holding != null) {
      holding.run();
    }
  }

  private Optional<Report.OutputBlocked> reattach(Effect.Adopt effect) {
    InvocationId invocation = effect.run().invocation();
    String reason;
    try {
      OptionalInt pid = effect.run().process().stream().mapToInt(ProcessIdentity::pid).findFirst();
      means.output().reattach(effect.instance(), invocation, pid, logs(effect));
      return Optional.empty();
    } catch (OutputRefusedException refused) {
      reason = String.valueOf(refused.getMessage());
    } catch (StageException refused) {
      reason = refused.stage() + ": " + refused.reason() + unlogged(effect);
    }
    return Optional.of(new Report.OutputBlocked(effect.instance(), "", reason));
  }

  /** It is not known where its output goes; returns what else is refused, in words. */
  private String unlogged(Effect.Adopt effect) {
    try {
      means.output().unlogged(effect.instance(), effect.run().invocation());
      return "";
    } catch (OutputRefusedException refused) {
      return "; " + refused.getMessage();
    }
  }

  private LogSpec logs(Effect.Adopt effect) throws StageException {
    LogSpec logs = effect.spec().logs();
    if (isPlain(logs.file()) && isPlain(logs.stderr())) {
      return logs;
    }
    Effect.Spawn sameAgain =
        new Effect.Spawn(effect.instance(), effect.run().invocation(), effect.spec());
    return Launch.plan(sameAgain, means).logs();
  }

  private static boolean isPlain(LogTarget target) {
    return !(target instanceof LogTarget.File file && file.path().contains("$"));
  }

  /** Comes back only with an answer: without one we would have to say that there is none. */
  private Map<InvocationId, List<Shown>> find(List<InvocationId> sought) {
    while (true) {
      try {
        return lookFor(sought);
      } catch (ErrnoException shortage) {
        LOG.warn("processes cannot be looked for; trying again: {}", shortage.getMessage());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Map<InvocationId, List<Shown>> lookFor(List<InvocationId> sought) throws ErrnoException {
    ProcFs ownProc = new ProcFs();
    ProcessTable table = ProcessTable.read(ownProc);
    Map<InvocationId, List<Shown>> found = new LinkedHashMap<>();
    for (InvocationId invocation : sought) {
      for (ProcessStat process : showing(table, invocation, self)) {
        found
            .computeIfAbsent(invocation, id -> new ArrayList<>())
            .add(new Shown(process, isHook(ownProc, process)));
      }
    }
    return found;
  }

  /**
   * Returns the living processes that show an invocation. We do too, once we have a worker's pipe
   * to its log open again, and are none of it.
   */
  static List<ProcessStat> showing(ProcessTable table, InvocationId invocation, int self)
      throws ErrnoException {
    List<ProcessStat> found = new ArrayList<>();
    for (ProcessStat process : table.all()) {
      if (process.pid() != self && !process.isZombie() && table.proves(process, invocation.hex())) {
        found.add(process);
      }
    }
    return found;
  }

  private static boolean isHook(ProcFs proc, ProcessStat process) throws ErrnoException {
    try {
      // One that hangs in the kernel could make us hang with it.
      return process.state() != 'D' && proc.isHook(process.pid());
    } catch (ErrnoException refused) {
      if (refused.isShortage()) {
        throw refused;
      }
      return false;
    }
  }

  private void finish(List<Effect.Adopt> batch, Findings findings) {
    findings.blocked().forEach(reports);
    List<Effect.Adopt> again = new ArrayList<>();
    for (Effect.Adopt effect : batch) {
      letGo(effect);
      try {
        take(effect, findings.found().getOrDefault(effect.run().invocation(), List.of()));
      } catch (ErrnoException shortage) {
        LOG.warn(
            "{} cannot be looked at; trying again: {}", effect.instance(), shortage.getMessage());
        again.add(effect);
        continue;
      }
      means.inFlight().end(effect.run().invocation());
      List<Runnable> waiting = deferred.remove(effect.run().invocation());
      if (waiting != null) {
        waiting.forEach(Runnable::run);
      }
    }
    if (!again.isEmpty()) {
      pause(again, findings);
    }
  }

  /** The machine is short of something, and nothing tells us when it no longer is. */
  private void pause(List<Effect.Adopt> again, Findings findings) {
    Findings rest = new Findings(findings.found(), List.of());
    later.in(PAUSE_NANOS, () -> finish(again, rest));
  }

  private void take(Effect.Adopt effect, List<Shown> found) throws ErrnoException {
    Optional<ProcessIdentity> process = effect.run().process();
    if (effect.exited()) {
      Child child = child(effect, process.orElse(nobody()), Optional.empty(), false);
      child.isExitReported = true;
      child.status = Optional.of(new ExitStatus.Unknown());
      reaper.add(child);
    } else if (process.isPresent()) {
      takeKnown(effect, process.get());
    } else if (found.isEmpty()) {
      reports.accept(new Report.NeverSpawned(effect.run().invocation()));
    } else {
      takeFound(effect, found);
    }
  }

  private void takeKnown(Effect.Adopt effect, ProcessIdentity identity) throws ErrnoException {
    Optional<PidFd> held = hold(identity.pid());
    if (held.isEmpty()) {
      takeEnded(effect, identity);
      return;
    }
    PidFd pidFd = held.get();
    boolean isTaken = false;
    try {
      Optional<ProcessStat> stat = proc.stat(identity.pid());
      switch (compare(identity, pidFd, stat)) {
        case MATCH -> {
          Optional<Held> leader = leader(effect);
          boolean isOurs =
              stat.filter(now -> now.parent() == self).isPresent()
                  || (leader.isPresent() && isOurs(leader.get()));
          Child child = child(effect, identity, held, isOurs);
          leader.ifPresent(child::ledBy);
          reaper.add(child);
          isTaken = true;
          if (stat.filter(ProcessStat::isZombie).isEmpty()) {
            reports.accept(new Report.Adopted(effect.run().invocation(), identity));
          }
        }
        case CANNOT_TELL -> {
          LOG.warn("{} may be pid {} or not: it is watched only", effect.instance(), pidFd.pid());
          Child child = child(effect, identity, held, false);
          child.isCertain = false;
          reaper.add(child);
          isTaken = true;
          reports.accept(new Report.Adopted(effect.run().invocation(), identity));
        }
        case STRANGER -> takeEnded(effect, identity);
      }
    } finally {
      if (!isTaken) {
        Held.close(pidFd);
      }
    }
  }

  /** Returns the process that was spawned, if it lives and has named another as the main one. */
  private Optional<Held> leader(Effect.Adopt effect) throws ErrnoException {
    Optional<ProcessIdentity> leader = effect.run().leader();
    return leader.isPresent()
        ? Held.of(proc, leader.get().pid(), leader.get().startTicks())
        : Optional.empty();
  }

  private boolean isOurs(Held process) throws ErrnoException {
    return proc.stat(process.pid()).filter(now -> now.parent() == self).isPresent();
  }

  private static Answer compare(ProcessIdentity identity, PidFd pidFd, Optional<ProcessStat> stat)
      throws ErrnoException {
    OptionalLong inode = pidFd.inode();
    if (identity.inode() != 0 && inode.isPresent() && identity.inode() != inode.getAsLong()) {
      return Answer.STRANGER;
    }
    if (stat.isPresent()) {
      return stat.get().startTicks() == identity.startTicks() ? Answer.MATCH : Answer.STRANGER;
    }
    if (identity.inode() != 0 && inode.isPresent()) {
      return Answer.MATCH;
    }
    // Not to be seen in /proc: ended by now, or hidden from us.
    boolean hasEnded = Fd.poll(pidFd.fd(), Fd.POLLIN, 0) != 0;
    return hasEnded ? Answer.STRANGER : Answer.CANNOT_TELL;
  }

  /** Its main process is gone, or its number is another's: nobody can tell how it ended. */
  private void takeEnded(Effect.Adopt effect, ProcessIdentity identity) {
    Child child = child(effect, identity, Optional.empty(), false);
    reaper.add(child);
    reaper.endedBefore(child, new ExitStatus.Unknown());
  }

  private void takeFound(Effect.Adopt effect, List<Shown> found) throws ErrnoException {
    Optional<ProcessStat> main =
        found.stream()
            .filter(shown -> !shown.isHook())
            .map(Shown::process)
            .filter(process -> process.session() == process.pid())
            .min(
                Comparator.comparingLong(ProcessStat::startTicks)
                    .thenComparingInt(ProcessStat::pid));
    if (main.isEmpty()) {
      takeEnded(effect, nobody());
      return;
    }
    ProcessStat process = main.get();
    Optional<PidFd> held = hold(process.pid());
    Optional<ProcessStat> now = held.isPresent() ? proc.stat(process.pid()) : Optional.empty();
    boolean isIt = now.filter(n -> n.startTicks() == process.startTicks()).isPresent();
    ProcessIdentity identity =
        new ProcessIdentity(
            process.pid(), process.startTicks(), isIt ? held.orElseThrow().inode().orElse(0) : 0);
    if (!isIt) {
      held.ifPresent(Held::close);
      takeEnded(effect, identity);
      return;
    }
    reaper.add(child(effect, identity, held, process.parent() == self));
    reports.accept(new Report.Spawned(effect.run().invocation(), identity));
  }

  private static Optional<PidFd> hold(int pid) throws ErrnoException {
    try {
      return Optional.of(PidFd.open(pid));
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ESRCH) {
        return Optional.empty();
      }
      throw refused;
    }
  }

  private Child child(
      Effect.Adopt effect, ProcessIdentity identity, Optional<PidFd> main, boolean isOurs) {
    return new Child(
        effect.instance(),
        effect.run().invocation(),
        identity,
        main,
        isOurs,
        effect.spec().stop().scope(),
        means.cgroups().existing(effect.instance(), effect.run().invocation()));
  }

  private static ProcessIdentity nobody() {
    return new ProcessIdentity(0, 0, 0);
  }
}
