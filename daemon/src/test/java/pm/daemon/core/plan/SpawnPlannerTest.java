package pm.daemon.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

class SpawnPlannerTest {
  private static final InstanceName WEB_2 = new InstanceName("web", 2);
  private static final InvocationId ID = new InvocationId("0123456789abcdef0123456789abcdef");
  private static final Account ANN =
      new Account("ann", 1000, 1000, List.of(1000), "/home/ann", "/bin/zsh");

  private static ProgramSpec.Builder program(String... argv) {
    return new ProgramSpec.Builder("web", new Command(List.of(argv), false));
  }

  private static SpawnPlanner.Result plan(
      ProgramSpec spec, Map<String, String> envFiles, Map<String, String> daemon) {
    return SpawnPlanner.plan(
        spec,
        WEB_2,
        ID,
        new SpawnPlanner.Surroundings(ANN, envFiles, Set.of(), daemon, "/run/pm/pmd.sock"));
  }

  private static SpawnPlan planned(
      ProgramSpec spec, Map<String, String> envFiles, Map<String, String> daemon) {
    return switch (plan(spec, envFiles, daemon)) {
      case SpawnPlanner.Result.Planned planned -> planned.plan();
      case SpawnPlanner.Result.Refused refused -> throw new AssertionError(refused);
    };
  }

  @Test
  void givenNothingSpecial_whenPlanned_thenTheEnvironmentIsCleanAndComplete() {
    SpawnPlan plan =
        planned(program("true").build(), Map.of(), Map.of("TZ", "UTC", "EDITOR", "vi"));

    assertThat(plan.environment())
        .containsExactly(
            Map.entry("HOME", "/home/ann"),
            Map.entry("LOGNAME", "ann"),
            Map.entry("PATH", SpawnPlanner.DEFAULT_PATH),
            Map.entry("PM_INSTANCE", "2"),
            Map.entry("PM_INVOCATION_ID", ID.hex()),
            Map.entry("PM_NAME", "web@2"),
            Map.entry("PM_PROGRAM", "web"),
            Map.entry("PM_SOCKET", "/run/pm/pmd.sock"),
            Map.entry("SHELL", "/bin/zsh"),
            Map.entry("TZ", "UTC"),
            Map.entry("USER", "ann"));
    assertThat(plan.workingDirectory()).isEqualTo("/");
    assertThat(plan.argv()).containsExactly("true");
    assertThat(plan.umask()).isEqualTo(022);
  }

  /** Root makes log files, so whoever could write the env_file must not be able to say where. */
  @Test
  void givenAnEnvFileThatOthersCanChange_whenPlanned_thenItSaysNotWhereTheLogIs() {
    Map<String, String> files = Map.of("NAME", "../../etc/cron.d/x", "WORD", "hello", "HOME", "/");
    SpawnPlanner.Surroundings surroundings =
        new SpawnPlanner.Surroundings(
            ANN, files, Set.of("NAME", "HOME"), Map.of(), "/run/pm/pmd.sock");
    for (String path : List.of("/log/${NAME}", "/log/${MINE}", "${HOME}/log", "/l${NAME:-}")) {
      for (boolean isErr : new boolean[] {false, true}) {
        assertThat(planWithLog(path, isErr, surroundings))
            .isEqualTo(
                new SpawnPlanner.Result.Refused(
                    "log",
                    "the path of the file depends on an env_file that others can change; write it"
                        + " where they cannot"));
      }
    }
    for (String path : List.of("/log/${WORD}", "/log/${PM_NAME}", "/log/x")) {
      assertThat(planWithLog(path, false, surroundings))
          .isInstanceOf(SpawnPlanner.Result.Planned.class);
    }
  }

  private static SpawnPlanner.Result planWithLog(
      String path, boolean isErr, SpawnPlanner.Surroundings surroundings) {
    LogTarget file = new LogTarget.File(path);
    LogSpec usual = program("true").build().logs();
    LogSpec logs =
        new LogSpec(
            isErr ? usual.file() : file,
            isErr ? file : usual.stderr(),
            usual.maxSizeBytes(),
            usual.keep(),
            usual.maxAge(),
            usual.compress(),
            usual.format());
    ProgramSpec spec = program("true").environment(Map.of("MINE", "${NAME}")).logs(logs).build();
    return SpawnPlanner.plan(spec, WEB_2, ID, surroundings);
  }

  @Test
  void givenVariablesInAllLayers_whenPlanned_thenTheUpperWinAndOursAreLast() {
    SpawnPlan plan =
        planned(
            program("true")
                .inheritEnvironment(true)
                .environment(Map.of("B", "config", "PM_NAME", "mine", "D", "${A}-${PM_INSTANCE}"))
                .build(),
            Map.of("A", "file", "B", "file"),
            Map.of("A", "daemon", "B", "daemon", "C", "daemon", "HOME", "/root"));

    assertThat(plan.environment())
        .containsEntry("A", "file")
        .containsEntry("B", "config")
        .containsEntry("C", "daemon")
        .containsEntry("D", "file-2")
        .containsEntry("HOME", "/home/ann")
        .containsEntry("PM_NAME", "web@2");
  }

