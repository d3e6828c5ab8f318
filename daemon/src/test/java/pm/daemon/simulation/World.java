package pm.daemon.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import pm.config.Hook;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;

/**
 * The machine, with its processes, and that part of the daemon which starts, watches and kills
 * them. It does what it is asked for late, in any order, and keeps to what {@link Effect} and
 * {@link Report} promise. Of what it knows only the processes outlive the daemon.
 */
final class World {

  /** One invocation: its processes, and what the daemon that runs now has to do with it. */
  static final class Life {
    final InvocationId id;
    final InstanceName instance;

    /** Whether a stop may leave behind what its main process started. */
    boolean mayLeave;

    // The processes.
    Optional<ProcessIdentity> main = Optional.empty();
    boolean alive;
    Optional<ExitStatus> status = Optional.empty();
    int remains;
    boolean ignoresTerm;
    boolean frozen;

    /** Whether it answers no check, and uses too much memory. */
    boolean isSick;

    /** Whether it has said that it stops by itself. */
    boolean saysItStops;

    /** Whether the kernel killed it for want of memory. */
    boolean wantedMemory;

    /** Whether nobody was there to see how it ended. */
    boolean endedUnseen;

    // What the daemon has to do with it; lost when that is killed.
    boolean spawning;
    boolean looking;
    boolean held;
    boolean adopted;

    /** Whether the daemon had kept which process it is. */
    boolean known;

    boolean termSent;
    boolean killAsked;
    boolean remainsSignalled;
    boolean exitTold;
    boolean goneTold;
    boolean released;
    final ArrayDeque<Report> reports = new ArrayDeque<>();

    Life(InvocationId id, InstanceName instance) {
      this.id = id;
      this.instance = instance;
    }

    boolean livesOn() {
      return alive || (remains > 0 && !mayLeave);
    }

    @Override
    public String toString() {
      return instance
          + " "
          + id.hex().substring(0, 6)
          + (alive ? " alive" : "")
          + (remains > 0 ? " remains " + remains : "")
          + (released ? " released" : "");
    }
  }

  private final Map<InvocationId, Life> lives = new LinkedHashMap<>();
  private final List<Effect.RunHook> hooks = new ArrayList<>();
  private final List<Life> voices = new ArrayList<>();
  private final Set<InvocationId> prepared = new HashSet<>();
  private final Set<InvocationId> ready = new HashSet<>();
  private final Set<InvocationId> unready = new HashSet<>();
  private final Set<InvocationId> cleaned = new HashSet<>();
  private int nextPid = 100;
  private boolean hostIsShort;
  private double restlessness = 0.3;

  Collection<Life> lives() {
    return lives.values();
  }

  Optional<Life> life(InvocationId id) {
    return Optional.ofNullable(lives.get(id));
  }

  void temperament(SplittableRandom random) {
    restlessness = Programs.pick(random, List.of(0.02, 0.1, 0.3, 0.8));
  }

  /** This definition is in force now: it may allow what belongs to it to be left behind. */
  void obeys(ProgramSpec spec) {
    for (Life life : lives.values()) {
      life.mayLeave |=
          spec.stop().scope() == StopScope.PROCESS && life.instance.program().equals(spec.name());
    }
  }

  // What the daemon asks for.

  void spawn(Effect.Spawn spawn, SplittableRandom random) {
    Violation.unless(
        !lives.containsKey(spawn.invocation()),
        Invariant.SINGLE_INSTANCE,
        spawn.instance(),
        ": the same invocation is spawned twice");
    for (Life other : lives.values()) {
      Violation.unless(
          !other.instance.equals(spawn.instance()) || (!other.livesOn() && !other.spawning),
          Invariant.SINGLE_INSTANCE,
          spawn.instance(),
          ": is spawned beside ",
          other);
    }
    Violation.unless(
        !prepared.contains(spawn.invocation())
            || ready.contains(spawn.invocation())
            || mayBeUnready(spawn),
        Invariant.HOOKS,
        spawn.instance(),
        ": is spawned although its pre_start has not done its work");
    Life life = new Life(spawn.invocation(), spawn.instance());
    life.mayLeave = spawn.spec().stop().scope() == StopScope.PROCESS;
    life.spawning = true;
    life.held = true;
    life.ignoresTerm = random.nextInt(4) == 0;
    lives.put(life.id, life);
  }

