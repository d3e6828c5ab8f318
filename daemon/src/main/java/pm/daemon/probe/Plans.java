package pm.daemon.probe;

import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlanner;

/** Knows what a process of a program gets. Called off the loop, on any other thread. */
@FunctionalInterface
public interface Plans {

  /** Plans a process, without starting one. */
  SpawnPlanner.Result plan(ProgramSpec spec, InstanceName instance, InvocationId invocation);
}
