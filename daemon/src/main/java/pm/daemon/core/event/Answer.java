package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.TaskOutcome;

/** What a request is answered with. */
public sealed interface Answer {

  /** What became of each instance. */
  record Outcomes(List<Outcome> outcomes) implements Answer {
    public Outcomes {
      outcomes = List.copyOf(outcomes);
    }
  }

  /**
   * The configuration was applied, or would be.
   *
   * @param plan what changed
   * @param outcomes what became of the instances it touched; empty for a dry run
   */
  record Applied(ApplyPlan plan, List<Outcome> outcomes) implements Answer {
    public Applied {
      outcomes = List.copyOf(outcomes);
    }
  }

  /** What became of each task, in the order in which they were named. */
  record Tasks(List<TaskOutcome> outcomes) implements Answer {
    public Tasks {
      outcomes = List.copyOf(outcomes);
    }
  }

  /**
   * There was not room for all tasks.
   *
   * @param accepted those that are in, in their order; the others are not
   * @param asked how many were to be put in
   */
  record QueueFull(String pool, int capacity, List<TaskOutcome> accepted, int asked)
      implements Answer {
    public QueueFull {
      accepted = List.copyOf(accepted);
    }
  }

  /** It is not possible now and may be later; nothing was done. */
  record TryAgain(String why) implements Answer {}

  /** A selector matches nothing. */
  record NoMatch(String selector) implements Answer {}

  /** It is not allowed now. */
  record Refused(String why) implements Answer {}
}
