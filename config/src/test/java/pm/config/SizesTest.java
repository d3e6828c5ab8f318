package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SizesTest {
  @Test
  void givenUnit_thenPowersOf1024() throws MalformedValueException {
    assertThat(Sizes.parse("64KiB")).isEqualTo(64 * 1024);
    assertThat(Sizes.parse("50MiB")).isEqualTo(50 * 1024 * 1024);
    assertThat(Sizes.parse("1GiB")).isEqualTo(1L << 30);
    assertThat(Sizes.parse("1K")).isEqualTo(1024);
    assertThat(Sizes.parse("2M")).isEqualTo(2 << 20);
    assertThat(Sizes.parse("3G")).isEqualTo(3L << 30);
    assertThat(Sizes.parse("100B")).isEqualTo(100);
  }

  @Test
  void givenAmbiguousOrNone_thenSaysWhatToWrite() {
    assertThatThrownBy(() -> Sizes.parse("50"))
        .hasMessage("a size needs a unit; write 50MiB, or 50B for bytes");
    assertThatThrownBy(() -> Sizes.parse("50MB"))
        .hasMessage("'50MB' is not a size; write 50MiB (a power of 1024)");
    assertThatThrownBy(() -> Sizes.parse("5k"))
        .hasMessage("'5k' is not a size; write 5KiB (a power of 1024)");
    assertThatThrownBy(() -> Sizes.parse("9999999999G")).hasMessageContaining("is too large");
    for (String text :
        new String[] {"", "MiB", "-1K", "1.5G", "1 GiB", "99999999999999999999B", "1X"}) {
      assertThatThrownBy(() -> Sizes.parse(text)).hasMessageContaining("is not a size");
    }
  }

  @Test
  void whenFormatted_thenParsesToTheSame() throws MalformedValueException {
    var random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      long bytes = random.nextLong(1L << random.nextInt(1, 50)) << random.nextInt(0, 4);
      if (bytes < 1_000_000_000_000_000L) {
        assertThat(Sizes.parse(Sizes.format(bytes))).isEqualTo(bytes);
      }
    }
    assertThat(Sizes.format(50L << 20)).isEqualTo("50MiB");
    assertThat(Sizes.format(0)).isEqualTo("0B");
  }
}
