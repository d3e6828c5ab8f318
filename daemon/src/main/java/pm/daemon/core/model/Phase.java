package pm.daemon.core.model;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

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

  /** Returns this phase as it is kept: without what a later daemon has to find out anew. */
  default Phase kept() {
    return this;
  }

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
   * @param step how far it is
   * @param awaits what makes it ready, in words; empty where that is time alone
   * @param until the deadline of the step: when it has been up long enough, or when a hook is not
   *     waited for any longer; {@link Moment#NEVER} for none
   * @param giveUpAt when {@code start_timeout} is over
   * @param health what its checks have seen
   */
  record Starting(
      Run current, StartStep step, String awaits, long until, long giveUpAt, Health health)
      implements Phase {

    /** One without checks, which is spawned if it has a process. */
    public Starting(Run current, long until, long giveUpAt) {
      this(
          current,
          current.process().isPresent() ? StartStep.READYING : StartStep.SPAWNING,
          "",
          until,
          giveUpAt,
          Health.NONE);
    }

    @Override
    public InstanceState state() {
      return InstanceState.STARTING;
    }

    @Override
    public long deadline() {
      return Math.min(Math.min(until, giveUpAt), health.deadline());
    }

    @Override
    public Optional<Run> run() {
      return Optional.of(current);
    }

    @Override
    public Phase kept() {
      return with(Health.NONE);
    }

    /**
     * Returns whether it is on its way from spawn to ready, as start slots count it. Being up for a
     * while costs the machine nothing, so who only waits for that is not counted.
     */
    public boolean holdsSlot() {
      return switch (step) {
        case PRE_START, SPAWNING -> true;
        case READYING -> until == Moment.NEVER;
        case POST_START -> false;
      };
    }

    /** Returns this start with other health. */
    public Starting with(Health other) {
      return new Starting(current, step, awaits, until, giveUpAt, other);
    }

    /** Returns this start with its invocation, of which more is known. */
    public Starting with(Run run) {
      return new Starting(run, step, awaits, until, giveUpAt, health);
    }

    /** Returns this start with another time at which it is given up. */
    public Starting givenUpAt(long nanos) {
      return new Starting(current, step, awaits, until, nanos, health);
    }
  }

  /**
   * Ready.
   *
   * @param current the invocation
   * @param state IDLE, BUSY or UNHEALTHY
   * @param readyNanos since when it is ready
   * @param detail why it is UNHEALTHY, in words; else empty
   * @param health what its checks have seen
   */
  record Up(Run current, InstanceState state, long readyNanos, String detail, Health health)
      implements Phase {

    public Up {
      switch (state) {
        case IDLE, BUSY, UNHEALTHY -> {}
        case STARTING, STOPPING, DEAD ->
            throw new IllegalArgumentException(state + " is not a state of being up");
      }
    }

    /** One that is not looked at. */
    public Up(Run current, InstanceState state, long readyNanos) {
      this(current, state, readyNanos, "", Health.NONE);
    }

    @Override
    public long deadline() {
      return health.deadline();
    }

    @Override
    public Optional<Run> run() {
      return Optional.of(current);
    }

    /** Who has which task is kept elsewhere, so BUSY is not. */
    @Override
    public Phase kept() {
      return new Up(
          current,
          state == InstanceState.BUSY ? InstanceState.IDLE : state,
          readyNanos,
          detail,
          Health.NONE);
    }

    /** Returns it with other health. */
    public Up with(Health other) {
      return new Up(current, state, readyNanos, detail, other);
    }

    /** Returns it with its invocation, of which more is known. */
    public Up with(Run run) {
      return new Up(run, state, readyNanos, detail, health);
    }

    /** Returns it in another state, and why. */
    public Up turned(InstanceState other, String why) {
      return new Up(current, other, readyNanos, why, health);
    }
  }

  /**
   * On its way out.
   *
   * @param current the invocation
   * @param cause why
   * @param detail the rest of that in words; empty where the cause says it all
   * @param actor who asked for it
   * @param step how far it is
   * @param until the deadline of that step
   * @param exit how the main process ended, once it has
   * @param after what comes then
   * @param readySince since when it had been ready; {@link Moment#NEVER} if it never was
   * @param leftovers pids that were seen to remain at the last look
   * @param hookCode the exit code of the hook whose failure it is stopped for; empty for none
   */
  record Stopping(
      Run current,
      StopCause cause,
      String detail,
      Actor actor,
      StopStep step,
      long until,
      Optional<ExitStatus> exit,
      AfterStop after,
      long readySince,
      List<Integer> leftovers,
      OptionalInt hookCode)
      implements Phase {

    public Stopping {
      leftovers = List.copyOf(leftovers);
    }

    /** One whose cause says it all. */
    public Stopping(
        Run current,
        StopCause cause,
        Actor actor,
        StopStep step,
        long until,
        Optional<ExitStatus> exit,
        AfterStop after,
        long readySince,
        List<Integer> leftovers) {
      this(
          current,
          cause,
          "",
          actor,
          step,
          until,
          exit,
          after,
          readySince,
          leftovers,
          OptionalInt.empty());
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
      return current.process().isEmpty()
          && exit.isEmpty()
          && switch (step) {
            case AWAIT_DEPENDANTS, AWAIT_SPAWN, STUCK -> true;
            case DRAIN,
                BEFORE_KILL,
                PRE_STOP,
                COMMAND,
                SIGNALLED,
                KILLED,
                KILLED_AGAIN,
                POST_STOP ->
                false;
          };
    }

    /** Returns this stop one step further. */
    public Stopping at(StopStep next, long deadline) {
      return new Stopping(
          current,
          cause,
          detail,
          actor,
          next,
          deadline,
          exit,
          after,
          readySince,
          leftovers,
          hookCode);
    }

    /** Returns this stop with the end of the main process. */
    public Stopping exited(ExitStatus status) {
      return new Stopping(
          current,
          cause,
          detail,
          actor,
          step,
          until,
          Optional.of(status),
          after,
          readySince,
          leftovers,
          hookCode);
    }

    /** Returns this stop with another follow-up, asked for by {@code who}. */
    public Stopping then(AfterStop next, StopCause why, Actor who) {
      return new Stopping(
          current,
          why,
          "",
          who,
          step,
          until,
          exit,
          next,
          readySince,
          leftovers,
          OptionalInt.empty());
    }

    /** Returns this stop with its invocation, which has become known better. */
    public Stopping with(Run run) {
      return new Stopping(
          run, cause, detail, actor, step, until, exit, after, readySince, leftovers, hookCode);
    }

    /** Returns this stop with the exit code of the hook that it is for. */
    public Stopping blaming(OptionalInt code) {
      return new Stopping(
          current, cause, detail, actor, step, until, exit, after, readySince, leftovers, code);
    }

    /** Returns this stop with what was seen to remain. */
    public Stopping leaving(List<Integer> pids) {
      return new Stopping(
          current, cause, detail, actor, step, until, exit, after, readySince, pids, hookCode);
    }
  }
}