  void signal(Effect.Signal signal, SplittableRandom random) {
    Life life = lives.get(signal.invocation());
    if (life == null) {
      throw new Violation(
          Invariant.NO_STRANGER_SIGNALLED, "an unknown invocation is signalled: " + signal);
    }
    Violation.unless(
        life.main.equals(Optional.of(signal.process())),
        Invariant.NO_STRANGER_SIGNALLED,
        life,
        " is ",
        life.main,
        " but the signal goes to ",
        signal.process());
    Violation.unless(
        !life.released, Invariant.NO_STRANGER_SIGNALLED, life, " is over and is signalled");
    if (!life.held || !life.alive) {
      return;
    }
    if (signal.thenContinue()) {
      life.termSent = true;
    } else if (random.nextInt(3) == 0 && !life.frozen) {
      die(life, new ExitStatus.Signalled(signal.signal(), 1, false), random);
    }
  }

  void killRemains(Effect.KillRemains kill) {
    Life life = known(kill.invocation(), kill);
    life.killAsked = true;
    life.goneTold = false;
    life.mayLeave |= kill.scope() == StopScope.PROCESS;
  }

  void signalRemains(Effect.SignalRemains signal) {
    Life life = known(signal.invocation(), signal);
    life.remainsSignalled = true;
    life.mayLeave |= signal.scope() == StopScope.PROCESS;
  }

  private Life known(InvocationId id, Effect effect) {
    Life life = lives.get(id);
    if (life == null || life.released) {
      throw new Violation(Invariant.NO_STRANGER_SIGNALLED, "nothing is left of it: " + effect);
    }
    return life;
  }

  void adopt(Effect.Adopt adopt) {
    Life life =
        lives.computeIfAbsent(adopt.run().invocation(), id -> new Life(id, adopt.instance()));
    life.mayLeave |= adopt.spec().stop().scope() == StopScope.PROCESS;
    life.known = adopt.run().process().isPresent();
    Violation.unless(
        adopt.run().process().equals(life.main) || !life.known,
        Invariant.NO_STRANGER_SIGNALLED,
        life,
        " is ",
        life.main,
        " and is taken for ",
        adopt.run().process());
    if (adopt.exited()) {
      life.held = true;
      life.exitTold = true;
    } else {
      life.looking = true;
    }
  }

  void release(Effect.Release release) {
    Life life = lives.get(release.invocation());
    if (life == null
        && (prepared.remove(release.invocation()) || cleaned.contains(release.invocation()))) {
      return;
    }
    if (life == null) {
      throw new Violation(Invariant.RELEASED_ONCE, "released but never begun: " + release);
    }
    Violation.unless(!life.released, Invariant.RELEASED_ONCE, life, " is released twice");
    Violation.unless(
        !life.livesOn() && !life.spawning, Invariant.NO_LOST_CHILD, life, " is over but lives");
    life.released = true;
    life.held = false;
  }

  void follow(Effect.Follow follow) {
    life(follow.invocation()).ifPresent(life -> life.main = Optional.of(follow.process()));
  }

  void check(Effect.Check check) {
    asked(check.invocation(), check.number(), true);
  }

  void ping(Effect.Ping ping) {
    asked(ping.invocation(), ping.number(), false);
  }

