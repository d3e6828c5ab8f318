package pm.daemon.core.plan;

import java.util.List;
import pm.daemon.core.model.InstanceName;

/** What selectors name. */
public sealed interface Selection {

  /** Each matched at least one instance. */
  record Found(List<InstanceName> instances) implements Selection {
    public Found {
      instances = List.copyOf(instances);
    }
  }

  /** This one matched none. */
  record Nothing(String selector) implements Selection {}
}
