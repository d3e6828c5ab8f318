package pm.daemon.process;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;
import pm.daemon.posix.Waits;

/**
 * Knows all invocations that have, or had, a process: notices its end, finds and signals what
 * remains, and reaps it last. Loop thread only, but for {@link #childSignalled}.
 *
 * <p>The end of a main process is a readable pidfd. It is looked at, not reaped: its pid, and so
 * its group and session, stay its own until {@link #release}. What it left behind is asked once for
 * all that ended in a batch, at the batch's end. From then on:
 *
 * <pre>
 * nothing remains  -> its output is read to the end -> Exited, or RemainsGone if that was said
 * something does   -> Exited(remains), and nothing is done until we are told to
 * told to          -> a sweep finds, holds and signals it; each is waited for by its pidfd; when
 *                     all are gone we look again
 * </pre>
 */
final class Reaper {
  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);

  private final EventLoop loop;
  private final ChildOutput output;
  private final Consumer<Report> reports;
  private final ProcFs proc;
  private final ExitReader exits;
  private final SpawnsInFlight inFlight;
  private final Orphans orphans;
  private final Sweeps sweeps;
  private final HostFacts facts;
  private final Map<InvocationId, Child> children;
  private final Consumer<ControlGroup> groups;
  private final Runnable listening;
  private final Set<Child> asking = new LinkedHashSet<>();
  private final Set<Child> unwatched = new LinkedHashSet<>();
  private final List<Continuing> continuing = new ArrayList<>();
  private final AtomicBoolean isSignalled = new AtomicBoolean();
  private boolean isLookOrdered;
  private boolean isLooking;
  private boolean isLookAsked;

  /** Who was signalled, and is to go on in case it was stopped. */
  private record Continuing(Child child, StopScope scope) {}

  /**
   * @param children shared with {@code orphans}; only this object changes it
   * @param groups gets the control groups that are not needed any more
   * @param listening has {@link #childSignalled} called for the next death; called before a look
   */
  Reaper(
      EventLoop loop,
      ChildOutput output,
      Consumer<Report> reports,
      ProcFs proc,
      HostFacts facts,
      SpawnsInFlight inFlight,
      Orphans orphans,
      Sweeps sweeps,
      Map<InvocationId, Child> children,
      Consumer<ControlGroup> groups,
      Runnable listening) {
    this.loop = loop;
    this.output = output;
    this.reports = reports;
    this.proc = proc;
    this.facts = facts;
    this.exits = new ExitReader(proc);
    this.inFlight = inFlight;
    this.orphans = orphans;
    this.sweeps = sweeps;
    this.children = children;
    this.groups = groups;
    this.listening = listening;
  }

  /**
   * A child has died, or an orphan that became ours was dead already; not told again before the
   * next look. Any thread.
   */
  void childSignalled() {
    if (isSignalled.compareAndSet(false, true)) {
      loop.post(
          () -> {
            isSignalled.set(false);
            orderLook();
          });
    }
  }

  /** Takes charge of an invocation. Its spawn, if it was one, is over. */
  void add(Child child) {
    if (children.putIfAbsent(child.invocation(), child) != null) {
      throw new IllegalStateException(child + " is known already");
    }
    if (child.isOurs()) {
      orphans.add(child);
    }
    child.leader().ifPresent(leader -> orphans.addLeader(leader.pid(), child));
    spawnEnded(child.invocation());
    child.leader().ifPresent(leader -> watchLeader(child, leader));
    child.main().ifPresent(main -> watch(child, main));
  }

  /** A spawn is over; its child, if there is one, has been added. */
  void spawnEnded(InvocationId invocation) {
    inFlight.end(invocation);
    if (orphans.hasLeftDead()) {
      orderLook();
    }
  }

  private void watch(Child child, PidFd main) {
    try {
      loop.watch(main.fd(), Epoll.IN, (fd, events) -> mainReady(child, main));
    } catch (ErrnoException refused) {
      // Then it is looked at, and tried again, each time that a child dies.
      LOG.warn("{} cannot be watched: {}", child, refused.getMessage());
      unwatched.add(child);
      statusOf(child, main).ifPresent(status -> ended(child, status));
    }
  }

  private void mainReady(Child child, PidFd main) {
    Optional<ExitStatus> status = statusOf(child, main);
    if (status.isPresent()) {
      loop.unwatch(main.fd());
      ended(child, status.get());
    }
  }

  private Optional<ExitStatus> statusOf(Child child, PidFd main) {
    try {
      return exits.ofAny(main, child.identity().startTicks());
    } catch (ErrnoException refused) {
      LOG.error("the exit status of {} cannot be read", child, refused);
      return Optional.of(new ExitStatus.Unknown());
    }
  }

  /** The main process of a known invocation has ended: find out what remains of it. */
  private void ended(Child child, ExitStatus status) {
    unwatched.remove(child);
    child.status = Optional.of(status);
    child.endTicks = facts.nowTicks();
    child.wasOutOfMemory = wasOutOfMemory(child, status);
    ask(child);
  }

  /** The kernel kills by SIGKILL, and counts it in the control group. */
  private static boolean wasOutOfMemory(Child child, ExitStatus status) {
    if (child.group().isEmpty()
        || !(status instanceof ExitStatus.Signalled signalled
            && signalled.number() == Signals.KILL)) {
      return false;
    }
    try {
      return child.group().get().hadOomKill();
    } catch (ErrnoException refused) {
      LOG.warn("{} may have been out of memory: {}", child, refused.getMessage());
      return false;
    }
  }

  /** Carries out the effect. */
  void follow(Effect.Follow effect) {
    Child child = children.get(effect.invocation());
    if (child == null || child.isExitReported || child.isSettled) {
      LOG.debug("{} is over: nobody to follow", effect.instance());
      return;
    }
    ProcessIdentity named = effect.process();
    if (child.main().isPresent()
        && child.identity().pid() == named.pid()
        && child.identity().startTicks() == named.startTicks()) {
      return;
    }
    lead(child, named, hold(named));
  }

  private Optional<Held> hold(ProcessIdentity identity) {
    try {
      return Held.of(proc, identity.pid(), identity.startTicks());
    } catch (ErrnoException refused) {
      LOG.warn("process {} cannot be watched: {}", identity.pid(), refused.getMessage());
      return Optional.empty();
    }
  }

  private void lead(Child child, ProcessIdentity named, Optional<Held> held) {
    child.main().ifPresent(before -> loop.unwatch(before.fd()));
    Optional<Held> known = child.leader();
    known.ifPresent(leader -> loop.unwatch(leader.pidFd().fd()));
    child.follow(named, held);
    if (held.isPresent()) {
      orphans.add(child);
    }
    // Its end, if it was noticed in this batch, is not that of the main process any more.
    asking.remove(child);
    unwatched.remove(child);
    child.status = Optional.empty();
    child.leader().ifPresent(leader -> watchLeader(child, leader));
    if (held.isPresent()) {
      watch(child, held.get().pidFd());
    } else {
      // It ended before we could take hold of it.
      ended(child, new ExitStatus.Unknown());
    }
  }

  private void watchLeader(Child child, Held leader) {
    try {
      loop.watch(leader.pidFd().fd(), Epoll.IN, (fd, events) -> leaderGone(child, leader));
    } catch (ErrnoException refused) {
      LOG.warn("process {} of {} cannot be watched: {}", leader.pid(), child, refused.getMessage());
      dropLeader(child, leader);
    }
  }

  /** The process that was spawned has ended, and nothing is said of it. */
  private void leaderGone(Child child, Held leader) {
    loop.unwatch(leader.pidFd().fd());
    try {
      Waits.reap(leader.pidFd());
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ECHILD) {
        LOG.error("process {} of {} cannot be reaped", leader.pid(), child, refused);
      }
    }
    dropLeader(child, leader);
    if (child.hasEnded()) {
      ask(child);
    }
  }

  private void dropLeader(Child child, Held leader) {
    orphans.removeLeader(leader.pid(), child);
    child.leaderGone();
    leader.close();
  }

  /** The main process had ended before we came. */
  void endedBefore(Child child, ExitStatus status) {
    child.status = Optional.of(status);
    ask(child);
  }

  /** Finds out whether anything remains of it, at the end of this batch. */
  private void ask(Child child) {
    asking.add(child);
    orderLook();
  }

  private void orderLook() {
    if (!isLookOrdered) {
      isLookOrdered = true;
      loop.post(this::look);
    }
  }

  private void look() {
    isLookOrdered = false;
    if (isLooking) {
      isLookAsked = true;
      return;
    }
    // Before, so that who dies while we look is told of.
    listening.run();
    for (Child child : List.copyOf(unwatched)) {
      unwatched.remove(child);
      child.main().ifPresent(main -> watch(child, main));
    }
    List<Child> askers = List.copyOf(asking);
    asking.clear();
    boolean needsOwners =
        askers.stream().anyMatch(child -> child.scope == StopScope.TREE && child.isOurs());
    isLooking = true;
    orphans.look(needsOwners, seen -> looked(askers, seen));
  }

  private void looked(List<Child> askers, Orphans.Seen seen) {
    isLooking = false;
    for (Child child : askers) {
      if (!child.hasEnded()) {
        // It follows another process by now.
        continue;
      }
      if (isPursued(child)) {
        answer(child, true);
      } else if (child.needsSweep()) {
        sweep(child);
      } else {
        answer(
            child,
            child.scope == StopScope.TREE && (child.leader().isPresent() || seen.mayHave(child)));
      }
    }
    if (isLookAsked) {
      isLookAsked = false;
      orderLook();
    }
  }

  /** Whether what was found of it is looked for or waited for at this moment. */
  private static boolean isPursued(Child child) {
    return child.pursuit.filter(p -> p.isSweeping || !p.watched.isEmpty()).isPresent();
  }

  /** It is known whether anything remains of an invocation whose main process has ended. */
  private void answer(Child child, boolean remains) {
    boolean isBeingKilled =
        !sweeps.areDelayed() && child.pursuit.filter(p -> p.isSweeping).isPresent();
    if (child.isSettled || !child.hasEnded() || !isKnown(child) || isBeingKilled) {
      // The end of the sweep brings us here again, knowing more.
      return;
    }
    if (!remains) {
      settle(child);
      return;
    }
    if (!child.isExitReported) {
      child.isExitReported = true;
      reports.accept(exited(child, true));
    }
    if (child.pursuit.isPresent() && !isPursued(child)) {
      sweep(child);
    }
  }

  private boolean isKnown(Child child) {
    return children.get(child.invocation()) == child;
  }

  private void settle(Child child) {
    child.isSettled = true;
    child.pursuit = Optional.empty();
    output.drain(
        child.invocation(),
        () ->
            reports.accept(
                child.isExitReported
                    ? new Report.RemainsGone(child.invocation())
                    : exited(child, false)));
  }

  private static Report.Exited exited(Child child, boolean remains) {
    return new Report.Exited(
        child.invocation(), child.status.orElseThrow(), remains, child.wasOutOfMemory);
  }

  /** Carries out the effect. */
  void signal(Effect.Signal effect) {
    Child child = children.get(effect.invocation());
    if (child == null || child.main().isEmpty()) {
      LOG.debug("nobody to send SIG{} to: {}", effect.signal(), effect);
      return;
    }
    if (!child.isCertain) {
      LOG.warn("{} gets no SIG{}: it may be a stranger", child, effect.signal());
      return;
    }
    int signal = number(effect.signal());
    PidFd main = child.main().get();
    if (!send(child, main, effect.scope(), signal)) {
      sweepGroup(child, new Sweep.Action.Send(signal, effect.thenContinue()));
    } else if (effect.thenContinue()) {
      continuing.add(new Continuing(child, effect.scope()));
    }
  }

  /** Returns false if the kernel cannot signal the group of what is not our child. */
  private boolean send(Child child, PidFd main, StopScope scope, int signal) {
    return switch (scope) {
      case PROCESS -> {
        Held.send(main, signal);
        yield true;
      }
      case GROUP, TREE -> {
        if (child.isFollowing()) {
          signalFollowed(child, main, signal);
          yield true;
        }
        yield signalGroup(child, main, signal);
      }
    };
  }

  /**
   * Sends CONT to all that were signalled since the last call and may have been stopped. Those that
   * are to end all know of it by then, and a stopped one can act on it.
   */
  void continueSignalled() {
    for (Continuing each : continuing) {
      Child child = each.child();
      // A pid is its own until it is released.
      Optional<PidFd> main = isKnown(child) ? child.main() : Optional.empty();
      if (main.isPresent() && !send(child, main.get(), each.scope(), Signals.CONT)) {
        sweepGroup(child, new Sweep.Action.Send(Signals.CONT, false));
      }
    }
    continuing.clear();
  }

  /**
   * Signals the group of the process that was spawned, and that of the main one if it is another.
   */
  private void signalFollowed(Child child, PidFd main, int signal) {
    child.leader().ifPresent(leader -> signalGroup(child, leader.pidFd(), signal));
    try {
      int group = proc.stat(main.pid()).map(ProcessStat::group).orElse(0);
      if (child.leader().filter(leader -> leader.pid() == group).isPresent()) {
        return;
      }
      if (group != main.pid() || !main.sendGroup(signal)) {
        Held.send(main, signal);
      }
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ESRCH) {
        LOG.warn("SIG{} cannot be sent: {}", Signals.nameOf(signal), refused.getMessage());
      }
    }
  }

  private static int number(String signal) {
    return Signals.byName(signal)
        .orElseThrow(() -> new IllegalStateException("no such signal: " + signal));
  }

  /** Returns false if the kernel cannot signal the group of what is not our child. */
  private boolean signalGroup(Child child, PidFd leader, int signal) {
    try {
      if (child.isOurs()) {
        Signals.killGroup(leader.pid(), signal);
        return true;
      }
      return leader.sendGroup(signal);
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ESRCH) {
        LOG.warn("SIG{} cannot be sent: {}", Signals.nameOf(signal), refused.getMessage());
      }
      return true;
    }
  }

  private void sweepGroup(Child child, Sweep.Action action) {
    sweeps.order(
        child.order(Map.of(), StopScope.GROUP, action),
        result -> result.living().forEach(Held::close),
        () -> LOG.debug("{}: its group is not signalled yet", child));
  }

  /** Carries out the effect. */
  void killRemains(Effect.KillRemains effect) {
    pursue(effect.invocation(), effect.scope(), new Sweep.Action.Kill());
  }

  /** Carries out the effect. */
  void signalRemains(Effect.SignalRemains effect) {
    pursue(
        effect.invocation(), effect.scope(), new Sweep.Action.Send(number(effect.signal()), true));
  }

  private void pursue(InvocationId invocation, StopScope scope, Sweep.Action action) {
    Child child = children.get(invocation);
    if (child == null) {
      // Nothing of it is known, so nothing of it is left that we could find.
      loop.post(() -> reports.accept(new Report.RemainsGone(invocation)));
      return;
    }
    if (child.isSettled) {
      return;
    }
    child.scope = scope;
    Child.Pursuit pursuit = child.pursuit.orElseGet(() -> new Child.Pursuit(action));
    pursuit.action = action;
    pursuit.isLeftReported = false;
    child.pursuit = Optional.of(pursuit);
    if (pursuit.isSweeping) {
      pursuit.isAskedAgain = true;
    } else {
      sweep(child);
    }
  }

  /** Looks through all processes for this one, and does with it what is being done. */
  private void sweep(Child child) {
    child.pursuit.ifPresent(pursuit -> pursuit.isSweeping = true);
    Sweep.Action action = child.pursuit.map(p -> p.action).orElseGet(Sweep.Action.Look::new);
    boolean hadEnded = child.hasEnded();
    sweeps.order(
        child.order(orphans.knownOf(child), child.scope, action),
        result -> swept(child, hadEnded, result),
        () -> {
          if (child.hasEnded() && isKnown(child)) {
            ask(child);
          }
        });
  }

  /**
   * @param hadEnded whether the main process had ended before the sweep
   */
  private void swept(Child child, boolean hadEnded, Sweep.Result result) {
    if (!isKnown(child)) {
      result.living().forEach(Held::close);
      return;
    }
    if (result.order().action() instanceof Sweep.Action.Look) {
      answer(child, result.foundAny());
      return;
    }
    Child.Pursuit pursuit = child.pursuit.orElseThrow();
    pursuit.isSweeping = false;
    result.living().forEach(held -> watch(child, pursuit, held));
    boolean isKill = result.order().action() instanceof Sweep.Action.Kill;
    List<Integer> left = new ArrayList<>(result.pids());
    if (!child.isCertain && !child.hasEnded()) {
      left.add(child.identity().pid());
    }
    // What is to be killed again is left, if at all, after that.
    if (isKill && !left.isEmpty() && !pursuit.isLeftReported && !pursuit.isAskedAgain) {
      pursuit.isLeftReported = true;
      reports.accept(new Report.RemainsLeft(child.invocation(), left));
    }
    if (pursuit.isAskedAgain) {
      pursuit.isAskedAgain = false;
      sweep(child);
    } else if (hadEnded && !result.foundAny()) {
      answer(child, false);
    } else if (child.hasEnded()) {
      ask(child);
    }
  }

  private void watch(Child child, Child.Pursuit pursuit, Held held) {
    Held before = pursuit.watched.get(held.pid());
    if (before != null && before.startTicks() == held.startTicks()) {
      held.close();
      return;
    }
    try {
      loop.watch(held.pidFd().fd(), Epoll.IN, (fd, events) -> memberGone(child, pursuit, held));
      pursuit.watched.put(held.pid(), held);
    } catch (ErrnoException refused) {
      LOG.warn("process {} of {} cannot be watched: {}", held.pid(), child, refused.getMessage());
      held.close();
    }
  }

  private void memberGone(Child child, Child.Pursuit pursuit, Held held) {
    loop.unwatch(held.pidFd().fd());
    held.close();
    pursuit.watched.remove(held.pid(), held);
    // It may have become our child, and is ours to reap then.
    orderLook();
    boolean isAllGone = pursuit.watched.isEmpty() && !pursuit.isSweeping;
    if (isAllGone && child.hasEnded()) {
      ask(child);
    }
  }

  /** Carries out the effect. */
  void release(Effect.Release effect) {
    Child child = children.remove(effect.invocation());
    if (child != null) {
      asking.remove(child);
      unwatched.remove(child);
      child.pursuit.ifPresent(this::drop);
      child.leader().ifPresent(this::letGo);
      child.main().ifPresent(main -> reap(child, main));
      orphans.remove(child);
      child.group().ifPresent(groups);
    }
    output.release(effect.invocation());
  }

  private void drop(Child.Pursuit pursuit) {
    for (Held held : pursuit.watched.values()) {
      loop.unwatch(held.pidFd().fd());
      held.close();
    }
    pursuit.watched.clear();
  }

  private void letGo(Held held) {
    loop.unwatch(held.pidFd().fd());
    held.close();
  }

  private void reap(Child child, PidFd main) {
    loop.unwatch(main.fd());
    try {
      if (child.isOurs() && Waits.reap(main).isEmpty()) {
        throw new IllegalStateException(child + " is released while it runs");
      }
    } catch (ErrnoException refused) {
      // What another process has started is for that to reap, as long as it lives.
      if (!child.isFollowing() || refused.errno() != Errno.ECHILD) {
        LOG.error("{} cannot be reaped", child, refused);
      }
    } finally {
      Held.close(main);
    }
  }

  /** Lets go of everything, and leaves all processes as they are. */
  void close() {
    for (Child child : children.values()) {
      child.pursuit.ifPresent(this::drop);
      child.leader().ifPresent(this::letGo);
      child
          .main()
          .ifPresent(
              main -> {
                loop.unwatch(main.fd());
                Held.close(main);
              });
    }
    children.clear();
  }
}
