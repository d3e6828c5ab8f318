package pm.daemon.core.pool;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * The instances of one pool, in place of all that decides about their lives. A wish is written down
 * and followed: who is to start is STARTING until {@link #ready}, who is to stop is STOPPING until
 * {@link #gone}.
 */
final class Fleet implements Slots {
  final String program;
  final List<String> wishes = new ArrayList<>();
  final TreeMap<Integer, Instance> instances = new TreeMap<>();

  /** Slots that nobody may start. */
  final TreeSet<Integer> barred = new TreeSet<>();

  private final TreeSet<Integer> untold = new TreeSet<>();
  private Moment now = new Moment(0, Instant.EPOCH);
  private long invocations;

  Fleet(String program) {
    this.program = program;
  }

  /** There are as many slots as its rules say, all of them new. */
  Fleet(ProgramSpec spec) {
    this(spec.name());
    for (int slot = 1; slot <= spec.pool().orElseThrow().slots(); slot++) {
      put(
          Instance.fresh(
              name(slot), Phase.Dead.lasting(DeadReason.NEW, "started on demand", Actor.POLICY)));
    }
  }

  InstanceName name(int slot) {
    return new InstanceName(program, slot);
  }

  void at(Moment moment) {
    now = moment;
  }

  Instance instance(int slot) {
    Instance instance = instances.get(slot);
    if (instance == null) {
      throw new IllegalArgumentException("no slot " + slot);
    }
    return instance;
  }

  InvocationId invocation(int slot) {
    return instance(slot).run().orElseThrow().invocation();
  }

  private void put(Instance instance) {
    instances.put(instance.name().number(), instance);
    untold.add(instance.name().number());
  }

  /** Tells the pools who has changed; returns whether anybody has. */
  boolean tell(Pools pools, Turn turn) {
    boolean any = !untold.isEmpty();
    for (int slot : List.copyOf(untold)) {
      untold.remove(slot);
      pools.changed(instance(slot), !barred.contains(slot), now, turn);
    }
    return any;
  }

  /** It is to be told although it is the same. */
  void touch(int slot) {
    untold.add(slot);
  }

  /** All are to be told anew, as to a daemon that begins. */
  void tellAll() {
    untold.addAll(instances.keySet());
  }

  void starting(int slot) {
    Run run = Run.intended(new InvocationId("%032x".formatted(++invocations)), now, "test");
    put(instance(slot).in(new Phase.Starting(run, Moment.NEVER, Moment.NEVER)));
  }

  /** It is ready, and started before if it was not. */
  void up(int slot) {
    if (!(instance(slot).phase() instanceof Phase.Starting)) {
      starting(slot);
    }
    ready(slot);
  }

  void ready(int slot) {
    Run run =
        instance(slot).run().orElseThrow().spawned(new ProcessIdentity(100 + slot, 1, 0), now);
    put(instance(slot).in(new Phase.Up(run, InstanceState.IDLE, now.nanos())));
  }

  void state(int slot, InstanceState state) {
    put(instance(slot).in(((Phase.Up) instance(slot).phase()).turned(state, "")));
  }

  /** Its process has ended; it is started again later, or stays down. */
  void gone(int slot, ExitCause cause, String summary, DeadReason reason) {
    Run run = instance(slot).run().orElseThrow();
    PastInvocation past =
        new PastInvocation(
            run.invocation(),
            1,
            Instant.EPOCH,
            now.wall(),
            1,
            true,
            Optional.empty(),
            cause,
            summary);
    put(
        instance(slot)
            .after(past)
            .in(
                reason == DeadReason.BACKOFF
                    ? new Phase.Dead(
                        reason, summary, now.nanos() + 1, StartKind.RESTART, Actor.POLICY)
                    : Phase.Dead.lasting(reason, summary, Actor.POLICY)));
  }

  /** It is no longer configured: its process is stopped if it has one, and it stays down. */
  void remove(int slot) {
    if (instance(slot).run().isPresent()) {
      stopping(slot, AfterStop.STAY, StopCause.CHANGED);
    } else {
      put(instance(slot).in(Phase.Dead.lasting(DeadReason.STOPPED, "removed", Actor.POLICY)));
    }
  }

  private void stopping(int slot, AfterStop after, StopCause cause) {
    Run run = instance(slot).run().orElseThrow();
    put(
        instance(slot)
            .in(
                new Phase.Stopping(
                    run,
                    cause,
                    Actor.POLICY,
                    StopStep.SIGNALLED,
                    Moment.NEVER,
                    Optional.empty(),
                    after,
                    0,
                    List.of())));
  }

  @Override
  public void start(InstanceName slot, String why) {
    wishes.add("start " + slot + ": " + why);
    starting(slot.number());
  }

  @Override
  public void stop(InstanceName slot, InvocationId invocation, Reason reason, String why) {
    wishes.add("stop " + slot + " " + reason + ": " + why);
    stopping(
        slot.number(),
        switch (reason) {
          case STALLED -> AfterStop.START;
          case UNREACHABLE -> AfterStop.POLICY;
          case SCALED_DOWN, RECYCLED -> AfterStop.STAY;
        },
        StopCause.REQUESTED);
  }

  @Override
  public void kill(InstanceName slot, InvocationId invocation, String why) {
    wishes.add("kill " + slot + ": " + why);
    stopping(slot.number(), AfterStop.START, StopCause.REQUESTED);
  }

  @Override
  public void busy(InstanceName slot, InvocationId invocation, boolean isBusy) {
    wishes.add((isBusy ? "busy " : "idle ") + slot);
    if (instance(slot.number()).phase() instanceof Phase.Up) {
      state(slot.number(), isBusy ? InstanceState.BUSY : InstanceState.IDLE);
    }
  }
}
