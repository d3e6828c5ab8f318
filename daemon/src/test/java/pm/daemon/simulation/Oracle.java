package pm.daemon.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.ProgramSpec;
import pm.config.RestartSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.plan.ApplyPlanner;

/**
 * Watches the decisions of the core and keeps a history of its own, from which it knows what may
 * happen. It shares no rule with the core but the plan of an apply.
 */
final class Oracle {

  /** What is known of a slot, told apart from what the core keeps. */
  private static final class History {
    List<Long> automatic = new ArrayList<>();
    int streak;
    boolean endedByItself;
    boolean stoppedByOperator;

    /** Whether its last start was decided, but never carried out. */
    boolean neverSpawned;

    History copy() {
      History copy = new History();
      copy.automatic = new ArrayList<>(automatic);
      copy.streak = streak;
      copy.endedByItself = endedByItself;
      copy.stoppedByOperator = stoppedByOperator;
      copy.neverSpawned = neverSpawned;
      return copy;
    }

    void forgive() {
      automatic.clear();
      streak = 0;
    }
  }

  private record Seen(InstanceState state, Optional<DeadReason> reason) {
    static Seen of(Phase phase) {
      return new Seen(
          phase.state(),
          phase instanceof Phase.Dead dead ? Optional.of(dead.reason()) : Optional.empty());
    }
  }

  private final World world;
  private final int cores;
  private Map<InstanceName, History> histories = new HashMap<>();
  private Map<InstanceName, Seen> seen = new HashMap<>();
  private SortedMap<String, ProgramSpec> inForce = new TreeMap<>();
  private DaemonSpec daemon = DaemonSpec.DEFAULT;
  private final Map<InvocationId, Boolean> failedForShortage = new HashMap<>();

  /** The programs that the last apply left as they were. */
  private final Set<String> unchanged = new TreeSet<>();

  Oracle(World world, int cores) {
    this.world = world;
    this.cores = cores;
  }

  /** Returns this history as it is now, in case that what follows is never kept. */
  Oracle copy() {
    Oracle copy = new Oracle(world, cores);
    histories.forEach((name, history) -> copy.histories.put(name, history.copy()));
    copy.seen = new HashMap<>(seen);
    copy.inForce = inForce;
    copy.daemon = daemon;
    copy.failedForShortage.putAll(failedForShortage);
    return copy;
  }

  int startLimit() {
    return daemon.maxConcurrentStarts().orElse(4 * cores);
  }

  boolean isStoppedByOperator(InstanceName name) {
    return history(name).stoppedByOperator;
  }

  private History history(InstanceName name) {
    return histories.computeIfAbsent(name, key -> new History());
  }

  /** A daemon begins anew and knows nothing of what restarted when. */
  void beginsAnew() {
    histories.values().forEach(History::forgive);
    histories.values().forEach(history -> history.endedByItself = false);
    seen.clear();
  }

  /** A daemon has replayed what another kept. What that one had published beyond is lost. */
  void replayed(Collection<Instance> instances) {
    seen.clear();
    instances.forEach(instance -> seen.put(instance.name(), Seen.of(instance.phase())));
  }

  /**
   * Looks at a decision.
   *
   * @param selected what the command names, empty if it is none that names instances
   * @param before the instances before it
   */
  void decided(
      Event event,
      Moment now,
      Decision decision,
      List<InstanceName> selected,
      Map<InstanceName, Instance> before,
      Supervisor core) {
    commanded(event, selected, before, core);
    if (event instanceof Report.SpawnFailed failed) {
      failedForShortage.put(failed.invocation(), failed.shortage());
    }
    Map<InstanceName, Instance> after = byName(core.instances());
    if (event instanceof Report.NeverSpawned never) {
      before.forEach(
          (name, instance) -> {
            if (instance.run().isPresent()
                && instance.run().get().invocation().equals(never.invocation())) {
              history(name).neverSpawned = true;
            }
          });
    }
    after.forEach(
        (name, instance) -> {
          if (before.get(name) != null) {
            ended(before.get(name), instance, now, decision);
          }
        });
    for (Effect effect : decision.effects()) {
      if (effect instanceof Effect.Spawn spawn) {
        started(spawn, now, decision, core);
      }
    }
    published(decision, after);
    kept(decision, before, after);
    configured(event, decision, before, core);
    histories.keySet().removeIf(name -> !after.containsKey(name) && before.containsKey(name));
  }

