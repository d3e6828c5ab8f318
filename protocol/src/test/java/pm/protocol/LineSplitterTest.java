package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LineSplitterTest {
  private final List<String> found = new ArrayList<>();

  private final LineSplitter.Sink sink =
      new LineSplitter.Sink() {
        @Override
        public void line(byte[] line) {
          found.add(new String(line, StandardCharsets.UTF_8));
        }

        @Override
        public void tooLong() {
          found.add("TOO LONG");
        }
      };

  private void feed(LineSplitter splitter, String text) {
    splitter.feed(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), sink);
  }

  @Test
  void cutsLinesThatAreGluedAndLinesInPiecesOfOneByte() {
    LineSplitter splitter = new LineSplitter(100);
    feed(splitter, "a\n\nbc\nd");
    for (char c : "ef\ng".toCharArray()) {
      feed(splitter, String.valueOf(c));
    }
    assertThat(found).containsExactly("a", "", "bc", "def");
    assertThat(splitter.pendingBytes()).isEqualTo(1);
  }

  @Test
  void saysOnceThatALineIsTooLongAndGoesOnWithTheNext() {
    LineSplitter splitter = new LineSplitter(5);
    feed(splitter, "12345\n123456");
    assertThat(found).containsExactly("12345", "TOO LONG");
    assertThat(splitter.pendingBytes()).isZero();
    feed(splitter, "7890123456789");
    feed(splitter, "\nok\n");
    assertThat(found).containsExactly("12345", "TOO LONG", "ok");
  }

  @Test
  void acceptsALineOfExactlyOneMebibyte() {
    LineSplitter splitter = new LineSplitter();
    feed(splitter, "x".repeat(LineSplitter.MAX_LINE_BYTES) + "\n");
    feed(splitter, "y".repeat(LineSplitter.MAX_LINE_BYTES + 1) + "\n");
    assertThat(found).hasSize(2);
    assertThat(found.getFirst()).hasSize(LineSplitter.MAX_LINE_BYTES);
    assertThat(found.getLast()).isEqualTo("TOO LONG");
  }

  @Test
  void holdsNothingBetweenLines() {
    LineSplitter splitter = new LineSplitter();
    feed(splitter, "x".repeat(1000));
    assertThat(splitter.pendingBytes()).isEqualTo(1000);
    feed(splitter, "\n");
    assertThat(splitter.pendingBytes()).isZero();
  }

  @Test
  void doesNotDependOnHowTheBytesComeIn() {
    Random random = new Random(42);
    for (int round = 0; round < 2_000; round++) {
      StringBuilder text = new StringBuilder();
      List<String> expected = new ArrayList<>();
      for (int n = random.nextInt(6); n > 0; n--) {
        String line = "z".repeat(random.nextInt(14));
        text.append(line).append('\n');
        expected.add(line.length() > 10 ? "TOO LONG" : line);
      }
      found.clear();
      LineSplitter splitter = new LineSplitter(10);
      int at = 0;
      while (at < text.length()) {
        int to = Math.min(text.length(), at + 1 + random.nextInt(20));
        feed(splitter, text.substring(at, to));
        at = to;
      }
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void anyKindOfBufferIsTakenFromItsPositionOn() {
    LineSplitter splitter = new LineSplitter(100);
    ByteBuffer direct = ByteBuffer.allocateDirect(10);
    direct.put("xab\ncx".getBytes(StandardCharsets.UTF_8)).position(1).limit(5);
    splitter.feed(direct, sink);
    assertThat(direct.position()).isEqualTo(5);
    ByteBuffer slice =
        ByteBuffer.wrap("xxd\nx".getBytes(StandardCharsets.UTF_8)).position(1).limit(4).slice();
    slice.position(1);
    splitter.feed(slice, sink);
    assertThat(slice.hasRemaining()).isFalse();
    splitter.feed("x\nx".getBytes(StandardCharsets.UTF_8), 1, 1, sink);
    assertThat(found).containsExactly("ab", "cd", "");
  }

  @Test
  void aBoundIsOneOrMore() {
    feed(new LineSplitter(1), "a\nbc\n");
    assertThat(found).containsExactly("a", "TOO LONG");
    assertThatThrownBy(() -> new LineSplitter(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void nothingIsNoLine() {
    LineSplitter splitter = new LineSplitter(5);
    feed(splitter, "");
    feed(splitter, "a");
    feed(splitter, "");
    feed(splitter, "\n");
    assertThat(found).containsExactly("a");
  }
}
