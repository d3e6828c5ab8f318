package pm.protocol;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Makes and judges damaged frames, by the seeds that it reads, a line each: {@code SEED STREAMS}.
 * It answers each with a line of JSON: how many frames were found, and what was wrong, if anything.
 */
public final class DamagedFrames {
  private DamagedFrames() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) throws IOException {
    BufferedReader asked =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = asked.readLine(); line != null; line = asked.readLine()) {
      String[] words = line.split(" ", -1);
      FrameJudge.Tally tally = new FrameJudge.Tally();
      String what = "";
      try {
        judge(Long.parseLong(words[0]), Integer.parseInt(words[1]), tally);
      } catch (RuntimeException | AssertionError | StackOverflowError thrown) {
        what = thrown.toString();
      }
      System.out.println(
          Json.write(
              Map.of(
                  "frames",
                  tally.all(),
                  "messages",
                  tally.messages,
                  "what",
                  what.length() > 1_500 ? what.substring(0, 1_500) : what)));
      System.out.flush();
    }
  }

  private static void judge(long seed, int streams, FrameJudge.Tally tally) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < streams; i++) {
      boolean headers = random.nextBoolean();
      FrameJudge.judge(FrameJudge.damaged(random, headers), headers, random, tally);
    }
  }
}
