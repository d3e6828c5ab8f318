package pm.daemon.core.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.config.Probe;

class CheckPlanTest {

  private static CheckPlan tcp(String address) {
    Duration any = Duration.ofSeconds(1);
    return new CheckPlan(Optional.of(new Probe.Tcp(address)), any, any, false);
  }

  @Test
  void whatWasAskedIsNamedOnce() {
    assertThat(tcp("127.0.0.1:80").failure("127.0.0.1:80: connection refused"))
        .isEqualTo("tcp 127.0.0.1:80: connection refused");
  }

  @Test
  void andWithItsVariablesWhereItHasSome() {
    assertThat(tcp("127.0.0.1:${PORT}").failure("127.0.0.1:80: connection refused"))
        .isEqualTo("tcp 127.0.0.1:80: connection refused");
  }
}
