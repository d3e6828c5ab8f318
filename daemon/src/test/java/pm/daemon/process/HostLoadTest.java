package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostLoadTest {

  @TempDir private Path proc;

  @BeforeEach
  void givenMemory() throws IOException {
    Files.writeString(
        proc.resolve("meminfo"),
        "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    250 kB\n");
  }

  private void ticks(String line) throws IOException {
    Files.writeString(proc.resolve("stat"), "cpu  " + line + "\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  }

  @Test
  void whatIsNotAvailableIsUsed() throws IOException {
    ticks("100 0 100 800 0 0 0 0 0 0");
    assertThat(new HostLoad(proc).look().memoryPercent()).isCloseTo(75, within(0.001));
  }

  @Test
  void processorsAreCountedSinceTheLookBefore() throws IOException {
    HostLoad load = new HostLoad(proc);
    ticks("100 0 100 800 0 0 0 0 0 0");
    assertThat(load.look().cpuPercent()).isEqualTo(HostLoad.UNKNOWN);
    ticks("160 0 120 810 10 0 0 0 50 0");
    assertThat(load.look().cpuPercent()).isCloseTo(80, within(0.001));
  }

  @Test
  void noTimeHasPassed() throws IOException {
    HostLoad load = new HostLoad(proc);
    ticks("100 0 100 800 0 0 0 0 0 0");
    load.look();
    assertThat(load.look().cpuPercent()).isZero();
  }

  @Test
  void aKernelThatSaysSomethingElse() throws IOException {
    Files.writeString(proc.resolve("stat"), "intr 1 2 3\n");
    HostLoad load = new HostLoad(proc);
    assertThatThrownBy(load::look).hasMessageContaining("stat has no line of all processors");
  }

  @Test
  void thisMachine() throws IOException {
    HostLoad load = new HostLoad();
    load.look();
    HostLoad.Seen seen = load.look();
    assertThat(seen.cpuPercent()).isBetween(0.0, 100.0);
    assertThat(seen.memoryPercent()).isBetween(0.0, 100.0);
  }
}
