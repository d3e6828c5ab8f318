package pm.daemon.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import pm.config.ProgramType;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/** Leads the rolling restarts of one decision on, as far as they can go. */
final class Rolls {

  private final Draft draft;
  private List<Roll> rolls;

  Rolls(Draft draft, List<Roll> rolls) {
    this.draft = draft;
    this.rolls = rolls;
  }

  void begin(Roll roll) {
    List<Roll> longer = new ArrayList<>(rolls);
    longer.add(roll);
    rolls = longer;
  }

  List<Roll> rolls() {
    return rolls;
  }

  /** Returns the roll that is about one of these programs, if there is one. */
  Optional<Roll> about(List<InstanceName> names) {
    return rolls.stream()
        .filter(roll -> names.stream().anyMatch(name -> roll.isAbout(name.program())))
        .findFirst();
  }

  boolean isAbout(String program) {
    return rolls.stream().anyMatch(roll -> roll.isAbout(program));
  }

  /** Whoever asked waits no longer: the instance in hand comes up, the others are left alone. */
  void abandon(long number) {
    List<Roll> rest = new ArrayList<>();
    for (Roll roll : rolls) {
      if (roll.number() == number) {
        draft.say("roll", "ended: time was up; " + untouched(roll), true, roll.actor());
      } else {
        rest.add(roll);
      }
    }
    rolls = rest;
  }

  /** Goes on with each; returns whether anything was done. */
  boolean advance() {
    if (rolls.isEmpty()) {
      return false;
    }
    if (draft.shuttingDown) {
      rolls = List.of();
      return false;
    }
    List<Roll> after = new ArrayList<>();
    LinkedHashSet<String> over = new LinkedHashSet<>();
    boolean acted = false;
    for (Roll roll : rolls) {
      Optional<Roll> next = Optional.of(roll);
      Roll seen;
      do {
        seen = next.get();
        next = step(seen);
      } while (next.isPresent() && !next.get().equals(seen));
      acted |= next.isEmpty() || !next.get().equals(roll);
      if (next.isPresent()) {
        after.add(next.get());
      } else {
        roll.names().forEach(name -> over.add(name.program()));
      }
    }
    rolls = after;
    over.forEach(draft.consequences::rolled);
    return acted;
  }

  /** Does what can be done next; the same roll if it must wait, none if it is over. */
  private Optional<Roll> step(Roll roll) {
    if (roll.turn().isPresent()) {
      return inHand(roll, roll.turn().get());
    }
    if (roll.next() == roll.names().size()) {
      draft.say(
          "roll",
          "is through with " + Draft.count(roll.names().size(), "instance"),
          false,
          roll.actor());
      return Optional.empty();
    }
    return Optional.of(roll.resumeAt() > draft.now.nanos() ? roll : take(roll));
  }

  private Roll take(Roll roll) {
    InstanceName name = roll.names().get(roll.next());
    Optional<Instance> found = draft.find(name);
    if (found.isEmpty()) {
      return roll.skip();
    }
    Instance instance = found.get();
    boolean isWanted =
        switch (instance.phase()) {
          case Phase.Dead dead ->
              switch (dead.reason()) {
                case FAILED, BACKOFF, WAITING, SCHEDULED -> true;
                case NEW, STOPPED, DISABLED, COMPLETED, INVALID -> false;
              };
          case Phase.Stopping stopping ->
              switch (stopping.after()) {
                case START, POLICY -> true;
                case STAY, FORGET -> false;
              };
          case Phase.Starting starting -> true;
          case Phase.Up up -> true;
        };
    if (!isWanted) {
      tell(roll, Request.outcome(instance, Result.UNCHANGED, "was not running"));
      return roll.skip();
    }
    Roll.Turn turn = new Roll.Turn(name, instance.run().map(Run::invocation), Optional.empty());
    if (instance.phase() instanceof Phase.Dead) {
      draft.starts.now(name, roll.actor());
    } else {
      draft.stop(instance, StopCause.REQUESTED, AfterStop.START, roll.actor());
    }
    return roll.with(turn);
  }

  private Optional<Roll> inHand(Roll roll, Roll.Turn turn) {
    Optional<Instance> found = draft.find(turn.name());
    if (found.isEmpty()) {
      return fail(roll, turn.name() + " was removed", Optional.empty());
    }
    Instance instance = found.get();
    Optional<InvocationId> current = instance.run().map(Run::invocation);
    boolean isNew = current.isPresent() && !current.equals(turn.from());
    if (isNew && turn.to().isPresent() && !current.equals(turn.to())) {
      return fail(
          roll,
          instance.lastEnd().map(end -> end.summary()).orElse("it was started once more"),
          found);
    }
    Roll same = isNew ? roll.with(new Roll.Turn(turn.name(), turn.from(), current)) : roll;
    ProgramType type = draft.program(turn.name()).rules().type();
    return switch (instance.phase()) {
      case Phase.Starting starting -> Optional.of(same);
      case Phase.Up up ->
          Optional.of(isNew && type != ProgramType.ONESHOT ? done(roll, instance) : same);
      case Phase.Stopping stopping ->
          stopping.step() == StopStep.STUCK
              ? fail(roll, Wording.detail(stopping, draft.now), found)
              : Optional.of(same);
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case WAITING, SCHEDULED -> {
              if (draft.dependencies.isHopeless(instance.name().program())) {
                yield fail(
                    roll, String.join("; ", draft.dependencies.chain(instance, draft.now)), found);
              }
              yield Optional.of(same);
            }
            case COMPLETED ->
                type == ProgramType.ONESHOT && turn.to().isPresent()
                    ? Optional.of(done(roll, instance))
                    : fail(roll, dead.detail(), found);
            case NEW, DISABLED, STOPPED, BACKOFF, FAILED, INVALID ->
                fail(roll, dead.detail(), found);
          };
    };
  }

  private Roll done(Roll roll, Instance instance) {
    tell(
        roll,
        Request.outcome(
            instance, Result.DONE, instance.run().map(Draft::pid).orElse("ended with success")));
    return roll.done(draft.now.after(roll.pause()));
  }

  private Optional<Roll> fail(Roll roll, String why, Optional<Instance> instance) {
    String where = roll.names().get(roll.next()).toString();
    instance.ifPresent(
        found ->
            tell(
                roll,
                new Outcome(
                    found.name(),
                    Result.FAILED,
                    why,
                    found.state(),
                    found.lastEnd().map(end -> end.invocation().toString()).orElse(""))));
    for (InstanceName name : roll.untouched()) {
      draft
          .find(name)
          .ifPresent(
              found ->
                  tell(
                      roll,
                      Request.outcome(
                          found, Result.UNCHANGED, "not touched: the roll ended at " + where)));
    }
    draft.say(
        "roll", "ended at " + where + ": " + why + "; " + untouched(roll), true, roll.actor());
    return Optional.empty();
  }

  private static String untouched(Roll roll) {
    return roll.untouched().isEmpty()
        ? "none was left"
        : "not touched: "
            + roll.untouched().stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  private void tell(Roll roll, Outcome outcome) {
    draft.requests.settle(roll.number(), outcome);
  }

  /** Returns when one goes on by itself, {@link Moment#NEVER} if none does. */
  static long deadline(List<Roll> rolls) {
    long earliest = Moment.NEVER;
    for (Roll roll : rolls) {
      if (roll.turn().isEmpty()) {
        earliest = Math.min(earliest, roll.resumeAt());
      }
    }
    return earliest;
  }
}
