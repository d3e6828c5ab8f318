package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.InvocationId;

class AdoptionTest {
  private static final int SELF = 10;
  private static final InvocationId WORK = new InvocationId("0123456789abcdef0123456789abcdef");

  /** It would take itself for a worker, and end itself in place of that. */
  @Test
  void givenADaemonWithAPipeOfAWorkerOpen_whenTheWorkerIsLookedFor_thenTheDaemonIsNotIt()
      throws Exception {
    ProcessTable table =
        new ProcessTable(
            List.of(leader(SELF, 'S'), leader(100, 'S'), leader(101, 'Z'), leader(102, 'S')),
            process -> process.pid() == 102 ? Set.of() : Set.of(WORK.hex()));

    assertThat(Adoption.showing(table, WORK, SELF))
        .extracting(ProcessStat::pid)
        .containsExactly(100);
  }

  private static ProcessStat leader(int pid, char state) {
    return new ProcessStat(pid, state, 1, pid, pid, 0, 500, 1, 0, 1, 0);
  }
}
