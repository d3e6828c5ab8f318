package pm.daemon.worker;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What {@code campaigns/lines/fuzz-worker} calls with each of its inputs: the first byte says in
 * which framing and in what pieces the others come.
 */
public final class DialogueFuzzer {
  private DialogueFuzzer() {}

  /** Judges one input; throws if something is wrong. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length > 1) {
      StreamJudge.judge(
          Arrays.copyOfRange(input, 1, input.length),
          (input[0] & 1) == 1,
          new SplittableRandom(input[0]));
    }
  }
}