  // What operators want.

  private void commanded(
      Event event,
      List<InstanceName> selected,
      Map<InstanceName, Instance> before,
      Supervisor core) {
    switch (event) {
      case Command.Begin begin -> {
        inForce = begin.configuration().programs();
        daemon = begin.configuration().daemon();
        begin
            .decisions()
            .stopped()
            .keySet()
            .forEach(name -> history(name).stoppedByOperator = true);
      }
      case Command.Stop stop -> {
        for (InstanceName name : selected) {
          history(name).stoppedByOperator |= canBeStopped(before.get(name));
        }
      }
      case Command.Start start -> wanted(selected, before, false);
      case Command.Restart restart -> wanted(selected, before, true);
      case Command.Reset reset -> selected.forEach(name -> history(name).forgive());
      case Command.Apply apply -> {
        if (!apply.dryRun() && !core.isShuttingDown()) {
          applied(apply.configuration());
        }
      }
      case Command.Resume resume -> {}
      case Command.Signal signal -> {}
      case Command.Shutdown shutdown -> {}
      case Report report -> {}
      case pm.daemon.core.event.TimePassed passed -> {}
    }
  }

  private static boolean canBeStopped(@Nullable Instance instance) {
    return instance != null
        && switch (instance.phase()) {
          case Phase.Dead dead -> true;
          case Phase.Stopping stopping -> stopping.after() != AfterStop.FORGET;
          case Phase.Starting starting -> true;
          case Phase.Up up -> true;
        };
  }

  private void wanted(
      List<InstanceName> selected, Map<InstanceName, Instance> before, boolean again) {
    for (InstanceName name : selected) {
      Instance instance = before.get(name);
      if (instance == null
          || Optional.ofNullable(inForce.get(name.program()))
              .filter(ProgramSpec::enabled)
              .isEmpty()) {
        continue;
      }
      boolean starts =
          switch (instance.phase()) {
            case Phase.Dead dead -> true;
            case Phase.Stopping stopping -> stopping.after() != AfterStop.FORGET;
            case Phase.Starting starting -> again;
            case Phase.Up up -> again;
          };
      if (starts) {
        history(name).forgive();
        history(name).stoppedByOperator = false;
      }
    }
  }

  private void applied(Configuration next) {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>(inForce);
    unchanged.clear();
    for (ApplyPlan.ProgramStep step : ApplyPlanner.plan(inForce, next).programs()) {
      switch (step.action()) {
        case REMOVE -> specs.remove(step.program());
        case ADD, RESTART, LIVE, UNCHANGED -> {
          specs.put(step.program(), next.programs().get(step.program()));
          if (step.action() == ApplyPlan.Action.UNCHANGED) {
            unchanged.add(step.program());
          } else {
            otherRules(step.program());
          }
        }
        case INVALID -> {}
      }
    }
    inForce = specs;
    daemon = next.daemon();
  }

  // Starts.

