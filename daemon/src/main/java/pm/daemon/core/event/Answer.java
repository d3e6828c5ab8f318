package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.Outcome;

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

  /** A selector matches nothing. */
  record NoMatch(String selector) implements Answer {}

  /** It is not allowed now. */
  record Refused(String why) implements Answer {}
}
