package pm.daemon.core;

import java.util.List;
import java.util.Optional;
import pm.config.Command;
import pm.config.Problem;
import pm.config.ProgramSpec;

/**
 * A program as the supervisor holds it.
 *
 * @param name its name
 * @param spec its definition in force; empty if it never had a valid one
 * @param problems what is wrong with its newest definition; it goes on with the one in force
 * @param leaving whether it is gone from the configuration and only waits for its instances to end
 */
record Program(String name, Optional<ProgramSpec> spec, List<Problem> problems, boolean leaving) {

  /** Its own name may be what is wrong with it. */
  private static final String DEFAULTS = "unknown";

  private static final Command UNKNOWN = new Command(List.of("unknown"), false);

  Program {
    problems = List.copyOf(problems);
  }

  static Program of(ProgramSpec spec) {
    return new Program(spec.name(), Optional.of(spec), List.of(), false);
  }

  Program leave() {
    return new Program(name, spec, List.of(), true);
  }

  Program wrong(List<Problem> found) {
    return new Program(name, spec, found, false);
  }

  /** Returns the definition, or one of defaults by which what is left of it can be stopped. */
  ProgramSpec rules() {
    return spec.orElseGet(() -> new ProgramSpec.Builder(DEFAULTS, UNKNOWN).build());
  }

  /** Returns whether no file defines it: somebody made it by {@code pmctl run}. */
  boolean isTransient() {
    return spec.isPresent()
        && spec.get().location().file().equals(pm.daemon.core.event.Command.RUN);
  }

  boolean isIn(String group) {
    return spec.isPresent() && spec.get().groups().contains(group);
  }
}
