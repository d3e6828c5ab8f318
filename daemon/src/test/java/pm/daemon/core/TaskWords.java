package pm.daemon.core;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import pm.config.Durations;
import pm.config.MalformedValueException;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.StopSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

/** The words of a {@link Scenario} about pools and tasks. */
final class TaskWords {

  private static final byte[] DATA = "{}".getBytes(StandardCharsets.UTF_8);

  private TaskWords() {}

  /** Takes a key of a definition; returns false if it is none of these. */
  static boolean key(ProgramSpec.Builder builder, String key, String value) {
    ProgramSpec before = builder.build();
    switch (key) {
      case "pool" -> builder.pool(bounds(before.pool().orElse(PoolSpec.DEFAULT), value));
      case "no_pool" -> builder.pool(Optional.empty()).instances(Integer.parseInt(value));
      case "drain" -> {
        StopSpec stop = before.stop();
        builder.stop(
            new StopSpec(
                stop.signal(),
                stop.timeout(),
                stop.scope(),
                Optional.of(duration(value)),
                stop.command()));
      }
      case "concurrency",
          "idle",
          "scale_wait",
          "max_memory",
          "max_tasks",
          "stall",
          "task_timeout",
          "poison_after" ->
          builder.pool(Optional.of(pool(before.pool().orElseThrow(), key, value)));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Optional<PoolSpec> bounds(PoolSpec old, String value) {
    String[] ends = value.split("\\.\\.", 2);
    int min = Integer.parseInt(ends[0]);
    return Optional.of(old.withBounds(min, ends.length > 1 ? Integer.parseInt(ends[1]) : min));
  }

  private static PoolSpec pool(PoolSpec old, String key, String value) {
    return new PoolSpec(
        old.min(),
        old.max(),
        key.equals("scale_wait")
            ? new PoolSpec.ScaleUp(duration(value), old.scaleUp().step())
            : old.scaleUp(),
        key.equals("idle") ? duration(value) : old.scaleDownIdle(),
        old.strategy(),
        old.weights(),
        key.equals("concurrency") ? Integer.parseInt(value) : old.concurrency(),
        old.accepts(),
        recycle(old.recycle(), key, value),
        old.throttle(),
        key.equals("stall")
            ? new PoolSpec.Stall(Optional.of(duration(value)), PoolSpec.StallAction.RESTART)
            : old.stall(),
        old.queue(),
        rules(old.task(), key, value),
        old.breaker());
  }

  private static PoolSpec.Recycle recycle(PoolSpec.Recycle old, String key, String value) {
    return switch (key) {
      case "max_tasks" ->
          new PoolSpec.Recycle(
              OptionalLong.of(Long.parseLong(value)), Optional.empty(), OptionalLong.empty(), 0);
      case "max_memory" ->
          new PoolSpec.Recycle(
              OptionalLong.empty(), Optional.empty(), OptionalLong.of(Long.parseLong(value)), 0);
      default -> old;
    };
  }

  private static PoolSpec.TaskRules rules(PoolSpec.TaskRules old, String key, String value) {
    return new PoolSpec.TaskRules(
        key.equals("task_timeout") ? duration(value) : old.timeout(),
        old.retries(),
        new PoolSpec.TaskBackoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0),
        old.keep(),
        old.keepMax(),
        key.equals("poison_after") ? Integer.parseInt(value) : old.poisonAfter());
  }

  /** Returns what a line says happens to tasks; empty if it says nothing of that. */
  static Optional<TaskEvent> event(
      String verb,
      List<String> words,
      long request,
      Actor actor,
      Command.Patience patience,
      Function<String, InvocationId> invocations) {
    return switch (verb) {
      case "submit" -> {
        String pool = words.removeFirst();
        int count = words.isEmpty() ? 1 : Integer.parseInt(words.getFirst());
        List<NewTask> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          tasks.add(
              new NewTask(
                  "",
                  NewTask.DEFAULT_TYPE,
                  Priority.NORMAL,
                  NewTask.POOLS,
                  NewTask.POOLS,
                  0,
                  DATA));
        }
        yield Optional.of(new TaskCommand.Submit(request, actor, pool, tasks, false, 0, 0));
      }
      case "pause" -> Optional.of(new TaskCommand.Pause(request, actor, words));
      case "unpause" -> Optional.of(new TaskCommand.Resume(request, actor, words));
      case "drain" -> Optional.of(new TaskCommand.Drain(request, actor, words, patience));
      case "cancel" -> Optional.of(new TaskCommand.Cancel(request, actor, words));
      case "succeeded" -> {
        String[] attempt = words.get(1).split("/", 2);
        yield Optional.of(
            new TaskReport.Succeeded(
                invocations.apply(words.getFirst()),
                Long.parseLong(attempt[0]),
                "",
                Integer.parseInt(attempt[1]),
                DATA));
      }
      case "task-failed" -> {
        String[] attempt = words.get(1).split("/", 2);
        yield Optional.of(
            new TaskReport.Failed(
                invocations.apply(words.getFirst()),
                Long.parseLong(attempt[0]),
                "",
                Integer.parseInt(attempt[1]),
                String.join(" ", words.subList(2, words.size())),
                true));
      }
      case "sent-through" ->
          Optional.of(
              new TaskReport.SentThrough(
                  invocations.apply(words.getFirst()), Long.parseLong(words.get(1))));
      case "unreachable" ->
          Optional.of(
              new TaskReport.Unreachable(
                  invocations.apply(words.getFirst()),
                  true,
                  String.join(" ", words.subList(1, words.size()))));
      default -> Optional.empty();
    };
  }

