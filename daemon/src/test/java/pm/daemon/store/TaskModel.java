package pm.daemon.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/** What entries make of tasks: the truth that a store is held against. */
final class TaskModel {
  static final InvocationId NOBODY = new InvocationId("0".repeat(32));

  /** As whole entries, with data where they are told. */
  final TreeMap<Long, TaskEntry.Whole> tasks = new TreeMap<>();

  /** Takes an entry that is kept or told. */
  void apply(TaskEntry entry) {
    switch (entry) {
      case TaskEntry.Whole whole -> tasks.put(whole.task(), whole);
      case TaskEntry.Forgotten forgotten -> tasks.remove(forgotten.task());
      case TaskEntry.Queued queued -> tasks.put(queued.task(), queued(queued));
      case TaskEntry.Started started -> change(started.task(), before -> started(before, started));
      case TaskEntry.Cancelling cancelling ->
          change(cancelling.task(), before -> cancelling(before, cancelling.by()));
      case TaskEntry.Returned returned ->
          change(returned.task(), before -> returned(before, returned));
      case TaskEntry.Ended ended -> change(ended.task(), before -> ended(before, ended));
      case TaskEntry.Noted noted -> change(noted.task(), before -> noted(before, noted));
      case TaskEntry.PutBack back -> change(back.task(), before -> putBack(before, back));
    }
  }

  Optional<TaskEntry.Whole> whole(long task) {
    return Optional.ofNullable(tasks.get(task));
  }

  private void change(long task, java.util.function.UnaryOperator<TaskEntry.Whole> how) {
    TaskEntry.Whole before = tasks.get(task);
    if (before == null) {
      throw new AssertionError("an entry about task " + task + ", which was not told");
    }
    tasks.put(task, how.apply(before));
  }

  private static TaskEntry.Whole queued(TaskEntry.Queued queued) {
    return new TaskEntry.Whole(
        queued.task(),
        queued.pool(),
        shortened(queued.content()),
        TaskState.QUEUED,
        queued.enqueuedNanos(),
        queued.enqueuedMillis(),
        queued.notBeforeNanos(),
        0,
        0,
        0,
        0,
        NOBODY,
        0,
        0,
        0,
        0,
        0,
        false,
        0,
        0,
        "",
        queued.by(),
        List.of());
  }

  /** As whoever keeps a task may let go of long data. */
  private static NewTask shortened(NewTask content) {
    return content.data().length <= TaskStore.INLINE_BYTES
        ? content
        : new NewTask(
            content.key(),
            content.type(),
            content.priority(),
            content.timeoutNanos(),
            content.retries(),
            content.delayNanos(),
            new byte[0]);
  }

  private static TaskEntry.Whole started(TaskEntry.Whole w, TaskEntry.Started s) {
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        TaskState.RUNNING,
        w.enqueuedNanos(),
        w.enqueuedMillis(),
        w.notBeforeNanos(),
        w.notBeforeMillis(),
        s.attempt(),
        w.failures(),
        w.deaths(),
        s.invocation(),
        s.slot(),
        s.sequence(),
        s.startedNanos(),
        s.startedMillis(),
        s.deadlineNanos(),
        false,
        w.endedNanos(),
        w.endedMillis(),
        w.error(),
        w.by(),
        w.past());
  }

  private static TaskEntry.Whole cancelling(TaskEntry.Whole w, String by) {
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        w.state(),
        w.enqueuedNanos(),
        w.enqueuedMillis(),
        w.notBeforeNanos(),
        w.notBeforeMillis(),
        w.attempts(),
        w.failures(),
        w.deaths(),
        w.invocation(),
        w.slot(),
        w.sequence(),
        w.startedNanos(),
        w.startedMillis(),
        w.deadlineNanos(),
        true,
        w.endedNanos(),
        w.endedMillis(),
        w.error(),
        by,
        w.past());
  }

  private static TaskEntry.Whole returned(TaskEntry.Whole w, TaskEntry.Returned r) {
    List<TaskView.Attempt> past = new ArrayList<>(w.past());
    past.add(
        new TaskView.Attempt(
            w.attempts(),
            w.pool() + "@" + w.slot(),
            Instant.ofEpochMilli(w.startedMillis()),
            Instant.ofEpochMilli(r.endedMillis()),
            r.end(),
            ""));
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        TaskState.QUEUED,
        w.enqueuedNanos(),
        w.enqueuedMillis(),
        r.notBeforeNanos(),
        r.notBeforeMillis(),
        w.attempts(),
        w.failures() + (r.isFailure() ? 1 : 0),
        w.deaths() + (r.isDeath() ? 1 : 0),
        NOBODY,
        0,
        0,
        0,
        0,
        0,
        false,
        w.endedNanos(),
        w.endedMillis(),
        w.error(),
        w.by(),
        past);
  }

  private static TaskEntry.Whole ended(TaskEntry.Whole w, TaskEntry.Ended e) {
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        e.state(),
        w.enqueuedNanos(),
        w.enqueuedMillis(),
        w.notBeforeNanos(),
        w.notBeforeMillis(),
        w.attempts(),
        w.failures(),
        w.deaths() + (e.isDeath() ? 1 : 0),
        w.invocation(),
        w.slot(),
        w.sequence(),
        w.startedNanos(),
        w.startedMillis(),
        w.deadlineNanos(),
        false,
        e.endedNanos(),
        e.endedMillis(),
        e.error(),
        w.by(),
        w.past());
  }

  private static TaskEntry.Whole noted(TaskEntry.Whole w, TaskEntry.Noted n) {
    List<TaskView.Attempt> past = new ArrayList<>();
    for (TaskView.Attempt each : w.past()) {
      past.add(
          each.number() == n.attempt()
              ? new TaskView.Attempt(
                  each.number(),
                  each.instance(),
                  each.startedAt(),
                  each.endedAt(),
                  each.end(),
                  n.evidence())
              : each);
    }
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        w.state(),
        w.enqueuedNanos(),
        w.enqueuedMillis(),
        w.notBeforeNanos(),
        w.notBeforeMillis(),
        w.attempts(),
        w.failures(),
        w.deaths(),
        w.invocation(),
        w.slot(),
        w.sequence(),
        w.startedNanos(),
        w.startedMillis(),
        w.deadlineNanos(),
        w.isCancelling(),
        w.endedNanos(),
        w.endedMillis(),
        w.error(),
        w.by(),
        past);
  }

  private static TaskEntry.Whole putBack(TaskEntry.Whole w, TaskEntry.PutBack b) {
    return new TaskEntry.Whole(
        w.task(),
        w.pool(),
        w.content(),
        TaskState.QUEUED,
        b.enqueuedNanos(),
        b.enqueuedMillis(),
        b.enqueuedNanos(),
        b.enqueuedMillis(),
        // An answer to an attempt from before must not be taken for one to a later attempt.
        w.attempts(),
        0,
        0,
        NOBODY,
        0,
        0,
        0,
        0,
        0,
        false,
        0,
        0,
        "",
        w.by(),
        w.past());
  }

  /** Returns all of it as text, so that two can be compared. */
  List<String> lines() {
    return lines(tasks);
  }

  static List<String> lines(Map<Long, TaskEntry.Whole> tasks) {
    List<String> lines = new ArrayList<>();
    for (TaskEntry.Whole each : tasks.values()) {
      String text = each.toString();
      int from = text.indexOf("data=");
      lines.add(
          text.substring(0, from)
              + "data="
              + java.util.Arrays.hashCode(each.content().data())
              + text.substring(text.indexOf(']', from)));
    }
    return lines;
  }
}
