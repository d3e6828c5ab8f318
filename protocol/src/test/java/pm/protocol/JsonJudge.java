package pm.protocol;

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
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Judges what is made of any text that may be JSON, and of any line that may be a message. */
final class JsonJudge {

  private static final JsonFactory JACKSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxNumberLength(Json.MAX_NUMBER_LENGTH)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private static final Pattern NO_ESCAPE = Pattern.compile("\\\\u\\p{XDigit}{0,3}[^\\p{ASCII}]");

  private JsonJudge() {}

  /**
   * Judges a text: what our reader accepts Jackson accepts with the same value, and the other way
   * round, but for what we refuse on purpose; and what is written is read again as it was.
   *
   * @return whether it was accepted
   * @throws AssertionError if something is wrong
   */
  static boolean text(String text) {
    Object theirs;
    try {
      theirs = jackson(text);
    } catch (IOException | NumberFormatException e) {
      theirs = "refused";
    }
    Object ours;
    boolean isAccepted = false;
    try {
      ours = Json.parse(text);
      isAccepted = true;
      String written = Json.write(ours);
      Object again = Json.parse(written);
      // A whole number that was written with an exponent is one like others from then on.
      if (!again.equals(ours) && !Json.write(again).equals(written)) {
        throw new AssertionError("written and read again it differs: " + text);
      }
    } catch (JsonException e) {
      ours = "refused";
      if (e.sentence().isEmpty() || e.sentence().contains("\n")) {
        throw new AssertionError("no good sentence: " + e.sentence(), e);
      }
    }
    if (!ours.equals(theirs) && !refusedOnPurpose(ours, text)) {
      throw new AssertionError(text + "\nours   " + ours + "\ntheirs " + theirs);
    }
    return isAccepted;
  }

  /**
   * Judges a line.
   *
   * @throws AssertionError if something is wrong
   */
  static void line(byte[] bytes) {
    try {
      Message message = MessageCodec.decode(bytes);
      byte[] line = MessageCodec.encode(message);
      Message again = MessageCodec.decode(Arrays.copyOf(line, line.length - 1));
      // As above: a number in it may be written otherwise than it was.
      if (!again.equals(message) && !Arrays.equals(MessageCodec.encode(again), line)) {
        throw new AssertionError("written and read again it differs: " + message);
      }
    } catch (MessageException e) {
      long code = e.answer().code();
      if (code != -32700 && code != -32600 && code != -32602) {
        throw new AssertionError("code " + code, e);
      }
    }
  }

  /**
   * Unpaired surrogates are not text, and cannot be written as UTF-8. Jackson takes some letters
   * beyond ASCII for hexadecimal digits of an escape.
   */
  private static boolean refusedOnPurpose(Object ours, String text) {
    boolean isRefused = ours.equals("refused");
    return hasUnpairedSurrogate(text)
        || (isRefused && text.toLowerCase(Locale.ROOT).contains("\\ud"))
        || (isRefused && NO_ESCAPE.matcher(text).find());
  }

  private static boolean hasUnpairedSurrogate(String text) {
    return !new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).equals(text);
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
