package pm.daemon.simulation;

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
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.plan.ApplyPlanner;

/** What files and operators want: the definitions in force, and what was stopped. */
final class Wishes {

  private final int cores;
  private final Set<InstanceName> stopped = new HashSet<>();
  private SortedMap<String, ProgramSpec> inForce = new TreeMap<>();
  private DaemonSpec daemon = DaemonSpec.DEFAULT;

  /** The programs that the last apply touched, and those that it left as they were. */
  private final Set<String> changed = new TreeSet<>();

  private final Set<String> unchanged = new TreeSet<>();

  Wishes(int cores) {
    this.cores = cores;
  }

  Wishes copy() {
    Wishes copy = new Wishes(cores);
    copy.stopped.addAll(stopped);
    copy.inForce = inForce;
    copy.daemon = daemon;
    return copy;
  }

  Optional<ProgramSpec> spec(InstanceName name) {
    return Optional.ofNullable(inForce.get(name.program()));
  }

  boolean isStopped(InstanceName name) {
    return stopped.contains(name);
  }

  /** Whether the last apply gave it another definition. */
  boolean isChanged(InstanceName name) {
    return changed.contains(name.program());
  }

  int startLimit() {
    return daemon.maxConcurrentStarts().orElse(4 * cores);
  }

  /** Takes what a command asks for, before its decision is looked at. */
  void commanded(Turn turn) {
    switch (turn.event()) {
      case Command.Begin begin -> {
        inForce = begin.configuration().programs();
        daemon = begin.configuration().daemon();
        stopped.addAll(begin.decisions().stopped().keySet());
        if (begin.configuration().isValid()) {
          stopped.removeIf(name -> !inForce.containsKey(name.program()));
        }
      }
      case Command.Stop stop -> {
        for (InstanceName name : turn.selected()) {
          if (stays(turn.before().get(name))) {
            stopped.add(name);
          }
        }
      }
      case Command.Start start -> starts(turn, false).forEach(stopped::remove);
      case Command.Restart restart -> starts(turn, true).forEach(stopped::remove);
      case Command.Apply apply -> {
        if (!apply.dryRun() && !turn.core().isShuttingDown()) {
          applied(apply.configuration());
        }
      }
      case Command.Reset reset -> {}
      case Command.Resume resume -> {}
      case Command.Signal signal -> {}
      case Command.Reload reload -> {}
      case Command.Enable enable -> {}
      case Command.Disable disable -> {}
      case Command.Scale scale -> {}
      case Command.RollingRestart roll -> {}
      case Command.Await await -> {}
      case Command.Run run -> {}
      case Command.Shutdown shutdown -> {}
      case Report report -> {}
      case TimePassed passed -> {}
      case TaskEvent task -> {}
    }
  }

  /** Whether it is there and is to stay part of the configuration. */
  private static boolean stays(@Nullable Instance instance) {
    return instance != null
        && switch (instance.phase()) {
          case Phase.Stopping stopping -> stopping.after() != AfterStop.FORGET;
          case Phase.Dead dead -> true;
          case Phase.Starting starting -> true;
          case Phase.Up up -> true;
        };
  }

  /** Returns those named that this command really starts. */
  List<InstanceName> starts(Turn turn, boolean evenIfUp) {
    return turn.selected().stream()
        .filter(name -> spec(name).filter(ProgramSpec::enabled).isPresent())
        .filter(name -> stays(turn.before().get(name)))
        .filter(name -> evenIfUp || !isOnItsWay(turn.before().get(name)))
        .toList();
  }

  private static boolean isOnItsWay(@Nullable Instance instance) {
    return instance != null
        && (instance.phase() instanceof Phase.Starting || instance.phase() instanceof Phase.Up);
  }

  private void applied(Configuration next) {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>(inForce);
    changed.clear();
    unchanged.clear();
    for (ApplyPlan.ProgramStep step : ApplyPlanner.plan(inForce, next).programs()) {
      switch (step.action()) {
        case REMOVE -> specs.remove(step.program());
        case ADD, RESTART, LIVE -> {
          specs.put(step.program(), next.programs().get(step.program()));
          changed.add(step.program());
        }
        case UNCHANGED -> {
          specs.put(step.program(), next.programs().get(step.program()));
          unchanged.add(step.program());
        }
        case INVALID -> {}
      }
    }
    inForce = specs;
    daemon = next.daemon();
    if (next.unread().isEmpty() && next.daemonProblems().isEmpty()) {
      stopped.removeIf(
          name ->
              !specs.containsKey(name.program()) && !next.invalid().containsKey(name.program()));
    }
  }

  /** Holds a decision against what is wanted. */
  void decided(Turn turn) {
    for (Effect effect : turn.decision().effects()) {
      if (effect instanceof Effect.Spawn spawn) {
        mayStart(spawn, turn);
      }
    }
    Violation.unless(
        turn.core().configuration().programs().equals(inForce),
        Invariant.CONFIGURATION,
        "in force is ",
        turn.core().configuration().programs().keySet(),
        ", should be ",
        inForce.keySet());
    Violation.unless(
        turn.core().startSlots() == startLimit(),
        Invariant.START_SLOTS,
        "the limit is ",
        turn.core().startSlots(),
        ", should be ",
        startLimit());
    if (turn.event() instanceof Command.Apply apply) {
      if (apply.dryRun()) {
        Violation.unless(
            turn.decision().entries().isEmpty() && turn.before().equals(turn.after()),
            Invariant.CONFIGURATION,
            "a dry run changes something: ",
            turn.decision());
      } else {
        turn.before().forEach((name, instance) -> applied(instance, turn.after()));
      }
    }
    turn.before().keySet().stream()
        .filter(name -> !turn.after().containsKey(name))
        .forEach(stopped::remove);
  }

  private void mayStart(Effect.Spawn spawn, Turn turn) {
    InstanceName name = spawn.instance();
    Violation.unless(
        !isStopped(name), Invariant.NO_START_AFTER_STOP, name, " was stopped and starts");
    Violation.unless(
        !turn.core().isShuttingDown(), Invariant.ENDS_ONCE, name, " starts in a shutdown");
    Violation.unless(
        spec(name).filter(ProgramSpec::enabled).equals(Optional.of(spawn.spec())),
        Invariant.CONFIGURATION,
        name,
        " starts as ",
        spawn.spec(),
        " but in force is ",
        spec(name));
    Violation.unless(
        // What comes out of its pre_start had its place before the limit may have been lowered.
        isOnItsWay(turn.before().get(name)) || turn.core().startSlotsInUse() <= startLimit(),
        Invariant.START_SLOTS,
        turn.core().startSlotsInUse(),
        " starts are under way, allowed are ",
        startLimit());
  }

  private void applied(Instance instance, Map<InstanceName, Instance> after) {
    InstanceName name = instance.name();
    boolean waited =
        instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.WAITING;
    Violation.unless(
        !unchanged.contains(name.program()) || waited || instance.equals(after.get(name)),
        Invariant.CONFIGURATION,
        name,
        " is unchanged in the files, but was ",
        instance.phase(),
        " and is ",
        after.get(name));
    if (!stays(after.get(name))) {
      // An operator's stop goes with the instance that it was about.
      stopped.remove(name);
    }
  }
}
