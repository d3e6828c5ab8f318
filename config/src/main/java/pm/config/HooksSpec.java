package pm.config;

import java.util.Optional;

/**
 * The hooks of a program.
 *
 * @param preStart before the process is made; its failure fails the start
 * @param postStart once the process is ready; its failure fails the start
 * @param preStop before the process is told to stop
 * @param postStop after the process and all that it left behind are gone, however it ended
 * @param onFailure when it is not restarted any more
 */
public record HooksSpec(
    Optional<Hook> preStart,
    Optional<Hook> postStart,
    Optional<Hook> preStop,
    Optional<Hook> postStop,
    Optional<Hook> onFailure) {
  public static final HooksSpec NONE =
      new HooksSpec(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
