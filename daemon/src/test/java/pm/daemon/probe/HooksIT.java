package pm.daemon.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Command;
import pm.config.Hook;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

/** Hooks and exec probes with real processes. */
class HooksIT {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final HookFacts NO_FACTS =
      new HookFacts(OptionalInt.empty(), Optional.empty(), "start", OptionalInt.empty());

  @TempDir private Path folder;
  private ProbeWorld world;

  @BeforeEach
  void open() throws Exception {
    Files.createDirectory(folder.resolve("pipes"));
    // What a daemon has left that was killed; it is gone at the end of each test.
    FilePath.mkfifo(folder.resolve("pipes").resolve("hook.0123").toString(), 0600);
    world = new ProbeWorld(folder.resolve("pipes"));
  }

  @AfterEach
  void close() throws Exception {
    world.close();
    try (var left = Files.list(folder.resolve("pipes"))) {
      assertThat(left).isEmpty();
    }
  }

  private static Hook hook(String script) {
    return new Hook(ProbeWorld.sh(script), LONG, false);
  }

  private HookEnd run(ProgramSpec spec, String script) throws Exception {
    return world.hook(spec, HookKind.PRE_START, hook(script)).end();
  }

  @Test
  void itsExitCodeAndOutputComeBack() throws Exception {
    HookEnd end = run(ProbeWorld.program().build(), "echo one; echo two >&2; exit 7");
    assertThat(end.exitCode()).hasValue(7);
    assertThat(end.output()).isEqualTo("one\ntwo");
    assertThat(end.problem()).isEmpty();
    assertThat(end.timedOut()).isFalse();
  }

