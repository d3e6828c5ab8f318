package pm.daemon.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.daemon.core.event.Command;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;

/** What somebody asks for, gathered over the instances it names, before anything is done. */
final class Ask {

  private final Draft draft;
  final Actor actor;
  final Map<InstanceName, Request.Wish> wishes = new LinkedHashMap<>();
  private final List<Outcome> known = new ArrayList<>();
  private final List<Deed> later = new ArrayList<>();
  private boolean reloads;

  /** What is to be done; of a lower level comes first. */
  private record Deed(int level, Runnable what) {}

  Ask(Draft draft, Actor actor) {
    this.draft = draft;
    this.actor = actor;
  }

  void wish(Instance instance, Request.Wish wish) {
    wishes.put(instance.name(), wish);
  }

  void known(Instance instance, Result result, String detail) {
    known.add(Request.outcome(instance, result, detail));
  }

  /** The deed itself comes after the request is open, so that it is judged like any other. */
  void later(Runnable deed) {
    later.add(new Deed(0, deed));
  }

  /** A stop that comes before all others, so that nothing is started on what it takes down. */
  void before(Runnable deed) {
    later.add(new Deed(-1, deed));
  }

  /**
   * The same for what others may depend on: they come after it, so that they do not start on what
   * this deed takes down, or beside what it starts.
   */
  void inTurn(InstanceName name, Runnable deed) {
    later.add(new Deed(draft.order().level(name.program()), deed));
  }

  /** Stops an instance that lives, or changes what comes after its stop. */
  void stop(Instance instance, StopCause cause, AfterStop after) {
    later(() -> stopNow(instance.name(), cause, after));
  }

  /** Does the same at once. */
  void stopNow(InstanceName name, StopCause cause, AfterStop after) {
    Instance found = draft.get(name);
    if (!(found.phase() instanceof Phase.Dead)) {
      draft.stop(found, cause, after, actor);
    }
  }

  void reloads() {
    reloads = true;
  }

  boolean isEmpty() {
    return wishes.isEmpty() && known.isEmpty();
  }

  /** Does what is asked for and lets the asker wait for it, or answers at once. */
  void open(Command command, Command.Patience patience, Optional<ApplyPlan> plan) {
    boolean answered = draft.requests.isAnswered(command.request());
    if (answered) {
      return;
    }
    long after = draft.hasDecided() ? draft.base.decisionNumber + 1 : 0;
    Map<InstanceName, Request.Wish> open = patience.untilDone() ? wishes : Map.of();
    List<Outcome> outcomes = new ArrayList<>(known);
    long deadline =
        patience.timeoutNanos() >= Moment.NEVER - draft.now.nanos()
            ? Moment.NEVER
            : draft.now.nanos() + patience.timeoutNanos();
    Request request =
        new Request(command.request(), deadline, after, plan, open, outcomes, reloads);
    boolean awaited = command.request() != Command.UNANSWERED;
    if (awaited && !open.isEmpty()) {
      draft.requests.add(request);
    }
    later.sort(Comparator.comparingInt(Deed::level));
    later.forEach(deed -> deed.what().run());
    if (awaited && open.isEmpty()) {
      List<Outcome> accepted = new ArrayList<>();
      for (InstanceName name : wishes.keySet()) {
        draft
            .find(name)
            .ifPresent(
                instance ->
                    accepted.add(
                        Request.outcome(
                            instance,
                            Result.ACCEPTED,
                            Wording.detail(instance.phase(), draft.now))));
      }
      draft.requests.reply(command.request(), request.answer(accepted), after);
    }
  }
}
