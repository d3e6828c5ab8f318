package pm.daemon.process;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.plan.Account;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.core.plan.SpawnPlanner;
import pm.daemon.posix.ChildSettings;
import pm.daemon.posix.Credentials;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.ResourceLimit;
import pm.daemon.posix.Signals;
import pm.daemon.posix.Spawn;
import pm.daemon.posix.SpawnException;
import pm.daemon.posix.SpawnRequest;
import pm.daemon.posix.Stdio;
import pm.daemon.posix.Waits;

/** Starts one process, from the definition of its program to its identity. On a spawn thread. */
final class Launch {
  private static final String STAGE = "spawn";
  private static final long LOOK_NANOS = 1_000_000;
  private static final long PAUSE_NANOS = 100_000_000;
  private static final Logger LOG = LoggerFactory.getLogger(Launch.class);

  /** Its buffers would be a good part of what a start takes. */
  private static final ThreadLocal<ProcFs> PROC = ThreadLocal.withInitial(ProcFs::new);

  /** What all launches share. Any thread. */
  record Means(
      Spawn spawn,
      ChildOutput output,
      List<Provider> providers,
      SpawnsInFlight inFlight,
      HostFacts facts,
      Map<String, String> daemonEnvironment,
      String socket,
      CgroupTree cgroups,
      Optional<ResourceLimit> filesGivenBack) {
    Means {
      providers = List.copyOf(providers);
      daemonEnvironment = Map.copyOf(daemonEnvironment);
    }
  }

  /** What came of it. */
  sealed interface Outcome {
    /**
     * Its process runs.
     *
     * @param notes what the kernel does not hold of its limits
     * @param isEnforced whether it holds all of them
     */
    record Started(Child child, List<String> notes, boolean isEnforced) implements Outcome {
      public Started {
        notes = List.copyOf(notes);
      }
    }

    /** No process of it lives. */
    record Failed(Report.SpawnFailed report) implements Outcome {}
  }

  private final Means means;
  private final Effect.Spawn effect;
  private boolean mayHaveChild;
  private CgroupTree.Seat seat = new CgroupTree.Seat(Optional.empty(), List.of(), false);

  Launch(Means means, Effect.Spawn effect) {
    this.means = means;
    this.effect = effect;
  }

  /** Starts it. Does not throw: an error never means that there is no child. */
  Outcome run() {
    Outcome outcome = tryToRun();
    if (outcome instanceof Outcome.Failed) {
      removeGroup();
    }
    return outcome;
  }

  private Outcome tryToRun() {
    try {
      return start(plan(effect, means));
    } catch (StageException refused) {
      return failed(refused.stage(), refused.reason(), refused.isShortage());
    } catch (OutputRefusedException refused) {
      return failed("log", String.valueOf(refused.getMessage()), refused.isShortage());
    } catch (ProvisionRefusedException refused) {
      return failed(refused.stage(), String.valueOf(refused.getMessage()), refused.isShortage());
    } catch (SpawnException refused) {
      String stage = refused.stage().word();
      String message = String.valueOf(refused.getMessage());
      String reason =
          message.startsWith(stage + ": ") ? message.substring(stage.length() + 2) : message;
      return failed(stage, reason, refused.isShortage());
    } catch (Exception | Error thrown) {
      return afterUnexpected(thrown);
    }
  }

  /** Plans a start without making it. */
  static SpawnPlan plan(Effect.Spawn effect, Means means) throws StageException {
    ProgramSpec spec = effect.spec();
    SpawnPlanner.Surroundings surroundings =
        StartPlans.surroundings(spec, means.daemonEnvironment(), means.socket());
    return switch (SpawnPlanner.plan(spec, effect.instance(), effect.invocation(), surroundings)) {
      case SpawnPlanner.Result.Planned planned -> planned.plan();
      case SpawnPlanner.Result.Refused refused ->
          throw new StageException(refused.stage(), refused.reason(), false);
    };
  }

  private Outcome start(SpawnPlan plan)
      throws OutputRefusedException,
          ProvisionRefusedException,
          SpawnException,
          StageException,
          ErrnoException {
    try (ChildOutput.Ends ends = means.output().open(plan);
        Provisions provisions = new Provisions()) {
      provisions.add(ends);
      for (Provider provider : means.providers()) {
        provisions.take(provider.provide(effect.spec(), plan));
      }
      seat = means.cgroups().seat(effect.instance(), effect.invocation(), effect.spec().limits());
      Optional<Integer> procs = seat.openProcs();
      try {
        ChildSettings settings =
            SpecSettings.of(
                effect.spec(),
                means.filesGivenBack(),
                procs.map(OptionalInt::of).orElseGet(OptionalInt::empty));
        SpawnRequest request = request(plan, ends, provisions, settings);
        means.inFlight().begin(effect.invocation(), means.facts().nowTicks());
        mayHaveChild = true;
        return identify(spawn(request));
      } finally {
        if (procs.isPresent()) {
          Fd.close(procs.get());
        }
      }
    }
  }

  private void removeGroup() {
    if (seat.group().isPresent()) {
      try {
        if (!seat.group().get().remove()) {
          LOG.warn("control group {} is in use although nothing runs", seat.group().get().folder());
        }
      } catch (ErrnoException refused) {
        LOG.warn("{}", refused.getMessage());
      }
    }
  }

