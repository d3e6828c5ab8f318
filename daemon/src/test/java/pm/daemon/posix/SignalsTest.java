package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SignalsTest {
  @ParameterizedTest
  @CsvSource({
    "TERM,15",
    "SIGTERM,15",
    "sigterm,15",
    " hup ,1",
    "9,9",
    "CHLD,17",
    "CLD,17",
    "POLL,29",
    "IO,29",
    "SYS,31",
    "RTMIN,34",
    "RTMIN+0,34",
    "SIGRTMIN+3,37",
    "RTMIN+30,64",
    "RTMAX,64",
    "RTMAX-30,34",
    "64,64",
    "34,34",
    "USR1,10"
  })
  void numberOfAName(String name, int number) {
    assertThat(Signals.byName(name)).hasValue(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SIG",
        "NOPE",
        "0",
        "-1",
        "65",
        "32",
        "33",
        "100",
        "999999999999",
        "RTMIN+31",
        "RTMIN-1",
        "RTMAX+1",
        "RTMAX-31",
        "RTMIN+",
        "RTMINX",
        "RTMIN+x",
        "TERM ME",
        "SIGSIGTERM",
        "１５"
      })
  void noSignal(String name) {
    assertThat(Signals.byName(name)).isEmpty();
  }

  @Test
  void everyNameLeadsBackToItsNumber() {
    for (int signal = 1; signal <= Signals.MAX; signal++) {
      if (signal != 32 && signal != 33) {
        assertThat(Signals.byName(Signals.nameOf(signal))).hasValue(signal);
      }
    }
    assertThat(Signals.nameOf(37)).isEqualTo("RTMIN+3");
    assertThat(Signals.nameOf(99)).isEqualTo("99");
  }

  @Test
  void signalsArriveThroughTheJvm() throws Exception {
    int windowChanged = Signals.byName("WINCH").getAsInt();
    BlockingQueue<Integer> received = new LinkedBlockingQueue<>();
    Signals.receive(windowChanged, received::add);
    try (PidFd self = PidFd.open(Host.pid())) {
      self.send(windowChanged);
    }
    assertThat(received.poll(30, TimeUnit.SECONDS)).isEqualTo(windowChanged);
  }

  @Test
  void signalsThatTheJvmKeeps() {
    assertThatThrownBy(() -> Signals.receive(Signals.KILL, signal -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
