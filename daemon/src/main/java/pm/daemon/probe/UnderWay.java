package pm.daemon.probe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import pm.daemon.core.model.InvocationId;

/** What is under way for which invocation. Loop thread only. */
final class UnderWay {
  private final Map<InvocationId, List<Entry>> attempts = new LinkedHashMap<>();

  private static final class Entry {
    private Attempt attempt = () -> {};
    private boolean isDone;
  }

  /**
   * Begins something.
   *
   * @param begin gets what is to be called when it is done, perhaps before it returns
   */
  void add(InvocationId invocation, Function<Runnable, Attempt> begin) {
    Entry entry = new Entry();
    Attempt attempt =
        begin.apply(
            () -> {
              entry.isDone = true;
              remove(invocation, entry);
            });
    if (!entry.isDone) {
      entry.attempt = attempt;
      attempts.computeIfAbsent(invocation, id -> new ArrayList<>(1)).add(entry);
    }
  }

  private void remove(InvocationId invocation, Entry entry) {
    List<Entry> entries = attempts.get(invocation);
    if (entries != null) {
      entries.remove(entry);
      if (entries.isEmpty()) {
        attempts.remove(invocation);
      }
    }
  }

  /** Gives up all that is under way for an invocation. */
  void cancel(InvocationId invocation) {
    List<Entry> entries = attempts.remove(invocation);
    if (entries != null) {
      entries.forEach(entry -> entry.attempt.cancel());
    }
  }

  List<InvocationId> invocations() {
    return List.copyOf(attempts.keySet());
  }
}
