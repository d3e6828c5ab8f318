package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class SmallTextsTest {

  private static byte[] copy(String text) {
    byte[] bytes = ("<" + text + ">").getBytes(StandardCharsets.UTF_8);
    return SmallTexts.copy(bytes, 1, bytes.length - 1);
  }

  @Test
  void textsAreWhatTheyWere() {
    for (String text :
        new String[] {
          "",
          "1",
          "{}",
          "[]",
          "\"\"",
          "12",
          "-1",
          "{}}",
          "null",
          "true",
          "1234",
          "\"ab\"",
          "nu1l",
          "false",
          "12345",
          "\"abc\"",
          "fa1se",
          "[1,2]",
          "{\"a\":1}"
        }) {
      assertThat(copy(text)).asString(StandardCharsets.UTF_8).isEqualTo(text);
    }
  }

  @Test
  void theCommonOnesAreShared() {
    for (String text : new String[] {"{}", "[]", "\"\"", "null", "true", "false"}) {
      assertThat(copy(text)).isSameAs(copy(text));
    }
  }
}
