package pm.daemon.core.task;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * What has become of a task once something has: its attempts, and how it ended. A task that waits
 * for its first attempt has none of its own, for there may be very many of these.
 */
final class Course {

  /** The most attempts that are over and remembered; the youngest. */
  static final int MOST_PAST = 10;

  /** About what an attempt costs that is over, beside its texts. */
  private static final int ATTEMPT_BYTES = 200;

  /** What is left of texts where there is too much of them: so many attempts and characters. */
  private static final int SHORT_PAST = 2;

  private static final int SHORT_TEXT = 160;

  private static final InvocationId NOBODY = new InvocationId("0".repeat(32));

  /** What the end of an attempt begins with whose worker died of it. */
  private static final String DIED = "worker died: ";

  private static final String SO_DID = "; so did before: ";

  /** That of a task that nothing has become of yet; it is never changed. */
  static final Course NONE = new Course();

  int attempts;
  int failures;
  int deaths;
  InvocationId invocation = NOBODY;
  int slot;
  long sequence;
  long startedNanos;
  long startedMillis;
  long deadlineNanos;
  boolean isCancelling;
  long endedNanos;
  long endedMillis;
  String error = "";
  List<TaskView.Attempt> past = List.of();

  // What is of this daemon only.
  long graceNanos = Moment.NEVER;
  int handIndex;
  Progress progress = Progress.NONE;

  void started(TaskEntry.Started entry) {
    attempts = entry.attempt();
    invocation = entry.invocation();
    slot = entry.slot();
    sequence = entry.sequence();
    startedNanos = entry.startedNanos();
    startedMillis = entry.startedMillis();
    deadlineNanos = entry.deadlineNanos();
    graceNanos = Moment.NEVER;
    progress = Progress.NONE;
  }

  void cancelling(TaskEntry.Cancelling entry) {
    isCancelling = true;
    error = "cancelled by " + entry.by();
  }

  void returned(TaskEntry.Returned entry, String pool) {
    remember(entry.endedMillis(), entry.end(), pool);
    failures += entry.isFailure() ? 1 : 0;
    deaths += entry.isDeath() ? 1 : 0;
    if (entry.isFailure() || entry.isDeath()) {
      error = entry.end();
    }
    graceNanos = Moment.NEVER;
    progress = Progress.NONE;
  }

  void ended(TaskEntry.Ended entry, String pool) {
    if (entry.isDeath()) {
      deaths++;
      remember(entry.endedMillis(), entry.error(), pool);
    } else if (entry.state() == TaskState.FAILED) {
      failures++;
    }
    endedNanos = entry.endedNanos();
    endedMillis = entry.endedMillis();
    error = entry.error();
    graceNanos = Moment.NEVER;
  }

  void noted(TaskEntry.Noted entry) {
    List<TaskView.Attempt> noted = new ArrayList<>(past);
    noted.replaceAll(
        attempt -> attempt.number() == entry.attempt() ? with(attempt, entry.evidence()) : attempt);
    past = List.copyOf(noted);
  }

  private static TaskView.Attempt with(TaskView.Attempt attempt, String evidence) {
    return new TaskView.Attempt(
        attempt.number(),
        attempt.instance(),
        attempt.startedAt(),
        attempt.endedAt(),
        attempt.end(),
        evidence);
  }

  void putBack() {
    failures = 0;
    deaths = 0;
    isCancelling = false;
    error = "";
    progress = Progress.NONE;
  }

  void whole(TaskEntry.Whole entry) {
    attempts = entry.attempts();
    failures = entry.failures();
    deaths = entry.deaths();
    invocation = entry.invocation();
    slot = entry.slot();
    sequence = entry.sequence();
    startedNanos = entry.startedNanos();
    startedMillis = entry.startedMillis();
    deadlineNanos = entry.deadlineNanos();
    isCancelling = entry.isCancelling();
    endedNanos = entry.endedNanos();
    endedMillis = entry.endedMillis();
    error = entry.error();
    past = entry.past();
  }

  /** Returns about how many bytes what is told of its attempts takes in memory. */
  int textBytes() {
    int bytes = error.length();
    for (int i = 0; i < past.size(); i++) {
      TaskView.Attempt attempt = past.get(i);
      bytes += ATTEMPT_BYTES + attempt.end().length() + attempt.evidence().length();
    }
    return bytes;
  }

  /** Remembers less of what is told of its attempts. */
  void shorten() {
    error = shortened(error);
    past =
        past.subList(Math.max(0, past.size() - SHORT_PAST), past.size()).stream()
            .map(
                attempt ->
                    new TaskView.Attempt(
                        attempt.number(),
                        attempt.instance(),
                        attempt.startedAt(),
                        attempt.endedAt(),
                        shortened(attempt.end()),
                        shortened(attempt.evidence())))
            .toList();
  }

  private static String shortened(String text) {
    if (text.length() <= SHORT_TEXT) {
      return text;
    }
    int end = SHORT_TEXT - (Character.isHighSurrogate(text.charAt(SHORT_TEXT - 2)) ? 2 : 1);
    return text.substring(0, end) + "…";
  }

  /** Returns to what a new object is. */
  void reset() {
    attempts = 0;
    failures = 0;
    deaths = 0;
    invocation = NOBODY;
    slot = 0;
    sequence = 0;
    startedNanos = 0;
    startedMillis = 0;
    deadlineNanos = 0;
    isCancelling = false;
    endedNanos = 0;
    endedMillis = 0;
    error = "";
    past = List.of();
    graceNanos = Moment.NEVER;
    progress = Progress.NONE;
  }

  private void remember(long untilMillis, String end, String pool) {
    List<TaskView.Attempt> longer = new ArrayList<>(past);
    if (longer.size() == MOST_PAST) {
      longer.removeFirst();
    }
    longer.add(
        new TaskView.Attempt(
            attempts,
            pool + "@" + slot,
            Instant.ofEpochMilli(startedMillis),
            Instant.ofEpochMilli(untilMillis),
            end,
            ""));
    past = List.copyOf(longer);
  }

  /** Returns the end of an attempt in words whose worker died of it, as those before it did. */
  String deathInWords(String cause) {
    List<String> before = new ArrayList<>();
    for (TaskView.Attempt attempt : past) {
      String end = attempt.end();
      if (end.startsWith(DIED)) {
        int length = end.indexOf(SO_DID);
        before.add(end.substring(DIED.length(), length < 0 ? end.length() : length));
      }
    }
    // Those before it was put back do not count any more.
    List<String> counted = before.subList(Math.max(0, before.size() - deaths), before.size());
    return DIED + cause + (counted.isEmpty() ? "" : SO_DID + String.join(", ", counted));
  }
}
