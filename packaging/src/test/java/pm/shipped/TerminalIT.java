package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the client does on a real terminal. */
@Timeout(120)
class TerminalIT {
  private static final String PROGRAMS =
      """
      programs:
        web:
          command: [/bin/sleep, "1000"]
          readiness: {uptime: 0s}
        failing:
          command: [/no/such/program/with/a/name/that/makes/the/detail/longer/than/the/terminal/is/wide]
        slow:
          command: [/bin/sleep, "1000"]
          readiness: {uptime: 3s}
          autostart: false
        work:
          type: worker
          command: [/bin/sh, WORKER]
          readiness: {uptime: 0s}
          pool: {queue: {capacity: 2}, task: {timeout: 1h}}
      """;

  private static final String LEAVE = "\u001b[?25h\u001b[?1049l";

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    Path worker =
        Path.of("..", "config-examples", "workers", "worker.sh").toAbsolutePath().normalize();
    pmd = new Pmd(folder).with(PROGRAMS.replace("WORKER", worker.toString())).start();
    pmd.await("failing@1", "DEAD/failed");
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  private static Typed pmctl(String size, String words) throws IOException {
    return Typed.start(pmd, "stty " + size + "; exec " + Pmd.BIN + "/pmctl " + words);
  }

  @Test
  void theTableIsCutToTheWidthOfTheTerminal() throws Exception {
    try (Typed pmctl = pmctl("rows 24 cols 90", "--color never status failing")) {
      assertThat(pmctl.end()).isEqualTo(3);
      assertThat(pmctl.shown().lines()).allMatch(line -> line.length() <= 90);
      assertThat(pmctl.shown()).contains("\u2026");
    }
    try (Typed pmctl = pmctl("rows 24 cols 90", "--color never status failing -o wide")) {
      assertThat(pmctl.end()).isEqualTo(3);
      assertThat(pmctl.shown()).contains("terminal/is/wide").doesNotContain("\u2026");
    }
  }

  @Test
  void aWatchedTableIsDrawnInPlaceFollowsTheSizeAndGivesTheTerminalBack() throws Exception {
    try (Typed watch = pmctl("rows 24 cols 120", "--color never status --watch web slow")) {
      watch.await("\u001b[?1049h\u001b[?25l");
      watch.await("web@1   IDLE");
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
      watch.await("web@1   DEAD");
      assertThat(pmd.pmctl("start", "web").exit()).isZero();
      watch.await("web@1   IDLE");
      // A smaller terminal shows less, and says so.
      Path terminal =
          Path.of("/proc", Long.toString(watch.command().pid()), "fd", "1").toRealPath();
      assertThat(
              Pmd.Outcome.of(
                      new ProcessBuilder(
                          "stty", "-F", terminal.toString(), "rows", "3", "cols", "60"))
                  .exit())
          .isZero();
      watch.await("\u2026 and ");
      watch.type("\u0003");
      assertThat(watch.end()).isEqualTo(130);
      watch.await(LEAVE);
      // The last picture stays.
      watch.await("web@1   IDLE");
    }
  }

  @Test
  void aWatchIsStoppedAndContinuedAsAnyProgram() throws Exception {
    try (Typed watch = pmctl("rows 24 cols 120", "--color never status --watch web")) {
      watch.await("web@1");
      Proc command = watch.command();
      watch.type("\u001a");
      Await.until(
          "it is stopped",
          () -> Proc.of(command.pid()).map(Proc::state).orElse("").startsWith("T"),
          watch::shown);
      watch.goOn();
      watch.await(LEAVE);
      watch.await("\u001b[?1049h");
      watch.await("web@1");
      watch.type("\u0003");
      assertThat(watch.end()).isEqualTo(130);
    }
  }

  @Test
  void whoWaitsIsToldForWhat() throws Exception {
    try (Typed start = pmctl("rows 24 cols 120", "--color never start slow")) {
      start.await("waiting for slow@1 (STARTING");
      start.await("slow@1: started");
      assertThat(start.end()).isZero();
    }
  }

  @Test
  void whoFollowsAProgramSeesAllOfItAndEndsAsItDoes() throws Exception {
    try (Typed run =
        pmctl(
            "rows 24 cols 120",
            "run --follow -n job -- /bin/sh -c 'echo one; printf two; exit 7'")) {
      run.await("one");
      run.await("two");
      assertThat(run.end()).isEqualTo(7);
    }
  }

  @Test
  void topIsDrawnInPlaceAndQEndsItAndGivesTheTerminalBack() throws Exception {
    // What the terminal is afterwards the shell tells, whose terminal it is.
    String line = "stty rows 24 cols 120; " + Pmd.BIN + "/pmctl --color never top; stty -a";
    try (Typed top = Typed.start(pmd, line)) {
      top.await("\u001b[?1049h\u001b[?25l");
      top.await("memory ");
      top.await("work    open");
      top.await("web@1");
      top.type("xq");
      top.await(LEAVE);
      // The last picture stays.
      top.await("web@1");
      top.await("isig icanon");
      assertThat(top.end()).isZero();
      assertThat(top.shown()).contains(" echo ").doesNotContain(" -echo ", "-icanon");
    }
    try (Typed top = pmctl("rows 24 cols 60", "--color never top")) {
      top.await("web@1");
      assertThat(top.shown().lines().filter(each -> !each.contains("\u001b[?")))
          .allMatch(each -> each.replaceAll("\u001b\\[[0-9?]*[a-zA-Z]", "").length() <= 61);
      top.type("\u0003");
      assertThat(top.end()).isEqualTo(130);
      top.await(LEAVE);
    }
  }

  @Test
  void whoWaitsForTasksIsToldForWhatAndCtrlCSaysWhatIsIn() throws Exception {
    assertThat(pmd.pmctl("pool", "pause", "work").exit()).isZero();
    try (Typed submit = pmctl("rows 24 cols 120", "submit work 1 --wait --id mine")) {
      submit.await("waiting for mine (QUEUED");
      submit.type("\u0003");
      assertThat(submit.end()).isEqualTo(130);
      submit.await("pmctl: interrupted. The task is in and goes on. See: pmctl task show mine");
    }
    String lines = "printf '1\\n2\\n3\\n' | " + Pmd.BIN + "/pmctl submit work --batch";
    try (Typed submit = Typed.start(pmd, lines + " --wait-for-space 10m")) {
      submit.await("waiting for room in the queue of work; 1 task is in");
      submit.type("\u0003");
      assertThat(submit.end()).isEqualTo(130);
      submit.await("pmctl: interrupted. 1 task is in, up to line 1. See: pmctl task list work");
    }
    assertThat(pmd.pmctl("pool", "resume", "work").exit()).isZero();
    try (Typed drain = pmctl("rows 24 cols 120", "pool drain work")) {
      drain.await("work: drained");
      assertThat(drain.end()).isZero();
    }
    assertThat(pmd.pmctl("pool", "resume", "work").exit()).isZero();
  }
}
