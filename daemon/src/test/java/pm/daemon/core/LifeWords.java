package pm.daemon.core;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.config.BeforeKill;
import pm.config.Command;
import pm.config.Durations;
import pm.config.Hook;
import pm.config.HooksSpec;
import pm.config.LimitsSpec;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.MalformedValueException;
import pm.config.OnMemory;
import pm.config.OnUnhealthy;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.config.ReloadSpec;
import pm.config.StopSpec;
import pm.config.Word;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;

/** The words of a {@link Scenario} about readiness, liveness, hooks and limits. */
final class LifeWords {

  private LifeWords() {}

  /** Takes a key of a definition; returns false if it is none of these. */
  static boolean key(ProgramSpec.Builder builder, String key, String value) {
    ProgramSpec before = builder.build();
    switch (key) {
      case "readiness" -> builder.readiness(readiness(value));
      case "readiness_period", "readiness_timeout" -> {
        Readiness.Probed probed = (Readiness.Probed) before.readiness();
        builder.readiness(
            key.endsWith("period")
                ? new Readiness.Probed(probed.probe(), duration(value), probed.timeout())
                : new Readiness.Probed(probed.probe(), probed.period(), duration(value)));
      }
      case "liveness" ->
          builder.liveness(
              value.equals("none") ? Optional.empty() : Optional.of(Liveness.of(kind(value))));
      case "period",
          "timeout",
          "failures",
          "successes",
          "initial_delay",
          "on_unhealthy",
          "before_kill" ->
          builder.liveness(Optional.of(liveness(before.liveness().orElseThrow(), key, value)));
      case "pre_start", "post_start", "pre_stop", "post_stop", "on_failure" ->
          builder.hooks(
              hooks(
                  before.hooks(),
                  key,
                  value.equals("none") ? Optional.empty() : Optional.of(hook(value))));
      case "stop_command" -> {
        StopSpec stop = before.stop();
        builder.stop(
            new StopSpec(
                stop.signal(),
                stop.timeout(),
                stop.scope(),
                stop.drain(),
                Optional.of(command(value))));
      }
      case "reload_command" -> builder.reload(new ReloadSpec("HUP", Optional.of(command(value))));
      case "memory", "on_memory", "cpu", "tasks" ->
          builder.limits(limits(before.limits(), key, value));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Readiness readiness(String value) {
    String[] parts = value.split(":", 2);
    return switch (parts[0]) {
      case "notify" -> new Readiness.Notify();
      case "ping" -> new Readiness.Ping();
      case "fd" -> new Readiness.FdLine(Integer.parseInt(parts[1]));
      case "log_line" -> new Readiness.LogLine(parts[1]);
      default -> new Readiness.Probed(probe(value), Duration.ofSeconds(1), Duration.ofSeconds(3));
    };
  }

  private static LivenessKind kind(String value) {
    return switch (value) {
      case "ping" -> new LivenessKind.Ping();
      case "watchdog" -> new LivenessKind.Watchdog();
      default -> new LivenessKind.Probed(probe(value));
    };
  }

  private static Probe probe(String value) {
    String[] parts = value.split(":", 2);
    return switch (parts[0]) {
      case "http" -> new Probe.Http(value, Probe.Http.USUAL_STATUS);
      case "tcp" -> new Probe.Tcp(parts[1]);
      case "exec" -> new Probe.Exec(command(parts[1]));
      default -> throw new IllegalArgumentException(value);
    };
  }

  private static Liveness liveness(Liveness old, String key, String value) {
    return new Liveness(
        old.kind(),
        key.equals("period") ? duration(value) : old.period(),
        key.equals("timeout") ? duration(value) : old.timeout(),
        key.equals("failures") ? Integer.parseInt(value) : old.failureThreshold(),
        key.equals("successes") ? Integer.parseInt(value) : old.successThreshold(),
        key.equals("initial_delay") ? duration(value) : old.initialDelay(),
        old.whileBusy(),
        key.equals("on_unhealthy") ? word(OnUnhealthy.values(), value) : old.onFailure(),
        key.equals("before_kill")
            ? Optional.of(
                value.startsWith("/")
                    ? new BeforeKill.Run(hook(value))
                    : new BeforeKill.Signal(value))
            : old.beforeKill());
  }

  private static HooksSpec hooks(HooksSpec old, String key, Optional<Hook> hook) {
    return new HooksSpec(
        key.equals("pre_start") ? hook : old.preStart(),
        key.equals("post_start") ? hook : old.postStart(),
        key.equals("pre_stop") ? hook : old.preStop(),
        key.equals("post_stop") ? hook : old.postStop(),
        key.equals("on_failure") ? hook : old.onFailure());
  }

  /** {@code /bin/x}, {@code /bin/x:3s} with a timeout, {@code -/bin/x} whose failure is ignored. */
  private static Hook hook(String value) {
    boolean ignored = value.startsWith("-");
    String[] parts = (ignored ? value.substring(1) : value).split(":", 2);
    return new Hook(
        command(parts[0]), parts.length > 1 ? duration(parts[1]) : Hook.USUAL_TIMEOUT, ignored);
  }

  private static Command command(String path) {
    return new Command(List.of(path), false);
  }

  private static LimitsSpec limits(LimitsSpec old, String key, String value) {
    return new LimitsSpec(
        old.resources(),
        key.equals("memory") ? OptionalLong.of(mebibytes(value)) : old.memoryBytes(),
        key.equals("on_memory") ? word(OnMemory.values(), value) : old.onMemory(),
        key.equals("cpu") ? OptionalInt.of(Integer.parseInt(value)) : old.cpuPercent(),
        key.equals("tasks") ? OptionalInt.of(Integer.parseInt(value)) : old.tasks(),
        old.nice(),
        old.ioClass(),
        old.cpuAffinity(),
        old.oomScoreAdj());
  }

  private static long mebibytes(String value) {
    return Long.parseLong(value.replace("MiB", "")) << 20;
  }

  /** Returns what a process has said: {@code ready status=loading extend=5s mainpid=105}. */
  static Report notified(InvocationId id, List<String> words) {
    Optional<String> status = value(words, "status").map(text -> text.replace('_', ' '));
    return new Report.Notified(
        id,
        new Notification(
            words.contains("ready"),
            words.contains("reloading"),
            words.contains("stopping"),
            words.contains("watchdog"),
            words.contains("trigger"),
            status,
            value(words, "mainpid").map(pid -> new ProcessIdentity(Integer.parseInt(pid), 9, 9)),
            nanos(words, "extend"),
            nanos(words, "watchdog_usec")));
  }

  /** Returns what it uses: {@code memory=130MiB cpu=3s tasks=7}. */
  static Report used(InvocationId id, List<String> words) {
    Optional<String> memory = value(words, "memory");
    Optional<String> tasks = value(words, "tasks");
    return new Report.Used(
        id,
        memory.isPresent() ? OptionalLong.of(mebibytes(memory.get())) : OptionalLong.empty(),
        nanos(words, "cpu"),
        tasks.isPresent() ? OptionalInt.of(Integer.parseInt(tasks.get())) : OptionalInt.empty());
  }

  private static OptionalLong nanos(List<String> words, String key) {
    Optional<String> text = value(words, key);
    return text.isPresent()
        ? OptionalLong.of(duration(text.get()).toNanos())
        : OptionalLong.empty();
  }

  private static Optional<String> value(List<String> words, String key) {
    return words.stream()
        .filter(word -> word.startsWith(key + "="))
        .map(word -> word.substring(key.length() + 1))
        .findFirst();
  }

  /**
   * Returns the end of a hook: {@code web@1 i1 pre_start code 1}, {@code … late}, {@code … KILL}.
   */
  static Report hookEnded(InstanceName instance, InvocationId id, List<String> words) {
    HookKind kind = HookKind.valueOf(words.removeFirst().toUpperCase(java.util.Locale.ROOT));
    HookEnd end =
        switch (words.getFirst()) {
          case "code" ->
              new HookEnd(
                  OptionalInt.of(Integer.parseInt(words.get(1))),
                  Optional.empty(),
                  false,
                  "",
                  String.join(" ", words.subList(2, words.size())));
          case "late" -> HookEnd.late();
          case "problem" -> HookEnd.notRun(String.join(" ", words.subList(1, words.size())));
          default -> new HookEnd(OptionalInt.empty(), Optional.of(words.getFirst()), false, "", "");
        };
    return new Report.HookEnded(instance, id, kind, end);
  }

  private static Duration duration(String text) {
    try {
      return Durations.parse(text);
    } catch (MalformedValueException malformed) {
      throw new IllegalArgumentException(text, malformed);
    }
  }

  private static <T extends Word> T word(T[] values, String word) {
    for (T value : values) {
      if (value.word().equals(word)) {
        return value;
      }
    }
    throw new IllegalArgumentException(word);
  }
}
