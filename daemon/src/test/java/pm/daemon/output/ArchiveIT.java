package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rotated files are compressed, and remain what they were to those who read. */
final class ArchiveIT {
  private static final int MANY = 1000;

  @TempDir Path folder;

  private static LogLimits compressed(long maxSizeBytes, int keep) {
    return new LogLimits(maxSizeBytes, keep, Optional.empty(), true);
  }

  private Path logs() {
    return folder.resolve("log");
  }

  private static List<String> names(Path logs) throws IOException {
    try (Stream<Path> files = Files.list(logs)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Waits until the rotated files are those: changes of names in the folder are heard. */
  private void awaitAllCompressed(Path log) throws Exception {
    try (var watch = log.getFileSystem().newWatchService()) {
      logs()
          .register(
              watch,
              java.nio.file.StandardWatchEventKinds.ENTRY_CREATE,
              java.nio.file.StandardWatchEventKinds.ENTRY_DELETE);
      while (names(logs()).stream().anyMatch(name -> name.matches(".*\\.log\\.\\d+|.*\\.new"))) {
        var key = watch.poll(Lab.LIMIT_SECONDS, TimeUnit.SECONDS);
        assertThat(key).as("changes in %s", names(logs())).isNotNull();
        key.pollEvents();
        key.reset();
      }
    }
  }

  /** Returns the lines of all files, the oldest first, as other programs unpack them. */
  private List<String> unpacked(Path log) throws IOException {
    TreeMap<Integer, Path> files = new TreeMap<>();
    for (String name : names(logs())) {
      String rest = name.substring(log.getFileName().toString().length()).replace(".gz", "");
      files.put(
          rest.isEmpty() ? 0 : -Integer.parseInt(rest.substring(1)), log.resolveSibling(name));
    }
    List<String> lines = new ArrayList<>();
    for (Path file : files.values()) {
      if (file.toString().endsWith(".gz")) {
        try (var in = new GZIPInputStream(Files.newInputStream(file))) {
          new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              .lines()
              .forEach(lines::add);
        }
      } else {
        lines.addAll(Files.readAllLines(file));
      }
    }
    return lines;
  }

  private List<String> read(Path log, LogPosition from) throws IOException {
    LogReader reader = new LogReader(folder.resolve("index"));
    List<String> lines = new ArrayList<>();
    LogChunk chunk = reader.read(log, from, true);
    while (true) {
      if (chunk.isGap()) {
        lines.add("(gap)");
      }
      chunk.lines().forEach(line -> lines.add(line.text()));
      if (!chunk.isMore()) {
        return lines;
      }
      chunk = reader.read(log, chunk.next(), true);
    }
  }

  private static List<String> numbers(int first, int last) {
    List<String> numbers = new ArrayList<>();
    for (int i = first; i <= last; i++) {
      numbers.add(Integer.toString(i));
    }
    return numbers;
  }

  @Test
  void underLoadNothingIsLostOrDoubledAndOthersCanUnpackIt() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      lab.finish(
          lab.start("web@1", "seq 1 500000", lab.plan("web@1.log", compressed(300_000, MANY))));
      awaitAllCompressed(log);
      assertThat(unpacked(log)).isEqualTo(numbers(1, 500_000));
      assertThat(read(log, LogPosition.START)).isEqualTo(numbers(1, 500_000));
      LogReader reader = new LogReader(folder.resolve("index"));
      for (int last : new int[] {1, 10, 70_000, 200_000, 499_999}) {
        assertThat(read(log, reader.lastLines(log, last)))
            .isEqualTo(numbers(500_000 - last + 1, 500_000));
      }
    }
  }

