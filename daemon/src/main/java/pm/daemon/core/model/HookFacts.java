package pm.daemon.core.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a hook is told, in its environment.
 *
 * @param exitCode {@code PM_EXIT_CODE}: the exit code of the main process, or of the hook whose
 *     failure ended a start, where it has one
 * @param signal {@code PM_SIGNAL}: the signal that ended it, without SIG, where one did
 * @param reason {@code PM_REASON}: why it is run, a word: {@code start}, {@code reload}, or the
 *     cause of the end as {@link ExitCause#word()}
 * @param mainPid the main process, where it is up
 */
public record HookFacts(
    OptionalInt exitCode, Optional<String> signal, String reason, OptionalInt mainPid) {}
