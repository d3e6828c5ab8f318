package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two hundred thousand damaged messages: what our reader accepts, Jackson accepts with the same
 * value, and the other way round, but for what we refuse on purpose. {@code -Dmutation.seed=N}
 * replays one seed.
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

  private static final JsonFactory JACKSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxNumberLength(Json.MAX_NUMBER_LENGTH)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  @Test
  void agreesWithJacksonOnDamagedInput() throws IOException {
    long seed = Long.getLong("mutation.seed", 20260101L);
    Random random = new Random(seed);
    int accepted = 0;
    for (int i = 0; i < INPUTS; i++) {
      String text = damaged(random);
      Object theirs;
      try {
        theirs = jackson(text);
      } catch (IOException | NumberFormatException e) {
        theirs = "refused";
      }
      Object ours;
      try {
        ours = Json.parse(text);
        accepted++;
        if (!Json.parse(Json.write(ours)).equals(ours)) {
          fail("seed " + seed + ", input " + i + ": written and read again it differs: " + text);
        }
      } catch (JsonException e) {
        ours = "refused";
        if (e.sentence().isEmpty() || e.sentence().contains("\n")) {
          fail("seed " + seed + ", input " + i + ": no good sentence: " + e.sentence());
        }
      }
      if (!ours.equals(theirs) && !refusedOnPurpose(ours, text)) {
        fail(
            "seed "
                + seed
                + ", input "
                + i
                + ": "
                + text
                + "\nours   "
                + ours
                + "\ntheirs "
                + theirs);
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
      try {
        Message message = MessageCodec.decode(bytes);
        byte[] line = MessageCodec.encode(message);
        Message again = MessageCodec.decode(Arrays.copyOf(line, line.length - 1));
        if (!again.equals(message)) {
          fail("written and read again it differs: " + message);
        }
      } catch (MessageException e) {
        long code = e.answer().code();
        if (code != -32700 && code != -32600 && code != -32602) {
          fail("code " + code);
        }
      }
    }
  }

  /** Unpaired surrogates are not text, and cannot be written as UTF-8. */
  private static boolean refusedOnPurpose(Object ours, String text) {
    return (ours.equals("refused") && text.contains("\\ud")) || hasUnpairedSurrogate(text);
  }

  private static boolean hasUnpairedSurrogate(String text) {
    return !new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).equals(text);
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

  private static Object jackson(String text) throws IOException {
    try (JsonParser parser = JACKSON.createParser(text)) {
      JsonToken token = parser.nextToken();
      if (token == null) {
        throw new IOException("empty");
      }
      Object value = value(parser, token);
      if (parser.nextToken() != null) {
        throw new IOException("more");
      }
      return value;
    }
  }

  private static Object value(JsonParser parser, JsonToken token) throws IOException {
    switch (token) {
      case START_OBJECT -> {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          object.put(name, value(parser, parser.nextToken()));
        }
        return object;
      }
      case START_ARRAY -> {
        List<Object> array = new ArrayList<>();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
          array.add(value(parser, t));
        }
        return array;
      }
      case VALUE_STRING -> {
        return parser.getText();
      }
      case VALUE_TRUE -> {
        return true;
      }
      case VALUE_FALSE -> {
        return false;
      }
      case VALUE_NULL -> {
        return Json.NULL;
      }
      case VALUE_NUMBER_INT -> {
        BigDecimal exact = new BigDecimal(parser.getText());
        boolean fits = exact.compareTo(BigDecimal.valueOf(exact.longValue())) == 0;
        return fits ? (Object) exact.longValue() : exact;
      }
      case VALUE_NUMBER_FLOAT -> {
        double number = Double.parseDouble(parser.getText());
        BigDecimal exact = new BigDecimal(parser.getText());
        boolean same =
            Double.isFinite(number)
                && new BigDecimal(Double.toString(number)).compareTo(exact) == 0;
        return same ? (Object) number : exact;
      }
      default -> throw new IOException("token " + token);
    }
  }
}
