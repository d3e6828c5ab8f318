package pm.daemon.core.model;

import java.util.List;
import java.util.Optional;
import pm.config.Problem;
import pm.config.ProgramSpec;

/**
 * What is shown of an instance.
 *
 * @param instance all that is known of it
 * @param spec its definition in force; empty if it never had a valid one
 * @param problems what is wrong with its newest definition, if anything
 * @param detail the rest of its state in a sentence, as of the time of asking
 * @param asDesired whether it is what its definition and its operators want
 * @param enabled whether it may be started: neither its definition nor an operator says otherwise
 */
public record InstanceView(
    Instance instance,
    Optional<ProgramSpec> spec,
    List<Problem> problems,
    String detail,
    boolean asDesired,
    boolean enabled) {
  public InstanceView {
    problems = List.copyOf(problems);
  }
}