  /** Tells what is kept of a task. */
  static String entry(TaskEntry entry, Function<InvocationId, String> names) {
    return "task "
        + entry.task()
        + switch (entry) {
          case TaskEntry.Queued queued -> " waits in " + queued.pool();
          case TaskEntry.Started started ->
              " attempt "
                  + started.attempt()
                  + " to slot "
                  + started.slot()
                  + ", "
                  + names.apply(started.invocation())
                  + " #"
                  + started.sequence();
          case TaskEntry.Cancelling cancelling -> " is given up by " + cancelling.by();
          case TaskEntry.Returned returned ->
              " waits again: "
                  + returned.end()
                  + (returned.isFailure() ? ", a failure" : "")
                  + (returned.isDeath() ? ", a death" : "");
          case TaskEntry.Ended ended ->
              " " + ended.state() + (ended.error().isEmpty() ? "" : ": " + ended.error());
          case TaskEntry.Noted noted -> " is noted: " + noted.evidence();
          case TaskEntry.PutBack back -> " is put back by " + back.by();
          case TaskEntry.Forgotten forgotten -> " is forgotten";
          case TaskEntry.Whole whole -> " is " + whole.state();
        };
  }

  /** Tells what is to be done about a task. */
  static String effect(TaskEffect effect, Function<InvocationId, String> names) {
    return switch (effect) {
      case TaskEffect.Send send ->
          "effect Send "
              + names.apply(send.invocation())
              + " task "
              + send.task()
              + "/"
              + send.attempt()
              + " #"
              + send.sequence();
      case TaskEffect.Cancel cancel ->
          "effect Cancel " + names.apply(cancel.invocation()) + " " + cancel.id();
      case TaskEffect.Withdraw withdraw ->
          "effect Withdraw "
              + names.apply(withdraw.invocation())
              + " task "
              + withdraw.task()
              + "/"
              + withdraw.attempt();
      case TaskEffect.Finish finish -> "effect Finish " + names.apply(finish.invocation());
      case TaskEffect.ReadEvidence read ->
          "effect ReadEvidence " + names.apply(read.invocation()) + " task " + read.task();
      case TaskEffect.ReadLoad read -> "effect ReadLoad";
    };
  }

  private static Duration duration(String text) {
    try {
      return Durations.parse(text);
    } catch (MalformedValueException malformed) {
      throw new IllegalArgumentException(text, malformed);
    }
  }
}
