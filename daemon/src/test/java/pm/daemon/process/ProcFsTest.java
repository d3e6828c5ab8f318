package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.daemon.posix.Host;

class ProcFsTest {
  private static final String REST =
      " 1 42 42 0 -1 4194560 120 0 0 0 7 5 0 0 20 0 1 0 98765 2600960 321 18446744073709551615"
          + " 1 1 0 0 0 0 0 0 65536 1 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 1792\n";

  private static Optional<ProcessStat> parse(String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    return ProcessStat.parse(bytes, bytes.length);
  }

  @Test
  void givenALine_whenItIsRead_thenEachFieldIsInItsPlace() {
    assertThat(parse("42 (sleep) Z" + REST))
        .contains(new ProcessStat(42, 'Z', 1, 42, 42, 12, 98765, 321, 1792, 1, 0));
  }

  @Test
  void givenANameMadeToConfuse_whenItIsRead_thenItDoesNot() {
    assertThat(parse("42 (a) R 7 7 (b\n) S" + REST).orElseThrow().state()).isEqualTo('S');
    assertThat(parse("42 ()) T" + REST).orElseThrow().parent()).isEqualTo(1);
  }

  @Test
  void givenNoSuchLine_whenItIsRead_thenThereIsNothing() {
    assertThat(parse("")).isEmpty();
    assertThat(parse("42 (sleep)")).isEmpty();
    assertThat(parse("42 (sleep) S 1 2")).isEmpty();
  }

  @Test
  void givenPathsOfPipes_whenTheyAreRead_thenOnlyOursShowAnInvocation() {
    String hex = "0123456789abcdef0123456789abcdef";
    assertThat(ProcFs.invocationOfPipe("/run/pm/pipes/web@1." + hex + ".out")).contains(hex);
    assertThat(ProcFs.invocationOfPipe("/run/pm/pipes/a.b@1." + hex + ".err (deleted)"))
        .contains(hex);
    assertThat(ProcFs.invocationOfPipe("/run/pm/pipes/web@1." + hex)).isEmpty();
    assertThat(ProcFs.invocationOfPipe("/run/pm/pipes/web@1.x" + hex.substring(1) + ".out"))
        .isEmpty();
    assertThat(ProcFs.invocationOfPipe("/run/pm/web@1." + hex + ".out")).isEmpty();
    assertThat(ProcFs.invocationOfPipe("pipe:[123]")).isEmpty();
    assertThat(ProcFs.invocationOfPipe("/pipes/")).isEmpty();
  }

  @Test
  void givenThisProcess_whenItIsLookedAt_thenItIsThere() throws Exception {
    ProcFs proc = new ProcFs();
    ProcessStat self = proc.stat(Host.pid()).orElseThrow();

    assertThat(self.pid()).isEqualTo(Host.pid());
    assertThat(self.startTicks()).isLessThanOrEqualTo(HostFacts.read().nowTicks());
    assertThat(self.residentPages()).isPositive();
    assertThat(proc.stat(1 << 22)).isEmpty();
    assertThat(HostFacts.read().pageBytes()).isGreaterThanOrEqualTo(4096);
    assertThat(HostFacts.read().ticksPerSecond()).isEqualTo(100);
  }

  @Test
  void givenControlGroups_whenTheyAreRead_thenTheirInvocationsAreFound() {
    String hex = "0123456789abcdef0123456789abcdef";
    String outer = "fedcba9876543210fedcba9876543210";

    assertThat(ProcFs.invocationsOfGroup("1:cpu:/web@1." + hex + "\n0::/\n")).isEmpty();
    assertThat(ProcFs.invocationsOfGroup("0::/pm-programs.service/web@1." + hex + "\n"))
        .containsExactly(hex);
    assertThat(ProcFs.invocationsOfGroup("0::/pm@1." + outer + "/x/a.b@22." + hex + "/below\n"))
        .containsExactlyInAnyOrder(outer, hex);
    assertThat(ProcFs.invocationsOfGroup("0::/user@1000.service/x." + hex + "\n")).isEmpty();
    assertThat(ProcFs.invocationsOfGroup("0::/web@1." + hex + "0\n")).isEmpty();
  }
}
