package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Damaged talk of workers, judged by {@link StreamJudge}. {@code -Dmutation.seed=N} replays a seed;
 * {@code campaigns/lines/fuzz-worker} looks further, guided by what is reached.
 */
final class DialogueMutationTest {
  private static final int INPUTS = Integer.getInteger("mutation.inputs", 150_000);

  private static final List<String> ORIGINALS =
      List.of(
          "{\"jsonrpc\":\"2.0\",\"id\":\"k3f9-17/1\",\"result\":{\"w\":[1,2.5e3,null,\"\u00e9\"]}}",
          "{\"jsonrpc\": \"2.0\", \"id\": \"k3f9-999999999999999999/999999999\", \"result\": null}",
          "{\"id\":\"order:7.a_b-c/12\",\"error\":{\"code\":-32000,\"message\":\"no\"},\"jsonrpc\":\"2.0\"}",
          "{\"jsonrpc\":\"2.0\",\"error\":{\"data\":{\"retry\":false}},\"id\":\"k3f9-1\\/1\",\"result\":null}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"\\u006b3f9-1/1\",\"error\":\"words\"}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":\"k3f9-17\",\"value\":0.5,\"message\":\"half\"}}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":\"key/2\"}}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"log\",\"params\":{\"level\":\"warn\",\"message\":\"a\\nb\"}}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{}}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"hb-mark-7\",\"result\":{}}",
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"k3f9-2/1\",\"result\":\"" + "x".repeat(420) + "\"}");

  private static final byte[] ALPHABET =
      Workshop.utf8("{}[]\",:\\u0123456789+-.eE/_ \t\r\nCcontent-Length: ntfk3f9\u00e9\u0000");

  @Test
  void givenDamagedTalk_whenHeard_thenItMeansWhatItSays() {
    long seed = Long.getLong("mutation.seed", 20260401L);
    SplittableRandom random = new SplittableRandom(seed);
    long messages = 0;
    long answers = 0;
    long strays = 0;
    long tooLong = 0;
    for (int i = 0; i < INPUTS; i++) {
      boolean hasHeaders = random.nextBoolean();
      byte[] stream = damaged(random, hasHeaders);
      StreamJudge.Tally tally;
      try {
        tally = StreamJudge.judge(stream, hasHeaders, random);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", input " + i + ": " + e.getMessage(), e);
      }
      messages += tally.messages();
      answers += tally.taskAnswers();
      strays += tally.strays();
      tooLong += tally.tooLong();
    }
    assertThat(messages).isGreaterThan(INPUTS / 2);
    assertThat(answers).isGreaterThan(INPUTS / 4);
    assertThat(strays).isGreaterThan(INPUTS / 20);
    assertThat(tooLong).isGreaterThan(INPUTS / 100);
  }

  private static byte[] damaged(SplittableRandom random, boolean hasHeaders) {
    StringBuilder text = new StringBuilder();
    for (int frames = 1 + random.nextInt(3); frames > 0; frames--) {
      String message = ORIGINALS.get(random.nextInt(ORIGINALS.size()));
      if (random.nextInt(20) == 0) {
        text.append("a stray line\n");
      }
      if (hasHeaders) {
        int length = Workshop.utf8(message).length;
        int shown = random.nextInt(20) == 0 ? random.nextInt(600) : length;
        text.append("Content-Length: ").append(shown).append("\r\n\r\n").append(message);
      } else {
        text.append(message).append('\n');
      }
    }
    byte[] bytes = Workshop.utf8(text.toString());
    for (int damages = random.nextInt(4); damages > 0 && bytes.length > 1; damages--) {
      bytes = damaged(random, bytes);
    }
    return bytes;
  }

  private static byte[] damaged(SplittableRandom random, byte[] bytes) {
    int at = random.nextInt(bytes.length);
    ByteArrayOutputStream damaged = new ByteArrayOutputStream();
    damaged.write(bytes, 0, at);
    int behind = at;
    switch (random.nextInt(4)) {
      case 0 -> {
        damaged.write(random.nextInt(256));
        behind = at + 1;
      }
      case 1 -> {
        damaged.write(ALPHABET[random.nextInt(ALPHABET.length)]);
        behind = at + 1;
      }
      case 2 -> behind = Math.min(bytes.length, at + 1 + random.nextInt(4));
      default -> damaged.write(ALPHABET[random.nextInt(ALPHABET.length)]);
    }
    damaged.write(bytes, behind, bytes.length - behind);
    return damaged.toByteArray();
  }
}
