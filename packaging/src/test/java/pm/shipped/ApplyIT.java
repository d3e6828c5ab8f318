package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** From the files to what runs: only what changed changes, and what is broken changes nothing. */
@Timeout(180)
class ApplyIT {

  private static final String BEFORE =
      """
      programs:
        web: {command: [/bin/sleep, "1000"], instances: 2, readiness: {uptime: 0s}}
        env: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}, environment: {A: b}}
        gone: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
        same: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
      """;

  private static final String AFTER =
      """
      programs:
        web: {command: [/bin/sleep, "1000"], instances: 3, readiness: {uptime: 0s}, restart: {delay: 2s}}
        env: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}, environment: {A: c}}
        new: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
        same: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
      """;

  @TempDir private Path folder;
  private Pmd pmd;
  private Map<String, Long> before;

  @BeforeEach
  void start() throws IOException {
    pmd = new Pmd(folder).with(BEFORE).start();
    Await.until("all are up", () -> pids().size() == 5, pmd::said);
    before = pids();
  }

  @AfterEach
  void end() {
    pmd.close();
  }

  @Test
  void aDryRunSaysWhatWouldChangeAndChangesNothing() throws Exception {
    pmd.with(AFTER);
    Pmd.Outcome dry = pmd.pmctl("apply", "--dry-run");
    assertThat(dry.exit()).as("%s", dry).isZero();
    assertThat(dry.lines())
        .containsExactly(
            "env: restart: 1 instance",
            "  environment.A: b -> c (restart)",
            "gone: remove: no longer in the files",
            "new: add: 1 instance",
            "web: at once",
            "  instances: 2 -> 3 (at once)",
            "  restart.delay: 1s -> 2s (at once)",
            "4 programs would change, 1 unchanged");
    assertThat(pids()).isEqualTo(before);
    assertThat(pmd.pmctl("status").err()).contains("newer than what is loaded");
  }

  @Test
  void onlyWhatChangedChanges() throws Exception {
    pmd.with(AFTER);
    Pmd.Outcome applied = pmd.pmctl("apply");
    assertThat(applied.exit()).as("%s", applied).isZero();
    assertThat(applied.lines()).contains("4 programs changed, 1 unchanged");
    Map<String, Long> after = pids();
    assertThat(after.keySet())
        .containsExactly("env@1", "new@1", "same@1", "web@1", "web@2", "web@3");
    assertThat(after)
        .containsEntry("same@1", before.get("same@1"))
        .containsEntry("web@1", before.get("web@1"))
        .containsEntry("web@2", before.get("web@2"))
        .doesNotContainEntry("env@1", before.get("env@1"));
    assertThat(environment(pid(after, "env@1"), "A")).isEqualTo("c");
    assertThat(pmd.processes()).hasSize(6);
    assertThat(pmd.pmctl("config", "show", "web").out()).contains("instances: 3", "delay: 2s");

    Pmd.Outcome again = pmd.pmctl("apply");
    assertThat(again.exit()).isZero();
    assertThat(again.lines()).containsExactly("0 programs changed, 4 unchanged");
    assertThat(pids()).isEqualTo(after);
    Pmd.Outcome status = pmd.pmctl("status");
    assertThat(status.exit()).isZero();
    assertThat(status.err()).isEmpty();

    // And to fewer.
    pmd.with(AFTER.replace("instances: 3", "instances: 1"));
    assertThat(pmd.pmctl("apply").exit()).isZero();
    assertThat(pids()).containsOnlyKeys("env@1", "new@1", "same@1", "web@1");
    assertThat(pmd.processes()).hasSize(4);
  }

