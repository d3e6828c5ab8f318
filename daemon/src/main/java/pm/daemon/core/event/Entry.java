package pm.daemon.core.event;

import pm.config.Configuration;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;

/**
 * What is kept of a decision before any of its effects is run. The last entry about a thing is the
 * truth about it, so a replay draws nothing anew.
 */
public sealed interface Entry {

  /** The instance as it now is; survives {@code kill -9}. */
  record InstanceKept(Instance instance) implements Entry {}

  /** The instance is no longer part of the configuration. */
  record InstanceForgotten(InstanceName name) implements Entry {}

  /** The configuration in force; survives {@code kill -9}. */
  record ConfigurationKept(Configuration configuration) implements Entry {}

  /**
   * What operators decided; survives a loss of power once it is flushed.
   *
   * @param decisions all of it
   * @param number ascending; a {@link Effect.Reply} that names it waits for it
   */
  record DecisionsKept(Decisions decisions, long number) implements Entry {}

  /** All is stopped and the daemon ends: the next one begins anew. */
  record CleanEnd() implements Entry {}
}
