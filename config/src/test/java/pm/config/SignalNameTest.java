package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SignalNameTest {
  @Test
  void readsNamesWithAndWithoutSig() throws MalformedValueException {
    assertThat(SignalName.parse("SIGTERM")).isEqualTo("TERM");
    assertThat(SignalName.number(SignalName.parse("KILL"))).hasValue(9);
    assertThat(SignalName.number("SYS")).hasValue(31);
    assertThat(SignalName.number("RTMIN+3")).hasValue(37);
    assertThat(SignalName.number("RTMAX")).hasValue(64);
    assertThat(SignalName.number("RTMAX-14")).hasValue(50);
  }

  @Test
  void everyNumberHasAName() {
    for (int number = 1; number <= 64; number++) {
      if (number != 32 && number != 33) {
        assertThat(SignalName.number(SignalName.of(number))).hasValue(number);
      }
    }
  }

  @Test
  void givenNoSignal_thenSaysWhatToWrite() {
    assertThatThrownBy(() -> SignalName.parse("15")).hasMessage("'15' is not a signal; write TERM");
    assertThatThrownBy(() -> SignalName.parse("sigint"))
        .hasMessage("'sigint' is not a signal; write INT");
    for (String text :
        new String[] {
          "", "SIG", "TREM", "RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMIN+", "0", "99", "RTMIN++1"
        }) {
      assertThatThrownBy(() -> SignalName.parse(text))
          .hasMessageEndingWith(
              "is not a signal; write a name such as TERM, INT, QUIT, HUP, USR1 or KILL");
    }
  }
}
