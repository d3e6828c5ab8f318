package pm.daemon.core.plan;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import pm.config.LogSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * A process as it is to be started, with every template expanded.
 *
 * @param argv the program and its arguments; a program without a slash is looked for in the {@code
 *     PATH} of {@code environment}
 * @param environment all of it
 * @param workingDirectory absolute
 * @param umask 0 to 0777
 * @param logs paths are as the configuration has them, expanded: perhaps relative to the log folder
 */
public record SpawnPlan(
    InstanceName instance,
    InvocationId invocation,
    List<String> argv,
    SortedMap<String, String> environment,
    String workingDirectory,
    int umask,
    Account account,
    LogSpec logs) {
  public SpawnPlan {
    argv = List.copyOf(argv);
    environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
  }

  /** Returns where programs without a slash are looked for. */
  public String searchPath() {
    return environment.getOrDefault("PATH", "");
  }
}
