package pm.daemon.process;

import java.util.Map;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.Account;
import pm.daemon.core.plan.SpawnPlanner;

/**
 * Works out what a process of a program gets, without starting one: for those who run something
 * else in its place. Asks name services and reads files: not for the loop; any other thread.
 */
public final class StartPlans {
  private final Map<String, String> daemonEnvironment;
  private final String socket;

  /**
   * @param daemonEnvironment the environment of this process
   * @param socket path of the control socket
   */
  public StartPlans(Map<String, String> daemonEnvironment, String socket) {
    this.daemonEnvironment = Map.copyOf(daemonEnvironment);
    this.socket = socket;
  }

  /** Plans one invocation. */
  public SpawnPlanner.Result plan(
      ProgramSpec spec, InstanceName instance, InvocationId invocation) {
    try {
      return SpawnPlanner.plan(
          spec, instance, invocation, surroundings(spec, daemonEnvironment, socket));
    } catch (StageException refused) {
      return new SpawnPlanner.Result.Refused(refused.stage(), refused.reason());
    }
  }

  /** Finds out what is known only at a start. */
  static SpawnPlanner.Surroundings surroundings(
      ProgramSpec spec, Map<String, String> daemonEnvironment, String socket)
      throws StageException {
    Account account = Accounts.of(spec);
    EnvFileReader.Variables files = EnvFileReader.read(spec.envFiles(), account);
    return new SpawnPlanner.Surroundings(
        account, files.values(), files.unsure(), daemonEnvironment, socket);
  }
}
