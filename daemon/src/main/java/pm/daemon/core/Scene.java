package pm.daemon.core;

import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.Decided;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;

/** What there is: as it was before an event, or as it is in the middle of the decision about it. */
interface Scene {

  Optional<Program> programOf(String name);

  /** Returns the instances of a program, ascending. */
  List<Instance> instancesOf(String program);

  Decided decided();

  /** Returns why nobody may start the instance, empty if that is not so. */
  default Optional<String> switchedOff(Instance instance) {
    return switchedOff(instance.name());
  }

  /** Returns why nobody may start an instance of this name, empty if that is not so. */
  default Optional<String> switchedOff(InstanceName name) {
    Optional<String> by = decided().disabledBy(name);
    if (by.isPresent()) {
      return Optional.of("by " + by.get());
    }
    boolean isOff =
        programOf(name.program()).flatMap(Program::spec).map(spec -> !spec.enabled()).orElse(false);
    return isOff && !decided().enabled().containsKey(name)
        ? Optional.of("its definition says enabled: false")
        : Optional.empty();
  }
}
