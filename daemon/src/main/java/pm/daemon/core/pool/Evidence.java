package pm.daemon.core.pool;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/** Asks for the last words of workers that died, and notes them with the tasks they had in hand. */
final class Evidence {

  /** With so many tasks of one worker they are noted, those that it had longest. */
  private static final int MOST_TASKS = 8;

  /** So many deaths are remembered until the answer comes. */
  private static final int MOST_DEATHS = 64;

  private static final int LONGEST = 4096;

  private record Attempt(long task, int number) {}

  private final Map<InvocationId, List<Attempt>> asked = new LinkedHashMap<>();

  /**
   * A worker has died that had these tasks in hand.
   *
   * @param beganMillis when it began: wall clock milliseconds since 1970
   * @param endedMillis when it ended
   */
  void ask(Worker worker, long beganMillis, long endedMillis, List<Task> tasks, Turn turn) {
    if (asked.size() == MOST_DEATHS) {
      asked.remove(asked.keySet().iterator().next());
    }
    List<Attempt> attempts =
        tasks.stream()
            .limit(MOST_TASKS)
            .map(task -> new Attempt(task.number(), task.attempts()))
            .toList();
    asked.put(worker.invocation, attempts);
    turn.run(
        new TaskEffect.ReadEvidence(
            worker.name, worker.invocation, attempts.getFirst().task(), beganMillis, endedMillis));
  }

  /** They are here. */
  void heard(Tasks tasks, InvocationId invocation, String lines, Turn turn) {
    List<Attempt> attempts = asked.remove(invocation);
    if (attempts == null || lines.isEmpty()) {
      return;
    }
    String last = lines.length() <= LONGEST ? lines : lines.substring(lines.length() - LONGEST);
    for (Attempt attempt : attempts) {
      Task task = tasks.find(attempt.task());
      if (task != null) {
        TaskEntry.Noted noted = new TaskEntry.Noted(attempt.task(), attempt.number(), last);
        turn.keep(noted);
        tasks.note(task, noted);
      }
    }
  }
}
