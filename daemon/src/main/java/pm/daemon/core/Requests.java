package pm.daemon.core;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Outcome.Result;
import pm.daemon.core.model.Phase;

/**
 * Who waits for an answer while a decision is made, and what it answers. Requests themselves are
 * changed in {@link #commit} only.
 */
final class Requests {

  private final Draft draft;

  /** Those of before, then those that this event adds. */
  private final Map<Long, Request> open;

  /** What this event answers, by request; each instance once. */
  private final Map<Long, Map<InstanceName, Outcome>> settled = new HashMap<>();

  private final Map<Long, Set<InstanceName>> sawDown = new HashMap<>();

  /**
   * Those that went down or began to wait, and go on only if something else brings that about. Most
   * events have none, and no set.
   */
  private Set<InstanceName> suspects = Set.of();

  Requests(Draft draft, Map<Long, Request> before) {
    this.draft = draft;
    this.open = new LinkedHashMap<>(before);
  }

  void add(Request request) {
    open.put(request.number(), request);
  }

  /** Returns whether this event has answered whoever waits under this number. */
  boolean isAnswered(long number) {
    return settled.containsKey(number);
  }

  /** An instance is another one now. */
  void noted(Instance after) {
    if (after.phase() instanceof Phase.Dead dead && dead.startAt() == Moment.NEVER) {
      if (suspects.isEmpty()) {
        suspects = new LinkedHashSet<>();
      }
      suspects.add(after.name());
    }
    for (Request request : open.values()) {
      if (!isOpen(request, after.name())) {
        continue;
      }
      Request.Wish wish = wish(request, after.name());
      if (wish == Request.Wish.AGAIN && after.phase() instanceof Phase.Dead) {
        sawDown.computeIfAbsent(request.number(), key -> new HashSet<>()).add(after.name());
        wish = Request.Wish.UP;
      }
      Request.judge(wish, draft.program(after.name()).rules(), after)
          .ifPresent(outcome -> settle(request, outcome));
    }
  }

  /** Nobody needs to wait for an instance that is gone. */
  void forgotten(InstanceName name) {
    for (Request request : open.values()) {
      if (isOpen(request, name)) {
        settle(
            request,
            new Outcome(
                name,
                Result.FAILED,
                "it was removed from the configuration",
                InstanceState.DEAD,
                ""));
      }
    }
  }

  /** A process has read its own configuration again, or could not. */
  void reloaded(Instance instance, HookEnd end) {
    for (Request request : open.values()) {
      if (isOpen(request, instance.name()) && request.isReload()) {
        settle(
            request,
            Request.outcome(
                instance,
                end.isSuccess() ? Result.DONE : Result.FAILED,
                HookKind.RELOAD.word() + ": " + end.inWords()));
      }
    }
  }

  /** Whoever has waited long enough is told how far it has come. */
  void timePassed() {
    for (Request request : List.copyOf(open.values())) {
      if (request.deadline() <= draft.now.nanos()) {
        for (InstanceName name : List.copyOf(request.open().keySet())) {
          if (isOpen(request, name)) {
            Instance instance = draft.get(name);
            String detail = Wording.detail(instance.phase(), draft.now);
            settle(
                request,
                new Outcome(
                    name,
                    Result.TIMED_OUT,
                    "still " + instance.state() + (detail.isEmpty() ? "" : ": " + detail),
                    instance.state(),
                    ""));
          }
        }
        draft.rolls.abandon(request.number());
      }
    }
  }

  private boolean isOpen(Request request, InstanceName name) {
    return request.open().containsKey(name)
        && !settled.getOrDefault(request.number(), Map.of()).containsKey(name);
  }

  private Request.Wish wish(Request request, InstanceName name) {
    return sawDown.getOrDefault(request.number(), Set.of()).contains(name)
        ? Request.Wish.UP
        : request.open().getOrDefault(name, Request.Wish.UP);
  }

  /** Says what became of an instance to whoever waits under this number. */
  void settle(long number, Outcome outcome) {
    Request request = open.get(number);
    if (request != null && isOpen(request, outcome.instance())) {
      settle(request, outcome);
    }
  }

  /** Whoever waits for a start that does not come by itself is told so. */
  void judgeHopeless() {
    if (suspects.isEmpty() || open.isEmpty()) {
      return;
    }
    // All that waits in a program waits for the same.
    Map<String, Boolean> hopeless = new HashMap<>();
    Set<InstanceName> suspected = suspected();
    for (Request request : open.values()) {
      for (InstanceName name : suspected) {
        if (wish(request, name) == Request.Wish.UP && isOpen(request, name)) {
          draft
              .find(name)
              .filter(
                  instance ->
                      Starts.isForever(instance)
                          && hopeless.computeIfAbsent(
                              name.program(), draft.dependencies::isHopeless))
              .ifPresent(
                  instance ->
                      settle(
                          request,
                          Request.outcome(
                              instance,
                              Result.FAILED,
                              String.join("; ", draft.dependencies.chain(instance, draft.now)))));
        }
      }
    }
  }

  /** Returns those that may wait in vain since this event: the suspects and who depends on them. */
  private Set<InstanceName> suspected() {
    Set<InstanceName> suspected = new LinkedHashSet<>(suspects);
    if (!draft.changedPrograms.isEmpty()) {
      // Who depends on whom is another thing now than before.
      open.values().forEach(request -> suspected.addAll(request.open().keySet()));
      return suspected;
    }
    Set<String> programs = new LinkedHashSet<>();
    suspects.forEach(name -> programs.add(name.program()));
    for (String program : draft.order().allDependants(programs)) {
      if (draft.dependencies.isHopeless(program)) {
        draft.instancesOf(program).forEach(instance -> suspected.add(instance.name()));
      }
    }
    return suspected;
  }

  private void settle(Request request, Outcome outcome) {
    settled
        .computeIfAbsent(request.number(), key -> new LinkedHashMap<>())
        .put(outcome.instance(), outcome);
  }

  void reply(long request, Answer answer, long afterDecision) {
    if (request == Command.UNANSWERED) {
      return;
    }
    settled.put(request, new LinkedHashMap<>());
    draft.effects.add(new Effect.Reply(request, answer, afterDecision));
  }

  /** Takes what was said of instances, and answers those requests of which nothing is open. */
  void commit() {
    for (Request request : open.values()) {
      for (InstanceName name : sawDown.getOrDefault(request.number(), Set.of())) {
        request.sawDown(name);
      }
      settled.getOrDefault(request.number(), Map.of()).values().forEach(request::settle);
      if (request.open().isEmpty()) {
        draft.base.requests.remove(request.number());
        draft.effects.add(
            new Effect.Reply(request.number(), request.answer(List.of()), request.afterDecision()));
      } else {
        draft.base.requests.put(request.number(), request);
      }
    }
  }
}
