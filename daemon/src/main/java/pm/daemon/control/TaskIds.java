package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** Ids of tasks as clients write them. */
final class TaskIds {
  static final int LONGEST = 128;

  static final String KEY_RULE =
      "1 to " + LONGEST + " letters, digits or any of _ . : - and begin with a letter or a digit";

  private TaskIds() {}

  /** Returns whether a client may give a task this id. */
  static boolean isKey(String key) {
    int length = key.length();
    if (length == 0 || length > LONGEST || !isLetterOrDigit(key.charAt(0))) {
      return false;
    }
    for (int i = 1; i < length; i++) {
      char c = key.charAt(i);
      if (!isLetterOrDigit(c) && c != '_' && c != '.' && c != ':' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  /** Returns the ids that a call names, each once, in their order. */
  static List<String> of(Members params) throws JsonException {
    List<String> ids = params.strings("ids");
    if (ids.isEmpty()) {
      throw new JsonException("ids is missing: name tasks");
    }
    if (ids.size() > Bounds.TASKS_OF_SUBMIT) {
      throw new JsonException(
          "ids has more than "
              + Bounds.TASKS_OF_SUBMIT
              + " elements: name the others in further requests");
    }
    Set<String> once = new LinkedHashSet<>(ids);
    return new ArrayList<>(once);
  }
}
