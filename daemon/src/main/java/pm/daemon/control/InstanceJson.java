package pm.daemon.control;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.ProgramSpec;
import pm.config.RestartSpec;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.TaskView;
import pm.protocol.Json;
import pm.protocol.Times;

/** Instances as {@code status} and {@code describe} show them. Any thread. */
final class InstanceJson {
  private static final int MOST_DELAYS = 10;

  /** The names of the members of {@code status}. */
  static final Set<String> STATUS =
      Set.of(
          "name",
          "program",
          "instance",
          "groups",
          "state",
          "reason",
          "detail",
          "as_desired",
          "pid",
          "started_at",
          "uptime_seconds",
          "restarts",
          "restarts_in_window",
          "max_restarts",
          "next_start_at",
          "exit_code",
          "exit_signal",
          "exit_cause",
          "ready",
          "healthy",
          "tasks_in_hand",
          "cpu_percent",
          "memory_bytes",
          "invocation_id",
          "enabled");

  private InstanceJson() {}

  /** What is measured of an instance's process. */
  record Measured(double cpuPercent, long memoryBytes) {}

  /** The members of {@code status}. */
  static Map<String, Object> status(Shown shown, Optional<Measured> measured, Moment now) {
    InstanceView view = shown.view();
    Instance instance = view.instance();
    Optional<ProgramSpec> spec = view.spec();
    Optional<Run> run = instance.run().filter(each -> each.process().isPresent());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", instance.name().toString());
    json.put("program", instance.name().program());
    json.put("instance", (long) instance.name().number());
    json.put("groups", spec.map(ProgramSpec::groups).orElse(List.of()));
    json.put("state", instance.state().name());
    json.put("reason", reason(instance));
    json.put("detail", view.detail().isEmpty() ? Json.NULL : view.detail());
    json.put("as_desired", view.asDesired());
    json.put("pid", run.isPresent() ? (Object) pid(run.get()) : Json.NULL);
    json.put("started_at", run.isPresent() ? Times.format(run.get().spawnedAt()) : Json.NULL);
    json.put("uptime_seconds", run.isPresent() ? seconds(run.get().upNanos(now)) : Json.NULL);
    json.put("restarts", instance.restarts());
    json.put(
        "restarts_in_window",
        spec.isPresent()
            ? (Object) (long) instance.window().within(spec.get().restart().window(), now.nanos())
            : Json.NULL);
    json.put(
        "max_restarts",
        spec.isPresent() && spec.get().restart().maxRestarts().isPresent()
            ? (Object) (long) spec.get().restart().maxRestarts().getAsInt()
            : Json.NULL);
    json.put("next_start_at", nextStart(instance, now));
    putEnd(json, instance.lastEnd());
    json.put("ready", instance.phase() instanceof Phase.Up);
    json.put("healthy", healthy(instance, spec));
    json.put(
        "tasks_in_hand",
        shown.tasksInHand().isPresent()
            ? (Object) (long) shown.tasksInHand().getAsInt()
            : Json.NULL);
    json.put(
        "cpu_percent", measured.isPresent() ? (Object) measured.get().cpuPercent() : Json.NULL);
    json.put(
        "memory_bytes", measured.isPresent() ? (Object) measured.get().memoryBytes() : Json.NULL);
    json.put(
        "invocation_id",
        instance.run().isPresent() ? instance.run().get().invocation().hex() : Json.NULL);
    json.put("enabled", spec.isPresent() ? (Object) view.enabled() : Json.NULL);
    return json;
  }

  /**
   * The members of {@code describe}.
   *
   * @param tasks what it works on
   * @param background what others know of it
   * @param cgroup of its process
   * @param files the log file and the error log file
   * @param output its last lines
   */
  static Map<String, Object> describe(
      Shown shown,
      Optional<Measured> measured,
      List<TaskView> tasks,
      Background background,
      Optional<String> cgroup,
      List<Optional<String>> files,
      List<String> output,
      Moment now) {
    InstanceView view = shown.view();
    Instance instance = view.instance();
    Optional<ProgramSpec> spec = view.spec();
    Map<String, Object> json = status(shown, measured, now);
    json.put("description", spec.map(ProgramSpec::description).orElse(""));
    json.put("definition", spec.isPresent() ? DefinitionJson.program(spec.get()) : Json.NULL);
    json.put("location", spec.isPresent() ? spec.get().location().toString() : Json.NULL);
    json.put("log_file", files.get(0).isPresent() ? files.get(0).get() : Json.NULL);
    json.put("error_log_file", files.get(1).isPresent() ? files.get(1).get() : Json.NULL);
    json.put(
        "window_seconds",
        spec.isPresent() ? seconds(spec.get().restart().window().toNanos()) : Json.NULL);
    json.put("restart_times", restartTimes(instance, spec, now));
    json.put(
        "restart_delays_seconds",
        spec.isPresent() ? restartDelays(spec.get().restart()) : List.of());
    Optional<Run> run = instance.run();
    json.put("started_by", run.isPresent() ? run.get().startedBy() : Json.NULL);
    json.put("adopted", run.isPresent() ? (Object) run.get().adopted() : Json.NULL);
    json.put(
        "status_text",
        run.isPresent() && !run.get().told().status().isEmpty()
            ? run.get().told().status()
            : Json.NULL);
    json.put("checks", checks(instance, now));
    json.put("tasks", tasks.stream().map(TaskJson::inHand).toList());
    json.put("cgroup", cgroup.isPresent() ? cgroup.get() : Json.NULL);
    json.put("limits", spec.isPresent() ? LimitsJson.of(spec.get().limits(), run) : Json.NULL);
    background.putTo(json, instance.name());
    json.put("invocations", invocations(instance));
    json.put("output", output);
    json.put("problems", DefinitionJson.problems(view.problems()));
    return json;
  }

