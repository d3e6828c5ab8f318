package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two hundred thousand damaged messages, judged by {@link JsonJudge}. {@code -Dmutation.seed=N}
 * replays one seed; {@code campaigns/lines/fuzz-json} looks further, guided by what is reached.
 */
final class JsonMutationTest {
  private static final int INPUTS = Integer.getInteger("mutation.inputs", 200_000);

  private static final List<String> ORIGINALS =
      List.of(
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{\"selectors\":[\"web@1\",\"group:a\"]}}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"x\\u0041\\n\",\"result\":{\"items\":[{\"a\":null,\"b\":[true,false,-0.5e-3]}]}}",
          "[1,2.5,-3,1E5,\"\ud83d\ude00 h\u00e9\",\"\\ud83d\\ude00\",{},[],[[]],123456789012345678901234567890]",
          " { \"a\" : 0.1000000000000000055 , \"b\" : [ 1 , 9223372036854775808 ] } ");

  private static final String ALPHABET = "{}[]\",:\\ue0123456789+-.ntrfalse \t\r\n/bE\u00e9\u0000'";

  @Test
  void agreesWithJacksonOnDamagedInput() {
    long seed = Long.getLong("mutation.seed", 20260101L);
    Random random = new Random(seed);
    int accepted = 0;
    for (int i = 0; i < INPUTS; i++) {
      String text = damaged(random);
      try {
        accepted += JsonJudge.text(text) ? 1 : 0;
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ", input " + i + ": " + e.getMessage(), e);
      }
    }
    assertThat(accepted).isBetween(INPUTS / 20, INPUTS);
  }

  @Test
  void survivesDamagedBytes() {
    Random random = new Random(Long.getLong("mutation.seed", 7L));
    for (int i = 0; i < INPUTS / 4; i++) {
      byte[] bytes = damaged(random).getBytes(StandardCharsets.UTF_8);
      for (int j = random.nextInt(3); j >= 0 && bytes.length > 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      JsonJudge.line(bytes);
    }
  }

  private static String damaged(Random random) {
    StringBuilder text = new StringBuilder(ORIGINALS.get(random.nextInt(ORIGINALS.size())));
    for (int n = random.nextInt(4); n > 0 && text.length() > 1; n--) {
      int at = random.nextInt(text.length());
      int to = Math.min(text.length(), at + 1 + random.nextInt(5));
      switch (random.nextInt(6)) {
        case 0 -> text.deleteCharAt(at);
        case 1 -> text.insert(at, ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        case 2 -> text.setCharAt(at, ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        case 3 -> text.insert(at, text.substring(at, to));
        case 4 -> text.setLength(at);
        default -> text.delete(at, to);
      }
    }
    return text.toString();
  }
}
