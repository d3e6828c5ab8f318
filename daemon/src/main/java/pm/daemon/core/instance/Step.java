package pm.daemon.core.instance;

import java.util.List;
import pm.daemon.core.event.Effect;
import pm.daemon.core.model.Instance;

/**
 * What a transition yields.
 *
 * @param after the instance after it
 * @param effects to be run, in this order
 */
public record Step(Instance after, List<Effect> effects) {

  public Step {
    effects = List.copyOf(effects);
  }

  static Step of(Instance after, Effect... effects) {
    return new Step(after, List.of(effects));
  }
}