  /** A probe answers in any case, if only that it has failed; a worker may not answer. */
  private void asked(InvocationId invocation, long number, boolean isAnsweredAnyway) {
    Life life = lives.get(invocation);
    if (life == null || life.released) {
      throw new Violation(Invariant.NO_STRANGER_SIGNALLED, "nobody is asked: " + invocation);
    }
    boolean answers = life.alive && !life.frozen && !life.isSick;
    if (answers || isAnsweredAnyway) {
      life.reports.add(new Report.Checked(invocation, number, answers, "refused"));
    }
  }

  void runHook(Effect.RunHook hook) {
    Life life = lives.get(hook.invocation());
    boolean isRight =
        switch (hook.kind()) {
          case PRE_START -> life == null;
          case POST_START, PRE_STOP, STOP_COMMAND, RELOAD, BEFORE_KILL ->
              life != null && !life.released;
          case POST_STOP, ON_FAILURE -> life == null || (!life.livesOn() && !life.spawning);
        };
    Violation.unless(isRight, Invariant.HOOKS, hook, " is run when it is ", life);
    Violation.unless(
        hooks.stream()
            .noneMatch(
                running ->
                    running.invocation().equals(hook.invocation())
                        && running.kind() == hook.kind()),
        Invariant.HOOKS,
        hook,
        " is run beside itself");
    hooks.add(hook);
    if (hook.kind() == HookKind.POST_STOP) {
      cleaned.add(hook.invocation());
    }
    if (hook.kind() == HookKind.PRE_START) {
      prepared.add(hook.invocation());
    }
  }

  /** What counts is what is in force when the hook ends, not when it began. */
  private boolean mayBeUnready(Effect.Spawn spawn) {
    Optional<Hook> hook = spawn.spec().hooks().preStart();
    return hook.isEmpty() || (hook.get().ignoreFailure() && unready.contains(spawn.invocation()));
  }

  void endHooks(Effect.EndHooks end) {
    hooks.removeIf(hook -> hook.invocation().equals(end.invocation()));
    voices.removeIf(voice -> voice.id.equals(end.invocation()));
  }

  /** Whether its post_stop has been run. */
  boolean isCleaned(InvocationId invocation) {
    return cleaned.contains(invocation);
  }

  private void hookEnds(SplittableRandom random) {
    Effect.RunHook hook = hooks.remove(random.nextInt(hooks.size()));
    HookEnd end =
        switch (random.nextInt(8)) {
          case 0 -> HookEnd.code(1);
          case 1 -> HookEnd.late();
          case 2 -> HookEnd.notRun("no such file");
          default -> HookEnd.code(0);
        };
    Life voice = new Life(hook.invocation(), hook.instance());
    voice.reports.add(new Report.HookEnded(hook.instance(), hook.invocation(), hook.kind(), end));
    voices.add(voice);
    if (hook.kind() == HookKind.PRE_START) {
      (end.isSuccess() || hook.hook().ignoreFailure() ? ready : unready).add(hook.invocation());
    }
  }

  void readUsage(Effect.ReadUsage read) {
    life(read.invocation())
        .ifPresent(
            life ->
                life.reports.add(
                    new Report.Used(
                        life.id,
                        OptionalLong.of(life.isSick ? 1L << 30 : 1L << 10),
                        OptionalLong.empty(),
                        OptionalInt.empty())));
  }

  /** The daemon is killed. What it had begun with a spawn may or may not have become a process. */
  void daemonDies(SplittableRandom random) {
    hooks.clear();
    voices.clear();
    for (Life life : lives.values()) {
      if (life.spawning && random.nextBoolean()) {
        born(life, random);
      }
      if (life.status.isPresent() && !life.released) {
        life.endedUnseen = true;
      }
      life.spawning = false;
      life.looking = false;
      life.held = false;
      life.adopted = false;
      life.termSent = false;
      life.killAsked = false;
      life.remainsSignalled = false;
      life.exitTold = false;
      life.goneTold = false;
      life.reports.clear();
    }
    lives.values().removeIf(life -> life.main.isEmpty());
  }

