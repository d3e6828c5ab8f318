package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** A thousand programs are as good as one: started, taken over after a crash, stopped. */
@Tag("alone")
@Timeout(300)
class ThousandProgramsIT {

  private static final int COUNT = 1_000;

  /** What may come and go beside the programs: a connection, a reading of a folder. */
  private static final int SPARE_DESCRIPTORS = 8;

  @Test
  void theyAreTakenOverAfterACrashAndStopped(@TempDir Path home) throws Exception {
    StringBuilder yaml = new StringBuilder("programs:\n");
    for (int i = 0; i < COUNT; i++) {
      yaml.append("  p")
          .append(i)
          .append(": {command: [sleep, '1000'], readiness: {uptime: 0s}}\n");
    }
    try (Pmd pmd = new Pmd(home).with(yaml.toString()).start()) {
      Await.until("all are up", () -> count(pmd, "IDLE") == COUNT, pmd::said);
      Map<String, Long> before = pids(pmd);

      pmd.crash();
      pmd.start();

      Await.until("all are up", () -> count(pmd, "IDLE") == COUNT, pmd::said);
      assertThat(pids(pmd)).isEqualTo(before);
      // Stopping what was taken over looks through all processes, for all of them at once.
      Pmd.Outcome stopped = pmd.pmctl("stop", "all");
      assertThat(stopped.exit()).as(stopped.err()).isZero();
      assertThat(count(pmd, "DEAD")).isEqualTo(COUNT);
      assertThat(pmd.processes()).isEmpty();

      int atRest = descriptors(pmd);
      Pmd.Outcome started = pmd.pmctl("start", "all");
      assertThat(started.exit()).as(started.err()).isZero();
      Pmd.Outcome again = pmd.pmctl("stop", "all");
      assertThat(again.exit()).as(again.err()).isZero();
      Await.until(
          "no descriptor is left over", () -> descriptors(pmd) <= atRest + SPARE_DESCRIPTORS);
    }
  }

  private static long count(Pmd pmd, String state) {
    return pmd.status().values().stream().filter(item -> Pmd.is(item, state)).count();
  }

  private static Map<String, Long> pids(Pmd pmd) {
    Map<String, Long> pids = new HashMap<>();
    for (Map.Entry<String, Members> item : pmd.status().entrySet()) {
      pids.put(item.getKey(), Wire.number(item.getValue(), "pid"));
    }
    return pids;
  }

  private static int descriptors(Pmd pmd) {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pmd.pid() + "/fd"))) {
      return (int) open.count();
    } catch (IOException gone) {
      throw new AssertionError("the daemon is gone; it said: " + pmd.said(), gone);
    }
  }
}
