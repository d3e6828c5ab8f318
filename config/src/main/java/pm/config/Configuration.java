package pm.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that the files say, and all that is wrong in them.
 *
 * @param daemon the daemon's own settings; defaults stand in for what is wrong
 * @param programs the programs without an error, by name
 * @param invalid the problems of each program that has some, by name. None of them is in {@code
 *     programs}
 * @param problems all problems of all files, sorted. One that is not in {@code invalid} is a
 *     problem of the daemon itself or of a file as a whole
 */
public record Configuration(
    DaemonSpec daemon,
    SortedMap<String, ProgramSpec> programs,
    SortedMap<String, List<Problem>> invalid,
    List<Problem> problems) {
  /** Nothing configured, nothing wrong. */
  public static final Configuration EMPTY =
      new Configuration(DaemonSpec.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of());

  public Configuration {
    programs = Collections.unmodifiableSortedMap(new TreeMap<>(programs));
    var copies = new TreeMap<String, List<Problem>>();
    for (Map.Entry<String, List<Problem>> entry : invalid.entrySet()) {
      if (programs.containsKey(entry.getKey())) {
        throw new IllegalArgumentException("both valid and invalid: " + entry.getKey());
      }
      copies.put(entry.getKey(), List.copyOf(entry.getValue()));
    }
    invalid = Collections.unmodifiableSortedMap(copies);
    problems = List.copyOf(problems);
  }

  /**
   * The problems that belong to no program: they are of the daemon itself, or of a file as a whole.
   */
  public List<Problem> daemonProblems() {
    var rest = new ArrayList<>(problems);
    for (List<Problem> ofProgram : invalid.values()) {
      rest.removeAll(ofProgram);
    }
    return List.copyOf(rest);
  }

  public boolean isValid() {
    return problems.isEmpty();
  }
}
