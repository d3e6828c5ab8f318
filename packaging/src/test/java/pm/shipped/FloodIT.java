package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** More is asked for at once than the daemon can answer at once. */
@Timeout(180)
class FloodIT {

  private static final int CLIENTS = 1_300;

  @TempDir private Path folder;

  /**
   * Neither its memory nor its own work is at the mercy of those who only want to see something.
   */
  @Test
  void whatIsDecidedIsKeptHoweverManyClientsWaitForLongAnswers() throws Exception {
    String yaml =
        """
        programs:
          crowd:
            command: [/bin/sleep, "1000"]
            instances: 1000
            autostart: false
          web:
            command: [/bin/sleep, "1000"]
            readiness: {uptime: 0s}
        """;
    List<Wire> clients = new ArrayList<>();
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      pmd.await("web@1", "IDLE");
      try (Wire first = Wire.connect(pmd.socket())) {
        for (int i = 0; i < CLIENTS; i++) {
          clients.add(Wire.connect(pmd.socket()));
        }
        for (Wire client : clients) {
          client.request("describe", "selectors", List.of("all"));
        }

        Members stopped = first.ask("stop", "selectors", List.of("web"));

        assertThat(Wire.objects(stopped, "outcomes").getFirst().string("result")).isEqualTo("done");
        assertThat(pmd.said()).doesNotContain("OutOfMemoryError");
      }
    } finally {
      for (Wire client : clients) {
        client.close();
      }
    }
  }
}
