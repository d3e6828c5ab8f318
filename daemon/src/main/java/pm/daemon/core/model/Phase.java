package pm.daemon.core.model;

import java.util.List;
import java.util.Optional;

/**
 * Where an instance is in its life, with what matters only there.
 *
 * <p>Deadlines are nanoseconds of {@link Moment#nanos()}, {@link Moment#NEVER} for none.
 */
public sealed interface Phase {

  /** Returns the state that users see. */
  InstanceState state();

  /** Returns when time itself must act on it. */
  long deadline();

  /** Returns the invocation that lives, empty in {@link Dead}. */
  Optional<Run> run();

  /**
   * No process.
   *
   * @param reason why
   * @param detail the rest of it in words
   * @param startAt when it is started by itself
   * @param kind what that start costs
   * @param actor who stopped it, or who wants it started
   */
  record Dead(DeadReason reason, String detail, long startAt, StartKind kind, Actor actor)
      implements Phase {

    /** Returns an end that lasts until somebody acts. */
    public static Dead lasting(DeadReason reason, String detail, Actor actor) {
      return new Dead(reason, detail, Moment.NEVER, StartKind.ASKED, actor);
    }

    /** Returns an end from which {@code actor} wants it started at once. */
    public static Dead about(String detail, Actor actor, Moment now) {
      return new Dead(DeadReason.WAITING, detail, now.nanos(), StartKind.ASKED, actor);
    }

    @Override
    public InstanceState state() {
      return InstanceState.DEAD;
    }

    @Override
    public long deadline() {
      return startAt;
    }

    @Override
    public Optional<Run> run() {
      return Optional.empty();
    }
  }

  /**
   * Its start is decided and it is not ready.
   *
   * @param current the invocation
   * @param readyAt when it has been up long enough; {@link Moment#NEVER} before it is spawned
   * @param giveUpAt when {@code start_timeout} is over
   */
  record Starting(Run current, long readyAt, long giveUpAt) implements Phase {
    @Override
    public InstanceState state() {
      return InstanceState.STARTING;
    }

    @Override
    public long deadline() {
      return Math.min(readyAt, giveUpAt);
    }

    @Override
    public Optional<Run> run() {
      return Optional.of(current);
    }
  }

  /**
   * Ready.
   *
   * @param current the invocation
   * @param state IDLE, BUSY or UNHEALTHY
   * @param readyNanos since when it is ready
   */
  record Up(Run current, InstanceState state, long readyNanos) implements Phase {

    public Up {
      switch (state) {
        case IDLE, BUSY, UNHEALTHY -> {}
        case STARTING, STOPPING, DEAD ->
            throw new IllegalArgumentException(state + " is not a state of being up");
      }
    }

    @Override
    public long deadline() {
      return Moment.NEVER;
    }

    @Override
    public Optional<Run> run() {
      return Optional.of(current);
    }
  }

  /**
   * On its way out.
   *
   * @param current the invocation
   * @param cause why
   * @param actor who asked for it
   * @param step how far it is
   * @param until the deadline of that step
   * @param exit how the main process ended, once it has
   * @param after what comes then
   * @param readySince since when it had been ready; {@link Moment#NEVER} if it never was
   * @param leftovers pids that were seen to remain at the last look
   */
  record Stopping(
      Run current,
      StopCause cause,
      Actor actor,
      StopStep step,
      long until,
      Optional<ExitStatus> exit,
      AfterStop after,
      long readySince,
      List<Integer> leftovers)
      implements Phase {

    public Stopping {
      leftovers = List.copyOf(leftovers);
    }

    @Override
    public InstanceState state() {
      return InstanceState.STOPPING;
    }

    @Override
    public long deadline() {
      return until;
    }

    @Override
    public Optional<Run> run() {
      return Optional.of(current);
    }

    /** Returns whether it is not known yet what becomes of its spawn. */
    public boolean isBeingSpawned() {
      return current.process().isEmpty() && exit.isEmpty();
    }

    /** Returns this stop one step further. */
    public Stopping at(StopStep next, long deadline) {
      return new Stopping(
          current, cause, actor, next, deadline, exit, after, readySince, leftovers);
    }

    /** Returns this stop with the end of the main process. */
    public Stopping exited(ExitStatus status) {
      return new Stopping(
          current, cause, actor, step, until, Optional.of(status), after, readySince, leftovers);
    }

    /** Returns this stop with another follow-up, asked for by {@code who}. */
    public Stopping then(AfterStop next, StopCause why, Actor who) {
      return new Stopping(current, why, who, step, until, exit, next, readySince, leftovers);
    }

    /** Returns this stop with its invocation, which has become known better. */
    public Stopping with(Run run) {
      return new Stopping(run, cause, actor, step, until, exit, after, readySince, leftovers);
    }

    /** Returns this stop with what was seen to remain. */
    public Stopping leaving(List<Integer> pids) {
      return new Stopping(current, cause, actor, step, until, exit, after, readySince, pids);
    }
  }
}