  private void started(Effect.Spawn spawn, Moment now, Decision decision, Supervisor core) {
    InstanceName name = spawn.instance();
    History history = history(name);
    Violation.unless(
        !history.stoppedByOperator, Invariant.NO_START_AFTER_STOP, name, " was stopped and starts");
    Violation.unless(!core.isShuttingDown(), Invariant.ENDS_ONCE, name, " starts in a shutdown");
    ProgramSpec spec = inForce.get(name.program());
    if (spec == null || !spec.enabled() || !spec.equals(spawn.spec())) {
      throw new Violation(
          Invariant.CONFIGURATION,
          name + " starts as " + spawn.spec() + " but in force is " + spec);
    }
    Optional<Run> run = Optional.empty();
    for (Entry entry : decision.entries()) {
      if (entry instanceof Entry.InstanceKept kept
          && kept.instance().run().isPresent()
          && kept.instance().run().get().invocation().equals(spawn.invocation())) {
        run = kept.instance().run();
      }
    }
    if (run.isEmpty()) {
      throw new Violation(
          Invariant.KEPT_BEFORE_VISIBLE, name + " is spawned but its start is not kept");
    }
    boolean sameStart = history.neverSpawned;
    history.neverSpawned = false;
    if (!run.get().startedBy().equals("restart policy")) {
      history.endedByItself = false;
      return;
    }
    if (sameStart) {
      return;
    }
    history.streak++;
    if (history.endedByItself) {
      history.endedByItself = false;
      RestartSpec rule = spec.restart();
      history.automatic.add(now.nanos());
      if (rule.maxRestarts().isPresent()) {
        long young =
            history.automatic.stream()
                .filter(at -> at > now.nanos() - rule.window().toNanos())
                .count();
        Violation.unless(
            young <= rule.maxRestarts().getAsInt(),
            Invariant.RESTART_WINDOW,
            name,
            ": ",
            young,
            " automatic restarts within ",
            rule.window(),
            ", allowed are ",
            rule.maxRestarts());
      }
    }
  }

  // Ends.

  private void ended(Instance before, Instance after, Moment now, Decision decision) {
    Optional<Run> run = before.run();
    boolean over =
        run.isPresent() && !run.map(Run::invocation).equals(after.run().map(Run::invocation));
    if (!over) {
      return;
    }
    Optional<PastInvocation> end =
        after.lastEnd().filter(past -> past.invocation().equals(run.get().invocation()));
    end.ifPresent(past -> toldTruly(before, past));
    Violation.unless(
        end.isPresent() || run.get().process().isEmpty(),
        Invariant.STATUS_TRUTH,
        before.name(),
        ": nothing tells how ",
        run.get().invocation(),
        " ended");
    if (end.isEmpty() || end.get().cause() == ExitCause.REQUESTED) {
      return;
    }
    judged(before, after, end.get(), now, decision);
  }

  private void toldTruly(Instance before, PastInvocation past) {
    InstanceName name = before.name();
    World.Life life =
        world
            .life(past.invocation())
            .orElseThrow(
                () -> new Violation(Invariant.STATUS_TRUTH, name + ": ended and never began"));
    switch (past.cause()) {
      case EXEC_ERROR, SPAWN_ERROR -> {
        boolean shortage = past.cause() == ExitCause.SPAWN_ERROR;
        Violation.unless(
            past.status().isEmpty()
                && failedForShortage.getOrDefault(past.invocation(), !shortage) == shortage,
            Invariant.STATUS_TRUTH,
            name,
            ": ",
            past);
        return;
      }
      case REQUESTED,
          CLEAN,
          EXIT,
          SIGNAL,
          START_TIMEOUT,
          UNHEALTHY,
          TIME_LIMIT,
          OOM,
          RECYCLE,
          UNKNOWN -> {}
    }
    ExitStatus told = past.status().orElseThrow();
    boolean true_ = life.status.equals(Optional.of(told));
    boolean unknown = told instanceof ExitStatus.Unknown && life.endedUnseen;
    Violation.unless(
        true_ || unknown,
        Invariant.STATUS_TRUTH,
        name,
        " ended with ",
        life.status,
        " and it is told as ",
        told);
    Violation.unless(
        past.pid() == 0 || past.pid() == life.main.orElseThrow().pid(),
        Invariant.STATUS_TRUTH,
        name,
        ": the pid of ",
        past);
    ProgramSpec spec = inForce.get(name.program());
    boolean stopping =
        before.phase() instanceof Phase.Stopping stop && stop.cause() != StopCause.REMAINS;
    boolean consistent =
        switch (past.cause()) {
          case CLEAN ->
              told instanceof ExitStatus.Code code
                  && (spec == null || spec.successExitCodes().contains(code.code()));
          case EXIT ->
              told instanceof ExitStatus.Code code
                  && (spec == null || !spec.successExitCodes().contains(code.code()));
          case SIGNAL -> told instanceof ExitStatus.Signalled;
          case UNKNOWN -> told instanceof ExitStatus.Unknown;
          case REQUESTED, START_TIMEOUT -> stopping;
          case UNHEALTHY, TIME_LIMIT, OOM, RECYCLE, EXEC_ERROR, SPAWN_ERROR -> false;
        };
    Violation.unless(
        consistent, Invariant.STATUS_TRUTH, name, " in ", before.phase(), " ended as ", past);
  }

