package pm.daemon.control;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.Change;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.loop.SystemTime;
import pm.protocol.ErrorCode;
import pm.protocol.Json;

/** Turns the answers of the core into those of the protocol. */
final class Answers {
  /** Bytes of output in one answer, which must fit a line with all else. */
  private static final int OUTPUT_BUDGET = 256 * 1024;

  private final Supervisor supervisor;
  private final SystemTime time;
  private final Queries queries;
  private final Output output;

  Answers(Supervisor supervisor, SystemTime time, Queries queries, Output output) {
    this.supervisor = supervisor;
    this.time = time;
    this.queries = queries;
    this.output = output;
  }

  /** An outcome with what only the supervisor can add to it. */
  private record Told(
      Outcome outcome,
      Object reason,
      Optional<ProgramSpec> spec,
      Optional<LogSource.Lifetime> lifetime) {}

  /**
   * Answers.
   *
   * @param beside what is said beside outcomes
   */
  void answer(Call call, Answer answer, Map<String, Object> beside) {
    if (!(answer instanceof Answer.Outcomes)
        && beside.getOrDefault("subscription", Json.NULL) instanceof Long number) {
      call.connection().unsubscribe(number, "complete");
    }
    switch (answer) {
      case Answer.NoMatch noMatch -> queries.noMatch(call, noMatch.selector());
      case Answer.Refused refused -> refused(call, refused);
      case Answer.Outcomes outcomes -> {
        Map<String, Object> json = new LinkedHashMap<>(beside);
        withOutcomes(call, json, outcomes.outcomes());
      }
      case Answer.TryAgain later -> call.error(ErrorCode.BUSY, later.why());
      case Answer.Tasks _, Answer.QueueFull _ ->
          throw new IllegalStateException("nobody has asked for tasks: " + answer);
      case Answer.Applied applied -> {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("changes", changes(applied.plan()));
        json.put("problems", DefinitionJson.problems(applied.plan().problems()));
        withOutcomes(call, json, applied.outcomes());
      }
    }
  }

  /** Answers that it is not allowed now. */
  void refused(Call call, Answer.Refused refused) {
    call.error(
        supervisor.isShuttingDown() ? ErrorCode.SHUTTING_DOWN : ErrorCode.REFUSED, refused.why());
  }

  /** Answers with outcomes; where something failed its output is read first, off the loop. */
  private void withOutcomes(Call call, Map<String, Object> json, List<Outcome> outcomes) {
    Set<InstanceName> existing = new HashSet<>();
    supervisor.instances().forEach(instance -> existing.add(instance.name()));
    Moment now = time.now();
    List<Told> told = outcomes.stream().map(outcome -> told(outcome, existing, now)).toList();
    if (told.stream().anyMatch(Answers::explains)) {
      queries.answer(
          call,
          () -> {
            json.put("outcomes", outcomes(told, true));
            return Json.write(json);
          });
    } else {
      json.put("outcomes", outcomes(told, false));
      call.result(json);
    }
  }

  private static boolean explains(Told told) {
    return told.outcome().result() == Outcome.Result.FAILED
        && !told.outcome().invocation().isEmpty();
  }

  private Told told(Outcome outcome, Set<InstanceName> existing, Moment now) {
    if (!existing.contains(outcome.instance())) {
      return new Told(outcome, Json.NULL, Optional.empty(), Optional.empty());
    }
    InstanceView view = supervisor.view(outcome.instance(), now);
    Instance instance = view.instance();
    Object reason =
        outcome.state() == InstanceState.DEAD && instance.phase() instanceof Phase.Dead
            ? InstanceJson.reason(instance)
            : Json.NULL;
    return new Told(outcome, reason, view.spec(), lifetime(instance, outcome.invocation()));
  }

  private static Optional<LogSource.Lifetime> lifetime(Instance instance, String invocation) {
    for (PastInvocation past : instance.past()) {
      if (past.invocation().hex().equals(invocation)) {
        return Optional.of(new LogSource.Lifetime(past.startedAt(), Optional.of(past.endedAt())));
      }
    }
    return instance
        .run()
        .filter(run -> run.invocation().hex().equals(invocation))
        .map(run -> new LogSource.Lifetime(run.spawnedAt(), Optional.empty()));
  }

  private List<Object> outcomes(List<Told> all, boolean withOutput) {
    List<Object> list = new ArrayList<>();
    int budget = OUTPUT_BUDGET;
    for (Told told : all) {
      Outcome outcome = told.outcome();
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("instance", outcome.instance().toString());
      json.put("result", outcome.result().word());
      json.put("detail", outcome.detail().isEmpty() ? Json.NULL : outcome.detail());
      json.put("state", outcome.state().name());
      json.put("reason", told.reason());
      List<String> lines = List.of();
      if (withOutput && budget > 0 && explains(told)) {
        lines = output.last(outcome.instance(), told.spec(), told.lifetime());
        budget -= lines.stream().mapToInt(line -> 3 * line.length()).sum();
      }
      json.put("output", lines);
      list.add(json);
    }
    return list;
  }

  private static String shown(Change change, String value) {
    return change.path().startsWith("environment.")
        ? DefinitionJson.shown(change.path(), value)
        : value;
  }

  private static List<Object> changes(ApplyPlan plan) {
    List<Object> list = new ArrayList<>();
    for (ApplyPlan.ProgramStep step : plan.programs()) {
      List<Object> keys = new ArrayList<>();
      for (Change change : step.changes()) {
        Map<String, Object> key = new LinkedHashMap<>();
        key.put("path", change.path());
        key.put("from", shown(change, change.from()));
        key.put("to", shown(change, change.to()));
        key.put("kind", change.kind().name().toLowerCase(Locale.ROOT));
        keys.add(key);
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("program", step.program());
      json.put("action", step.action().name().toLowerCase(Locale.ROOT));
      json.put("keys", keys);
      json.put("detail", step.detail().isEmpty() ? Json.NULL : step.detail());
      list.add(json);
    }
    return list;
  }
}
