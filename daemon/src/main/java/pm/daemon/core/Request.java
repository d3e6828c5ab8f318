package pm.daemon.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.config.DependencyCondition;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.event.Answer;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopStep;

/** Somebody who waits until instances are as asked for. */
final class Request {

  /** What is waited for. */
  sealed interface Wish {
    /** Up and ready; a oneshot: ended with success. The first failure is the end. */
    Wish UP = Plain.UP;

    /** No process. */
    Wish DOWN = Plain.DOWN;

    /** First no process, then up. */
    Wish AGAIN = Plain.AGAIN;

    /** Nothing that could be seen in its state: whoever works on it says what became of it. */
    Wish TOLD = Plain.TOLD;

    /** In a state that nobody was asked to bring about; only giving up is a failure. */
    record Awaited(AwaitedState state) implements Wish {}

    /** Those without further words. */
    enum Plain implements Wish {
      UP,
      DOWN,
      AGAIN,
      TOLD
    }
  }

  private final long number;
  private final long deadline;
  private final long afterDecision;
  private final Optional<ApplyPlan> plan;
  private final Map<InstanceName, Wish> open;
  private final List<Outcome> outcomes;
  private final boolean isReload;

  /**
   * Someone waits.
   *
   * @param number under which the answer is awaited
   * @param deadline monotonic nanoseconds, {@link Moment#NEVER} for ever
   * @param afterDecision what must be flushed before the answer, 0 for nothing
   * @param plan the plan, where a configuration is applied
   * @param open what is not as wished yet
   * @param outcomes what is known already
   * @param isReload whether it waits for a reload to end
   */
  Request(
      long number,
      long deadline,
      long afterDecision,
      Optional<ApplyPlan> plan,
      Map<InstanceName, Wish> open,
      List<Outcome> outcomes,
      boolean isReload) {
    this.number = number;
    this.deadline = deadline;
    this.afterDecision = afterDecision;
    this.plan = plan;
    this.open = new HashMap<>(open);
    this.outcomes = new ArrayList<>(outcomes);
    this.isReload = isReload;
  }

  long number() {
    return number;
  }

  long deadline() {
    return deadline;
  }

  long afterDecision() {
    return afterDecision;
  }

  Map<InstanceName, Wish> open() {
    return open;
  }

  /** Returns whether it waits for a reload to end. */
  boolean isReload() {
    return isReload;
  }

  /** Takes what became of an instance; it is not waited for any more. */
  void settle(Outcome outcome) {
    open.remove(outcome.instance());
    outcomes.add(outcome);
  }

  /** An instance went down, so what was wished again is now wished up. */
  void sawDown(InstanceName name) {
    open.put(name, Wish.UP);
  }

  /** Returns the answer once {@code further} outcomes are added to those known. */
  Answer answer(List<Outcome> further) {
    List<Outcome> all = new ArrayList<>(outcomes);
    all.addAll(further);
    all.sort((a, b) -> a.instance().compareTo(b.instance()));
    return plan.isPresent() ? new Answer.Applied(plan.get(), all) : new Answer.Outcomes(all);
  }

  /** Returns what has become of an instance that is now {@code after}; empty if it is not clear. */
  static Optional<Outcome> judge(Wish wish, ProgramSpec rules, Instance after) {
    if (wish instanceof Wish.Plain
        && after.phase() instanceof Phase.Stopping stopping
        && stopping.step() == StopStep.STUCK) {
      return Optional.of(
          outcome(
              after,
              Outcome.Result.FAILED,
              pm.daemon.core.instance.Wording.detail(stopping, Supervisor.NO_MOMENT)));
    }
    return switch (wish) {
      case Wish.Awaited awaited -> judgeAwaited(awaited.state(), rules, after);
      case Wish.Plain plain ->
          switch (plain) {
            case DOWN ->
                after.phase() instanceof Phase.Dead dead
                    ? Optional.of(outcome(after, Outcome.Result.DONE, dead.detail()))
                    : Optional.empty();
            case AGAIN, TOLD -> Optional.empty();
            case UP -> judgeUp(rules.type(), after);
          };
    };
  }

  /** Returns whether what is awaited has come, or cannot come unless somebody acts. */
  static Optional<Outcome> judgeAwaited(AwaitedState state, ProgramSpec rules, Instance after) {
    String detail = after.phase() instanceof Phase.Dead down ? down.detail() : "";
    return switch (state) {
      case AwaitedState.In in ->
          after.state() == in.state()
                  || (in.state() == InstanceState.IDLE && Demand.isOnDemand(after.phase()))
              ? Optional.of(outcome(after, Outcome.Result.DONE, detail))
              : Optional.empty();
      case AwaitedState.Ready ready -> {
        // Its pool has it started when there is something to do.
        if (Demand.isOnDemand(after.phase())) {
          yield Optional.of(outcome(after, Outcome.Result.DONE, detail));
        }
        if (Dependencies.meets(
            after,
            rules,
            rules.type() == ProgramType.ONESHOT
                ? DependencyCondition.COMPLETED
                : DependencyCondition.READY)) {
          yield Optional.of(outcome(after, Outcome.Result.DONE, detail));
        }
        yield after.phase() instanceof Phase.Dead dead
                && dead.startAt() == Moment.NEVER
                && (dead.reason() == DeadReason.FAILED || dead.reason() == DeadReason.INVALID)
            ? Optional.of(failed(after, dead.detail()))
            : Optional.empty();
      }
    };
  }

  private static Optional<Outcome> judgeUp(ProgramType type, Instance after) {
    return switch (after.phase()) {
      case Phase.Up up ->
          switch (type) {
            case ONESHOT -> Optional.empty();
            case SIMPLE, WORKER ->
                Optional.of(
                    outcome(
                        after,
                        Outcome.Result.DONE,
                        up.current().process().map(p -> "pid " + p.pid()).orElse("")));
          };
      case Phase.Starting starting -> Optional.empty();
      case Phase.Stopping stopping -> Optional.empty();
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case WAITING, NEW, SCHEDULED -> Optional.empty();
            case COMPLETED ->
                Optional.of(
                    switch (type) {
                      case ONESHOT -> outcome(after, Outcome.Result.DONE, dead.detail());
                      case SIMPLE, WORKER -> failed(after, dead.detail() + ", before it was ready");
                    });
            case BACKOFF, FAILED, STOPPED, DISABLED, INVALID ->
                Optional.of(failed(after, dead.detail()));
          };
    };
  }

  static Outcome outcome(Instance instance, Outcome.Result result, String detail) {
    return new Outcome(instance.name(), result, detail, instance.state(), "");
  }

  /** It has ended while somebody waited for it to come up. */
  private static Outcome failed(Instance instance, String detail) {
    return new Outcome(
        instance.name(),
        Outcome.Result.FAILED,
        detail,
        instance.state(),
        instance.lastEnd().map(PastInvocation::invocation).map(Object::toString).orElse(""));
  }
}
