package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Two million damaged streams, in both framings, judged by {@link FrameJudge}. {@code
 * -Dmutation.seed=N} replays one seed; {@code campaigns/lines/frames} makes many more.
 */
@Execution(ExecutionMode.CONCURRENT)
final class FrameMutationTest {
  private static final int INPUTS = Integer.getInteger("mutation.inputs", 1_000_000);

  @Test
  void findsTheSameInLinesHoweverTheyCome() {
    run(false);
  }

  @Test
  void findsTheSameBehindHeadersHoweverTheyCome() {
    run(true);
  }

  private static void run(boolean headers) {
    long seed = Long.getLong("mutation.seed", 20260102L);
    Random random = new Random(seed);
    FrameJudge.Tally tally = new FrameJudge.Tally();
    for (int i = 0; i < INPUTS; i++) {
      byte[] stream = FrameJudge.damaged(random, headers);
      try {
        FrameJudge.judge(stream, headers, random, tally);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ", input " + i + ": " + e.getMessage(), e);
      }
    }
    assertThat(tally.messages).as("messages found").isGreaterThan(INPUTS / 3);
    assertThat(tally.others).as("frames that are none").isGreaterThan(INPUTS / 20);
    assertThat(tally.strays).as("stray lines found").isGreaterThan(INPUTS / 20);
    assertThat(tally.tooLong).as("frames that are too long").isGreaterThan(INPUTS / 100);
  }
}
