package pm.daemon.core.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a hook ended.
 *
 * @param exitCode its exit code, where it has one
 * @param signal the signal that ended it, without SIG, where one did
 * @param timedOut whether it was killed because its time was over
 * @param problem why it could not be run; empty if it was
 * @param output the end of what it wrote, bounded
 */
public record HookEnd(
    OptionalInt exitCode,
    Optional<String> signal,
    boolean timedOut,
    String problem,
    String output) {

  /** Returns an end with this exit code and nothing written. */
  public static HookEnd code(int code) {
    return new HookEnd(OptionalInt.of(code), Optional.empty(), false, "", "");
  }

  /** Returns the end of one that could not be run. */
  public static HookEnd notRun(String problem) {
    return new HookEnd(OptionalInt.empty(), Optional.empty(), false, problem, "");
  }

  /** Returns the end of one whose time was over. */
  public static HookEnd late() {
    return new HookEnd(OptionalInt.empty(), Optional.empty(), true, "", "");
  }

  /** Returns whether it did what it was there for. */
  public boolean isSuccess() {
    return !timedOut && problem.isEmpty() && exitCode.isPresent() && exitCode.getAsInt() == 0;
  }

  /** Tells it in words: {@code exit 1}, {@code killed by SIGKILL}, {@code timed out}. */
  public String inWords() {
    if (timedOut) {
      return "timed out";
    }
    if (!problem.isEmpty()) {
      return problem;
    }
    if (exitCode.isPresent()) {
      return "exit " + exitCode.getAsInt();
    }
    return signal.map(name -> "killed by SIG" + name).orElse("how it ended is unknown");
  }
}
