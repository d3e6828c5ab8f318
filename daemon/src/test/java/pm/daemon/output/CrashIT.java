package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} of the JVM that takes the output, again and again: no byte lost, none doubled.
 */
final class CrashIT {
  @TempDir Path folder;

  private Process relay(List<String> programs, long rotateBytes) throws Exception {
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
                Long.toString(rotateBytes)));
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
      Process relay = relay(programs, 500_000);
      awaitReady(relay);
      boolean ended = relay.waitFor(random.nextInt(40_000), TimeUnit.MICROSECONDS);
      relay.destroyForcibly();
      relay.waitFor();
      if (ended) {
        break;
      }
    }
    Process relay = relay(programs, 500_000);
    awaitReady(relay);
    assertThat(relay.waitFor(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
    assertThat(relay.exitValue()).isZero();
    for (String name : Set.of("web@1", "web@2", "slow@1", "slow@2")) {
      byte[] written = RotationIT.all(folder.resolve("log").resolve(name + ".log"));
      byte[] wanted = name.startsWith("web") ? expected : Lab.numbers(1_000_000);
      assertThat(Arrays.mismatch(written, wanted)).as("%s, seed %d", name, seed).isEqualTo(-1);
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
