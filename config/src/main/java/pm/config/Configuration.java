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
 * @param invalid the problems of each program that has some, by name. As read from files none of
 *     them is in {@code programs}; as kept, one that is there as well goes on with the definition
 *     that it had before its newest one, which is wrong
 * @param problems all problems of all files, sorted. One that is not in {@code invalid} is a
 *     problem of the daemon itself or of a file as a whole
 */
public record Configuration(
    DaemonSpec daemon,
    SortedMap<String, ProgramSpec> programs,
    SortedMap<String, List<Problem>> invalid,
    SortedMap<String, List<Problem>> unread,
    List<Problem> problems) {
  /** Nothing configured, nothing wrong. */
  public static final Configuration EMPTY =
      new Configuration(DaemonSpec.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of());

  public Configuration {
    programs = Collections.unmodifiableSortedMap(new TreeMap<>(programs));
    invalid = copy(invalid);
    unread = copy(unread);
    problems = List.copyOf(problems);
  }

  /** One without unread files. */
  public Configuration(
      DaemonSpec daemon,
      SortedMap<String, ProgramSpec> programs,
      SortedMap<String, List<Problem>> invalid,
      List<Problem> problems) {
    this(daemon, programs, invalid, new TreeMap<>(), problems);
  }

  /**
   * The problems that belong to no program and no file of programs, so that the daemon cannot start
   * on them.
   */
  public List<Problem> daemonProblems() {
    var rest = new ArrayList<>(problems);
    for (List<Problem> ofProgram : invalid.values()) {
      rest.removeAll(ofProgram);
    }
    for (List<Problem> ofFile : unread.values()) {
      rest.removeAll(ofFile);
    }
    return List.copyOf(rest);
  }

  /**
   * Why a program that was defined before is not among {@link #programs} now, although nobody took
   * it out: its definition is wrong, its file could not be read in full, or the daemon's own files,
   * which say where programs are, have problems. It then goes on as it was.
   *
   * @param old as it was defined before
   * @return empty if the program is there, or is gone because the files no longer define it
   */
  public List<Problem> problemsOf(ProgramSpec old) {
    if (programs.containsKey(old.name())) {
      return List.of();
    }
    List<Problem> own = invalid.get(old.name());
    if (own != null) {
      return own;
    }
    List<Problem> ofFile = unread.get(old.location().file());
    return ofFile != null ? ofFile : daemonProblems();
  }

  /** Whether nothing at all is wrong. */
  public boolean isValid() {
    return problems.isEmpty();
  }

  private static SortedMap<String, List<Problem>> copy(SortedMap<String, List<Problem>> problems) {
    var copies = new TreeMap<String, List<Problem>>();
    for (Map.Entry<String, List<Problem>> entry : problems.entrySet()) {
      copies.put(entry.getKey(), List.copyOf(entry.getValue()));
    }
    return Collections.unmodifiableSortedMap(copies);
  }
}
