package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs are rotated at ends of lines, and no byte is lost between the files. */
final class RotationIT {
  @TempDir Path folder;

  /** The files of a log, the oldest first. */
  static List<Path> parts(Path log) {
    List<Path> parts = new ArrayList<>();
    for (int i = 1; Files.exists(numbered(log, i)); i++) {
      parts.addFirst(numbered(log, i));
    }
    if (Files.exists(log)) {
      parts.add(log);
    }
    return parts;
  }

  static Path numbered(Path log, int number) {
    return log.resolveSibling(log.getFileName() + "." + number);
  }

  static byte[] all(Path log) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Path part : parts(log)) {
      Files.copy(part, bytes);
    }
    return bytes.toByteArray();
  }

  @Test
  void underLoadNothingIsLostAndFilesEndWithLines() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogLimits limits = new LogLimits(100_000, 1000);
      lab.finish(lab.start("web@1", "seq 1 2000000", lab.plan("web@1.log", limits)));
      Path log = lab.log("web@1.log");
      assertThat(all(log)).isEqualTo(Lab.numbers(2_000_000));
      List<Path> parts = parts(log);
      assertThat(parts).hasSizeGreaterThan(140);
      for (Path part : parts.subList(0, parts.size() - 1)) {
        assertThat(Files.size(part)).isBetween(100_000L, 100_008L);
        assertThat(Lab.text(part)).endsWith("\n");
      }
      assertThat(lab.pump.meters().rotations()).isEqualTo(parts.size() - 1);
    }
  }

  @Test
  void onlySoManyAreKept() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogLimits limits = new LogLimits(1024, 3);
      lab.finish(lab.start("web@1", "seq 1 10000", lab.plan("web@1.log", limits)));
      Path log = lab.log("web@1.log");
      byte[] expected = Lab.numbers(10000);
      byte[] kept = all(log);
      assertThat(names(lab))
          .containsExactly("web@1.log", "web@1.log.1", "web@1.log.2", "web@1.log.3");
      assertThat(kept)
          .isEqualTo(
              java.util.Arrays.copyOfRange(
                  expected, expected.length - kept.length, expected.length));
    }
  }

  private static List<String> names(Lab lab) throws IOException {
    try (Stream<Path> files = Files.list(lab.folder.resolve("log"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void rotatedFilesThatAreTooOldAreRemoved() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Files.createDirectories(log.getParent());
      Instant now = Instant.now();
      for (int i = 0; i <= 3; i++) {
        Path part = i == 0 ? log : numbered(log, i);
        Files.writeString(part, "of day " + i + "\n");
        Files.setLastModifiedTime(
            part, FileTime.from(now.minus(Duration.ofDays(i + 1).plusHours(1))));
      }
      LogLimits limits =
          new LogLimits(1 << 20, 10, Optional.of(Duration.ofDays(2).plusHours(2)), false);
      lab.finish(lab.start("web@1", "echo now", lab.plan("web@1.log", limits)));
      assertThat(names(lab)).containsExactly("web@1.log", "web@1.log.1");
      assertThat(log).hasContent("of day 0\nnow\n");
      lab.finish(
          lab.start(
              "web@1",
              "echo and then",
              lab.plan(
                  "web@1.log", new LogLimits(10, 10, Optional.of(Duration.ofHours(1)), false))));
      assertThat(names(lab)).doesNotContain("web@1.log.2");
    }
  }

  @Test
  void keepNothing() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogLimits limits = new LogLimits(1024, 0);
      lab.finish(lab.start("web@1", "seq 1 10000", lab.plan("web@1.log", limits)));
      assertThat(names(lab)).containsExactly("web@1.log");
      assertThat(Lab.text(lab.log("web@1.log"))).endsWith("9999\n10000\n");
      assertThat(Files.size(lab.log("web@1.log"))).isLessThan(1100);
    }
  }

  @Test
  void aNumberThatACrashLeftUnusedIsFilledAndNothingIsReplaced() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Files.createDirectories(log.getParent());
      Files.writeString(log, "x".repeat(2000) + "\n");
      Files.writeString(numbered(log, 1), "newer\n");
      // 2 is unused: a rotation with 3 kept died after it had renamed 2 to 3.
      Files.writeString(numbered(log, 3), "oldest\n");
      lab.finish(
          lab.start("web@1", "echo one; echo two", lab.plan("web@1.log", new LogLimits(1024, 3))));
      assertThat(numbered(log, 3)).hasContent("oldest\n");
      assertThat(numbered(log, 2)).hasContent("newer\n");
      assertThat(Lab.text(numbered(log, 1))).endsWith("x\none\n");
      assertThat(log).hasContent("two\n");
    }
  }

  @Test
  void aLineOfOneHundredMegabytesIsDividedAMebibyteAfterTheLimit() throws Exception {
    try (Lab lab = new Lab(folder)) {
      LogLimits limits = new LogLimits(20_000_000, 10);
      lab.finish(
          lab.start(
              "web@1",
              "head -c 100000000 /dev/zero | tr '\\0' x; echo",
              lab.plan("web@1.log", limits)));
      List<Path> parts = parts(lab.log("web@1.log"));
      assertThat(parts).hasSize(5);
      long size = 0;
      for (Path part : parts) {
        size += Files.size(part);
        assertThat(Files.size(part))
            .isLessThanOrEqualTo(20_000_000 + LogFile.LONGEST_OVERHANG_BYTES + 64 * 1024);
      }
      assertThat(size).isEqualTo(100_000_001);
    }
  }

  @Test
  void limitsChangeWhileItRuns() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path go = folder.resolve("go");
      Lab.Program program =
          lab.start(
              "web@1",
              "seq 1 10000; until [ -e " + go + " ]; do sleep 0.01; done; seq 1 10000",
              lab.plan("web@1.log", new LogLimits(5000, 100)));
      lab.drain(program);
      lab.await(
          log, () -> parts(log).stream().mapToLong(part -> part.toFile().length()).sum() == 48894);
      assertThat(parts(log)).hasSize(10);
      lab.pump.changeLimits(Lab.instance("web@1"), new LogLimits(0, 2));
      lab.settle();
      assertThat(parts(log)).hasSize(3);
      Files.createFile(go);
      lab.finish(program);
      assertThat(parts(log)).hasSize(3);
      assertThat(Lab.text(log)).endsWith("9999\n10000\n").contains("\n10000\n1\n2\n");
    }
  }

  @Test
  void whatCannotBeRotatedGrows() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      // A folder cannot be replaced by a file.
      Files.createDirectories(numbered(log, 1).resolve("full"));
      lab.finish(lab.start("web@1", "seq 1 10000", lab.plan("web@1.log", new LogLimits(1024, 1))));
      assertThat(log).hasBinaryContent(Lab.numbers(10000));
    }
  }
}
