package pm.daemon.process;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.Later;
import pm.daemon.posix.ChildSignal;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.ResourceLimit;
import pm.daemon.posix.Spawn;

/**
 * The processes of this daemon: carries out the effects that are about them. Loop thread only. What
 * comes of an effect comes back as a {@link Report}, on the loop thread too, after the call has
 * returned.
 */
public final class Processes implements AutoCloseable {
  private final BlockingPool pool;
  private final OwnChildren ownChildren;
  private final Reaper reaper;
  private final Spawner spawner;
  private final Adoption adoption;
  private final ForeignChildren foreign;
  private final Membership membership;
  private final SpawnsInFlight inFlight;
  private final UsageReads usages;
  private final CgroupTree cgroups;
  private final GroupRemoval removal;
  private Optional<ChildSignal> childSignal = Optional.empty();

  /**
   * What it needs to know.
   *
   * @param daemonEnvironment the environment of this process
   * @param socket path of the control socket, for {@code PM_SOCKET}
   * @param mostSpawnsAtOnce how many starts are under way at once, at least 1; the others wait
   * @param cgroups where control groups are made
   * @param filesGivenBack the limit of descriptors of children that have none of their own; empty:
   *     ours
   * @param providers who gives children something at their start; called on spawn threads
   * @param isForeign whether a child of this process, by its pid, is waited for by somebody else:
   *     it is left alone. Called on the loop thread
   */
  public record Settings(
      Map<String, String> daemonEnvironment,
      String socket,
      int mostSpawnsAtOnce,
      CgroupTree cgroups,
      Optional<ResourceLimit> filesGivenBack,
      List<Provider> providers,
      IntPredicate isForeign) {
    public Settings {
      daemonEnvironment = Map.copyOf(daemonEnvironment);
      providers = List.copyOf(providers);
    }

    /** Without control groups, and with children that have our own limit of descriptors. */
    public Settings(
        Map<String, String> daemonEnvironment,
        String socket,
        int mostSpawnsAtOnce,
        List<Provider> providers,
        IntPredicate isForeign) {
      this(
          daemonEnvironment,
          socket,
          mostSpawnsAtOnce,
          CgroupTree.none(),
          Optional.empty(),
          providers,
          isForeign);
    }
  }

  /**
   * Makes this process the one that orphans of its children are left to, and hears of their end
   * from now on. Before the loop runs, or on its thread.
   *
   * @param later for what cannot be done now
   * @param reports gets what happens, on the loop thread
   */
  public static Processes open(
      EventLoop loop, Later later, Settings settings, ChildOutput output, Consumer<Report> reports)
      throws ErrnoException {
    Host.becomeChildSubreaper();
    Processes processes = new Processes(loop, later, settings, output, reports);
    processes.childSignal =
        Optional.of(ChildSignal.receive(() -> processes.reaper.childSignalled()));
    return processes;
  }

  private Processes(
      EventLoop loop, Later later, Settings settings, ChildOutput output, Consumer<Report> reports)
      throws ErrnoException {
    // One sweep, look or adoption at a time, and a question for each invocation whose processes say
    // something: none of them may be refused because of the others.
    pool = new BlockingPool(loop, 2, Integer.MAX_VALUE);
    ProcFs proc = new ProcFs();
    ownChildren = OwnChildren.open(proc);
    HostFacts facts = HostFacts.read();
    inFlight = new SpawnsInFlight();
    Map<InvocationId, Child> children = new LinkedHashMap<>();
    foreign = new ForeignChildren(inFlight, this::lookAgain);
    IntPredicate isForeign = pid -> foreign.contains(pid) || settings.isForeign().test(pid);
    Orphans orphans = new Orphans(proc, ownChildren, pool, inFlight, children, isForeign);
    membership = new Membership(pool, children, Host.pid());
    Sweeps sweeps = new Sweeps(loop, pool, later, () -> mains(children));
    removal = new GroupRemoval(pool);
    reaper =
        new Reaper(
            loop,
            output,
            reports,
            proc,
            facts,
            inFlight,
            orphans,
            sweeps,
            children,
            removal::remove,
            () -> childSignal.ifPresent(ChildSignal::again));
    usages = new UsageReads(loop, pool, reports, facts, children, orphans);
    cgroups = settings.cgroups();
    Launch.Means means =
        new Launch.Means(
            new Spawn(),
            output,
            settings.providers(),
            inFlight,
            facts,
            settings.daemonEnvironment(),
            settings.socket(),
            settings.cgroups(),
            settings.filesGivenBack());
    spawner = new Spawner(loop, reaper, reports, means, settings.mostSpawnsAtOnce());
    adoption = new Adoption(loop, pool, later, reaper, reports, means, proc);
  }

  /** Returns in words what would be lost if this process became another program now. */
  public List<String> underWay() {
    return inFlight.isEmpty() ? List.of() : List.of("a process is being started");
  }

  private void lookAgain() {
    reaper.childSignalled();
  }

  /** Returns the children that others start and wait for. */
  public ForeignChildren foreignChildren() {
    return foreign;
  }

  /** Returns who tells which process belongs to which invocation. */
  public Membership membership() {
    return membership;
  }

  private static Set<Integer> mains(Map<InvocationId, Child> children) {
    return children.values().stream()
        .map(child -> child.identity().pid())
        .filter(pid -> pid != 0)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Starts a process; comes back as Spawned or SpawnFailed. */
  public void spawn(Effect.Spawn effect) {
    spawner.spawn(effect);
  }

  /** Looks for a process that a daemon before us started; comes back as the effect says. */
  public void adopt(Effect.Adopt effect) {
    adoption.adopt(effect);
  }

  /** Sends a signal; nothing comes back. What is to go on then does so by the next call. */
  public void signal(Effect.Signal effect) {
    inOrder(effect.invocation(), () -> reaper.signal(effect));
  }

  /** Has go on what was signalled and may have been stopped: after the signals of all of them. */
  public void continueSignalled() {
    reaper.continueSignalled();
  }

  /** Kills all that belongs to an invocation; comes back as the effect says. */
  public void killRemains(Effect.KillRemains effect) {
    inOrder(effect.invocation(), () -> reaper.killRemains(effect));
  }

  /** Signals what outlived a main process; comes back as RemainsGone. */
  public void signalRemains(Effect.SignalRemains effect) {
    inOrder(effect.invocation(), () -> reaper.signalRemains(effect));
  }

  /** Reaps and forgets; nothing comes back. */
  public void release(Effect.Release effect) {
    inOrder(effect.invocation(), () -> reaper.release(effect));
  }

  /** Has another process be the main one; nothing comes back before that ends. */
  public void follow(Effect.Follow effect) {
    inOrder(effect.invocation(), () -> reaper.follow(effect));
  }

  /** Reads what an invocation uses; comes back as Used. */
  public void readUsage(Effect.ReadUsage effect) {
    inOrder(effect.invocation(), () -> usages.read(effect.invocation()));
  }

  private void inOrder(InvocationId invocation, Runnable work) {
    if (!adoption.defer(invocation, work)) {
      work.run();
    }
  }

  /**
   * Lets go of all processes and leaves them as they are. Once the loop has stopped, or on its
   * thread.
   */
  @Override
  public void close() throws ErrnoException {
    spawner.close();
    pool.close();
    removal.close();
    reaper.close();
    ownChildren.close();
    cgroups.close();
  }
}
