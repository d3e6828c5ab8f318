package pm.config;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The bytes of a file as text, once nothing is in them that could not be seen in an editor. */
final class SourceText {
  private SourceText() {}

  /** Decodes strictly: what is not UTF-8, or is not printable, is refused with its place. */
  static String decode(String file, byte[] bytes) throws UnreadableFileException {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    out.flip();
    String text = out.toString();
    checkPrintable(file, text);
    if (result.isError()) {
      throw new UnreadableFileException(
          locationAfter(file, text, text.length()),
          "this byte is not valid UTF-8: 0x" + Integer.toHexString(bytes[in.position()] & 0xff),
          "save the file as UTF-8");
    }
    return text;
  }

  private static void checkPrintable(String file, String text) throws UnreadableFileException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c < 0x7f) {
        continue;
      }
      if (c == '\ufeff' && i == 0) {
        throw new UnreadableFileException(
            new Location(file, 1, 1),
            "the file begins with a byte order mark",
            "save it as UTF-8 without one");
      }
      boolean control =
          Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t' && c != '\u0085';
      if (control || c == '\ufffe' || c == '\uffff') {
        throw new UnreadableFileException(
            locationAfter(file, text, i),
            "the control character U+"
                + Integer.toHexString(0x10000 | c).substring(1).toUpperCase(Locale.ROOT)
                + " cannot stand in a file",
            c == 0 ? "save the file as UTF-8 text" : "remove it");
      }
    }
  }

  /** The place of the character at {@code index}, which may be the end. */
  static Location locationAfter(String file, String text, int index) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < index; i++) {
      char c = text.charAt(i);
      if (c == '\n' || (c == '\r' && !(i + 1 < text.length() && text.charAt(i + 1) == '\n'))) {
        line++;
        column = 1;
      } else if (!Character.isLowSurrogate(c)) {
        column++;
      }
    }
    return new Location(file, line, column);
  }
}
