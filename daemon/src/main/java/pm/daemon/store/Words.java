package pm.daemon.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Names that come again and again in a segment: pools, types, users, invocations. Each is written
 * once and has a number from then on, up to {@value #MOST}.
 */
final class Words {
  static final int MOST = 1024;

  /** Longer ones are written each time. */
  static final int LONGEST = 128;

  /** The number of a word that has none. */
  static final int UNKNOWN = -1;

  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<String> inOrder = new ArrayList<>();
  private int certain;

  /** Returns the number of a word, from 0, or {@link #UNKNOWN}. */
  int number(String word) {
    Integer number = numbers.get(word);
    return number == null ? UNKNOWN : number;
  }

  /** Gives a word the next number, unless it is too long or there are too many. */
  boolean define(String word) {
    if (inOrder.size() == MOST || word.length() > LONGEST) {
      return false;
    }
    numbers.put(word, inOrder.size());
    inOrder.add(word);
    return true;
  }

  /** What was defined so far has been written. */
  void commit() {
    certain = inOrder.size();
  }

  /** Forgets what was defined since the last commit. */
  void rollback() {
    while (inOrder.size() > certain) {
      numbers.remove(inOrder.removeLast());
    }
  }

  /** Begins a segment. */
  void clear() {
    numbers.clear();
    inOrder.clear();
    certain = 0;
  }
}