  @Test
  void givenInheritance_whenPlanned_thenWhatIsAboutTheDaemonStaysWithIt() {
    SpawnPlan plan =
        planned(
            program("true").inheritEnvironment(true).build(),
            Map.of(),
            Map.of(
                "LD_PRELOAD", "x",
                "JAVA_TOOL_OPTIONS", "x",
                "_JAVA_OPTIONS", "x",
                "JDK_JAVA_OPTIONS", "x",
                "NOTIFY_SOCKET", "x",
                "LISTEN_FDS", "x",
                "WATCHDOG_USEC", "x",
                "CREDENTIALS_DIRECTORY", "x",
                "PMD_JAVA_OPTIONS", "x",
                "EDITOR", "vi"));

    assertThat(plan.environment()).containsEntry("EDITOR", "vi").doesNotContainValue("x");
  }

  @Test
  void givenTemplatesEverywhere_whenPlanned_thenAllSeeTheWholeEnvironment() {
    SpawnPlan plan =
        planned(
            program("${ROOT}/srv", "--port=80${PM_INSTANCE}", "$HOME", "$$x", "${NONE:-none}")
                .environment(Map.of("ROOT", "/opt"))
                .workingDir("${ROOT}/${PM_NAME}")
                .logs(
                    new LogSpec(new LogTarget.File("${PM_NAME}.log"), LogTarget.MERGE, 1 << 20, 3))
                .build(),
            Map.of(),
            Map.of());

    assertThat(plan.argv()).containsExactly("/opt/srv", "--port=802", "$HOME", "$x", "none");
    assertThat(plan.workingDirectory()).isEqualTo("/opt/web@2");
    assertThat(plan.logs().file()).isEqualTo(new LogTarget.File("web@2.log"));
    assertThat(plan.logs().stderr()).isEqualTo(LogTarget.MERGE);
  }

  @Test
  void givenALineForTheShell_whenPlanned_thenItIsOneArgument() {
    ProgramSpec spec =
        new ProgramSpec.Builder("web", new Command(List.of("exec a '${PM_NAME}'"), true)).build();

    assertThat(planned(spec, Map.of(), Map.of()).argv())
        .containsExactly("/bin/sh", "-c", "exec a 'web@2'");
  }

  @Test
  void givenWhatCannotBeExpanded_whenPlanned_thenItIsRefusedWithItsStage() {
    assertThat(plan(program("a", "${GONE}").build(), Map.of(), Map.of()))
        .isEqualTo(
            new SpawnPlanner.Result.Refused(
                "command", "${GONE} is not set; write ${GONE:-} if it may be"));
    assertThat(plan(program("a").environment(Map.of("X", "${GONE}")).build(), Map.of(), Map.of()))
        .isEqualTo(
            new SpawnPlanner.Result.Refused(
                "environment", "X: ${GONE} is not set; write ${GONE:-} if it may be"));
    assertThat(
            plan(
                program("a").environment(Map.of("X", "${Y}", "Y", "${X}")).build(),
                Map.of(),
                Map.of()))
        .isInstanceOfSatisfying(
            SpawnPlanner.Result.Refused.class,
            refused -> assertThat(refused.stage()).isEqualTo("environment"));
    assertThat(plan(program("a").workingDir("${D:-srv}").build(), Map.of(), Map.of()))
        .isEqualTo(new SpawnPlanner.Result.Refused("working_dir", "srv is not an absolute path"));
    assertThat(plan(program("${E:-}").build(), Map.of(), Map.of()))
        .isEqualTo(
            new SpawnPlanner.Result.Refused(
                "command", "its first word is empty once it is expanded"));
  }

  @Test
  void givenAPathOfALogThatExpandsToNothing_whenPlanned_thenItIsRefused() {
    assertThat(
            planWithLog(
                "${E:-}",
                false,
                new SpawnPlanner.Surroundings(
                    ANN, Map.of("NAME", "x"), Set.of(), Map.of(), "/run/pm/pmd.sock")))
        .isEqualTo(
            new SpawnPlanner.Result.Refused(
                "log", "the path of the file is empty once it is expanded"));
  }

  @Test
  void givenAPathOfItsOwn_whenPlanned_thenItsProgramIsLookedForThere() {
    assertThat(planned(program("a").build(), Map.of(), Map.of()).searchPath())
        .isEqualTo(SpawnPlanner.DEFAULT_PATH);
    assertThat(planned(program("a").build(), Map.of("PATH", "/opt/bin"), Map.of()).searchPath())
        .isEqualTo("/opt/bin");
  }

  @Test
  void givenWordsThatExpandToMoreThanAProcessCanBeGiven_whenPlanned_thenItIsRefused() {
    String[] words = new String[100];
    Arrays.fill(words, "${LONG}");
    assertThat(plan(program(words).build(), Map.of("LONG", "x".repeat(100_000)), Map.of()))
        .isEqualTo(
            new SpawnPlanner.Result.Refused(
                "command", "is longer than a process can be given once it is expanded"));
  }
}
