package pm.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SimilarTest {
  private static final List<String> KNOWN =
      List.of(
          "status", "start", "stop", "restart", "describe", "config show", "config check", "why");

  @ParameterizedTest
  @CsvSource({
    "strat,start",
    "stauts,status",
    "sto,stop",
    "restrat,restart",
    "wy,why",
    "describ,describe",
    "stop,stop",
    "config shw,config show",
    "desc,describe"
  })
  void findsWhatWasMeant(String typed, String meant) {
    assertThat(Similar.words(typed, KNOWN)).containsExactly(meant);
  }

  @Test
  void saysNothingWhereNothingIsAlike() {
    assertThat(Similar.words("x", KNOWN)).isEmpty();
    assertThat(Similar.words("frobnicate", KNOWN)).isEmpty();
    assertThat(Similar.words("", KNOWN)).isEmpty();
    assertThat(Similar.hint("xyz", KNOWN)).isEmpty();
  }
}