  /** Its policy has judged: what must come of it. */
  private void judged(
      Instance before, Instance after, PastInvocation end, Moment now, Decision decision) {
    InstanceName name = before.name();
    History history = history(name);
    ProgramSpec spec = inForce.get(name.program());
    if (spec == null || !spec.enabled()) {
      return;
    }
    history.endedByItself = end.cause() != ExitCause.SPAWN_ERROR || history.endedByItself;
    if (before.phase() instanceof Phase.Up up
        && now.nanos() - up.readyNanos() >= spec.restart().resetAfter().toNanos()) {
      history.streak = 0;
    }
    if (before.phase() instanceof Phase.Stopping stop
        && stop.readySince() != Moment.NEVER
        && now.nanos() - stop.readySince() >= spec.restart().resetAfter().toNanos()) {
      history.streak = 0;
    }
    DeadReason reason = firstReason(name, after, decision);
    if (reason == DeadReason.STOPPED || reason == DeadReason.WAITING) {
      // A shutdown came in between, or the start of a daemon that was never carried out.
      return;
    }
    boolean wants = wants(spec.restart(), end);
    boolean mayBeFull =
        spec.restart().maxRestarts().isPresent()
            && young(before, spec.restart(), now) >= spec.restart().maxRestarts().getAsInt();
    boolean right =
        switch (reason) {
          case BACKOFF -> wants;
          case COMPLETED -> !wants && end.cause() == ExitCause.CLEAN;
          case FAILED ->
              (!wants && end.cause() != ExitCause.CLEAN)
                  || (wants && mayBeFull && end.cause() != ExitCause.SPAWN_ERROR);
          case NEW, DISABLED, WAITING, SCHEDULED, STOPPED, INVALID -> false;
        };
    Violation.unless(
        right,
        Invariant.POLICY,
        name,
        " with ",
        spec.restart(),
        " ended as ",
        end,
        " and is ",
        reason);
    if (reason == DeadReason.BACKOFF) {
      backoff(name, after, end, spec.restart(), now);
    }
  }

  private static long young(Instance instance, RestartSpec rule, Moment now) {
    return instance.window().restarts().stream()
        .filter(at -> at > now.nanos() - rule.window().toNanos())
        .count();
  }

  private static boolean wants(RestartSpec rule, PastInvocation end) {
    if (end.cause() == ExitCause.SPAWN_ERROR) {
      return true;
    }
    if (end.cause() == ExitCause.EXEC_ERROR) {
      return false;
    }
    if (end.status().orElseThrow() instanceof ExitStatus.Code code
        && rule.prevent().contains(code.code())) {
      return false;
    }
    return switch (rule.policy()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case ON_FAILURE -> end.cause() != ExitCause.CLEAN;
      case ON_ABNORMAL -> end.cause() == ExitCause.SIGNAL || end.cause() == ExitCause.START_TIMEOUT;
    };
  }

  /** The reason that it was DEAD for first, as it was published. */
  private static DeadReason firstReason(InstanceName name, Instance after, Decision decision) {
    for (Effect effect : decision.effects()) {
      if (effect instanceof Effect.Publish publish
          && publish.happening() instanceof Happening.StateChanged change
          && change.instance().equals(name)
          && change.to() == InstanceState.DEAD) {
        return change.reason().orElseThrow();
      }
    }
    throw new Violation(
        Invariant.LEGAL_TRANSITIONS, name + " ended without being DEAD: " + after.phase());
  }