  private static SpawnRequest request(
      SpawnPlan plan, ChildOutput.Ends ends, Provisions provisions, ChildSettings settings) {
    Account account = plan.account();
    Map<String, String> environment = new TreeMap<>(plan.environment());
    environment.putAll(provisions.environment());
    TreeMap<Integer, Stdio> descriptors = new TreeMap<>(provisions.descriptors());
    // A worker speaks through its stdout; only its stderr is its log.
    descriptors.putIfAbsent(1, ends.stdout());
    descriptors.put(2, ends.stderr());
    return new SpawnRequest(
        plan.argv(),
        plan.searchPath(),
        environment,
        plan.workingDirectory(),
        descriptors,
        Optional.of(new Credentials(account.uid(), account.gid(), account.groups())),
        OptionalInt.of(plan.umask()),
        settings);
  }

  /** What changes its thread for good gets one of its own, and this one waits for it. */
  private int spawn(SpawnRequest request) throws SpawnException {
    if (!means.spawn().needsOwnThread(request)) {
      return means.spawn().spawn(request);
    }
    OwnThread own = new OwnThread(means.spawn(), request);
    own.start();
    boolean interrupted = false;
    while (own.isAlive()) {
      try {
        own.join();
      } catch (InterruptedException asked) {
        // The child would be lost; there is nothing here that lasts.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return own.result();
  }

  /** A thread for one spawn. */
  private static final class OwnThread extends Thread {
    private final Spawn spawn;
    private final SpawnRequest request;
    private int pid;
    private @Nullable SpawnException refused;
    private @Nullable Throwable thrown;

    OwnThread(Spawn spawn, SpawnRequest request) {
      super("spawn-once");
      this.spawn = spawn;
      this.request = request;
    }

    @Override
    public void run() {
      try {
        pid = spawn.spawn(request);
      } catch (SpawnException noChild) {
        refused = noChild;
      } catch (RuntimeException | Error unexpected) {
        thrown = unexpected;
      }
    }

    int result() throws SpawnException {
      if (refused != null) {
        throw refused;
      }
      if (thrown != null) {
        throw new IllegalStateException(thrown);
      }
      return pid;
    }
  }

  /**
   * Takes hold of the child. It cannot vanish meanwhile: only the loop reaps, and not what may be
   * of a spawn in flight.
   */
  private Outcome identify(int pid) {
    try {
      PidFd pidFd = PidFd.open(pid);
      try {
        long startTicks =
            PROC.get()
                .stat(pid)
                .orElseThrow(() -> new IllegalStateException("child " + pid + " is not in /proc"))
                .startTicks();
        ProcessIdentity identity = new ProcessIdentity(pid, startTicks, pidFd.inode().orElse(0));
        return new Outcome.Started(
            new Child(
                effect.instance(),
                effect.invocation(),
                identity,
                Optional.of(pidFd),
                true,
                effect.spec().stop().scope(),
                seat.group()),
            seat.notes(),
            seat.isEnforced());
      } catch (ErrnoException | RuntimeException notIdentified) {
        pidFd.close();
        throw notIdentified;
      }
    } catch (ErrnoException | RuntimeException notHeld) {
      // Without a hold it could be neither watched nor told from another: better none.
      destroy(pid);
      boolean shortage = notHeld instanceof ErrnoException refused && refused.isShortage();
      return failed(STAGE, String.valueOf(notHeld.getMessage()), shortage);
    }
  }

  private static void destroy(int pid) {
    try {
      Signals.killGroup(pid, Signals.KILL);
      while (Waits.reapPid(pid).isEmpty()) {
        LockSupport.parkNanos(LOOK_NANOS);
      }
    } catch (ErrnoException refused) {
      LOG.error("child {} is lost: it can be neither held nor killed", pid, refused);
    }
  }

  private Outcome afterUnexpected(Throwable thrown) {
    if (mayHaveChild) {
      Optional<ProcessStat> lost = findLost(effect.invocation());
      if (lost.isPresent()) {
        return identify(lost.get().pid());
      }
    }
    boolean shortage = thrown instanceof OutOfMemoryError;
    if (thrown instanceof ErrnoException refused) {
      shortage = refused.isShortage();
    }
    return failed(STAGE, String.valueOf(thrown.getMessage()), shortage);
  }

  private Optional<ProcessStat> findLost(InvocationId invocation) {
    // Comes back only with an answer: without one we would have to say that there is no child.
    while (true) {
      try {
        ProcessTable table = ProcessTable.read(PROC.get());
        for (ProcessStat child : table.childrenOf(Host.pid())) {
          if (!child.isZombie()
              && child.session() == child.pid()
              && table.proves(child, invocation.hex())) {
            return Optional.of(child);
          }
        }
        return Optional.empty();
      } catch (ErrnoException shortage) {
        LOG.warn("a lost child cannot be looked for; trying again: {}", shortage.getMessage());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Outcome failed(String stage, String reason, boolean shortage) {
    return new Outcome.Failed(new Report.SpawnFailed(effect.invocation(), stage, reason, shortage));
  }
}