  @Test
  void aProgramWithAnErrorGoesOnAndTheOthersAreApplied() throws Exception {
    pmd.with(AFTER.replace("environment: {A: c}", "colour: red, instances: 0x"));
    Pmd.Outcome applied = pmd.pmctl("apply");
    assertThat(applied.exit()).as("%s", applied).isEqualTo(78);
    assertThat(applied.err())
        .contains("programs.yaml:3:", "programs.env.colour", "programs.env.instances");
    assertThat(applied.out()).contains("env: invalid: its new definition has an error");
    Map<String, Long> after = pids();
    assertThat(after)
        .containsOnlyKeys("env@1", "new@1", "same@1", "web@1", "web@2", "web@3")
        .containsEntry("env@1", before.get("env@1"));
    Pmd.Outcome status = pmd.pmctl("status");
    assertThat(status.exit()).isEqualTo(3);
    assertThat(status.out()).contains("its new definition has an error, it goes on as it was");
    assertThat(pmd.pmctl("config", "check").exit()).isEqualTo(78);
  }

  @Test
  void aFileThatCannotBeReadChangesNothing() throws Exception {
    pmd.with(AFTER + "  {broken");
    Pmd.Outcome applied = pmd.pmctl("apply");
    assertThat(applied.exit()).as("%s", applied).isEqualTo(78);
    assertThat(pids()).isEqualTo(before);
  }

  /**
   * Newer files wait for an apply, however broken they are, and although the daemon is a new one.
   */
  @Test
  void theConfigurationInForceOutlivesTheDaemon() throws Exception {
    pmd.with("broken: [");
    pmd.crash();
    pmd.start();
    assertThat(pids()).isEqualTo(before);
    Proc.of(pid(before, "env@1")).orElseThrow().kill();
    Members again =
        Await.value(
            "env runs again",
            () ->
                Optional.of(pmd.status("env@1"))
                    .filter(item -> Pmd.is(item, "IDLE"))
                    .filter(item -> Wire.number(item, "pid") != pid(before, "env@1")),
            pmd::said);
    assertThat(environment(Wire.number(again, "pid"), "A")).isEqualTo("b");
    assertThat(pmd.pmctl("apply").exit()).isEqualTo(78);
    assertThat(pids().keySet()).isEqualTo(before.keySet());

    pmd.with(AFTER);
    pmd.crash();
    pmd.start();
    assertThat(pids().keySet()).isEqualTo(before.keySet());
    assertThat(pmd.pmctl("apply").exit()).isZero();
    assertThat(pids()).containsOnlyKeys("env@1", "new@1", "same@1", "web@1", "web@2", "web@3");

    // What was applied is in force after the next crash too, without its file.
    Map<String, Long> applied = pids();
    Files.delete(folder.resolve("config/programs.d/programs.yaml"));
    pmd.crash();
    pmd.start();
    assertThat(pids()).isEqualTo(applied);
  }

  @Test
  void sighupAppliesToo() throws Exception {
    pmd.with(AFTER);
    pmd.signal("HUP");
    Await.until(
        "all are up",
        () ->
            pids()
                .keySet()
                .containsAll(List.of("env@1", "new@1", "same@1", "web@1", "web@2", "web@3")),
        pmd::said);
    Await.until("gone is gone", () -> !pmd.status().containsKey("gone@1"), pmd::said);

    // What is wrong is said in the log, and changes nothing.
    Map<String, Long> after = pids();
    pmd.with(AFTER.replace("instances: 3", "instances: many"));
    Files.writeString(folder.resolve("config/pmd.yaml"), "log: {level: loud}\n");
    pmd.signal("HUP");
    Await.until("it is said", () -> pmd.said().contains("nothing is applied"), pmd::said);
    assertThat(pmd.said()).contains("programs.web.instances", "log.level");
    assertThat(pids()).isEqualTo(after);
  }

  private static long pid(Map<String, Long> pids, String instance) {
    return Optional.ofNullable(pids.get(instance)).orElseThrow();
  }

  /** Right after exec the kernel may not show it yet. */
  private static String environment(long pid, String name) {
    return Await.value(
        "environment of " + pid,
        () -> Proc.of(pid).map(process -> process.variable(name)).filter(text -> !text.isEmpty()),
        () -> "");
  }

  private Map<String, Long> pids() {
    Map<String, Long> pids = new TreeMap<>();
    pmd.status()
        .forEach(
            (name, item) -> {
              if (Pmd.is(item, "IDLE")) {
                pids.put(name, Wire.number(item, "pid"));
              }
            });
    return pids;
  }
}
