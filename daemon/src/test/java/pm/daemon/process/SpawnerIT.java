package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Command;
import pm.config.EnvFile;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

@Timeout(60)
class SpawnerIT {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void open() throws ErrnoException {
    world = new World(folder);
  }

  @AfterEach
  void close() throws ErrnoException {
    world.close();
  }

  private Report.SpawnFailed fail(ProgramSpec.Builder program) throws InterruptedException {
    return world.await(world.spawn(program.build()), Report.SpawnFailed.class);
  }

  private static ProgramSpec.Builder argv(String... words) {
    return new ProgramSpec.Builder("web", new Command(List.of(words), false));
  }

  @Test
  void givenAProgram_whenItIsSpawned_thenItGetsWhatItIsPromised() throws Exception {
    Path envFile = Files.writeString(folder.resolve("env"), "export GREETING='hello you'\n");
    World.Started started =
        world.start(
            World.sh(
                    "echo $PM_NAME $PM_INSTANCE $GREETING $WHO; pwd; umask; readlink"
                        + " /proc/$$$$/fd/0; ps -o pgid=,sid= -p $$$$; ls /proc/$$$$/fd; echo"
                        + " $PM_INVOCATION_ID")
                .environment(Map.of("WHO", "${PM_PROGRAM}-${GREETING}"))
                .envFiles(List.of(new EnvFile(envFile.toString(), false)))
                .workingDir(folder.toString())
                .umask(027)
                .build());
    InvocationId id = started.invocation();
    int pid = started.process().pid();

    assertThat(world.output.line(id)).isEqualTo("web@1 1 hello you web-hello you");
    assertThat(world.output.line(id)).isEqualTo(folder.toString());
    assertThat(world.output.line(id)).isEqualTo("0027");
    assertThat(world.output.line(id)).isEqualTo("/dev/null");
    assertThat(world.output.line(id).trim().split(" +"))
        .containsExactly(Integer.toString(pid), Integer.toString(pid));
    for (String descriptor : List.of("0", "1", "2")) {
      assertThat(world.output.line(id)).isEqualTo(descriptor);
    }
    assertThat(world.output.line(id)).isEqualTo(id.hex());
    assertThat(world.end(id).status()).isEqualTo(new ExitStatus.Code(0));
    world.assertNothingElseIsReported();
  }

  @Test
  void givenAMissingProgram_whenItIsSpawned_thenThatIsSaid() throws Exception {
    Report.SpawnFailed failed = fail(argv("/opt/gone/srv"));

    assertThat(failed.stage()).isEqualTo("exec");
    assertThat(failed.reason()).isEqualTo("/opt/gone/srv: No such file or directory");
    assertThat(failed.shortage()).isFalse();
  }

  @Test
  void givenAProgramThatIsNotExecutable_whenItIsSpawned_thenThatIsSaid() throws Exception {
    Path file = Files.writeString(folder.resolve("srv"), "#!/bin/sh\n");

    Report.SpawnFailed failed = fail(argv(file.toString()));

    assertThat(failed.stage()).isEqualTo("exec");
    assertThat(failed.reason()).isEqualTo(file + ": Permission denied");
  }

  @Test
  void givenAMissingFolder_whenSpawned_thenThatIsSaid() throws Exception {
    Report.SpawnFailed failed = fail(argv("true").workingDir("/opt/gone"));

    assertThat(failed.stage()).isEqualTo("working_dir");
    assertThat(failed.reason()).isEqualTo("/opt/gone: No such file or directory");
  }

  @Test
  void givenAnUnknownUserOrGroup_whenSpawned_thenThatIsSaid() throws Exception {
    Report.SpawnFailed user = fail(argv("true").user(Optional.of("wwww")));
    Report.SpawnFailed group = fail(argv("true").group(Optional.of("gggg")));
    Report.SpawnFailed more = fail(argv("true").supplementaryGroups(Optional.of(List.of("hhhh"))));
    Report.SpawnFailed number = fail(argv("true").user(Optional.of("54321")));

    assertThat(user.stage() + ": " + user.reason()).isEqualTo("user: no such user: wwww");
    assertThat(group.stage() + ": " + group.reason()).isEqualTo("group: no such group: gggg");
    assertThat(more.stage() + ": " + more.reason()).isEqualTo("group: no such group: hhhh");
    assertThat(number.stage()).isEqualTo("user");
    assertThat(number.reason()).contains("54321").contains("group");
  }

