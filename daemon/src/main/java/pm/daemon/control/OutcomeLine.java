package pm.daemon.control;

import java.util.List;
import java.util.Map;
import java.util.Set;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.protocol.Id;

/**
 * The line that says what became of tasks, with their results as far as it has room. Any thread.
 */
final class OutcomeLine {
  /** Bytes of one outcome without id and result, at most. */
  private static final int PLAIN_BYTES = 72;

  /** Bytes that a character of a sentence has in JSON, at most. */
  private static final int CHARACTER_BYTES = 6;

  private static final String BEGIN = "{\"tasks\":[";
  private static final String NEW = ",\"new\":true";
  private static final String NOT_NEW = ",\"new\":false";
  private static final String REFUSED = ",\"state\":null,\"refused\":true";
  private static final String END = "]}";

  // Bytes of what stands around an id, a state, a result and an error.
  private static final int ID_BYTES = ",{\"id\":\"\"}".length();
  private static final int STATE_BYTES = ",\"state\":\"\"".length();
  private static final int REFUSED_BYTES = REFUSED.length();
  private static final int RESULT_BYTES = ",\"result\":".length();
  private static final int ERROR_BYTES = ",\"error\":\"\"".length();

  private OutcomeLine() {}

  /**
   * Results that only the store has.
   *
   * @param read those that were read, by the ids of their tasks
   * @param unread the ids of tasks whose result was not read, for a line has no room for it
   */
  record Results(Map<String, byte[]> read, Set<String> unread) {
    static final Results NONE = new Results(Map.of(), Set.of());
  }

  /** Names all tasks. A result or an error that has no room is left out. */
  static byte[] ofSubmit(Id id, List<TaskOutcome> outcomes, Results results) {
    LineBuilder line = LineBuilder.result(id, bytesOfSubmit(outcomes));
    line.plain(BEGIN);
    int count = outcomes.size();
    // So that there is room to name those that follow.
    int reserved = 0;
    for (int i = 0; i < count; i++) {
      reserved += PLAIN_BYTES + outcomes.get(i).id().length();
    }
    for (int i = 0; i < count; i++) {
      TaskOutcome outcome = outcomes.get(i);
      line.plain(i == 0 ? "{\"id\":" : ",{\"id\":").quoted(outcome.id());
      addState(line, outcome);
      line.plain(outcome.isNew() ? NEW : NOT_NEW);
      addEnd(line, outcome, results, line.room() - reserved);
      line.plain("}");
      reserved -= PLAIN_BYTES + outcome.id().length();
    }
    return line.plain(END).end();
  }

  /** Returns how many bytes the result of a submit has, mostly: more where texts are escaped. */
  private static int bytesOfSubmit(List<TaskOutcome> outcomes) {
    long bytes = (long) BEGIN.length() + END.length();
    for (int i = 0; i < outcomes.size(); i++) {
      TaskOutcome outcome = outcomes.get(i);
      int state =
          outcome.isRefused() ? REFUSED_BYTES : STATE_BYTES + outcome.state().name().length();
      bytes +=
          (long) ID_BYTES
              + outcome.id().length()
              + state
              + (outcome.isNew() ? NEW : NOT_NEW).length()
              + (outcome.result().length > 0 ? RESULT_BYTES + outcome.result().length : 0)
              + (outcome.detail().isEmpty() ? 0 : ERROR_BYTES + outcome.detail().length());
    }
    // A comma stands only between them.
    return Math.clamp(bytes - 1, 0, Bounds.LINE_BYTES);
  }

  /** Names tasks up to the first whose result or error has no room; the first one always has. */
  static byte[] ofAwait(Id id, List<TaskOutcome> outcomes, Results results) {
    LineBuilder line = LineBuilder.result(id, outcomes.size() * PLAIN_BYTES);
    line.plain("{\"tasks\":[");
    for (int i = 0; i < outcomes.size(); i++) {
      TaskOutcome outcome = outcomes.get(i);
      int before = line.length();
      line.plain(i == 0 ? "{\"id\":" : ",{\"id\":").quoted(outcome.id());
      addState(line, outcome);
      if (!addEnd(line, outcome, results, line.room() - PLAIN_BYTES) && i > 0) {
        line.truncate(before);
        break;
      }
      line.plain("}");
    }
    return line.plain("]}").end();
  }

  private static void addState(LineBuilder line, TaskOutcome outcome) {
    if (outcome.isRefused()) {
      line.plain(REFUSED);
    } else {
      line.plain(",\"state\":\"").plain(outcome.state().name()).plain("\"");
    }
  }

  /** Adds result and error; returns false if there is no room for them. */
  private static boolean addEnd(LineBuilder line, TaskOutcome outcome, Results results, int room) {
    byte[] result = outcome.result();
    if (outcome.state() == TaskState.SUCCEEDED && result.length == 0) {
      result = results.read().getOrDefault(outcome.id(), result);
    }
    if (results.unread().contains(outcome.id())
        || result.length + CHARACTER_BYTES * outcome.detail().length() > room) {
      return false;
    }
    if (result.length > 0) {
      line.plain(",\"result\":").raw(result);
    }
    if (!outcome.detail().isEmpty()) {
      line.plain(",\"error\":").quoted(outcome.detail());
    }
    return true;
  }
}
