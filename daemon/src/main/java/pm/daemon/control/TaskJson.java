package pm.daemon.control;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;
import pm.protocol.Json;
import pm.protocol.Times;

/** Tasks as {@code task.list} and {@code task.show} show them. Any thread. */
final class TaskJson {
  private TaskJson() {}

  /**
   * The members of {@code task.list}.
   *
   * @param source knows how much its data and result are
   */
  static Map<String, Object> task(TaskView task, TaskSource source) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", task.id());
    json.put("pool", task.pool());
    json.put("type", task.type());
    json.put("state", task.state().name());
    json.put("priority", task.priority().word());
    json.put("attempts", (long) task.attempts());
    json.put("failures", (long) task.failures());
    json.put("retries", (long) task.retries());
    json.put("enqueued_at", Times.format(task.enqueuedAt()));
    json.put("not_before", time(task.notBefore()));
    json.put("started_at", time(task.startedAt()));
    json.put("deadline", time(task.deadline()));
    json.put("ended_at", time(task.endedAt()));
    json.put("instance", orNull(task.instance()));
    json.put("error", orNull(task.error()));
    json.put("progress", Double.isFinite(task.progress()) ? (Object) task.progress() : Json.NULL);
    json.put("progress_message", orNull(task.progressMessage()));
    json.put("data_bytes", (long) source.dataBytes(task.number()));
    json.put("result_bytes", (long) source.resultBytes(task.number()));
    json.put("submitted_by", orNull(task.submittedBy()));
    return json;
  }

  /** A task in hand, as {@code describe} shows it. */
  static Map<String, Object> inHand(TaskView task) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", task.id());
    json.put("type", task.type());
    json.put("attempt", (long) task.attempts());
    json.put("since", time(task.startedAt()));
    json.put("deadline", time(task.deadline()));
    return json;
  }

  /** What has happened to it, oldest first. */
  static List<Object> events(TaskView task) {
    List<Object> events = new ArrayList<>();
    int told = 0;
    for (TaskView.Attempt attempt : task.past()) {
      told = Math.max(told, attempt.number());
      events.add(
          event(Optional.of(attempt.startedAt()), "started", attempt.number(), attempt.instance()));
      Map<String, Object> ended =
          event(
              Optional.of(attempt.endedAt()),
              "attempt_ended",
              attempt.number(),
              attempt.instance());
      ended.put("detail", orNull(attempt.end()));
      if (!attempt.evidence().isEmpty()) {
        ended.put("evidence", attempt.evidence());
      }
      events.add(ended);
    }
    if (task.startedAt().isPresent() && task.attempts() > told) {
      events.add(event(task.startedAt(), "started", task.attempts(), task.instance()));
    }
    if (task.state().isEnd()) {
      Map<String, Object> ended = event(task.endedAt(), word(task.state()), 0, "");
      ended.put("detail", orNull(task.error()));
      events.add(ended);
    }
    // One that was put back has attempts that are older than that.
    int older = 0;
    String queuedAt = Times.format(task.enqueuedAt());
    while (older < events.size() && isBefore(events.get(older), queuedAt)) {
      older++;
    }
    Map<String, Object> queued = event(Optional.of(task.enqueuedAt()), "queued", 0, "");
    queued.put("by", orNull(task.submittedBy()));
    events.add(older, queued);
    return events;
  }

  /** Texts of this form are in the order of their times. */
  private static boolean isBefore(Object event, String time) {
    return event instanceof Map<?, ?> members
        && members.get("at") instanceof String at
        && at.compareTo(time) < 0;
  }

  private static Map<String, Object> event(
      Optional<Instant> at, String kind, int attempt, String instance) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("at", time(at));
    json.put("kind", kind);
    if (attempt > 0) {
      json.put("attempt", (long) attempt);
    }
    if (!instance.isEmpty()) {
      json.put("instance", instance);
    }
    return json;
  }

  static String word(TaskState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private static Object time(Optional<Instant> time) {
    return time.isPresent() ? Times.format(time.get()) : Json.NULL;
  }

  private static Object orNull(String text) {
    return text.isEmpty() ? Json.NULL : text;
  }
}