  @Test
  void givenAnEnvFileThatIsNoGood_whenSpawned_thenThatIsSaidWithItsPath() throws Exception {
    Path broken = Files.writeString(folder.resolve("broken"), "A=1\nB\n");
    Path gone = folder.resolve("gone");

    Report.SpawnFailed missing =
        fail(argv("true").envFiles(List.of(new EnvFile(gone.toString(), false))));
    Report.SpawnFailed malformed =
        fail(argv("true").envFiles(List.of(new EnvFile(broken.toString(), false))));
    Report.SpawnFailed directory =
        fail(argv("true").envFiles(List.of(new EnvFile(folder.toString(), true))));

    assertThat(missing.stage()).isEqualTo("env_file");
    assertThat(missing.reason()).isEqualTo(gone + ": No such file or directory");
    assertThat(malformed.reason())
        .isEqualTo(broken + ": line 2: there is no '=' after its first word");
    assertThat(directory.reason()).isEqualTo(folder + ": is a directory");
    world.end(
        world
            .start(argv("true").envFiles(List.of(new EnvFile(gone.toString(), true))).build())
            .invocation());
  }

  @Test
  void givenAVariableThatIsNotSet_whenSpawned_thenThatIsSaid() throws Exception {
    Report.SpawnFailed failed = fail(argv("true", "${GONE}"));

    assertThat(failed.stage()).isEqualTo("command");
    assertThat(failed.reason()).startsWith("${GONE} is not set");
  }

  @Test
  void givenOutputThatCannotBeTaken_whenSpawned_thenThatIsSaid() throws Exception {
    world.output.refusal =
        Optional.of(new OutputRefusedException("/x: Is a directory", false, new IOException()));

    Report.SpawnFailed failed = fail(argv("true"));

    assertThat(failed.stage() + ": " + failed.reason()).isEqualTo("log: /x: Is a directory");
  }

  @Test
  void givenAnotherUser_whenSpawned_thenItIsThatUserWithAllHisGroups() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can be another user");
    World.Started started =
        world.start(
            World.sh("id -un; id -G; echo $HOME $USER $LOGNAME; echo hello > /dev/stdout")
                .user(Optional.of("nobody"))
                .build());

    assertThat(world.output.line(started.invocation())).isEqualTo("nobody");
    assertThat(world.output.line(started.invocation())).isNotEmpty().doesNotStartWith("0");
    assertThat(world.output.line(started.invocation())).endsWith("nobody nobody");
    assertThat(world.output.line(started.invocation())).isEqualTo("hello");
    world.end(started.invocation());
  }

  @Test
  void givenAllExitCodes_whenProcessesEnd_thenEachIsExact() throws Exception {
    List<InvocationId> ids = new ArrayList<>();
    for (int code = 0; code < 256; code++) {
      ids.add(world.spawn(World.quiet(World.sh("exit " + code))));
    }
    for (int code = 0; code < 256; code++) {
      world.await(ids.get(code), Report.Spawned.class);
      assertThat(world.end(ids.get(code)).status()).isEqualTo(new ExitStatus.Code(code));
    }
    world.assertNothingElseIsReported();
    assertThat(Proc.zombies()).isZero();
  }

  @Test
  void givenDeadlySignals_whenProcessesSendThemToThemselves_thenEachIsExact() throws Exception {
    Map<String, Integer> signals =
        Map.of("HUP", 1, "QUIT", 3, "ABRT", 6, "KILL", 9, "USR1", 10, "SEGV", 11, "TERM", 15);
    for (Map.Entry<String, Integer> signal : signals.entrySet()) {
      World.Started started =
          world.start(World.quiet(World.sh("ulimit -c 0; kill -" + signal.getKey() + " $$$$")));
      assertThat(world.end(started.invocation()).status())
          .isEqualTo(new ExitStatus.Signalled(signal.getKey(), signal.getValue(), false));
    }
  }

  @Test
  void given500Spawns_whenAllIsOver_thenThereAreAsManyDescriptorsAsBefore() throws Exception {
    for (int i = 0; i < 10; i++) {
      world.end(world.start(World.sh("echo x").build()).invocation());
    }
    int before = Proc.descriptors();

    for (int round = 0; round < 10; round++) {
      List<InvocationId> ids = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        ids.add(world.spawn(World.sh("echo x; exit 3").umask(i % 2 == 0 ? 022 : 077).build()));
      }
      for (InvocationId id : ids) {
        world.await(id, Report.Spawned.class);
        assertThat(world.end(id).status()).isEqualTo(new ExitStatus.Code(3));
      }
    }

    world.onLoop(p -> {});
    Proc.await("descriptors", () -> Proc.descriptors() == before);
    assertThat(Proc.zombies()).isZero();
  }
}
