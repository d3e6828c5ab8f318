package pm.daemon.probe;

import java.util.OptionalInt;

/**
 * How a command ended.
 *
 * @param exitCode 128 and the number of the signal if one ended it; empty if it was never run or
 *     did not go away
 * @param timedOut whether it was killed because it took too long
 * @param problem why there is no exit code, in words; empty if there is one
 * @param output the last of what it wrote
 */
record CommandEnd(OptionalInt exitCode, boolean timedOut, String problem, String output) {

  boolean isSuccess() {
    return !timedOut && exitCode.isPresent() && exitCode.getAsInt() == 0;
  }

  /** Returns the last line of the output that is not blank. */
  String lastLine() {
    String last = "";
    for (String line : output.split("\n", -1)) {
      last = line.isBlank() ? last : line.strip();
    }
    return last;
  }
}
