package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Credentials;
import pm.daemon.posix.Host;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;
import pm.daemon.posix.WaitStatus;

/** Real programs print, and what they print is in their logs. */
final class OutputPumpIT {
  @TempDir Path folder;

  private List<Path> pipes(Lab lab) throws Exception {
    lab.settle();
    try (Stream<Path> all = Files.list(folder.resolve("pipes"))) {
      return all.toList();
    }
  }

  @Test
  void bothStreamsInOneFileInTheOrderInWhichTheyWerePrinted() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = lab.start("echo one; echo two >&2; echo three");
      assertThat(lab.finish(program)).isEqualTo(new WaitStatus.Code(0));
      assertThat(lab.log("web@1.log")).hasContent("one\ntwo\nthree\n");
      assertThat(Files.getPosixFilePermissions(lab.log("web@1.log")).toString())
          .doesNotContain("OTHERS");
      assertThat(pipes(lab)).isEmpty();
    }
  }

  @Test
  void stderrInAFileOfItsOwn() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(lab.log("out.log")),
              new OutputTarget.ToFile(lab.log("deeper/err.log")),
              Lab.NO_LIMITS);
      lab.finish(lab.start("web@1", "echo out; echo err >&2", plan));
      assertThat(lab.log("out.log")).hasContent("out\n");
      assertThat(lab.log("deeper/err.log")).hasContent("err\n");
    }
  }

  @Test
  void theSameFileTwiceIsOnePipe() {
    OutputTarget file = new OutputTarget.ToFile(Path.of("/srv/a.log"));
    assertThat(
            new LogPlan(file, new OutputTarget.ToFile(Path.of("/srv/b/../a.log")), Lab.NO_LIMITS))
        .isEqualTo(new LogPlan(file, new OutputTarget.WithStdout(), Lab.NO_LIMITS));
  }

  @Test
  void nowhereIsDevNullAndNeedsNoPipe() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.Nowhere(),
              new OutputTarget.ToFile(lab.log("err.log")),
              Lab.NO_LIMITS);
      lab.finish(
          lab.start(
              "web@1", "target=$(readlink /proc/$$/fd/1); echo $target >&2; echo lost", plan));
      assertThat(lab.log("err.log")).hasContent("/dev/null\n");
    }
  }

  @Test
  void aFileIsContinuedAtItsEnd() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Files.createDirectories(folder.resolve("log"));
      Files.writeString(lab.log("web@1.log"), "from before\n");
      lab.finish(lab.start("echo now"));
      assertThat(lab.log("web@1.log")).hasContent("from before\nnow\n");
    }
  }

  @Test
  void everyByteOfBinaryOutput() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path data = folder.resolve("data");
      byte[] bytes = new byte[3_000_000];
      new java.util.Random(7).nextBytes(bytes);
      Files.write(data, bytes);
      lab.finish(lab.start("cat " + data));
      assertThat(Files.mismatch(lab.log("web@1.log"), data)).isEqualTo(-1);
    }
  }

  @Test
  void twoHundredMegabytesOfLinesAreExact() throws Exception {
    try (Lab lab = new Lab(folder)) {
      int lines = 2_000_000;
      String line = "x".repeat(99) + "\n";
      lab.finish(lab.start("yes " + line.strip() + " | head -n " + lines));
      assertThat(lab.log("web@1.log")).hasSize(lines * 100L);
      byte[] block = line.repeat(1000).getBytes(StandardCharsets.US_ASCII);
      try (InputStream in = new BufferedInputStream(Files.newInputStream(lab.log("web@1.log")))) {
        for (int i = 0; i < lines / 1000; i++) {
          assertThat(in.readNBytes(block.length)).isEqualTo(block);
        }
      }
      assertThat(lab.pump.meters().bytes()).isEqualTo(lines * 100L);
    }
  }

  @Test
  void aProgramThatClosesItsStdoutGoesOn() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(lab.log("out.log")),
              new OutputTarget.ToFile(lab.log("err.log")),
              Lab.NO_LIMITS);
      Lab.Program program =
          lab.start("web@1", "echo first; exec >&-; echo lives >&2; exec sleep 1000", plan);
      lab.awaitBytes(lab.log("err.log"), 6);
      lab.drain(program);
      assertThat(lab.log("out.log")).hasContent("first\n");
      program.kill();
      lab.finish(program);
    }
  }

  @Test
  void whatAProgramLeftBehindMayGoOnPrinting() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path go = folder.resolve("go");
      Lab.Program parent =
          lab.start(
              "(trap '' HUP; while ! [ -e "
                  + go
                  + " ]; do sleep 0.01; done; echo heir) & echo end");
      lab.finish(parent);
      assertThat(lab.log("web@1.log")).hasContent("end\n");
      assertThat(pipes(lab)).isEmpty();
      Lab.Program successor = lab.start("echo successor");
      lab.finish(successor);
      Files.createFile(go);
      lab.awaitBytes(lab.log("web@1.log"), "end\nsuccessor\nheir\n".length());
      assertThat(lab.log("web@1.log")).hasContent("end\nsuccessor\nheir\n");
    }
  }

  @Test
  void anHeirThatPrintsWithoutEndDoesNotHoldUpTheEnd() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path pid = folder.resolve("pid");
      LogPlan plan = lab.plan("web@1.log", new LogLimits(1_000_000, 1));
      Lab.Program program = lab.start("web@1", "yes heir & echo $! > " + pid, plan);
      program.end();
      lab.drain(program);
      lab.pump.release(program.invocation());
      // Nor does it hold up a successor, whose bytes come among its own.
      Lab.Program successor = lab.start("web@1", "echo successor", plan);
      lab.finish(successor);
      PidFd heir = PidFd.open(Integer.parseInt(Files.readString(pid).strip()));
      heir.send(Signals.KILL);
      heir.close();
    }
  }

  @Test
  void aPredecessorsBytesComeFirst() throws Exception {
    try (Lab lab = new Lab(folder)) {
      StringBuilder expected = new StringBuilder();
      for (int i = 0; i < 20; i++) {
        // It dies with its pipe full; nobody waits for the pipe before the next one starts.
        Lab.Program program = lab.start("i=" + i + "; echo begin $i; seq 1 3000; echo end $i");
        program.end();
        lab.pump.release(program.invocation());
        expected.append("begin ").append(i).append('\n');
        for (int n = 1; n <= 3000; n++) {
          expected.append(n).append('\n');
        }
        expected.append("end ").append(i).append('\n');
      }
      lab.drain(lab.start("true"));
      lab.awaitBytes(lab.log("web@1.log"), expected.length());
      assertThat(Lab.text(lab.log("web@1.log"))).isEqualTo(expected.toString());
    }
  }

  @Test
  void aProgramOfAnotherUserOpensItsStdout() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root starts programs of other users");
    try (Lab lab = new Lab(folder)) {
      Credentials nobody = new Credentials(65534, 65534, List.of());
      Lab.Program program =
          lab.start(
              "web@1",
              "id -u > /dev/stdout; echo more > /dev/stderr",
              lab.plan("web@1.log", Lab.NO_LIMITS),
              Optional.of(nobody));
      assertThat(lab.finish(program)).isEqualTo(new WaitStatus.Code(0));
      assertThat(lab.log("web@1.log")).hasContent("65534\nmore\n");
    }
  }

  @Test
  void fiveHundredProgramsAndNoDescriptorIsLeft() throws Exception {
    try (Lab lab = new Lab(folder)) {
      lab.finish(lab.start("true"));
      lab.awaitNoPipes();
      long before = Lab.openDescriptors();
      List<Lab.Program> programs = new ArrayList<>();
      for (int i = 1; i <= 500; i++) {
        programs.add(
            lab.start("web@" + i, "seq 1 1000", lab.plan("web@" + i + ".log", Lab.NO_LIMITS)));
      }
      for (Lab.Program program : programs) {
        lab.finish(program);
      }
      lab.awaitNoPipes();
      assertThat(Lab.openDescriptors()).isEqualTo(before);
      for (int i = 1; i <= 500; i++) {
        assertThat(lab.log("web@" + i + ".log")).hasSize(3893);
      }
      assertThat(pipes(lab)).isEmpty();
    }
  }

  @Test
  void aStartThatDidNotComeAboutLeavesNothing() throws Exception {
    try (Lab lab = new Lab(folder)) {
      lab.settle();
      long before = Lab.openDescriptors();
      InvocationId invocation = Lab.invocation();
      lab.pump
          .open(Lab.instance("web@1"), invocation, lab.plan("web@1.log", Lab.NO_LIMITS), -1, -1)
          .close();
      lab.pump.abandon(invocation);
      lab.settle();
      assertThat(pipes(lab)).isEmpty();
      assertThat(Lab.openDescriptors()).isEqualTo(before);
    }
  }

  @Test
  void whileNothingIsPrintedTheThreadSleeps() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program busy = lab.start("seq 1 100000; exec sleep 1000");
      lab.awaitBytes(lab.log("web@1.log"), 588895);
      lab.drain(busy);
      // From here on nothing is printed. A program that sleeps a second is the clock.
      long before = wakeUps();
      lab.finish(lab.start("web@2", "sleep 1", lab.plan("web@2.log", Lab.NO_LIMITS)));
      assertThat(wakeUps() - before).as("wake-ups").isLessThan(20);
      busy.kill();
      lab.finish(busy);
    }
  }

  private static long wakeUps() throws Exception {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        List<String> status;
        try {
          status = Files.readAllLines(task.resolve("status"));
        } catch (NoSuchFileException e) {
          // The thread has ended since they were listed.
          continue;
        }
        if (status.contains("Name:\tlog-writer")) {
          return status.stream()
              .filter(line -> line.startsWith("voluntary_ctxt_switches"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElseThrow();
        }
      }
    }
    throw new AssertionError("no writer thread");
  }

  @Test
  void manyProgramsStartAndEndWhileLimitsChangeAndFilesAreReopened() throws Exception {
    long seed = Long.getLong("output.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    try (Lab lab = new Lab(folder)) {
      Map<String, StringBuilder> expected = new TreeMap<>();
      List<Lab.Program> running = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        String name = "web@" + (1 + random.nextInt(5));
        LogLimits limits = new LogLimits(16_384L << random.nextInt(6), 1000);
        int lines = 1 + random.nextInt(20_000);
        Lab.Program program =
            lab.start(name, "seq 1 " + lines + "; echo " + i, lab.plan(name + ".log", limits));
        expected
            .computeIfAbsent(name, n -> new StringBuilder())
            .append(new String(Lab.numbers(lines), StandardCharsets.US_ASCII))
            .append(i)
            .append('\n');
        // One of an instance ends before the next begins; its pipe may well be full then.
        program.end();
        lab.pump.release(program.invocation());
        running.add(program);
        switch (random.nextInt(4)) {
          case 0 -> lab.pump.reopenAll();
          case 1 -> lab.pump.changeLimits(Lab.instance(name), new LogLimits(20_000, 1000));
          case 2 -> lab.drain(running.get(random.nextInt(running.size())));
          default -> {}
        }
      }
      for (Lab.Program program : running) {
        lab.drain(program);
      }
      for (Map.Entry<String, StringBuilder> each : expected.entrySet()) {
        String written =
            new String(RotationIT.all(lab.log(each.getKey() + ".log")), StandardCharsets.US_ASCII);
        assertThat(written.contentEquals(each.getValue()))
            .as("%s, seed %d", each.getKey(), seed)
            .isTrue();
      }
    }
  }

  @Test
  void linesAreFoundByTheTimeAtWhichTheyWerePrinted() throws Exception {
    Instant noon = Instant.parse("2026-01-01T12:00:00Z");
    AtomicReference<Instant> now = new AtomicReference<>(noon);
    Path log = folder.resolve("log/web@1.log");
    LogReader reader = new LogReader(folder.resolve("index"));
    try (Lab lab = new Lab(folder, now::get)) {
      LogPlan plan = lab.plan("web@1.log", new LogLimits(1024, 10));
      lab.finish(lab.start("web@1", "seq 1 1000", plan));
      now.set(noon.plusSeconds(100));
      lab.finish(lab.start("web@1", "echo then; seq 1 1000", plan));
    }
    now.set(noon.plusSeconds(200));
    try (Lab lab = new Lab(folder, now::get)) {
      lab.finish(lab.start("web@1", "echo after a restart", lab.plan("web@1.log", Lab.NO_LIMITS)));
    }
    assertThat(reader.read(log, reader.since(log, noon), true).lines())
        .startsWith(new LogLine("1", true));
    assertThat(reader.read(log, reader.since(log, noon.plusSeconds(50)), true).lines())
        .startsWith(new LogLine("then", true));
    assertThat(reader.read(log, reader.since(log, noon.plusSeconds(150)), true).lines())
        .containsExactly(new LogLine("after a restart", true));
    assertThat(reader.since(log, noon.plusSeconds(250))).isEqualTo(reader.end(log));
  }

  @Test
  void followersAreToldOnceForEachTimeTheyAsk() throws Exception {
    try (Lab lab = new Lab(folder)) {
      CountDownLatch told = new CountDownLatch(1);
      Path log = lab.log("web@1.log");
      try (LogFollowers.Follower follower = lab.pump.followers().follow(log, told::countDown)) {
        lab.finish(lab.start("echo not asked for"));
        assertThat(told.getCount()).isEqualTo(1);
        follower.arm();
        lab.finish(lab.start("echo asked for"));
        assertThat(told.await(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      }
    }
  }
}
