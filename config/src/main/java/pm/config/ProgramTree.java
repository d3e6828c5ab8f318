package pm.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The records as plain values with the keys of the files: maps in the order of the documentation,
 * lists, strings, {@link Integer}s, {@link BigDecimal}s, booleans and {@link #NULL}.
 */
final class ProgramTree {
  /** The null of YAML and JSON. */
  static final Object NULL = Optional.empty();

  private ProgramTree() {}

  static Map<String, Object> of(ProgramSpec program) {
    var tree = new LinkedHashMap<String, Object>();
    Command command = program.command();
    tree.put("description", program.description());
    tree.put("command", command.shell() ? command.argv().getFirst() : command.argv());
    tree.put("shell", command.shell());
    tree.put("type", program.type().word());
    tree.put("working_dir", program.workingDir());
    tree.put("user", orNull(program.user()));
    tree.put("group", orNull(program.group()));
    tree.put("supplementary_groups", orNull(program.supplementaryGroups()));
    tree.put("umask", Section.octal(program.umask()));
    tree.put("environment", program.environment());
    var envFiles = new ArrayList<String>(program.envFiles().size());
    for (EnvFile envFile : program.envFiles()) {
      envFiles.add(envFile.optional() ? "-" + envFile.path() : envFile.path());
    }
    tree.put("env_file", envFiles);
    tree.put("inherit_environment", program.inheritEnvironment());
    if (program.pool().isEmpty()) {
      tree.put("instances", program.instances());
    }
    tree.put("enabled", program.enabled());
    tree.put("autostart", program.autostart());
    tree.put("essential", program.essential());
    tree.put("groups", program.groups());
    var dependsOn = new LinkedHashMap<String, Object>();
    program
        .dependsOn()
        .forEach((name, condition) -> dependsOn.put(name, Map.of("condition", condition.word())));
    tree.put("depends_on", dependsOn);
    tree.put("on_dependency_restart", program.onDependencyRestart().word());
    tree.put("start_timeout", Durations.format(program.startTimeout()));
    tree.put("readiness", of(program.readiness()));
    tree.put("liveness", liveness(program));
    tree.put("success_exit_codes", List.copyOf(program.successExitCodes()));
    tree.put("restart", of(program.restart()));
    tree.put("stop", of(program.stop()));
    tree.put("reload", of(program.reload()));
    tree.put("hooks", of(program.hooks()));
    tree.put("logs", of(program.logs()));
    tree.put("limits", of(program.limits()));
    tree.put("security", of(program.security()));
    tree.put("worker", of(program.worker()));
    tree.put("pool", program.pool().isPresent() ? of(program.pool().get()) : NULL);
    return tree;
  }

  static Map<String, Object> of(DaemonSpec daemon) {
    var socket = new LinkedHashMap<String, Object>();
    socket.put("path", daemon.socket().path().orElse("auto"));
    socket.put("mode", Section.octal(daemon.socket().mode()));
    socket.put("group", daemon.socket().group());
    var log = new LinkedHashMap<String, Object>();
    log.put("level", daemon.level().word());
    log.put("format", daemon.format().word());
    var tree = new LinkedHashMap<String, Object>();
    tree.put("socket", socket);
    tree.put("log", log);
    tree.put("shutdown", Map.of("timeout", Durations.format(daemon.shutdownTimeout())));
    tree.put(
        "max_concurrent_starts",
        daemon.maxConcurrentStarts().isPresent()
            ? daemon.maxConcurrentStarts().getAsInt()
            : "auto");
    tree.put("tasks", Map.of("store", daemon.tasks().word()));
    tree.put("include", daemon.include());
    return tree;
  }

  private static Map<String, Object> of(Readiness readiness) {
    return switch (readiness) {
      case Readiness.Uptime uptime -> Map.of("uptime", Durations.format(uptime.uptime()));
      case Readiness.Notify notify -> Map.of("notify", true);
      case Readiness.FdLine line -> Map.of("fd", line.fd());
      case Readiness.LogLine line -> Map.of("log_line", line.pattern());
      case Readiness.Ping ping -> Map.of("ping", true);
      case Readiness.Probed probed -> {
        var tree = of(probed.probe());
        tree.put("period", Durations.format(probed.period()));
        tree.put("timeout", Durations.format(probed.timeout()));
        yield tree;
      }
    };
  }

  private static Map<String, Object> of(Probe probe) {
    var tree = new LinkedHashMap<String, Object>();
    switch (probe) {
      case Probe.Http http -> {
        var ranges = new ArrayList<String>();
        for (Probe.StatusRange range : http.status()) {
          ranges.add(
              range.from() == range.to() ? "" + range.from() : range.from() + "-" + range.to());
        }
        var below = new LinkedHashMap<String, Object>();
        below.put("url", http.url());
        below.put("status", ranges);
        tree.put("http", below);
      }
      case Probe.Tcp tcp -> tree.put("tcp", tcp.address());
      case Probe.Exec exec -> tree.put("exec", of(exec.command()));
    }
    return tree;
  }

  /** A command without a key of its own for the shell. */
  private static Object of(Command command) {
    if (!command.shell()) {
      return command.argv();
    }
    var tree = new LinkedHashMap<String, Object>();
    tree.put("command", command.argv().getFirst());
    tree.put("shell", true);
    return tree;
  }

  private static Map<String, Object> of(RestartSpec restart) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("policy", restart.policy().word());
    tree.put(
        "max_restarts",
        restart.maxRestarts().isPresent() ? restart.maxRestarts().getAsInt() : "unlimited");
    tree.put("window", Durations.format(restart.window()));
    tree.put("delay", Durations.format(restart.delay()));
    tree.put("factor", decimal(restart.factor()));
    tree.put("max_delay", Durations.format(restart.maxDelay()));
    tree.put("jitter", decimal(restart.jitter()));
    tree.put("reset_after", Durations.format(restart.resetAfter()));
    tree.put("prevent", List.copyOf(restart.prevent()));
    tree.put("retry_after", duration(restart.retryAfter()));
    return tree;
  }

  private static Map<String, Object> of(StopSpec stop) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("signal", stop.signal());
    tree.put("timeout", Durations.format(stop.timeout()));
    tree.put("drain", duration(stop.drain()));
    tree.put("scope", stop.scope().word());
    tree.put("command", command(stop.command()));
    return tree;
  }

  private static Map<String, Object> of(ReloadSpec reload) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("signal", reload.signal());
    tree.put("command", command(reload.command()));
    return tree;
  }

  private static Map<String, Object> of(HooksSpec hooks) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("pre_start", hook(hooks.preStart()));
    tree.put("post_start", hook(hooks.postStart()));
    tree.put("pre_stop", hook(hooks.preStop()));
    tree.put("post_stop", hook(hooks.postStop()));
    tree.put("on_failure", hook(hooks.onFailure()));
    return tree;
  }

  private static Object hook(Optional<Hook> hook) {
    return hook.isPresent() ? of(hook.get()) : NULL;
  }

  private static Object of(Hook hook) {
    var tree = new LinkedHashMap<String, Object>();
    Command command = hook.command();
    tree.put("command", command.shell() ? command.argv().getFirst() : command.argv());
    tree.put("shell", command.shell());
    tree.put("timeout", Durations.format(hook.timeout()));
    tree.put("ignore_failure", hook.ignoreFailure());
    return tree;
  }

  private static Object liveness(ProgramSpec program) {
    if (program.liveness().isEmpty()) {
      // A worker that says nothing else is pinged.
      return program.type() == ProgramType.WORKER ? "none" : NULL;
    }
    Liveness liveness = program.liveness().get();
    var tree = new LinkedHashMap<String, Object>();
    switch (liveness.kind()) {
      case LivenessKind.Ping ping -> tree.put("ping", true);
      case LivenessKind.Watchdog watchdog -> tree.put("watchdog", true);
      case LivenessKind.Probed probed -> tree.putAll(of(probed.probe()));
    }
    tree.put("period", Durations.format(liveness.period()));
    tree.put("timeout", Durations.format(liveness.timeout()));
    tree.put("failure_threshold", liveness.failureThreshold());
    tree.put("success_threshold", liveness.successThreshold());
    tree.put("initial_delay", Durations.format(liveness.initialDelay()));
    tree.put("while_busy", liveness.whileBusy());
    tree.put("on_failure", liveness.onFailure().word());
    Object beforeKill = NULL;
    if (liveness.beforeKill().isPresent()) {
      beforeKill =
          switch (liveness.beforeKill().get()) {
            case BeforeKill.Signal signal -> signal.signal();
            case BeforeKill.Run run -> of(run.hook());
          };
    }
    tree.put("before_kill", beforeKill);
    return tree;
  }

  private static Map<String, Object> of(LimitsSpec limits) {
    var tree = new LinkedHashMap<String, Object>();
    for (ResourceKind kind : ResourceKind.values()) {
      ResourceLimits both = limits.resources().get(kind);
      tree.put(kind.word(), both == null ? NULL : of(kind, both));
    }
    tree.put(
        "memory",
        limits.memoryBytes().isPresent() ? Sizes.format(limits.memoryBytes().getAsLong()) : NULL);
    tree.put("on_memory", limits.onMemory().word());
    tree.put("cpu", number(limits.cpuPercent()));
    tree.put("tasks", number(limits.tasks()));
    tree.put("nice", number(limits.nice()));
    tree.put("io_class", limits.ioClass().isPresent() ? limits.ioClass().get().word() : NULL);
    tree.put("cpu_affinity", limits.cpuAffinity().isEmpty() ? NULL : limits.cpuAffinity());
    tree.put("oom_score_adj", number(limits.oomScoreAdj()));
    return tree;
  }

  private static Object of(ResourceKind kind, ResourceLimits both) {
    Object soft = limit(kind, both.soft());
    return both.soft() == both.hard() ? soft : soft + ":" + limit(kind, both.hard());
  }

  private static Object limit(ResourceKind kind, long value) {
    if (value == ResourceLimits.UNLIMITED) {
      return "unlimited";
    }
    return switch (kind) {
      case NOFILE, NPROC -> (int) value;
      case CORE, FSIZE, AS, STACK, MEMLOCK -> Sizes.format(value);
    };
  }

  private static Map<String, Object> of(SecuritySpec security) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("no_new_privileges", security.noNewPrivileges());
    tree.put("capabilities", orNull(security.capabilities()));
    return tree;
  }

  private static Map<String, Object> of(WorkerSpec worker) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("framing", worker.framing().word());
    tree.put("transport", worker.transport().word());
    tree.put("ping", Map.of("method", worker.pingMethod()));
    tree.put("max_frame", Sizes.format(worker.maxFrameBytes()));
    return tree;
  }

  static Map<String, Object> of(PoolSpec pool) {
    var scaleUp = new LinkedHashMap<String, Object>();
    scaleUp.put("wait", Durations.format(pool.scaleUp().waited()));
    scaleUp.put("step", pool.scaleUp().step());
    var throttle = new LinkedHashMap<String, Object>();
    throttle.put("cpu", percent(pool.throttle().cpuPercent()));
    throttle.put("memory", percent(pool.throttle().memoryPercent()));
    var stall = new LinkedHashMap<String, Object>();
    stall.put("after", duration(pool.stall().after()));
    stall.put("action", pool.stall().action().word());
    var queue = new LinkedHashMap<String, Object>();
    queue.put("capacity", pool.queue().capacity());
    queue.put("aging", Durations.format(pool.queue().aging()));
    var breaker = new LinkedHashMap<String, Object>();
    breaker.put("failures", pool.breaker().failures());
    breaker.put("reset_after", Durations.format(pool.breaker().resetAfter()));
    breaker.put("when_open", pool.breaker().whenOpen().word());
    var tree = new LinkedHashMap<String, Object>();
    tree.put("min", pool.min());
    tree.put("max", pool.max());
    tree.put("scale_up", scaleUp);
    tree.put("scale_down", Map.of("idle", Durations.format(pool.scaleDownIdle())));
    tree.put("strategy", pool.strategy().word());
    tree.put("weights", pool.weights());
    tree.put("concurrency", pool.concurrency());
    tree.put("accepts", pool.accepts());
    tree.put("recycle", of(pool.recycle()));
    tree.put("throttle", throttle);
    tree.put("stall", stall);
    tree.put("queue", queue);
    tree.put("task", of(pool.task()));
    tree.put("breaker", breaker);
    return tree;
  }

  private static Map<String, Object> of(PoolSpec.Recycle recycle) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put(
        "max_tasks", recycle.maxTasks().isPresent() ? (int) recycle.maxTasks().getAsLong() : NULL);
    tree.put("max_age", duration(recycle.maxAge()));
    tree.put(
        "max_memory",
        recycle.maxMemoryBytes().isPresent()
            ? Sizes.format(recycle.maxMemoryBytes().getAsLong())
            : NULL);
    tree.put("jitter", decimal(recycle.jitter()));
    return tree;
  }

  private static Map<String, Object> of(PoolSpec.TaskRules task) {
    var backoff = new LinkedHashMap<String, Object>();
    backoff.put("delay", Durations.format(task.backoff().delay()));
    backoff.put("factor", decimal(task.backoff().factor()));
    backoff.put("max_delay", Durations.format(task.backoff().maxDelay()));
    backoff.put("jitter", decimal(task.backoff().jitter()));
    var tree = new LinkedHashMap<String, Object>();
    tree.put("timeout", Durations.format(task.timeout()));
    tree.put("retries", task.retries());
    tree.put("backoff", backoff);
    tree.put("keep", Durations.format(task.keep()));
    tree.put("keep_max", task.keepMax());
    tree.put("poison_after", task.poisonAfter());
    return tree;
  }

  private static Object percent(OptionalInt percent) {
    return percent.isPresent() ? percent.getAsInt() + "%" : NULL;
  }

  private static Object command(Optional<Command> command) {
    return command.isPresent() ? of(command.get()) : NULL;
  }

  private static Object duration(Optional<Duration> duration) {
    return duration.isPresent() ? Durations.format(duration.get()) : NULL;
  }

  private static Object number(OptionalInt number) {
    return number.isPresent() ? number.getAsInt() : NULL;
  }

  private static Map<String, Object> of(LogSpec logs) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("file", of(logs.file()));
    tree.put("stderr", of(logs.stderr()));
    tree.put("max_size", Sizes.format(logs.maxSizeBytes()));
    tree.put("keep", logs.keep());
    tree.put("max_age", duration(logs.maxAge()));
    tree.put("compress", logs.compress());
    tree.put("format", logs.format().word());
    return tree;
  }

  private static String of(LogTarget target) {
    return switch (target) {
      case LogTarget.Auto auto -> "auto";
      case LogTarget.None none -> "none";
      case LogTarget.Merge merge -> "merge";
      case LogTarget.Inherit inherit -> "inherit";
      case LogTarget.File file -> file.path();
    };
  }

  private static Object orNull(Optional<?> value) {
    return value.isPresent() ? value.get() : NULL;
  }

  /** Without an exponent, which the files do not know. */
  private static BigDecimal decimal(double number) {
    var exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    return exact.scale() < 0 ? exact.setScale(0) : exact;
  }
}