  /** Whether its checks pass; null where there are none, or nothing to be checked. */
  private static Object healthy(Instance instance, Optional<ProgramSpec> spec) {
    return instance.phase() instanceof Phase.Up up
            && spec.isPresent()
            && spec.get().liveness().isPresent()
        ? (Object) (up.state() != InstanceState.UNHEALTHY)
        : Json.NULL;
  }

  /** What readiness or liveness has seen of it; null where nothing is looked at. */
  private static Object checks(Instance instance, Moment now) {
    return switch (instance.phase()) {
      case Phase.Starting starting -> checks("readiness", starting.health(), now);
      case Phase.Up up -> checks("liveness", up.health(), now);
      case Phase.Stopping _, Phase.Dead _ -> Json.NULL;
    };
  }

  private static Object checks(String of, Health health, Moment now) {
    if (health.nextAt() == Moment.NEVER
        && health.watchdogAt() == Moment.NEVER
        && health.flights().isEmpty()) {
      return Json.NULL;
    }
    long next = Math.min(health.nextAt(), health.watchdogAt());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("of", of);
    json.put("passed", health.passed());
    json.put("failures_in_a_row", (long) health.failures());
    json.put("successes_in_a_row", (long) health.successes());
    json.put("last_failure", health.lastFailure().isEmpty() ? Json.NULL : health.lastFailure());
    json.put("next_at", next == Moment.NEVER ? Json.NULL : Times.format(now.wallAt(next)));
    return json;
  }

  /** The waits before the restarts that are allowed in a row, at most ten, without jitter. */
  private static List<Object> restartDelays(RestartSpec restart) {
    List<Object> delays = new ArrayList<>();
    int count = Math.min(restart.maxRestarts().orElse(MOST_DELAYS), MOST_DELAYS);
    double nanos = restart.delay().toNanos();
    for (int i = 0; i < count; i++) {
      delays.add(seconds((long) Math.min(nanos, (double) restart.maxDelay().toNanos())));
      nanos *= restart.factor();
    }
    return delays;
  }

  /** The reason of an instance that is DEAD, else null. */
  static Object reason(Instance instance) {
    return instance.phase() instanceof Phase.Dead dead ? dead.reason().word() : Json.NULL;
  }

  /** Nanoseconds as seconds, whole ones without a fraction. */
  static Object seconds(long nanos) {
    long millis = nanos / 1_000_000;
    return millis % 1000 == 0 ? (Object) (millis / 1000) : (Object) (millis / 1000.0);
  }

  private static long pid(Run run) {
    return run.process().map(ProcessIdentity::pid).orElse(0);
  }

  private static Object nextStart(Instance instance, Moment now) {
    return instance.phase() instanceof Phase.Dead dead && dead.startAt() != Moment.NEVER
        ? Times.format(now.wallAt(dead.startAt()))
        : Json.NULL;
  }

  private static void putEnd(Map<String, Object> json, Optional<PastInvocation> end) {
    Object code = Json.NULL;
    Object signal = Json.NULL;
    if (end.isPresent() && end.get().status().isPresent()) {
      switch (end.get().status().get()) {
        case ExitStatus.Code exit -> code = (long) exit.code();
        case ExitStatus.Signalled killed -> signal = killed.signal();
        case ExitStatus.Unknown _ -> {}
      }
    }
    json.put("exit_code", code);
    json.put("exit_signal", signal);
    json.put("exit_cause", end.isPresent() ? end.get().cause().word() : Json.NULL);
  }

  private static List<Object> restartTimes(
      Instance instance, Optional<ProgramSpec> spec, Moment now) {
    List<Long> all = instance.window().restarts();
    int young =
        spec.isPresent()
            ? instance.window().within(spec.get().restart().window(), now.nanos())
            : all.size();
    List<Object> times = new ArrayList<>();
    for (long nanos : all.subList(all.size() - young, all.size())) {
      times.add(Times.format(now.wallAt(nanos)));
    }
    return times;
  }

  private static List<Object> invocations(Instance instance) {
    List<Object> all = new ArrayList<>();
    instance
        .run()
        .ifPresent(
            run ->
                all.add(
                    invocation(
                        run.invocation().hex(),
                        pid(run),
                        run.process().isPresent() ? Optional.of(run.spawnedAt()) : Optional.empty(),
                        Optional.empty())));
    for (PastInvocation past : instance.past()) {
      all.add(
          invocation(
              past.invocation().hex(),
              past.pid(),
              Optional.of(past.startedAt()),
              Optional.of(past)));
    }
    return all;
  }

  private static Map<String, Object> invocation(
      String id, long pid, Optional<Instant> startedAt, Optional<PastInvocation> end) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("invocation_id", id);
    json.put("pid", pid == 0 ? Json.NULL : (Object) pid);
    json.put("started_at", startedAt.isPresent() ? Times.format(startedAt.get()) : Json.NULL);
    json.put("ended_at", end.isPresent() ? Times.format(end.get().endedAt()) : Json.NULL);
    putEnd(json, end);
    return json;
  }
}