  // What happens by itself.

  /** Lets something happen; returns what, or nothing if nothing could. */
  Optional<String> happens(SplittableRandom random) {
    List<Life> moving = new ArrayList<>();
    for (Life life : lives.values()) {
      if (!life.released || life.livesOn()) {
        moving.add(life);
      }
    }
    if (random.nextInt(40) == 0) {
      hostIsShort = !hostIsShort;
    }
    if (!hooks.isEmpty() && (moving.isEmpty() || random.nextInt(3) == 0)) {
      hookEnds(random);
      return Optional.of("a hook ends");
    }
    if (moving.isEmpty()) {
      return Optional.empty();
    }
    Life life = Programs.pick(random, moving);
    String before = life.toString();
    happensTo(life, random);
    return Optional.of(before + " =>" + life);
  }

  private void happensTo(Life life, SplittableRandom random) {
    if (life.spawning) {
      spawned(life, random);
    } else if (life.looking) {
      look(life, random);
    } else if (life.alive) {
      lives(life, random);
    } else if (life.remains > 0) {
      remainsLive(life, random);
    }
    tellGone(life);
  }

  private void spawned(Life life, SplittableRandom random) {
    life.spawning = false;
    int dice = random.nextInt(20);
    if (hostIsShort ? dice < 12 : dice < 2) {
      life.reports.add(new Report.SpawnFailed(life.id, "spawn", "no memory", true));
    } else if (dice >= 18) {
      life.reports.add(new Report.SpawnFailed(life.id, "exec", "No such file", false));
    } else {
      ProcessIdentity identity = born(life, random);
      life.reports.add(new Report.Spawned(life.id, identity));
    }
  }

  private ProcessIdentity born(Life life, SplittableRandom random) {
    for (Life other : lives.values()) {
      Violation.unless(
          other == life || !other.instance.equals(life.instance) || !other.livesOn(),
          Invariant.SINGLE_INSTANCE,
          life,
          " is born beside ",
          other);
    }
    nextPid += 1 + random.nextInt(3);
    ProcessIdentity identity = new ProcessIdentity(nextPid, 10L * nextPid, nextPid);
    life.main = Optional.of(identity);
    life.alive = true;
    return identity;
  }

  /** A daemon that goes on looks for what the one before it left. */
  private void look(Life life, SplittableRandom random) {
    life.looking = false;
    life.held = true;
    boolean leftNothing = !life.known && !life.alive && life.remains == 0 && random.nextBoolean();
    if (life.main.isEmpty() || leftNothing) {
      life.reports.add(new Report.NeverSpawned(life.id));
    } else if (life.alive) {
      life.adopted = true;
      life.reports.add(
          life.known
              ? new Report.Adopted(life.id, life.main.get())
              : new Report.Spawned(life.id, life.main.get()));
    } else {
      tellExit(life, random);
    }
  }

  private void lives(Life life, SplittableRandom random) {
    if (life.frozen) {
      if (random.nextInt(8) == 0) {
        life.frozen = false;
      } else if (life.killAsked && life.held) {
        tellLeft(life);
      }
      return;
    }
    if (life.killAsked && life.held) {
      die(life, new ExitStatus.Signalled("KILL", 9, false), random);
    } else if (life.termSent && !life.ignoresTerm && random.nextInt(4) > 0) {
      die(
          life,
          Programs.pick(
              random,
              List.of(
                  new ExitStatus.Signalled("TERM", 15, false),
                  new ExitStatus.Code(0),
                  new ExitStatus.Code(143))),
          random);
    } else if (random.nextDouble() < restlessness) {
      die(
          life,
          Programs.pick(
              random,
              List.of(
                  new ExitStatus.Code(0),
                  new ExitStatus.Code(0),
                  new ExitStatus.Code(1),
                  new ExitStatus.Code(2),
                  new ExitStatus.Code(3),
                  new ExitStatus.Signalled("SEGV", 11, true),
                  new ExitStatus.Signalled("KILL", 9, false))),
          random);
    } else if (random.nextInt(3) == 0 && life.remains < 3) {
      life.remains++;
    } else if (random.nextInt(20) == 0) {
      life.frozen = true;
    } else if (random.nextInt(10) == 0) {
      life.isSick = !life.isSick;
    } else {
      speaks(life, random);
    }
  }

