package pm.daemon.simulation;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * What must be so between decisions, when all that was decided has been carried out.
 *
 * @param resuming whether the daemon has just gone on after one that was killed
 */
record AtRest(Supervisor core, World world, Wishes wishes, Moment now, boolean resuming) {

  void look() {
    Set<InvocationId> current = new HashSet<>();
    int starting = 0;
    boolean waits = false;
    long earliest = Moment.NEVER;
    for (Instance instance : core.instances()) {
      instance.run().ifPresent(run -> current.add(run.invocation()));
      instance
          .run()
          .ifPresent(
              run -> run.process().ifPresent(process -> itself(instance.name(), run, process)));
      earliest = Math.min(earliest, instance.phase().deadline());
      starting += isOnItsWay(instance.phase()) ? 1 : 0;
      waits |= instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.WAITING;
      if (instance.phase() instanceof Phase.Stopping stopping) {
        stopGoesOn(instance, stopping);
      }
      if (resuming) {
        wantedAgain(instance);
      }
    }
    world.lives().forEach(life -> belongs(life, current));
    startSlots(starting, waits);
    Violation.unless(
        core.nextDeadline() <= earliest,
        Invariant.NO_PAST_DEADLINE,
        "the next deadline is ",
        core.nextDeadline(),
        " but one instance has ",
        earliest);
  }

  /** Whether it is between its start and being ready, where that takes more than time. */
  private static boolean isOnItsWay(Phase phase) {
    return switch (phase) {
      case Phase.Starting starting ->
          switch (starting.step()) {
            case PRE_START, SPAWNING -> true;
            case READYING -> starting.until() == Moment.NEVER;
            case POST_START -> false;
          };
      case Phase.Stopping stopping -> stopping.isBeingSpawned();
      case Phase.Dead dead -> false;
      case Phase.Up up -> false;
    };
  }

  private static void belongs(World.Life life, Set<InvocationId> current) {
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

  private void itself(InstanceName name, Run run, ProcessIdentity process) {
    Optional<ProcessIdentity> main = world.life(run.invocation()).flatMap(life -> life.main);
    Violation.unless(
        main.equals(Optional.of(process)),
        Invariant.NO_STRANGER_SIGNALLED,
        name,
        " is ",
        main,
        " and is taken for ",
        process);
  }

  private void startSlots(int starting, boolean waits) {
    Violation.unless(
        core.startSlotsInUse() == starting,
        Invariant.START_SLOTS,
        core.startSlotsInUse(),
        " starts are counted, under way are ",
        starting);
    Violation.unless(
        !waits || starting >= wishes.startLimit() || core.isShuttingDown(),
        Invariant.START_SLOTS,
        "somebody waits while ",
        starting,
        " of ",
        wishes.startLimit(),
        " places are in use");
  }

  private void stopGoesOn(Instance instance, Phase.Stopping stopping) {
    if (stopping.step() == StopStep.POST_STOP) {
      return;
    }
    World.Life life =
        world
            .life(stopping.current().invocation())
            .orElseThrow(
                () -> new Violation(Invariant.STOP_BOUND, instance.name() + " never began"));
    boolean isSettled = life.held && life.reports.isEmpty();
    boolean isWorkedOn =
        switch (stopping.step()) {
          case AWAIT_DEPENDANTS, AWAIT_SPAWN, DRAIN, BEFORE_KILL, PRE_STOP, COMMAND, POST_STOP ->
              true;
          case SIGNALLED ->
              stopping.exit().isPresent()
                  ? life.remainsSignalled
                  : life.termSent || life.saysItStops || !life.alive;
          case KILLED, KILLED_AGAIN -> life.killAsked;
          case STUCK -> life.killAsked || stopping.isBeingSpawned();
        };
    Violation.unless(
        !isSettled || isWorkedOn,
        Invariant.STOP_BOUND,
        life,
        " is ",
        stopping.step(),
        " and nothing was done");
    long bound =
        switch (stopping.step()) {
          // The definition may have been changed since; ten seconds is the longest that we draw.
          case SIGNALLED -> Programs.LONGEST_STOP.toNanos();
          case KILLED -> InstanceMachine.KILL_BOUND.toNanos();
          case KILLED_AGAIN -> 5 * InstanceMachine.KILL_BOUND.toNanos();
          case AWAIT_SPAWN ->
              Programs.LONGEST_STOP.plus(InstanceMachine.KILL_BOUND.multipliedBy(6)).toNanos();
          case BEFORE_KILL, PRE_STOP, POST_STOP -> Programs.LONGEST_HOOK.toNanos();
          case COMMAND -> Programs.LONGEST_STOP.toNanos();
          case DRAIN -> ProgramSpec.POOL_DRAIN.toNanos();
          case AWAIT_DEPENDANTS, STUCK -> Moment.NEVER - now.nanos();
        };
    Violation.unless(
        stopping.until() - now.nanos() <= bound,
        Invariant.STOP_BOUND,
        instance.name(),
        " waits too long: ",
        stopping);
  }

  private void wantedAgain(Instance instance) {
    boolean staysDown =
        switch (instance.phase()) {
          case Phase.Dead dead -> dead.reason() == DeadReason.STOPPED;
          case Phase.Stopping stopping ->
              stopping.cause() == StopCause.SHUTDOWN && stopping.after() == AfterStop.STAY;
          case Phase.Starting starting -> false;
          case Phase.Up up -> false;
        };
    boolean isWanted =
        wishes
            .spec(instance.name())
            .filter(ProgramSpec::enabled)
            .filter(ProgramSpec::autostart)
            .isPresent();
    Violation.unless(
        !staysDown || !isWanted || wishes.isStopped(instance.name()),
        Invariant.SHUTDOWN_IS_NO_STOP,
        instance.name(),
        " stays down, but no operator stopped it: ",
        instance.phase());
  }
}
