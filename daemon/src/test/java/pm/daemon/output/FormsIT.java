package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.Stdio;
import pm.protocol.Json;

/** Lines with a time and as JSON: every byte of them, at ends of lines, whatever is printed. */
final class FormsIT {
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00.000123456Z");

  @TempDir Path folder;

  static LogPlan plan(Lab lab, String log, LineForm form, LogLimits limits) {
    return new LogPlan(
        new OutputTarget.ToFile(lab.log(log)),
        new OutputTarget.WithStdout(),
        limits,
        form,
        Optional.empty());
  }

  /** There are too many for assertions with a memory. */
  private static void check(boolean isRight, String record) {
    if (!isRight) {
      throw new AssertionError(record);
    }
  }

  /** What a program had printed of which these are the records; parts are joined. */
  static byte[] original(LineForm form, byte[] log) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int begin = 0;
    for (int at = 0; at < log.length; at++) {
      if (log[at] != '\n') {
        continue;
      }
      String record = new String(log, begin, at - begin, StandardCharsets.UTF_8);
      switch (form) {
        case RAW -> bytes.write(log, begin, at + 1 - begin);
        case TIME -> {
          check(TIME.matcher(record.substring(0, 27)).matches(), record);
          check(record.charAt(27) == ' ' || record.charAt(27) == '+', record);
          bytes.write(log, begin + 28, at - begin - 28);
          if (record.charAt(27) == ' ') {
            bytes.write('\n');
          }
        }
        case JSON -> {
          Map<?, ?> json = (Map<?, ?>) Json.parse(record);
          check(TIME.matcher(String.valueOf(json.get("ts"))).matches(), record);
          bytes.write(String.valueOf(json.get("line")).getBytes(StandardCharsets.UTF_8));
          if (!Boolean.TRUE.equals(json.get("partial"))) {
            bytes.write('\n');
          }
        }
      }
      begin = at + 1;
    }
    assertThat(begin).as("whole records").isEqualTo(log.length);
    return bytes.toByteArray();
  }

  @Test
  void aTimeIsPutBeforeEachLine() throws Exception {
    try (Lab lab = new Lab(folder, InstantSource.fixed(NOON))) {
      lab.finish(
          lab.start(
              "web@1",
              "echo one; echo; echo three",
              plan(lab, "web@1.log", LineForm.TIME, Lab.NO_LIMITS)));
      assertThat(lab.log("web@1.log"))
          .hasContent(
              """
              %1$s one
              %1$s\s
              %1$s three
              """
                  .formatted("2026-11-21T12:00:00.000123Z"));
      lab.awaitNoPipes();
    }
  }

  @Test
  void aLineIsAJsonObject() throws Exception {
    try (Lab lab = new Lab(folder, InstantSource.fixed(NOON))) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(lab.log("web@1.log")),
              new OutputTarget.ToFile(lab.log("web@1.err")),
              Lab.NO_LIMITS,
              LineForm.JSON,
              Optional.empty());
      Lab.Program program =
          lab.start("web@1", "echo one; echo '\"two\"' >&2; exec sleep 0.2", plan);
      lab.pump.began(program.invocation(), program.pid());
      lab.finish(program);
      assertThat(lab.log("web@1.log"))
          .hasContent(
              "{\"ts\":\"2026-11-21T12:00:00.000123Z\",\"program\":\"web\",\"instance\":\"web@1\","
                  + "\"pid\":%d,\"stream\":\"stdout\",\"line\":\"one\"}\n"
                      .formatted(program.pid()));
      assertThat(lab.log("web@1.err"))
          .hasContent(
              "{\"ts\":\"2026-11-21T12:00:00.000123Z\",\"program\":\"web\",\"instance\":\"web@1\","
                  + "\"pid\":%d,\"stream\":\"stderr\",\"line\":\"\\\"two\\\"\"}\n"
                      .formatted(program.pid()));
    }
  }

  @Test
  void recordsWaitForThePidTheyName() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Lab.Program program =
          lab.start(
              "web@1",
              "echo one; exec sleep 1000",
              plan(lab, "web@1.log", LineForm.JSON, Lab.NO_LIMITS));
      lab.settle();
      assertThat(log).isEmptyFile();
      lab.pump.began(program.invocation(), program.pid());
      lab.awaitBytes(log, 10);
      assertThat(Lab.text(log)).contains("\"pid\":" + program.pid() + ",");
      program.kill();
      lab.finish(program);
    }
  }

  @Test
  void anyBytesAreValidJson() throws Exception {
    long seed = Long.getLong("output.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    byte[] printed = new byte[300_000];
    random.nextBytes(printed);
    for (int i = 0; i < 3000; i++) {
      printed[random.nextInt(printed.length)] = '\n';
    }
    for (int b = 0; b < 0x80; b++) {
      printed[1000 + b] = (byte) b;
    }
    byte[] text = "ä€😀\u0007\u001b[1m".getBytes(StandardCharsets.UTF_8);
    System.arraycopy(text, 0, printed, 2000, text.length);
    printed[printed.length - 1] = '\n';
    Path file = folder.resolve("printed");
    Files.write(file, printed);
    try (Lab lab = new Lab(folder)) {
      Lab.Program program =
          lab.start("web@1", "cat " + file, plan(lab, "web@1.log", LineForm.JSON, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      lab.finish(program);
      String expected = new String(printed, StandardCharsets.UTF_8);
      byte[] written = Files.readAllBytes(lab.log("web@1.log"));
      // How many replacements a bad sequence gets is a matter of taste.
      String read = new String(original(LineForm.JSON, written), StandardCharsets.UTF_8);
      assertThat(read.replaceAll("\uFFFD+", "?").equals(expected.replaceAll("\uFFFD+", "?")))
          .as("seed %d", seed)
          .isTrue();
      for (byte b : written) {
        assertThat(b == '\n' || b < 0 || (b >= 0x20 && b != 0x7f)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void whateverThePiecesEveryByteComesOnce(LineForm form) throws Exception {
    long seed = Long.getLong("output.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    List<byte[]> pieces = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      int most = random.nextInt(10) == 0 ? 60_000 : random.nextInt(5) == 0 ? 3000 : 60;
      StringBuilder piece = new StringBuilder();
      int length = random.nextInt(most);
      int lineEnds = random.nextInt(1, 200);
      while (piece.length() < length) {
        piece.append(random.nextInt(lineEnds) == 0 ? '\n' : "aä€😀".charAt(random.nextInt(3)));
      }
      byte[] bytes = piece.toString().getBytes(StandardCharsets.UTF_8);
      pieces.add(bytes);
      expected.write(bytes);
    }
    expected.write('\n');
    pieces.add(new byte[] {'\n'});
    try (Lab lab = new Lab(folder)) {
      LogLimits limits = new LogLimits(1_000_000, 1000);
      InvocationWriter.print(lab, plan(lab, "web@1.log", form, limits), pieces);
      List<Path> parts = RotationIT.parts(lab.log("web@1.log"));
      for (Path part : parts) {
        byte[] bytes = Files.readAllBytes(part);
        assertThat(bytes[bytes.length - 1]).as("%s, seed %d", part, seed).isEqualTo((byte) '\n');
      }
      byte[] written = original(form, RotationIT.all(lab.log("web@1.log")));
      assertThat(Arrays.mismatch(written, expected.toByteArray()))
          .as("seed %d", seed)
          .isEqualTo(-1);
    }
  }

  /** Prints pieces from this process, so that each is one write. */
  private static final class InvocationWriter {
    static void print(Lab lab, LogPlan plan, List<byte[]> pieces) throws Exception {
      InvocationId invocation = Lab.invocation();
      try (ChildEnds ends = lab.pump.open(Lab.instance("web@1"), invocation, plan, -1, -1)) {
        lab.pump.began(invocation, 4711);
        int fd = ((Stdio.Descriptor) ends.stdout()).fd();
        ByteBuffer bytes = ByteBuffer.allocateDirect(256 * 1024);
        for (byte[] piece : pieces) {
          Fd.writeFully(fd, bytes.clear().put(piece).flip());
        }
      }
      CountDownLatch drained = new CountDownLatch(1);
      lab.pump.drain(invocation, drained::countDown);
      assertThat(drained.await(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      lab.pump.release(invocation);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TIME", "JSON"})
  void theBeginningOfALineWaitsForItsEnd(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "printf 'one\\ntwo '; until [ -e %s ]; do sleep 0.01; done; echo three".formatted(go),
              plan(lab, "web@1.log", form, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      lab.awaitBytes(log, 10);
      lab.settle();
      assertThat(new String(original(form, Files.readAllBytes(log)), StandardCharsets.UTF_8))
          .isEqualTo("one\n");
      Files.createFile(go);
      lab.finish(program);
      assertThat(Lab.text(log).lines()).hasSize(2);
      assertThat(new String(original(form, Files.readAllBytes(log)), StandardCharsets.UTF_8))
          .isEqualTo("one\ntwo three\n");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TIME", "JSON"})
  void whatIsNotEndedIsWrittenWithTheEndOfTheProgram(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      lab.finish(
          lab.start("web@1", "printf 'one\\ntwo'", plan(lab, "web@1.log", form, Lab.NO_LIMITS)));
      byte[] log = Files.readAllBytes(lab.log("web@1.log"));
      assertThat(new String(original(form, log), StandardCharsets.UTF_8)).isEqualTo("one\ntwo\n");
      lab.awaitNoPipes();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TIME", "JSON"})
  void anEndIsNotHeldUpByALineThatAnHeirHasBegun(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "(until [ -e %s ]; do sleep 0.01; done; echo two) & printf 'one '".formatted(go),
              plan(lab, "web@1.log", form, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      program.end();
      lab.drain(program);
      assertThat(Lab.text(log)).contains(form == LineForm.TIME ? "Z+one " : ",\"partial\":true}");
      Files.createFile(go);
      lab.await(log, () -> log.toFile().length() > 0 && lineCount(log) == 2);
      assertThat(new String(original(form, Files.readAllBytes(log)), StandardCharsets.UTF_8))
          .isEqualTo("one two\n");
    }
  }

  private static long lineCount(Path log) {
    try {
      return Lab.text(log).lines().count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anOutsideRotationIsFollowed(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "seq 1 1000; until [ -e %s ]; do sleep 0.01; done; seq 1001 2000".formatted(go),
              plan(lab, "web@1.log", form, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      lab.await(log, () -> Files.exists(log) && lineCount(log) == 1000);
      Path moved = log.resolveSibling("web@1.log-20261121");
      Files.move(log, moved);
      lab.pump.reopenAll();
      Files.createFile(go);
      lab.finish(program);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      Files.copy(moved, all);
      Files.copy(log, all);
      assertThat(Lab.text(moved).lines()).hasSize(1000);
      assertThat(original(form, all.toByteArray())).isEqualTo(Lab.numbers(2000));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFolderThatHasVanishedIsMadeAgain(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "seq 1 10; until [ -e %s ]; do sleep 0.01; done; seq 1 2000".formatted(go),
              plan(lab, "web@1.log", form, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      lab.await(log, () -> Files.exists(log) && lineCount(log) == 10);
      Files.delete(log);
      Files.delete(log.getParent());
      lab.pump.reopenAll();
      Files.createFile(go);
      lab.finish(program);
      assertThat(original(form, Files.readAllBytes(log))).isEqualTo(Lab.numbers(2000));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatCannotBeWrittenHoldsItBackAndNothingIsLost(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "seq 1 10; until [ -e %s ]; do sleep 0.01; done; seq 11 20000".formatted(go),
              plan(lab, "web@1.log", form, Lab.NO_LIMITS));
      lab.pump.began(program.invocation(), program.pid());
      lab.await(log, () -> Files.exists(log) && lineCount(log) == 10);
      Path kept = folder.resolve("kept");
      Files.move(log, kept);
      Files.createDirectory(log);
      lab.pump.reopenAll();
      Files.createFile(go);
      assertThat(lab.hear()).isEqualTo("web@1 blocked web@1.log: Is a directory");
      Files.delete(log);
      assertThat(lab.hear()).isEqualTo("web@1 flows web@1.log");
      lab.finish(program);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      Files.copy(kept, all);
      Files.copy(log, all);
      assertThat(original(form, all.toByteArray())).isEqualTo(Lab.numbers(20000));
    }
  }

  @Test
  void modesDoNotDependOnTheUmask() throws Exception {
    // The umask of a test cannot be changed, so what it takes away is given: 0640 has no 0026.
    try (Lab lab = new Lab(folder)) {
      lab.finish(lab.start("echo one"));
      assertThat(
              Fd.status(Fd.open(lab.log("web@1.log").toString(), OpenFlags.RDONLY, 0))
                  .permissions())
          .isEqualTo(0640);
    }
  }

  @Test
  void lastLinesAreThoseOfTheYoungestInvocation() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogReader reader = new LogReader(folder.resolve("index"));
      Path log = lab.log("web@1.log");
      lab.finish(lab.start("seq 1 100"));
      assertThat(reader.beginOfYoungest(log).offset()).isZero();
      lab.finish(lab.start("true"));
      assertThat(reader.beginOfYoungest(log)).isEqualTo(reader.end(log));
      lab.finish(lab.start("echo last"));
      assertThat(reader.beginOfYoungest(log).offset()).isEqualTo(Lab.numbers(100).length);
      assertThat(reader.since(log, Instant.now().minusSeconds(60)).offset()).isZero();
    }
  }

  @Test
  void whatOneInvocationPrintedIsToldFromWhatItsSuccessorsDid() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogReader reader = new LogReader(folder.resolve("index"));
      Path log = lab.log("web@1.log");
      List<Instant> ends = new ArrayList<>();
      for (String line : List.of("first", "second", "third")) {
        lab.finish(lab.start("echo and; echo " + line));
        Instant end = Instant.now();
        ends.add(end);
        while (!Instant.now().isAfter(end.plusMillis(2))) {
          Thread.onSpinWait();
        }
      }
      List<String> told = new ArrayList<>();
      for (Instant end : ends) {
        LogReader.Span span = reader.printedBy(log, end);
        LogPosition until = span.end().orElse(reader.end(log));
        told.add(lines(reader.read(log, span.begin(), Optional.of(until), true)));
        LogPosition last = reader.lastLines(log, 1, until);
        told.add(lines(reader.read(log, last, Optional.of(until), true)));
      }
      assertThat(told)
          .containsExactly("and first", "first", "and second", "second", "and third", "third");
      assertThat(reader.printedBy(log, ends.getFirst().minusSeconds(60)))
          .isEqualTo(
              new LogReader.Span(
                  LogPosition.START, Optional.of(reader.printedBy(log, ends.getFirst()).begin())));
    }
  }

  private static String lines(LogChunk chunk) {
    assertThat(chunk.isMore()).isFalse();
    return String.join(" ", chunk.lines().stream().map(LogLine::text).toList());
  }

  @ParameterizedTest
  @EnumSource
  void anAwaitedLineIsFoundOnce(LineForm form) throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(lab.log("web@1.log")),
              new OutputTarget.ToFile(lab.log("web@1.err")),
              Lab.NO_LIMITS,
              form,
              Optional.of(Pattern.compile("listening on .*")));
      Lab.Program program =
          lab.start(
              "web@1",
              "seq 1 10000; printf 'now listen' >&2; sleep 0.05; echo 'ing on 80' >&2;"
                  + " echo listening on 81; seq 1 10000",
              plan);
      lab.pump.began(program.invocation(), program.pid());
      assertThat(lab.hear()).isEqualTo("found now listening on 80");
      lab.finish(program);
      assertThat(lab.heard).isEmpty();
      assertThat(original(form, Files.readAllBytes(lab.log("web@1.err"))))
          .asString(StandardCharsets.UTF_8)
          .isEqualTo("now listening on 80\n");
      assertThat(lineCount(lab.log("web@1.log"))).isEqualTo(20001);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAwaitedLineIsFoundInWhatADaemonBeforeUsMoved(LineForm form) throws Exception {
    Path log;
    Lab.Program program;
    Path go = folder.resolve("go");
    LogPlan waiting;
    try (Lab before = new Lab(folder)) {
      log = before.log("web@1.log");
      before.finish(before.start("echo ready of the run before"));
      program =
          before.start(
              "web@1",
              "echo 'it \"is\" ready'; until [ -e %s ]; do sleep 0.01; done".formatted(go),
              plan(before, "web@1.log", form, Lab.NO_LIMITS));
      before.pump.began(program.invocation(), program.pid());
      before.await(log, () -> Files.exists(log) && lineCount(log) == 2);
    }
    try (Lab lab = new Lab(folder)) {
      waiting =
          new LogPlan(
              new OutputTarget.ToFile(log),
              new OutputTarget.WithStdout(),
              Lab.NO_LIMITS,
              form,
              Optional.of(Pattern.compile("ready")));
      lab.pump.adopt(Lab.instance("web@1"), program.invocation(), waiting);
      assertThat(lab.hear()).isEqualTo("found it \"is\" ready");
      Files.createFile(go);
      lab.finish(program);
    }
  }

  @Test
  void aPatternThatTriesEverythingDoesNotHoldUpTheRest() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(lab.log("web@1.log")),
              new OutputTarget.WithStdout(),
              Lab.NO_LIMITS,
              LineForm.RAW,
              Optional.of(Pattern.compile("(a+)+$|(b|bb)*c|yes")));
      lab.finish(
          lab.start(
              "web@1",
              "for i in 1 2 3; do printf '%.0sa' $(seq 1 5000); echo '!';"
                  + " printf '%.0sb' $(seq 1 5000); echo; done; echo yes",
              plan));
      assertThat(lab.hear()).isEqualTo("found yes");
      assertThat(lineCount(lab.log("web@1.log"))).isEqualTo(7);
    }
  }
}
