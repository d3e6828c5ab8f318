package pm.protocol;

import java.nio.charset.StandardCharsets;

/** What {@code campaigns/lines/fuzz-json} calls with each of its inputs. */
public final class JsonFuzzer {
  private JsonFuzzer() {}

  /** Judges one input; throws if something is wrong. */
  public static void fuzzerTestOneInput(byte[] input) {
    JsonJudge.line(input);
    JsonJudge.text(new String(input, StandardCharsets.UTF_8));
  }
}
