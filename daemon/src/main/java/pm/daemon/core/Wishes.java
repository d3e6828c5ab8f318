package pm.daemon.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.instance.InstanceMachine;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.pool.Slots;

/**
 * What pools want of their instances in one settlement. All of it but the turns between IDLE and
 * BUSY waits until they have said everything, and is a decision like any other then.
 */
final class Wishes implements Slots {

  private final Supervisor core;
  private final Moment now;
  private final List<Wish> wishes = new ArrayList<>(0);

  /** What one instance is wanted to do. */
  private sealed interface Wish {
    InstanceName slot();

    record Start(InstanceName slot, String why) implements Wish {}

    record Stop(InstanceName slot, InvocationId invocation, Reason reason, String why)
        implements Wish {}

    record Kill(InstanceName slot, InvocationId invocation, String why) implements Wish {}

    record Busy(InstanceName slot, InvocationId invocation, boolean isBusy) implements Wish {}
  }

  Wishes(Supervisor core, Moment now) {
    this.core = core;
    this.now = now;
  }

  boolean isEmpty() {
    return wishes.isEmpty();
  }

  @Override
  public void start(InstanceName slot, String why) {
    wishes.add(new Wish.Start(slot, why));
  }

  @Override
  public void stop(InstanceName slot, InvocationId invocation, Reason reason, String why) {
    wishes.add(new Wish.Stop(slot, invocation, reason, why));
  }

  @Override
  public void kill(InstanceName slot, InvocationId invocation, String why) {
    wishes.add(new Wish.Kill(slot, invocation, why));
  }

  @Override
  public void busy(InstanceName slot, InvocationId invocation, boolean isBusy) {
    if (!core.turn(slot, invocation, isBusy, now)) {
      wishes.add(new Wish.Busy(slot, invocation, isBusy));
    }
  }

  /** Fulfils what is still possible. */
  void grant(Draft draft) {
    for (Wish wish : wishes) {
      draft.news.asked(wish.slot());
      draft.find(wish.slot()).ifPresent(slot -> grant(draft, wish, slot));
    }
  }

  private void grant(Draft draft, Wish wish, Instance slot) {
    switch (wish) {
      case Wish.Start start -> {
        if (Demand.isOnDemand(slot.phase()) && Demand.mayStart(core, slot)) {
          draft.starts.last(
              () ->
                  draft.starts.attempt(
                      slot, slot.in(Phase.Dead.about("wanted: " + start.why(), Actor.POOL, now))));
        }
      }
      case Wish.Stop stop -> {
        if (isCurrent(slot, stop.invocation()) && isUpOrComing(slot)) {
          stop(draft, slot, stop);
        }
      }
      case Wish.Kill kill -> {
        if (isCurrent(slot, kill.invocation()) && !(slot.phase() instanceof Phase.Starting)) {
          draft.take(
              slot,
              InstanceMachine.kill(slot, draft.program(slot.name()).rules(), kill.why(), now));
        }
      }
      case Wish.Busy busy -> {
        if (isCurrent(slot, busy.invocation())) {
          draft.turn(slot, busy.isBusy());
        }
      }
    }
  }

  private void stop(Draft draft, Instance slot, Wish.Stop stop) {
    StopCause cause =
        switch (stop.reason()) {
          case SCALED_DOWN -> StopCause.SCALED_DOWN;
          case RECYCLED -> StopCause.RECYCLED;
          case STALLED -> StopCause.STALLED;
          case UNREACHABLE -> StopCause.UNHEALTHY;
        };
    AfterStop after =
        switch (stop.reason()) {
          case SCALED_DOWN, RECYCLED -> AfterStop.STAY;
          case STALLED -> AfterStop.START;
          case UNREACHABLE -> AfterStop.POLICY;
        };
    draft.take(
        slot,
        InstanceMachine.retire(
            slot,
            draft.program(slot.name()).rules(),
            cause,
            stop.why(),
            after,
            after == AfterStop.STAY ? Actor.POOL : Actor.POLICY,
            draft.hasWork(slot),
            now));
  }

  private static boolean isUpOrComing(Instance slot) {
    return slot.phase() instanceof Phase.Up || slot.phase() instanceof Phase.Starting;
  }

  static boolean isCurrent(Instance slot, InvocationId invocation) {
    Optional<Run> run = slot.run();
    return run.isPresent() && run.get().invocation().equals(invocation);
  }
}