  private void backoff(
      InstanceName name, Instance after, PastInvocation end, RestartSpec rule, Moment now) {
    double raw = rule.delay().toNanos();
    for (int i = 0; i < history(name).streak && raw < rule.maxDelay().toNanos(); i++) {
      raw *= rule.factor();
    }
    raw = Math.min(raw, (double) rule.maxDelay().toNanos());
    long wait = after.phase() instanceof Phase.Dead dead ? dead.startAt() - now.nanos() : 0;
    if (after.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.WAITING) {
      wait = 0;
    }
    Violation.unless(
        wait <= raw + 1_000 && wait >= raw * (1 - rule.jitter()) - 1_000,
        Invariant.BACKOFF_BOUNDS,
        name,
        " ended as ",
        end.cause(),
        ", ordinal ",
        history(name).streak + 1,
        " of ",
        rule,
        " waits ",
        Duration.ofNanos(wait));
    if (end.cause() != ExitCause.SPAWN_ERROR
        && after.phase() instanceof Phase.Dead dead
        && dead.reason() == DeadReason.BACKOFF) {
      Violation.unless(
          dead.kind() == StartKind.RESTART,
          Invariant.RESTART_WINDOW,
          name,
          " is restarted without using up its window");
    }
  }

  // What the world sees, and what is kept.

  private void published(Decision decision, Map<InstanceName, Instance> after) {
    for (Effect effect : decision.effects()) {
      if (!(effect instanceof Effect.Publish publish)
          || !(publish.happening() instanceof Happening.StateChanged change)) {
        continue;
      }
      Violation.unless(
          change.cause().isEmpty() || isEndOf(change, after),
          Invariant.STATUS_TRUTH,
          "this is not how it ended: ",
          change);
      Seen from = new Seen(change.from(), change.fromReason());
      Seen last = seen.getOrDefault(change.instance(), from);
      Violation.unless(
          last.equals(from), Invariant.LEGAL_TRANSITIONS, "it was ", last, " but ", change);
      Violation.unless(
          isLegal(change), Invariant.LEGAL_TRANSITIONS, "there is no such transition: ", change);
      seen.put(change.instance(), new Seen(change.to(), change.reason()));
    }
    seen.keySet().retainAll(after.keySet());
    after.forEach(
        (name, instance) -> {
          Seen told = seen.computeIfAbsent(name, key -> Seen.of(instance.phase()));
          Violation.unless(
              told.equals(Seen.of(instance.phase())),
              Invariant.LEGAL_TRANSITIONS,
              name,
              " is ",
              instance.phase(),
              " but the world was told ",
              told);
        });
  }

  private static boolean isEndOf(Happening.StateChanged change, Map<InstanceName, Instance> after) {
    Instance instance = after.get(change.instance());
    return instance == null
        || instance.past().stream()
            .anyMatch(
                past ->
                    change.invocation().equals(Optional.of(past.invocation()))
                        && change.cause().equals(Optional.of(past.cause()))
                        && change.status().equals(past.status()));
  }

  private static boolean isLegal(Happening.StateChanged change) {
    boolean reasons =
        change.fromReason().isPresent() == (change.from() == InstanceState.DEAD)
            && change.reason().isPresent() == (change.to() == InstanceState.DEAD);
    return reasons
        && switch (change.from()) {
          case DEAD ->
              switch (change.to()) {
                case DEAD -> !change.fromReason().equals(change.reason());
                case STARTING -> true;
                case IDLE, BUSY, UNHEALTHY, STOPPING -> false;
              };
          case STARTING ->
              switch (change.to()) {
                case DEAD, IDLE, STOPPING -> true;
                case STARTING, BUSY, UNHEALTHY -> false;
              };
          case IDLE, BUSY, UNHEALTHY ->
              switch (change.to()) {
                case DEAD, STOPPING -> true;
                case IDLE, BUSY, UNHEALTHY -> change.to() != change.from();
                case STARTING -> false;
              };
          case STOPPING ->
              switch (change.to()) {
                case DEAD -> true;
                case STARTING, IDLE, BUSY, UNHEALTHY, STOPPING -> false;
              };
        };
  }

