package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0KiB",
    "1536, 1.5KiB",
    "1048575, 1024KiB",
    "1048576, 1MiB",
    "136314880, 130MiB",
    "1073741823, 1024MiB",
    "1073741824, 1GiB",
    "1610612736, 1.5GiB",
  })
  void anAmountIsToldInItsUnit(long bytes, String told) {
    assertThat(Sizes.told(bytes)).isEqualTo(told);
  }
}
