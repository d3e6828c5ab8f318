package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * JSON texts that come again and again, such as the empty object, as arrays that all share and
 * nobody changes: there may be a hundred thousand of them in memory.
 */
final class SmallTexts {
  private static final byte[] OBJECT = ascii("{}");
  private static final byte[] ARRAY = ascii("[]");
  private static final byte[] STRING = ascii("\"\"");
  private static final byte[] NULL = ascii("null");
  private static final byte[] TRUE = ascii("true");
  private static final byte[] FALSE = ascii("false");

  private SmallTexts() {}

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns these bytes, which are a JSON text, as an array of their own or a shared one. */
  static byte[] copy(byte[] bytes, int from, int to) {
    byte[] shared =
        switch (to - from) {
          case 2 -> bytes[from] == '{' ? OBJECT : bytes[from] == '[' ? ARRAY : STRING;
          case 4 -> bytes[from] == 'n' ? NULL : TRUE;
          default -> FALSE;
        };
    return Arrays.equals(bytes, from, to, shared, 0, shared.length)
        ? shared
        : Arrays.copyOfRange(bytes, from, to);
  }
}