  private static void speaks(Life life, SplittableRandom random) {
    if (life.held && !life.looking) {
      life.reports.add(
          switch (random.nextInt(12)) {
            case 0 -> says(life, false, true);
            case 1, 2, 3 -> new Report.BecameReady(life.id, "a newline");
            default -> says(life, random.nextBoolean(), false);
          });
    }
  }

  private static Report says(Life life, boolean ready, boolean stopping) {
    life.saysItStops |= stopping;
    return new Report.Notified(
        life.id,
        new Notification(
            ready,
            false,
            stopping,
            true,
            false,
            ready ? Optional.of("serving") : Optional.empty(),
            Optional.empty(),
            OptionalLong.empty(),
            OptionalLong.empty()));
  }

  private void die(Life life, ExitStatus status, SplittableRandom random) {
    life.alive = false;
    life.status = Optional.of(status);
    life.wantedMemory =
        status instanceof ExitStatus.Signalled signalled
            && signalled.signal().equals("KILL")
            && !life.killAsked
            && random.nextInt(3) == 0;
    if (random.nextBoolean()) {
      life.remains = 0;
    }
    if (life.held) {
      tellExit(life, random);
    } else {
      life.endedUnseen = true;
    }
  }

  private void remainsLive(Life life, SplittableRandom random) {
    if (life.frozen) {
      if (random.nextInt(8) == 0) {
        life.frozen = false;
      } else if (life.killAsked && life.held) {
        tellLeft(life);
      }
    } else if (life.killAsked && life.held) {
      life.remains = 0;
    } else if (random.nextInt(life.remainsSignalled ? 2 : 6) == 0) {
      life.remains--;
    } else if (random.nextInt(20) == 0) {
      life.frozen = true;
    }
  }

  private static void tellExit(Life life, SplittableRandom random) {
    ExitStatus status = life.status.orElseThrow();
    boolean unseen = life.endedUnseen || (life.adopted && random.nextInt(3) == 0);
    life.endedUnseen = unseen;
    life.exitTold = true;
    life.reports.add(
        new Report.Exited(
            life.id,
            unseen ? new ExitStatus.Unknown() : status,
            life.remains > 0,
            life.wantedMemory && !unseen));
  }

  private static void tellLeft(Life life) {
    List<Integer> pids = new ArrayList<>();
    for (int i = 0; i < life.remains + (life.alive ? 1 : 0); i++) {
      pids.add(life.main.orElseThrow().pid() + i);
    }
    life.reports.add(new Report.RemainsLeft(life.id, pids));
  }

  private static void tellGone(Life life) {
    if ((life.killAsked || life.remainsSignalled)
        && life.held
        && life.exitTold
        && !life.goneTold
        && !life.livesOn()) {
      life.goneTold = true;
      life.reports.add(new Report.RemainsGone(life.id));
    }
  }

  /** Nothing resists any more, and whatever has been asked for is done. */
  void calm() {
    hostIsShort = false;
    restlessness = 0;
    lives.values().forEach(life -> life.frozen = false);
    lives.values().forEach(life -> life.isSick = false);
  }

  /** Returns those with something to tell. */
  List<Life> telling() {
    voices.removeIf(voice -> voice.reports.isEmpty());
    List<Life> telling = new ArrayList<>(voices);
    lives.values().stream().filter(life -> !life.reports.isEmpty()).forEach(telling::add);
    return telling;
  }
}