  private static void kept(
      Decision decision, Map<InstanceName, Instance> before, Map<InstanceName, Instance> after) {
    Map<InstanceName, Instance> shadow = new TreeMap<>(before);
    for (Entry entry : decision.entries()) {
      switch (entry) {
        case Entry.InstanceKept kept -> shadow.put(kept.instance().name(), kept.instance());
        case Entry.InstanceForgotten forgotten -> shadow.remove(forgotten.name());
        case Entry.CleanEnd end -> {
          return;
        }
        case Entry.ConfigurationKept kept -> {}
        case Entry.DecisionsKept kept -> {}
      }
    }
    Violation.unless(
        shadow.equals(after),
        Invariant.KEPT_BEFORE_VISIBLE,
        "kept is ",
        shadow,
        " but it is ",
        after);
  }

  private void configured(
      Event event, Decision decision, Map<InstanceName, Instance> before, Supervisor core) {
    Violation.unless(
        core.configuration().programs().equals(inForce),
        Invariant.CONFIGURATION,
        "in force is ",
        core.configuration().programs().keySet(),
        ", should be ",
        inForce.keySet());
    Violation.unless(
        core.startSlots() == startLimit(),
        Invariant.START_SLOTS,
        "the limit is ",
        core.startSlots(),
        ", should be ",
        startLimit());
    if (event instanceof Command.Apply apply) {
      untouched(apply, decision, before, core);
      core.instances().forEach(this::forgivenByApply);
      Map<InstanceName, Instance> after = byName(core.instances());
      for (InstanceName name : before.keySet()) {
        // An operator's stop goes with the instance that it was about.
        Instance left = after.get(name);
        if (left == null || !canBeStopped(left)) {
          history(name).stoppedByOperator = false;
        }
      }
    }
  }

  /** Other rules count from their beginning; what is decided already was by those of before. */
  private void otherRules(String program) {
    histories.forEach(
        (name, history) -> {
          if (name.program().equals(program)) {
            history.automatic.clear();
            history.endedByItself = false;
          }
        });
  }

  /** Which changes of a definition forgive the past is the core's to say. */
  private void forgivenByApply(Instance instance) {
    if (!unchanged.contains(instance.name().program())) {
      history(instance.name()).streak = instance.streak();
    }
  }

  private void untouched(
      Command.Apply apply, Decision decision, Map<InstanceName, Instance> before, Supervisor core) {
    if (apply.dryRun()) {
      Violation.unless(
          decision.entries().isEmpty() && before.equals(byName(core.instances())),
          Invariant.CONFIGURATION,
          "a dry run changes something: ",
          decision);
    }
    Map<InstanceName, Instance> after = byName(core.instances());
    before.forEach(
        (name, instance) -> {
          Instance now = after.get(name);
          boolean waited =
              instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.WAITING;
          Violation.unless(
              !unchanged.contains(name.program()) || waited || instance.equals(now),
              Invariant.CONFIGURATION,
              name,
              " is unchanged in the files, but was ",
              instance.phase(),
              " and is ",
              now);
        });
  }

  // Between decisions.