  @Test
  void itGetsWhatTheProgramGetsAndWhatItIsRunFor() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    InvocationId invocation = ProbeWorld.id();
    world.begin(
        invocation,
        ProbeWorld.program()
            .workingDir(work.toString())
            .umask(027)
            .environment(Map.of("COLOUR", "blue and $$green"))
            .build(),
        HookKind.POST_STOP,
        hook(
            "pwd; umask; echo $COLOUR; echo $PM_HOOK $PM_EXIT_CODE $PM_SIGNAL $PM_REASON $PM_PID"
                + " $PM_NAME $PM_INVOCATION_ID; echo ${NOTIFY_SOCKET-none} ${JAVA_HOME-none};"
                + " readlink /proc/self/fd/0; ls /proc/self/fd | wc -l; cut -d' ' -f6"
                + " /proc/self/stat | grep -qx $$ && echo leads"),
        new HookFacts(OptionalInt.of(3), Optional.of("SEGV"), "exit", OptionalInt.of(42)));
    HookEnd end = world.awaitHook(invocation).end();
    assertThat(end.output().split("\n"))
        .containsExactly(
            work.toString(),
            "0027",
            "blue and $green",
            "post_stop 3 SEGV exit 42 web@1 " + invocation,
            "none none",
            "/dev/null",
            "4",
            "leads");
  }

  @Test
  void itsWordsMayReferToWhatItIsRunFor() throws Exception {
    InvocationId invocation = ProbeWorld.id();
    world.begin(
        invocation,
        ProbeWorld.program().build(),
        HookKind.ON_FAILURE,
        new Hook(
            new Command(
                List.of("/bin/echo", "${PM_NAME}", "${PM_REASON}", "${PM_EXIT_CODE}", "${PM_HOOK}"),
                false)),
        new HookFacts(OptionalInt.of(3), Optional.empty(), "costs $5 ${x}", OptionalInt.empty()));
    assertThat(world.awaitHook(invocation).end().output())
        .isEqualTo("web@1 costs $5 ${x} 3 on_failure");
  }

  @Test
  void itRunsAsTheProgramsUser() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root may be somebody else");
    ProgramSpec spec =
        ProbeWorld.program()
            .user(Optional.of("nobody"))
            .supplementaryGroups(Optional.of(List.of("1", "2")))
            .environment(
                Map.of("LD_DEBUG", "libs", "SECRET", "a 'b' \"c\" $$d\ne", "odd.name", "lost"))
            .build();
    HookEnd end =
        run(
            spec,
            "id -u; id -G; tr '\\0' '\\n' < /proc/self/environ | grep -c PM_PACKED; printf %s"
                + " \"$SECRET\"; echo; cat /proc/$$/status | grep SigIgn; echo x >/dev/stderr");
    // What ran as root before the change saw no LD_ variable: nothing of the loader is printed
    // before the first line of the command's shell.
    List<String> lines = end.output().lines().filter(line -> !line.matches("\\s*\\d+:.*")).toList();
    assertThat(lines).startsWith("65534").contains("0", "a 'b' \"c\" $d", "e", "x");
    assertThat(end.exitCode()).hasValue(0);
  }

  /** Root could enter any folder; who runs in it has to be able to get there himself. */
  @Test
  void itEntersItsFolderAsTheProgramsUser() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root may be somebody else");
    Path open = Files.createDirectories(folder.resolve("open/inner"));
    Path closed = Files.createDirectories(folder.resolve("closed/inner"));
    Files.writeString(closed.resolve("secret"), "secret");
    for (Path each : List.of(folder, open.getParent(), open, closed)) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Files.setPosixFilePermissions(closed.getParent(), PosixFilePermissions.fromString("rwx------"));
    ProgramSpec.Builder nobody = ProbeWorld.program().user(Optional.of("nobody"));
    HookEnd fine =
        run(
            nobody.workingDir(open.toString()).build(),
            "pwd; tr '\\0' '\\n' < /proc/$$/environ | grep -c PWD");
    assertThat(fine.output().strip()).isEqualTo(open + "\n0");
    HookEnd refused = run(nobody.workingDir(closed.toString()).build(), "pwd; cat secret");
    assertThat(refused.exitCode()).hasValue(126);
    assertThat(refused.output()).contains("cd").contains(closed.toString()).hasLineCount(1);
  }

  @Test
  void whatCannotBeRunIsSaid() throws Exception {
    HookEnd noFolder = run(ProbeWorld.program().workingDir("/no/such/folder").build(), "true");
    assertThat(noFolder.exitCode()).isEmpty();
    assertThat(noFolder.problem()).contains("/no/such/folder");
    HookEnd noUser = run(ProbeWorld.program().user(Optional.of("nobodyy")).build(), "true");
    assertThat(noUser.problem()).isEqualTo("user: no such user: nobodyy");
    HookEnd noCommand =
        world
            .hook(
                ProbeWorld.program().build(),
                HookKind.PRE_START,
                new Hook(new Command(List.of("/no/such/command"), false)))
            .end();
    assertThat(noCommand.exitCode().orElse(0)).isIn(126, 127);
    assertThat(noCommand.output()).contains("/no/such/command");
  }

  @Test
  void itsTimeLimitKillsAllThatItStarted() throws Exception {
    Path pids = folder.resolve("pids");
    long began = System.nanoTime();
    HookEnd end =
        world
            .hook(
                ProbeWorld.program().build(),
                HookKind.PRE_START,
                new Hook(
                    ProbeWorld.sh(
                        "trap '' TERM; sleep 1000 & echo $! >>"
                            + pids
                            + "; setsid sleep 1001 & (setsid sh -c 'echo $$ >>"
                            + pids
                            + "; exec sleep 1002' &) ; echo started; sleep 1003"),
                    Duration.ofMillis(700),
                    false))
            .end();
    assertThat(end.timedOut()).isTrue();
    assertThat(end.exitCode()).isEmpty();
    assertThat(end.output()).isEqualTo("started");
    assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(10));
    for (String pid : Files.readAllLines(pids)) {
      assertGone(pid);
    }
  }

  private static void assertGone(String pid) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    Path process = Path.of("/proc", pid, "exe");
    while (Files.exists(process) && System.nanoTime() < deadline) {
      // A killed process has no event for a stranger.
      LockSupport.parkNanos(5_000_000);
    }
    assertThat(Files.exists(process)).isFalse();
  }

  @Test
  void whatItLeavesInItsSessionIsKilledAndWhatLeftItStays() throws Exception {
    Path pids = folder.resolve("pids");
    HookEnd end =
        run(
            ProbeWorld.program().build(),
            "sleep 1000 & echo $! >>"
                + pids
                + "; setsid sh -c 'echo $$ >>"
                + pids
                + "; echo ready; exec sleep 1001 >/dev/null 2>&1' & while [ $(wc -l <"
                + pids
                + ") -lt 2 ]; do :; done");
    assertThat(end.exitCode()).hasValue(0);
    List<String> lines = Files.readAllLines(pids);
    assertGone(lines.get(0));
    ProcessHandle daemon = ProcessHandle.of(Long.parseLong(lines.get(1))).orElseThrow();
    assertThat(daemon.isAlive()).isTrue();
    daemon.destroyForcibly();
  }

  @Test
  void theLastHooksLeaveNothing() throws Exception {
    Path pids = folder.resolve("pids");
    HookEnd end =
        world
            .hook(
                ProbeWorld.program().build(),
                HookKind.POST_STOP,
                hook(
                    "(setsid sh -c 'echo $$ >>"
                        + pids
                        + "; exec sleep 1001 >/dev/null 2>&1' &); while [ ! -s "
                        + pids
                        + " ]; do :; done"))
            .end();
    assertThat(end.exitCode()).hasValue(0);
    assertGone(Files.readAllLines(pids).getFirst());
  }

  @Test
  void endedHooksAreNotHeardOf() throws Exception {
    Path pids = folder.resolve("pids");
    InvocationId invocation = ProbeWorld.id();
    world.begin(
        invocation,
        ProbeWorld.program().build(),
        HookKind.PRE_STOP,
        hook("echo $$ >" + pids + "; echo up; sleep 1000"),
        NO_FACTS);
    while (!Files.exists(pids) || Files.size(pids) == 0) {
      LockSupport.parkNanos(5_000_000);
    }
    world.onLoop(() -> world.probes().endHooks(new Effect.EndHooks(invocation)));
    assertGone(Files.readAllLines(pids).getFirst());
    assertThat(run(ProbeWorld.program().build(), "exit 3").exitCode()).hasValue(3);
    assertThat(world.probes().invocationsWithHooks()).isEmpty();
  }

  @Test
  void whatAnEarlierDaemonLeftOfAHookIsGoneBeforeItRunsAgain() throws Exception {
    Path pids = folder.resolve("pids");
    InvocationId invocation = ProbeWorld.id();
    Process earlier = earlier(invocation, "pre_start", "sleep 1000 & echo $! >" + pids + "; wait");
    Process other = earlier(invocation, "post_start", "sleep 1000");
    while (!Files.exists(pids) || Files.size(pids) == 0) {
      LockSupport.parkNanos(5_000_000);
    }
    world.onLoop(
        () ->
            world
                .probes()
                .endHooks(new Effect.EndHooks(invocation, Optional.of(HookKind.PRE_START))));
    world.begin(
        invocation, ProbeWorld.program().build(), HookKind.PRE_START, hook("exit 3"), NO_FACTS);
    assertThat(world.awaitHook(invocation).end().exitCode()).hasValue(3);
    assertThat(earlier.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertGone(Files.readAllLines(pids).getFirst());
    assertThat(other.isAlive()).isTrue();
    other.destroyForcibly().waitFor();
  }

  private static Process earlier(InvocationId invocation, String hook, String script)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder("/usr/bin/setsid", "/bin/sh", "-c", script);
    builder.environment().put("PM_INVOCATION_ID", invocation.toString());
    builder.environment().put("PM_HOOK", hook);
    return builder.start();
  }

  @Test
  void muchOutputIsCutAndStrangeOutputMadeReadable() throws Exception {
    HookEnd end =
        run(
            ProbeWorld.program().build(),
            "seq 1 20000; printf 'a\\033[31mb\\377c\\r\\n'; printf 'no newline'");
    assertThat(end.output()).endsWith("19999\n20000\na.[31mb?c\nno newline");
    assertThat(end.output().length()).isLessThan(5_000);
  }

  @Test
  void execProbesPassByTheirExitCode() throws Exception {
    ProgramSpec spec = ProbeWorld.program().environment(Map.of("CODE", "2")).build();
    Report.Checked good = world.check(spec, new Probe.Exec(ProbeWorld.sh("exit 0")), LONG);
    assertThat(good.passed()).isTrue();
    Report.Checked bad =
        world.check(
            spec,
            new Probe.Exec(new Command(List.of("echo first; echo last line; exit ${CODE}"), true)),
            LONG);
    assertThat(bad.passed()).isFalse();
    assertThat(bad.detail()).isEqualTo("exit 2: last line");
    Report.Checked late =
        world.check(
            spec,
            new Probe.Exec(ProbeWorld.sh("echo waiting; sleep 1000")),
            Duration.ofMillis(300));
    assertThat(late.passed()).isFalse();
    assertThat(late.detail()).isEqualTo("no answer within 300ms: waiting");
  }

  @Test
  void noExitCodeIsLostToTheReaper() throws Exception {
    ProgramSpec noisy =
        new ProgramSpec.Builder(
                "web",
                new Command(
                    List.of(
                        "/bin/sh",
                        "-c",
                        "while :; do (setsid sh -c 'sleep 0.01 & sleep 0.005' &) ; sleep 0.005;"
                            + " done"),
                    false))
            .logs(new LogSpec(LogTarget.NONE, LogTarget.MERGE, 1 << 20, 1))
            .build();
    InvocationId program = ProbeWorld.id();
    world.onLoop(() -> world.processes().spawn(new Effect.Spawn(ProbeWorld.WEB, program, noisy)));
    world.await(report -> report instanceof Report.Spawned);
    List<InvocationId> hooks = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      InvocationId invocation = ProbeWorld.id();
      hooks.add(invocation);
      world.begin(
          invocation,
          ProbeWorld.program().build(),
          HookKind.RELOAD,
          hook("exit " + (i % 120 + 1)),
          NO_FACTS);
    }
    for (int i = 0; i < 200; i++) {
      assertThat(world.awaitHook(hooks.get(i)).end().exitCode()).hasValue(i % 120 + 1);
    }
    world.onLoop(
        () ->
            world
                .processes()
                .killRemains(
                    new Effect.KillRemains(ProbeWorld.WEB, program, pm.config.StopScope.TREE)));
    world.await(
        report ->
            (report instanceof Report.Exited exited && !exited.remains())
                || report instanceof Report.RemainsGone);
    world.onLoop(() -> world.processes().release(new Effect.Release(ProbeWorld.WEB, program)));
  }
}
