package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InvocationIdTest {
  private static final String HEX = "0123456789abcdef0123456789abcdef";

  @Test
  void itHas32Digits() {
    assertThatIllegalArgumentException().isThrownBy(() -> new InvocationId(HEX.substring(1)));
    assertThatIllegalArgumentException().isThrownBy(() -> new InvocationId(HEX + "0"));
    assertThat(InvocationId.draw(new SplittableRandom(1)).hex()).hasSize(32);
  }

  @Test
  void theNameOfAFileTellsWhoseItIs() {
    assertThat(InvocationId.ofFile("web@1." + HEX + ".out")).contains(new InvocationId(HEX));
    assertThat(InvocationId.ofFile("a.b@1." + HEX + ".err")).contains(new InvocationId(HEX));
    assertThat(InvocationId.ofFile(HEX + ".out")).contains(new InvocationId(HEX));
    for (String name : List.of("", ".", "out", HEX, "web@1.out", "web@1." + HEX, HEX + "0.out")) {
      assertThat(InvocationId.ofFile(name)).as(name).isEmpty();
    }
  }
}