  @Test
  void theIdentitiesOfAllFilesDiffer() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      // One rotation after the other, so that each new file may get the inode of one just removed.
      for (int i = 1; i <= 20; i++) {
        lab.finish(
            lab.start(
                "web@1",
                "seq " + i + "000 " + i + "999",
                lab.plan("web@1.log", compressed(1024, MANY))));
        awaitAllCompressed(log);
      }
      List<LogParts.Part> parts = new LogParts(log).all();
      Set<Long> identities = new HashSet<>();
      parts.forEach(part -> identities.add(part.identity()));
      assertThat(parts).hasSameSizeAs(names(logs())).hasSameSizeAs(identities);
      List<String> all = new ArrayList<>();
      for (int i = 1; i <= 20; i++) {
        all.addAll(numbers(i * 1000, i * 1000 + 999));
      }
      assertThat(read(log, LogPosition.START)).isEqualTo(all);
    }
  }

  @Test
  void aPlaceStaysWhereItIsWhenItsFileIsCompressed() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      LogReader reader = new LogReader(folder.resolve("index"));
      lab.finish(lab.start("web@1", "seq 1 1000", lab.plan("web@1.log", compressed(1 << 20, 9))));
      LogPosition place = reader.lastLines(log, 100);
      LogPosition end = reader.end(log);
      lab.finish(lab.start("web@1", "seq 1001 5000", lab.plan("web@1.log", compressed(1024, 9))));
      awaitAllCompressed(log);
      assertThat(names(logs())).hasSizeGreaterThan(2).contains("web@1.log.1.gz");
      List<String> kept = read(log, LogPosition.START);
      if (kept.contains("901")) {
        assertThat(read(log, place)).isEqualTo(numbers(901, 5000));
        assertThat(read(log, end)).isEqualTo(numbers(1001, 5000));
      } else {
        assertThat(read(log, place).getFirst()).isEqualTo("(gap)");
      }
    }
  }

  /** A clock that is set. */
  private static final class Clock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }
  }

  @Test
  void sinceATimeOverCompressedFiles() throws Exception {
    Clock clock = new Clock();
    try (Lab lab = new Lab(folder, clock)) {
      Path log = lab.log("web@1.log");
      Instant begin = clock.now;
      for (int i = 1; i <= 9; i++) {
        clock.now = begin.plusSeconds(60L * i);
        lab.finish(
            lab.start(
                "web@1",
                "seq " + i + "000 " + i + "999",
                lab.plan("web@1.log", compressed(2000, MANY))));
        awaitAllCompressed(log);
      }
      LogReader reader = new LogReader(folder.resolve("index"));
      for (int i = 1; i <= 9; i++) {
        List<String> lines = read(log, reader.since(log, begin.plusSeconds(60L * i - 30)));
        assertThat(lines.getFirst()).isEqualTo(i + "000");
        assertThat(lines.getLast()).isEqualTo("9999");
      }
    }
  }

  @Test
  void aFileWithTheInodeOfARemovedOneHasTimesOfItsOwn() throws Exception {
    Clock clock = new Clock();
    try (Lab lab = new Lab(folder, clock)) {
      Path log = lab.log("web@1.log");
      LogReader reader = new LogReader(folder.resolve("index"));
      Lab.Program program =
          lab.start(
              "for i in 1 2 3 4 5 6; do while [ ! -e %s/go$i ]; do sleep 0.01; done; echo $i; done"
                  .formatted(folder));
      for (int i = 1; i <= 6; i++) {
        clock.now = clock.now.plusSeconds(60);
        Files.createFile(folder.resolve("go" + i));
        lab.awaitBytes(log, i % 2 == 1 ? 2 : 4);
        lab.settle();
        if (i % 2 == 0) {
          assertThat(read(log, reader.since(log, clock.now.minusSeconds(30))))
              .containsExactly(String.valueOf(i));
          // The next file gets its inode, where the file system gives out the lowest that is free.
          Files.delete(log);
        }
      }
      lab.finish(program);
    }
  }

  @Test
  void keepAndMaxAgeCountBothKinds() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      lab.finish(lab.start("web@1", "seq 1 1000", lab.plan("web@1.log", new LogLimits(1024, 3))));
      assertThat(names(logs()))
          .containsExactly("web@1.log", "web@1.log.1", "web@1.log.2", "web@1.log.3");
      // Switched on it changes nothing before the next rotation.
      lab.finish(lab.start("web@1", "true", lab.plan("web@1.log", compressed(1 << 20, 3))));
      assertThat(names(logs())).contains("web@1.log.1", "web@1.log.2", "web@1.log.3");
      lab.finish(lab.start("web@1", "seq 1001 2000", lab.plan("web@1.log", compressed(1024, 3))));
      awaitAllCompressed(log);
      assertThat(names(logs()))
          .containsExactly("web@1.log", "web@1.log.1.gz", "web@1.log.2.gz", "web@1.log.3.gz");
      // And off again.
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", new LogLimits(1024, 3))));
      assertThat(names(logs())).hasSize(4).contains("web@1.log.1");
      Path oldest = log.resolveSibling(names(logs()).getLast());
      Files.setLastModifiedTime(oldest, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
      lab.finish(
          lab.start(
              "web@1",
              "true",
              lab.plan(
                  "web@1.log", new LogLimits(1 << 20, 3, Optional.of(Duration.ofDays(1)), true))));
      assertThat(oldest).doesNotExist();
      lab.finish(lab.start("web@1", "seq 1 600", lab.plan("web@1.log", compressed(1024, 1))));
      awaitAllCompressed(log);
      assertThat(names(logs())).containsExactly("web@1.log", "web@1.log.1.gz");
    }
  }

  @Test
  void aCompressedFileHasTheModeAndTheTimeOfTheOther() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      Path one = RotationIT.numbered(log, 1);
      Files.createDirectories(logs());
      Files.writeString(one, "old\n");
      Files.setPosixFilePermissions(one, PosixFilePermissions.fromString("rw-r--r--"));
      FileTime time = FileTime.from(Instant.parse("2026-02-03T04:05:06.789Z"));
      Files.setLastModifiedTime(one, time);
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", compressed(1024, MANY))));
      awaitAllCompressed(log);
      Path oldest = log.resolveSibling(names(logs()).getLast());
      assertThat(Files.getLastModifiedTime(oldest)).isEqualTo(time);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(oldest)))
          .isEqualTo("rw-r--r--");
    }
  }

  @Test
  void whatADeathLeftIsTidied() throws Exception {
    Path log;
    try (Lab lab = new Lab(folder)) {
      log = lab.log("web@1.log");
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", compressed(1024, MANY))));
      awaitAllCompressed(log);
    }
    Path plain = RotationIT.numbered(log, 1);
    // A death before the unfinished file had its name, and one before the other was removed.
    Files.writeString(log.resolveSibling("web@1.log.gz.new"), "half");
    Files.writeString(plain, "1\n2\n");
    try (Lab lab = new Lab(folder)) {
      lab.finish(lab.start("web@1", "echo 301", lab.plan("web@1.log", new LogLimits(0, 10))));
      assertThat(log.resolveSibling("web@1.log.gz.new")).doesNotExist();
      // It is not the same: nobody else's file is removed.
      assertThat(plain).exists();
    }
  }

  @Test
  void ofBothOnlyOneIsReadAndTheOtherGoesAtTheNextStart() throws Exception {
    Path log;
    try (Lab lab = new Lab(folder)) {
      log = lab.log("web@1.log");
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", new LogLimits(1024, MANY))));
    }
    Path plain = RotationIT.numbered(log, 1);
    LogParts parts = new LogParts(log);
    try (LogParts.Opened file = parts.open(1, false).orElseThrow()) {
      var bytes = java.nio.ByteBuffer.allocateDirect(LogArchive.MEMBER_BYTES);
      var packed = java.nio.ByteBuffer.allocateDirect(LogArchive.MOST_MEMBER_BYTES);
      file.read(bytes, 0);
      LogArchive.pack(file.part(), 0, bytes.flip(), packed);
      byte[] archive = new byte[packed.remaining()];
      packed.get(archive);
      Files.write(log.resolveSibling("web@1.log.1.gz"), archive);
    }
    assertThat(read(log, LogPosition.START)).isEqualTo(numbers(1, 300));
    try (Lab lab = new Lab(folder)) {
      lab.finish(lab.start("web@1", "echo 301", lab.plan("web@1.log", new LogLimits(0, 10))));
      assertThat(plain).doesNotExist();
      assertThat(read(log, LogPosition.START)).isEqualTo(numbers(1, 301));
    }
  }

  @Test
  void whatIsNoArchiveOfOursOrDamagedIsNotTakenForOne() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", compressed(1024, MANY))));
      awaitAllCompressed(log);
      Path one = log.resolveSibling("web@1.log.1.gz");
      byte[] sound = Files.readAllBytes(one);
      java.util.random.RandomGenerator random = new java.util.SplittableRandom(5);
      for (int i = 0; i < 2000; i++) {
        byte[] damaged = sound.clone();
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
        int length = i % 3 == 0 ? random.nextInt(damaged.length) : damaged.length;
        Files.write(one, java.util.Arrays.copyOf(damaged, length));
        try {
          assertThat(read(log, LogPosition.START)).isNotNull();
        } catch (pm.daemon.posix.ErrnoException e) {
          assertThat(e).hasMessageContaining("Input/output error");
        }
      }
    }
  }

  @Test
  void aFolderThatTakesNoNewFileKeepsThePlainOnes() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path log = lab.log("web@1.log");
      // Where the unfinished file should be is a folder that is not ours to remove.
      Path inTheWay = log.resolveSibling("web@1.log.gz.new");
      Files.createDirectories(inTheWay.resolve("full"));
      lab.finish(lab.start("web@1", "seq 1 300", lab.plan("web@1.log", compressed(1024, MANY))));
      lab.settle();
      assertThat(RotationIT.numbered(log, 1)).exists();
      assertThat(read(log, LogPosition.START)).isEqualTo(numbers(1, 300));
      Files.delete(inTheWay.resolve("full"));
      Files.delete(inTheWay);
      lab.finish(lab.start("web@1", "seq 301 600", lab.plan("web@1.log", compressed(1024, MANY))));
      awaitAllCompressed(log);
      assertThat(read(log, LogPosition.START)).isEqualTo(numbers(1, 600));
    }
  }
}
