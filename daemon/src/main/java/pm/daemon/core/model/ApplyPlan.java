package pm.daemon.core.model;

import java.util.List;
import pm.config.Change;
import pm.config.Problem;

/**
 * The difference between the configuration in force and another.
 *
 * @param programs what happens to each program, by name
 * @param problems all problems of the files
 */
public record ApplyPlan(List<ProgramStep> programs, List<Problem> problems) {

  public ApplyPlan {
    programs = List.copyOf(programs);
    problems = List.copyOf(problems);
  }

  /** What happens to a program. */
  public enum Action {
    /** It is new. */
    ADD,
    /** It is gone from the files. */
    REMOVE,
    /** Its processes must be started anew. */
    RESTART,
    /** It changes while its processes run. */
    LIVE,
    /** Nothing changes. */
    UNCHANGED,
    /** Its definition has an error: it goes on as it was. */
    INVALID
  }

  /**
   * One program's part.
   *
   * @param program its name
   * @param action what happens
   * @param changes the keys that differ, where both sides exist
   * @param detail the same in words
   * @param problems why it cannot be applied although its definition by itself is right
   */
  public record ProgramStep(
      String program, Action action, List<Change> changes, String detail, List<Problem> problems) {
    public ProgramStep {
      changes = List.copyOf(changes);
      problems = List.copyOf(problems);
    }

    /** One that has no problem of its own. */
    public ProgramStep(String program, Action action, List<Change> changes, String detail) {
      this(program, action, changes, detail, List.of());
    }
  }
}