  /** Looks at the whole, when all that was decided has been carried out. */
  void atRest(Supervisor core, Moment now, boolean resuming) {
    Set<InvocationId> current = new HashSet<>();
    int holding = 0;
    boolean waits = false;
    long earliest = Moment.NEVER;
    for (Instance instance : core.instances()) {
      instance.run().ifPresent(run -> current.add(run.invocation()));
      earliest = Math.min(earliest, instance.phase().deadline());
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          waits |= dead.reason() == DeadReason.WAITING;
        }
        case Phase.Starting starting -> holding += starting.current().process().isEmpty() ? 1 : 0;
        case Phase.Up up -> {}
        case Phase.Stopping stopping -> {
          holding += stopping.current().process().isEmpty() ? 1 : 0;
          stopGoesOn(instance, stopping, now);
        }
      }
      instance.run().flatMap(Run::process).ifPresent(process -> identified(instance, process));
    }
    if (resuming) {
      core.instances().forEach(this::isWantedAgain);
    }
    for (World.Life life : world.lives()) {
      Violation.unless(
          !life.livesOn() || current.contains(life.id),
          Invariant.NO_LOST_CHILD,
          life,
          " is nobody's");
      Violation.unless(
          !life.held || current.contains(life.id),
          Invariant.RELEASED_ONCE,
          life,
          " is over and was not released");
    }
    Violation.unless(
        core.startSlotsInUse() == holding,
        Invariant.START_SLOTS,
        core.startSlotsInUse(),
        " starts are counted, under way are ",
        holding);
    Violation.unless(
        !waits || holding >= startLimit() || core.isShuttingDown() || resuming,
        Invariant.START_SLOTS,
        "somebody waits for one of ",
        startLimit(),
        " places while only ",
        holding,
        " are in use");
    Violation.unless(
        core.nextDeadline() <= earliest,
        Invariant.NO_PAST_DEADLINE,
        "the next deadline is ",
        core.nextDeadline(),
        " but one instance has ",
        earliest);
  }

  private void isWantedAgain(Instance instance) {
    ProgramSpec spec = inForce.get(instance.name().program());
    boolean staysDown =
        switch (instance.phase()) {
          case Phase.Dead dead -> dead.reason() == DeadReason.STOPPED;
          case Phase.Stopping stopping ->
              stopping.cause() == StopCause.SHUTDOWN && stopping.after() == AfterStop.STAY;
          case Phase.Starting starting -> false;
          case Phase.Up up -> false;
        };
    Violation.unless(
        !staysDown
            || history(instance.name()).stoppedByOperator
            || spec == null
            || !spec.enabled()
            || !spec.autostart(),
        Invariant.SHUTDOWN_IS_NO_STOP,
        instance.name(),
        " stays down, but no operator stopped it: ",
        instance.phase());
  }

  private void stopGoesOn(Instance instance, Phase.Stopping stopping, Moment now) {
    World.Life life =
        world
            .life(stopping.current().invocation())
            .orElseThrow(() -> new Violation(Invariant.STOP_BOUND, instance + " was never begun"));
    if (!life.held || !life.reports.isEmpty()) {
      return;
    }
    boolean worked =
        switch (stopping.step()) {
          case AWAIT_SPAWN -> true;
          case SIGNALLED ->
              stopping.exit().isPresent() ? life.remainsSignalled : life.termSent || !life.alive;
          case KILLED, STUCK -> life.killAsked;
        };
    Violation.unless(
        worked, Invariant.STOP_BOUND, life, " is ", stopping.step(), " and nothing was done");
    ProgramSpec spec = inForce.get(instance.name().program());
    long bound =
        switch (stopping.step()) {
          case SIGNALLED -> spec == null ? 10_000_000_000L : spec.stop().timeout().toNanos();
          case KILLED -> 5_000_000_000L;
          case AWAIT_SPAWN, STUCK -> Moment.NEVER - now.nanos();
        };
    Violation.unless(
        stopping.until() - now.nanos() <= Math.max(bound, 10_000_000_000L),
        Invariant.STOP_BOUND,
        instance.name(),
        " waits too long: ",
        stopping);
  }

  private void identified(Instance instance, pm.daemon.core.model.ProcessIdentity process) {
    Run run = instance.run().orElseThrow();
    World.Life life =
        world
            .life(run.invocation())
            .orElseThrow(
                () ->
                    new Violation(
                        Invariant.NO_LOST_CHILD, instance.name() + " has no process at all"));
    Violation.unless(
        life.main.equals(Optional.of(process)),
        Invariant.NO_STRANGER_SIGNALLED,
        instance.name(),
        " is ",
        life.main,
        " and is taken for ",
        process);
  }

  static Map<InstanceName, Instance> byName(Collection<Instance> instances) {
    Map<InstanceName, Instance> map = new TreeMap<>();
    instances.forEach(instance -> map.put(instance.name(), instance));
    return map;
  }
}
