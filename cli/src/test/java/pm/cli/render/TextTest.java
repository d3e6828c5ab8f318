package pm.cli.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TextTest {

  @ParameterizedTest
  @CsvSource({
    "0,0s",
    "0.9,0s",
    "59.9,59s",
    "60,1m",
    "61,1m1s",
    "3600,1h",
    "3659,1h",
    "3660,1h1m",
    "86399,23h59m",
    "86400,1d",
    "90000,1d1h",
    "8640000,100d"
  })
  void durationsHaveTwoUnits(double seconds, String text) {
    assertThat(Units.duration(seconds)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0B",
    "1023,1023B",
    "1024,1.0KiB",
    "1048575,1.0MiB",
    "50436505,48.1MiB",
    "1073741824,1.0GiB",
    "1e18,888.2PiB"
  })
  void bytesHaveOneDigit(double bytes, String text) {
    assertThat(Units.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0,0.0%", "0.04,0.0%", "0.05,0.1%", "99.96,100.0%", "1600,1600.0%"})
  void percentagesHaveOneDigit(double percent, String text) {
    assertThat(Units.percent(percent)).isEqualTo(text);
  }

  @Test
  void nothingThatATerminalActsOnIsLeft() {
    for (char c = 0; c < 0x2100; c++) {
      String text = Escapes.visible("a" + c + "b");
      boolean active =
          (Character.isISOControl(c) && c != '\t')
              || Character.getType(c) == Character.LINE_SEPARATOR
              || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
              || (c >= 0x202a && c <= 0x202e)
              || (c >= 0x2066 && c <= 0x2069);
      if (active) {
        assertThat(text).doesNotContain(String.valueOf(c)).startsWith("a\\").endsWith("b");
      }
    }
    assertThat(Escapes.visible("plain t\u00e4xt\twith tab")).isEqualTo("plain t\u00e4xt\twith tab");
    assertThat(Escapes.visible("\u001b[31mred\u009b")).isEqualTo("\\x1b[31mred\\x9b");
    assertThat(Escapes.cell("a\tb\nc")).isEqualTo("a\\tb\\nc");
    assertThat(Escapes.visible("\u202eabc")).isEqualTo("\\u202eabc");
  }

  @Test
  void colourIsForTerminalsUnlessSaidOtherwise() {
    assertThat(Style.of("auto", true, Map.of())).isEqualTo(Style.COLORED);
    assertThat(Style.of("auto", false, Map.of())).isEqualTo(Style.PLAIN);
    assertThat(Style.of("auto", true, Map.of("NO_COLOR", "1"))).isEqualTo(Style.PLAIN);
    assertThat(Style.of("auto", true, Map.of("NO_COLOR", ""))).isEqualTo(Style.COLORED);
    assertThat(Style.of("auto", true, Map.of("TERM", "dumb"))).isEqualTo(Style.PLAIN);
    assertThat(Style.of("always", false, Map.of("NO_COLOR", "1"))).isEqualTo(Style.COLORED);
    assertThat(Style.of("never", true, Map.of())).isEqualTo(Style.PLAIN);
  }

  @Test
  void aTableIsAsWideAsItsWidestCellAndLeavesNoSpacesBehind() {
    Table table = new Table(new String[] {"A", "LONG", "C"}, new int[] {3, 0, 0});
    table.add("x", "y", "");
    table.add("xxxxx", "\n", "last");
    assertThat(table.render()).isEqualTo("A      LONG  C\nx      y\nxxxxx  \\n    last\n");
  }
}
