package pm.daemon.simulation;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;

/** Who waits for an answer, and for how long. */
final class Requests {

  private record Asked(Command command, List<InstanceName> selected, long deadline) {}

  private final Map<Long, Asked> open = new LinkedHashMap<>();

  /** Those who waited lost their daemon. */
  void clear() {
    open.clear();
  }

  void ask(Command command, List<InstanceName> selected, Moment now) {
    if (command.request() == Command.UNANSWERED) {
      return;
    }
    Optional<Command.Patience> patience =
        switch (command) {
          case Command.Start start -> Optional.of(start.patience());
          case Command.Stop stop -> Optional.of(stop.patience());
          case Command.Restart restart -> Optional.of(restart.patience());
          case Command.Apply apply -> Optional.of(apply.patience());
          case Command.Reload reload -> Optional.of(reload.patience());
          case Command.Enable enable -> Optional.of(enable.patience());
          case Command.Disable disable -> Optional.of(disable.patience());
          case Command.Scale scale -> Optional.of(scale.patience());
          case Command.RollingRestart roll -> Optional.of(roll.patience());
          case Command.Await await -> Optional.of(await.patience());
          case Command.Run run -> Optional.of(run.patience());
          case Command.Signal signal -> Optional.of(Command.Patience.NONE);
          case Command.Reset reset -> Optional.of(Command.Patience.NONE);
          case Command.Shutdown shutdown -> Optional.of(Command.Patience.ENDLESS);
          case Command.Begin begin -> Optional.empty();
          case Command.Resume resume -> Optional.empty();
        };
    patience.ifPresent(
        found -> {
          long most = found.untilDone() ? found.timeoutNanos() : 0;
          long deadline = most >= Moment.NEVER - now.nanos() ? Moment.NEVER : now.nanos() + most;
          open.put(command.request(), new Asked(command, selected, deadline));
        });
  }

  /**
   * Takes an answer.
   *
   * @param isEnding whether a daemon that shuts down gives it
   * @param decisionsKept the number of the youngest decisions that are kept
   */
  void answered(Effect.Reply reply, boolean isEnding, long decisionsKept) {
    Asked asked = open.remove(reply.request());
    if (asked == null) {
      throw new Violation(Invariant.ANSWERED_ONCE, "nobody waits for " + reply);
    }
    boolean fits =
        switch (reply.answer()) {
          case Answer.Outcomes outcomes -> names(asked, outcomes.outcomes());
          case Answer.Applied applied ->
              asked.command() instanceof Command.Apply && isDistinct(applied.outcomes());
          case Answer.NoMatch none -> asked.selected().isEmpty();
          case Answer.Refused refused -> isEnding;
          case Answer.Tasks _, Answer.QueueFull _, Answer.TryAgain _ -> false;
        };
    Violation.unless(
        fits && reply.afterDecision() <= decisionsKept,
        Invariant.ANSWERED_ONCE,
        asked,
        " is answered with ",
        reply);
  }

  /** Each instance that was named has its outcome, and no other. */
  private static boolean names(Asked asked, List<Outcome> outcomes) {
    Set<InstanceName> named = new HashSet<>();
    outcomes.forEach(outcome -> named.add(outcome.instance()));
    return isDistinct(outcomes) && named.equals(Set.copyOf(asked.selected()));
  }

  private static boolean isDistinct(List<Outcome> outcomes) {
    return outcomes.stream().map(Outcome::instance).distinct().count() == outcomes.size();
  }

  /** The passing of time was told: nobody waits beyond his patience. */
  void timePassed(Moment now) {
    for (Asked asked : open.values()) {
      Violation.unless(
          asked.deadline() > now.nanos(),
          Invariant.ANSWERED_ONCE,
          asked,
          " waits beyond its timeout");
    }
  }

  /** The daemon has ended. */
  void ended() {
    Violation.unless(open.isEmpty(), Invariant.ANSWERED_ONCE, "never answered: ", open.values());
  }
}
