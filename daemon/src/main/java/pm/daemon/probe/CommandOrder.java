package pm.daemon.probe;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import pm.config.Command;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * A command to be run beside a program, as it is.
 *
 * @param mark value of {@code PM_HOOK}: what it is run for
 * @param facts further variables
 * @param isLast whether nobody will look for what it leaves behind, because the invocation is over
 * @param lines gets each line of its output
 */
record CommandOrder(
    ProgramSpec spec,
    InstanceName instance,
    InvocationId invocation,
    Command command,
    String mark,
    Map<String, String> facts,
    Duration timeout,
    boolean isLast,
    Consumer<String> lines) {
  CommandOrder {
    facts = Map.copyOf(facts);
  }
}
