package pm.daemon.process;

import pm.config.ProgramSpec;
import pm.daemon.core.plan.SpawnPlan;

/** Gives children something at their start. What it makes for one is its own to remove later. */
@FunctionalInterface
public interface Provider {
  /**
   * Makes what a child is to get; a {@link Provision} without anything if it is none of its
   * children. On a spawn thread; may block.
   *
   * @throws ProvisionRefusedException if that is not possible; nothing is left of the attempt
   */
  Provision provide(ProgramSpec spec, SpawnPlan plan) throws ProvisionRefusedException;
}
