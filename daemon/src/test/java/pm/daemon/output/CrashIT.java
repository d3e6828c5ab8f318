package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;

/**
 * {@code kill -9} of the JVM that takes the output, again and again: no byte lost, none doubled.
 */
final class CrashIT {
  @TempDir Path folder;

  private Process relay(List<String> programs, long rotateBytes, LineForm form) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Relay.class.getName(),
                folder.toString(),
                Long.toString(rotateBytes),
                form.name()));
    command.addAll(programs);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static void awaitReady(Process relay) throws Exception {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(relay.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    while (line != null && !line.equals("ready")) {
      line = out.readLine();
    }
    assertThat(line).isEqualTo("ready");
  }

  @AfterEach
  void endPrograms() throws Exception {
    try (var started = Files.newDirectoryStream(folder, "*.started")) {
      for (Path program : started) {
        long pid = Long.parseLong(Files.readAllLines(program).get(1));
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  @Test
  void twentyKillsAtRandomMoments() throws Exception {
    long seed = Long.getLong("output.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    int last = 4_000_000;
    byte[] expected = Lab.numbers(last);
    // They live on after their last line: what ends while nobody reads is another story.
    String fast = "seq 1 " + last + "; exec sleep 1000";
    String slow = "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); echo $i; done; exec sleep 1000";
    String slowSize = Integer.toString(Lab.numbers(1_000_000).length);
    String fastSize = Integer.toString(expected.length);
    List<String> programs =
        List.of(
            "web@1", fastSize, fast, "web@2", fastSize, fast, "slow@1", slowSize, slow, "slow@2",
            slowSize, slow);
    for (int kill = 0; kill < 20; kill++) {
      Process relay = relay(programs, 500_000, LineForm.RAW);
      awaitReady(relay);
      boolean ended = relay.waitFor(random.nextInt(40_000), TimeUnit.MICROSECONDS);
      relay.destroyForcibly();
      relay.waitFor();
      if (ended) {
        break;
      }
    }
    Process relay = relay(programs, 500_000, LineForm.RAW);
    awaitReady(relay);
    assertThat(relay.waitFor(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
    assertThat(relay.exitValue()).isZero();
    for (String name : Set.of("web@1", "web@2", "slow@1", "slow@2")) {
      byte[] written = RotationIT.all(folder.resolve("log").resolve(name + ".log"));
      byte[] wanted = name.startsWith("web") ? expected : Lab.numbers(1_000_000);
      assertThat(Arrays.mismatch(written, wanted)).as("%s, seed %d", name, seed).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TIME", "JSON"})
  void killsRepeatRecordsAtMostAndTearNone(LineForm form) throws Exception {
    long seed = Long.getLong("output.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    int last = 200_000;
    String script =
        "seq 1 %d; i=%d; while [ $i -lt %d ]; do i=$((i+1)); printf $i; echo; done; exec sleep 1000"
            .formatted(last - 50_000, last - 50_000, last);
    List<String> programs =
        List.of("web@1", Integer.toString(last), script, "web@2", Integer.toString(last), script);
    int kills = 0;
    for (int i = 0; i < 20; i++) {
      Process relay = relay(programs, 500_000, form);
      awaitReady(relay);
      boolean ended = relay.waitFor(random.nextInt(60_000), TimeUnit.MICROSECONDS);
      relay.destroyForcibly();
      relay.waitFor();
      if (ended) {
        break;
      }
      kills++;
    }
    Process relay = relay(programs, 500_000, form);
    awaitReady(relay);
    assertThat(relay.waitFor(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
    assertThat(relay.exitValue()).isZero();
    for (String name : Set.of("web@1", "web@2")) {
      Path log = folder.resolve("log").resolve(name + ".log");
      byte[] printed = FormsIT.original(form, RotationIT.all(log));
      int next = 1;
      int repeats = 0;
      for (String line : new String(printed, StandardCharsets.US_ASCII).split("\n", -1)) {
        if (line.isEmpty()) {
          continue;
        }
        int number = Integer.parseInt(line);
        if (number < next) {
          // The last chunk once more.
          repeats++;
          next = number;
        }
        if (number != next) {
          throw new AssertionError(
              name + ": " + number + " after " + (next - 1) + ", seed " + seed);
        }
        next++;
      }
      assertThat(next).as("%s, seed %d", name, seed).isEqualTo(last + 1);
      assertThat(repeats).as("%s, seed %d", name, seed).isLessThanOrEqualTo(kills);
    }
  }

  @Test
  void aTornRecordIsMended() throws Exception {
    Lab before = new Lab(folder);
    Path log = before.log("web@1.log");
    LogPlan plan = FormsIT.plan(before, "web@1.log", LineForm.TIME, Lab.NO_LIMITS);
    Lab.Program program =
        before.start(
            "web@1",
            "echo one; until [ -e %s ]; do sleep 0.01; done; echo two"
                .formatted(folder.resolve("go")),
            plan);
    before.awaitBytes(log, 4);
    before.close();
    Files.writeString(log, "2026-11-21T05:29:44.123456Z tw", StandardOpenOption.APPEND);
    try (Lab lab = new Lab(folder)) {
      lab.pump.adopt(Lab.instance("web@1"), program.invocation(), plan);
      Files.createFile(folder.resolve("go"));
      lab.finish(program);
      assertThat(FormsIT.original(LineForm.TIME, Files.readAllBytes(log)))
          .asString(StandardCharsets.UTF_8)
          .isEqualTo("one\ntwo\n");
      Files.writeString(log, "not of ours", StandardOpenOption.APPEND);
      lab.finish(lab.start("web@1", "echo three", plan));
      assertThat(Lab.text(log)).contains("two\nnot of ours\n").endsWith(" three\n");
    }
  }

  @Test
  void whatIsHeldIsReadAlsoIfTheProgramHasEndedMeanwhile() throws Exception {
    InvocationId invocation = Lab.invocation();
    byte[] words = "last words\n".getBytes(StandardCharsets.UTF_8);
    try (Lab lab = new Lab(folder)) {
      // Not by a Lab before it: what that has open in this process would hold the pipe as well.
      PipeFolder.Ends ends =
          new PipeFolder(folder.resolve("pipes"))
              .make(Lab.instance("web@1"), invocation, PipeFolder.Stream.OUT, -1, -1);
      Fd.close(ends.ours().fd());
      Fd.writeFully(ends.child(), ByteBuffer.allocateDirect(words.length).put(words).flip());
      Runnable held = lab.pump.holdUnread(Lab.instance("web@1"), invocation);
      Fd.close(ends.child());
      lab.pump.adopt(Lab.instance("web@1"), invocation, lab.plan("web@1.log", Lab.NO_LIMITS));
      held.run();
      CountDownLatch drained = new CountDownLatch(1);
      lab.pump.drain(invocation, drained::countDown);
      assertThat(drained.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Lab.text(lab.log("web@1.log"))).isEqualTo("last words\n");
    }
  }

  @Test
  void aPipeThatIsNotThereIsAStreamAtItsEnd() throws Exception {
    try (Lab lab = new Lab(folder)) {
      lab.pump.adopt(Lab.instance("web@1"), Lab.invocation(), lab.plan("web@1.log", Lab.NO_LIMITS));
      lab.settle();
      assertThat(lab.pump.meters().pipes()).isZero();
    }
  }

  @Test
  void pipesThatNobodyClaimsAreRemoved() throws Exception {
    Lab before = new Lab(folder);
    Lab.Program claimed = before.start("exec sleep 1000");
    Lab.Program forgotten =
        before.start("web@2", "exec sleep 1000", before.plan("web@2.log", Lab.NO_LIMITS));
    before.close();
    try (Lab lab = new Lab(folder)) {
      Files.createFile(folder.resolve("pipes/note"));
      assertThat(lab.pump.removeStalePipes(Set.of(claimed.invocation()))).isEqualTo(1);
      assertThat(folder.resolve("pipes"))
          .isDirectoryContaining("glob:**web@1." + claimed.invocation() + ".out")
          .isDirectoryNotContaining("glob:**web@2*");
    }
    claimed.kill();
    claimed.end();
    forgotten.kill();
    forgotten.end();
  }

  @Test
  void anAdoptedProgramsFileThatCannotBeOpenedHoldsItBack() throws Exception {
    Lab before = new Lab(folder);
    Lab.Program program =
        before.start(
            "echo one; until [ -e %s ]; do sleep 0.01; done; echo two"
                .formatted(folder.resolve("go")));
    before.awaitBytes(before.log("web@1.log"), 4);
    before.close();
    Path log = folder.resolve("log/web@1.log");
    Files.delete(log);
    Files.createDirectory(log);
    try (Lab lab = new Lab(folder)) {
      lab.pump.adopt(
          Lab.instance("web@1"), program.invocation(), lab.plan("web@1.log", Lab.NO_LIMITS));
      Files.createFile(folder.resolve("go"));
      assertThat(lab.hear()).isEqualTo("web@1 blocked web@1.log: Is a directory");
      Files.delete(log);
      assertThat(lab.hear()).isEqualTo("web@1 flows web@1.log");
      lab.finish(program);
      assertThat(log).hasContent("two\n");
    }
  }
}
