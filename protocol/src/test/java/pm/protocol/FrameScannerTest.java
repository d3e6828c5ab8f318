package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FrameScannerTest {
  private static final int MAX = 20;

  /** What a scanner finds in pieces, each stretch as {@code KIND:text}, the rest as {@code ...}. */
  private static List<String> found(FrameScanner scanner, String... pieces) {
    List<String> found = new ArrayList<>();
    StringBuilder stream = new StringBuilder();
    int told = 0;
    for (String piece : pieces) {
      stream.append(piece);
      byte[] bytes = piece.getBytes(StandardCharsets.ISO_8859_1);
      int at = 0;
      while (at < bytes.length) {
        FrameScanner.Found kind = scanner.next(bytes, at, bytes.length);
        at = scanner.end();
        if (kind == FrameScanner.Found.UNFINISHED) {
          continue;
        }
        int end = told + (int) scanner.unitBytes();
        String text = stream.substring(told, end);
        if (kind == FrameScanner.Found.FRAME) {
          text =
              text.substring(
                  scanner.bodyOffset(), scanner.bodyOffset() + (int) scanner.bodyBytes());
        }
        found.add(
            (scanner.isFirst() ? "first " : "")
                + (scanner.isBlank() ? "blank " : "")
                + kind
                + ":"
                + text);
        told = end;
      }
    }
    assertThat(scanner.pendingBytes()).isEqualTo(stream.length() - told);
    if (told < stream.length()) {
      found.add("..." + stream.substring(told));
    }
    return found;
  }

  @Test
  void givenLines_whenTheyComeGlued_thenEachIsAFrame() {
    assertThat(found(FrameScanner.ofLines(MAX), "{1}\n{2}\r\n {3}\n{4"))
        .containsExactly("FRAME:{1}", "FRAME:{2}\r", "FRAME: {3}", "...{4");
  }

  @Test
  void givenALine_whenItComesByteByByte_thenItIsOneFrame() {
    assertThat(found(FrameScanner.ofLines(MAX), "{\"a\":1}\n".split("")))
        .containsExactly("FRAME:{\"a\":1}");
  }

  @Test
  void givenAPrintedLine_whenItsEndHasNotCome_thenItIsToldAtOnce() {
    assertThat(found(FrameScanner.ofLines(MAX), "Name? ", "bob\n", "\n", " \t\n", "{}\n"))
        .containsExactly(
            "first STRAY:Name? ",
            "STRAY:bob\n",
            "first blank STRAY:\n",
            "first blank STRAY: \t\n",
            "FRAME:{}");
  }

  @Test
  void givenALongPrintedLine_whenItHasNoEnd_thenNothingOfItIsHeld() {
    FrameScanner lines = FrameScanner.ofLines(MAX);
    for (int i = 0; i < 1_000; i++) {
      assertThat(found(lines, "x".repeat(1_000)))
          .containsExactly((i == 0 ? "first " : "") + "STRAY:" + "x".repeat(1_000));
    }
  }

  @Test
  void givenAFrameOverTheBound_whenItComes_thenItIsSkippedToTheNextLine() {
    assertThat(
            found(
                FrameScanner.ofLines(MAX),
                "{" + "x".repeat(MAX - 1) + "\n",
                "{" + "x".repeat(MAX),
                "yyy",
                "zzz\n{}\n"))
        .containsExactly(
            "FRAME:{" + "x".repeat(MAX - 1),
            "first TOO_LONG:{" + "x".repeat(MAX),
            "TOO_LONG:yyy",
            "TOO_LONG:zzz\n",
            "FRAME:{}");
    assertThat(found(FrameScanner.ofLines(MAX), "{" + "x".repeat(MAX - 1), "x", "x\n{}\n"))
        .containsExactly("first TOO_LONG:{" + "x".repeat(MAX), "TOO_LONG:x\n", "FRAME:{}");
  }

  @Test
  void givenBlanksWithoutEnd_whenTheyExceedTheBound_thenTheyAreStray() {
    assertThat(found(FrameScanner.ofLines(4), "   ", "  ", " {}\n", "{}\n"))
        .containsExactly("first STRAY:     ", "STRAY: {}\n", "FRAME:{}");
  }

  @Test
  void givenHeaders_whenTheyComeGluedOrInPieces_thenEachContentIsAFrame() {
    String two = "Content-Length: 2\r\n\r\n{}content-length:3\nContent-Type: x\n\n{1}";
    assertThat(found(FrameScanner.ofContentLengths(MAX), two))
        .containsExactly("FRAME:{}", "FRAME:{1}");
    assertThat(found(FrameScanner.ofContentLengths(MAX), two.split("")))
        .containsExactly("FRAME:{}", "FRAME:{1}");
    assertThat(found(FrameScanner.ofContentLengths(MAX), "Content-Length: 0\r\n\r\nhello\n"))
        .containsExactly("FRAME:", "first STRAY:hello\n");
  }

  @Test
  void givenPrintsBetweenFrames_whenTheyCome_thenTheNextFrameIsFound() {
    assertThat(
            found(
                FrameScanner.ofContentLengths(MAX),
                "hello\n\nCaution\nContent-Length: 2\r\n\r\n{}\nContent-Length: 2\r\n\r\n{}"))
        .containsExactly(
            "first STRAY:hello\n",
            "first blank STRAY:\n",
            "first STRAY:Caution\n",
            "FRAME:{}",
            "first blank STRAY:\n",
            "FRAME:{}");
  }

  @Test
  void givenBadHeaders_whenTheyCome_thenTheyAreStray() {
    for (String bad :
        List.of(
            "Content-Length: -1\n",
            "Content-Length: 0x10\n",
            "Content-Length: 1e3\n",
            "Content-Length:\n",
            "Content-Length: 9223372036854775808\n",
            "Content-Length: 1 1\n",
            "Content-Length: 1\nContent-Length: 1\n",
            "Content-Length: 1\nbody\n",
            "C".repeat(LengthScanner.MAX_HEADER_LINE + 1) + "\n",
            "Content-Type: a\n".repeat(5))) {
      assertThat(found(FrameScanner.ofContentLengths(MAX), bad + "Content-Length: 2\n\n{}"))
          .as(bad)
          .containsExactly("first STRAY:" + bad, "FRAME:{}");
    }
  }

  @Test
  void givenAnAnnouncedFrameOverTheBound_whenItComes_thenSoManyBytesAreSkipped() {
    assertThat(
            found(
                FrameScanner.ofContentLengths(MAX),
                "Content-Length: 25\r\n\r\n",
                "x".repeat(20),
                "xxxxxContent-Length: 2\r\n\r\n{}"))
        .containsExactly(
            "first TOO_LONG:Content-Length: 25\r\n\r\n",
            "TOO_LONG:" + "x".repeat(20),
            "TOO_LONG:xxxxx",
            "FRAME:{}");
  }

  @Test
  void givenNoRoom_whenAScannerIsMade_thenItIsRefused() {
    assertThatThrownBy(() -> FrameScanner.ofLines(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FrameScanner.ofContentLengths(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void givenAMessage_whenFramed_thenItIsFoundAgain() {
    String message = "{\"a\":\"h\u00e9\"}";
    String utf8 = new String(message.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    assertThat(
            found(
                FrameScanner.ofLines(MAX),
                new String(Frames.line(message), StandardCharsets.ISO_8859_1)))
        .containsExactly("FRAME:" + utf8);
    assertThat(
            found(
                FrameScanner.ofContentLengths(MAX),
                new String(Frames.contentLength(message), StandardCharsets.ISO_8859_1)))
        .containsExactly("FRAME:" + utf8);
  }

  @Test
  void givenAnEmptyPiece_whenInTheMiddleOfAnything_thenItIsNothing() {
    for (String start : List.of("", "{", "  ", "stray", "{" + "x".repeat(MAX))) {
      FrameScanner lines = FrameScanner.ofLines(MAX);
      found(lines, start);
      long pending = lines.pendingBytes();
      assertThat(lines.next(new byte[0], 0, 0)).as(start).isEqualTo(FrameScanner.Found.UNFINISHED);
      assertThat(lines.pendingBytes()).isEqualTo(pending);
    }
    for (String start :
        List.of(
            "", "Content-", "stray", "Content-Length: 5\r\n\r\nab", "Content-Length: 99\n\nx")) {
      FrameScanner lengths = FrameScanner.ofContentLengths(MAX);
      found(lengths, start);
      long pending = lengths.pendingBytes();
      assertThat(lengths.next(new byte[0], 0, 0))
          .as(start)
          .isEqualTo(FrameScanner.Found.UNFINISHED);
      assertThat(lengths.pendingBytes()).isEqualTo(pending);
    }
  }

  @Test
  void givenALineOfSpace_whenItIsLongerThanAFrame_thenItIsNotHeldAnyLonger() {
    assertThat(found(FrameScanner.ofLines(5), " \t\r  \n"))
        .containsExactly("first blank STRAY: \t\r  \n");
    assertThat(found(FrameScanner.ofLines(5), "   {}\n")).containsExactly("FRAME:   {}");
    assertThat(found(FrameScanner.ofLines(5), "      ", "{}\n"))
        .containsExactly("first STRAY:      ", "STRAY:{}\n");
  }

  @Test
  void givenTheLongestFrame_whenOneByteIsAdded_thenItIsTooLong() {
    assertThat(found(FrameScanner.ofLines(5), "{234}\n{2345}\n"))
        .containsExactly("FRAME:{234}", "first TOO_LONG:{2345}\n");
    assertThat(found(FrameScanner.ofContentLengths(5), "Content-Length: 5\n\n12345"))
        .containsExactly("FRAME:12345");
    assertThat(found(FrameScanner.ofContentLengths(5), "Content-Length: 6\n\n123456"))
        .containsExactly("first TOO_LONG:Content-Length: 6\n\n123456");
    assertThat(found(FrameScanner.ofContentLengths(5), "Content-Length: 6\n\n", "123", "456"))
        .containsExactly("first TOO_LONG:Content-Length: 6\n\n", "TOO_LONG:123", "TOO_LONG:456");
  }

  @Test
  void givenAHeaderWithoutALength_whenItEnds_thenItIsStray() {
    assertThat(found(FrameScanner.ofContentLengths(MAX), "Content-Type: x\r\n\r\nContent-"))
        .containsExactly("first STRAY:Content-Type: x\r\n\r\n", "...Content-");
  }

  @Test
  void givenLengths_whenTheyAreNoNumbers_thenTheyAreStray() {
    for (String length : List.of("0", "9", "0000000009", " 7 ")) {
      int bytes = Integer.parseInt(length.strip());
      assertThat(
              found(
                  FrameScanner.ofContentLengths(MAX),
                  "Content-Length:" + length + "\n\n" + "x".repeat(bytes)))
          .containsExactly("FRAME:" + "x".repeat(bytes));
    }
    for (String length : List.of("", "00000000009", "/", ":", "+1", "-1", "1 1", "\u00b9")) {
      String header = "Content-Length:" + length + "\n";
      assertThat(found(FrameScanner.ofContentLengths(MAX), header))
          .containsExactly("first STRAY:" + header);
    }
  }

  @Test
  void givenLinesBetweenFrames_whenNothingIsVisibleInThem_thenTheyAreBlank() {
    assertThat(found(FrameScanner.ofContentLengths(MAX), "\n \t\r\n x\n", "  ", "\n"))
        .containsExactly(
            "first blank STRAY:\n",
            "first blank STRAY: \t\r\n",
            "first STRAY: x\n",
            "first STRAY:  ",
            "STRAY:\n");
  }
}
