package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

/** Lines are found and read over rotated files. */
final class LogReaderTest {
  @TempDir Path folder;

  private Path log;
  private LogReader reader;

  @BeforeEach
  void setUp() {
    log = folder.resolve("web@1.log");
    reader = new LogReader(folder.resolve("index"));
  }

  private void write(int number, String text) throws Exception {
    Files.writeString(
        number == 0 ? log : folder.resolve("web@1.log." + number),
        text,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private void rotate() throws Exception {
    try (LogFolder open = LogFolder.open(folder)) {
      Rotation.rotate(open, "web@1.log", 3);
    }
  }

  /** Reads from a place to the end, one mark for each gap and each line that is not whole. */
  private List<String> from(LogPosition position, boolean withUnfinished) throws ErrnoException {
    List<String> lines = new ArrayList<>();
    LogChunk chunk = reader.read(log, position, withUnfinished);
    while (true) {
      if (chunk.isGap()) {
        lines.add("(gap)");
      }
      chunk.lines().forEach(line -> lines.add(line.isWhole() ? line.text() : line.text() + "…"));
      if (!chunk.isMore()) {
        return lines;
      }
      chunk = reader.read(log, chunk.next(), withUnfinished);
    }
  }

  private List<String> last(int lines) throws ErrnoException {
    return from(reader.lastLines(log, lines), true);
  }

  @Test
  void theWayToAFolderIsTheSameWithAndWithoutTheHelpOfTheKernel() throws Exception {
    Path log = Files.createDirectories(folder.toRealPath().resolve("a/log"));
    Files.createFile(log.resolve("web.log"));
    Path others = Files.createDirectory(folder.resolve("others"));
    Files.setPosixFilePermissions(others, PosixFilePermissions.fromString("rwxrwxrwx"));
    for (Path each : List.of(log, others.toRealPath(), Path.of("/"))) {
      try (LogFolder opened = LogFolder.open(each);
          LogFolder walked = LogFolder.walkTo(each)) {
        assertThat(opened.isOurs()).as("%s", each).isEqualTo(walked.isOurs());
        assertThat(opened.has("web.log")).as("%s", each).isEqualTo(walked.has("web.log"));
      }
    }
  }

  @Test
  void noLogHasNoLines() throws Exception {
    assertThat(last(10)).isEmpty();
    assertThat(reader.end(log)).isEqualTo(LogPosition.START);
    assertThat(from(LogPosition.START, true)).isEmpty();
    write(0, "");
    assertThat(last(10)).isEmpty();
  }

  /** Who owns the folder of a log must not have shown to him what only root can read. */
  @Test
  void whatAUserLaidInTheWayIsNotRead() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root can give files away");
    Path secret = Files.writeString(folder.resolve("secret"), "secret\n");
    Path theirs = Files.createDirectory(folder.resolve("theirs"));
    FilePath.chown(theirs.toString(), 65534, 65534);
    Path inTheirs = theirs.resolve("web.log");
    Files.writeString(inTheirs, "one\n");
    assertThat(all(inTheirs)).containsExactly("one");

    Files.createLink(theirs.resolve("web.log.1"), secret);
    Files.createSymbolicLink(theirs.resolve("web.log.2"), secret);
    FilePath.mkfifo(theirs.resolve("web.log.3").toString(), 0600);
    Files.createDirectory(theirs.resolve("web.log.4"));
    assertThat(all(inTheirs)).containsExactly("one");
    Files.delete(inTheirs);
    Files.createLink(inTheirs, secret);
    assertThat(all(inTheirs)).isEmpty();

    Files.move(secret, folder.resolve("web.log"));
    Path link = Files.createSymbolicLink(theirs.resolve("logs"), Path.of("../"));
    FilePath.changeLinkOwner(link.toString(), 65534, 65534);
    assertThatThrownBy(() -> all(link.resolve("web.log")))
        .hasMessageContaining("leads to what is not that user's own");
  }

  /** A backup may have given our files second names. */
  @Test
  void inAFolderThatIsOursFilesMayHaveOtherNames() throws Exception {
    write(1, "a\n");
    Files.createLink(folder.resolve("backup"), log.resolveSibling(log.getFileName() + ".1"));
    write(0, "b\n");
    assertThat(last(9)).containsExactly("a", "b");
  }

  private List<String> all(Path file) throws Exception {
    return reader.read(file, LogPosition.START, true).lines().stream().map(LogLine::text).toList();
  }

  @Test
  void theLastLines() throws Exception {
    write(0, "a\nb\n\nc\n");
    assertThat(last(0)).isEmpty();
    assertThat(last(1)).containsExactly("c");
    assertThat(last(2)).containsExactly("", "c");
    assertThat(last(4)).containsExactly("a", "b", "", "c");
    assertThat(last(100)).containsExactly("a", "b", "", "c");
  }

  @Test
  void aLineThatIsNotEndedYetCounts() throws Exception {
    write(0, "a\nb\nunfin");
    assertThat(last(1)).containsExactly("unfin…");
    assertThat(last(2)).containsExactly("b", "unfin…");
    assertThat(from(reader.lastLines(log, 2), false)).containsExactly("b");
  }

  @Test
  void theLastLinesOfManyFilesWithAnUnusedNumber() throws Exception {
    write(4, "1\n2\n");
    write(2, "3\n4\n");
    write(1, "5\n");
    assertThat(last(1)).containsExactly("5");
    assertThat(last(2)).containsExactly("4", "5");
    assertThat(last(3)).containsExactly("3", "4", "5");
    write(0, "6\n");
    assertThat(last(1)).containsExactly("6");
    assertThat(last(2)).containsExactly("5", "6");
    assertThat(last(4)).containsExactly("3", "4", "5", "6");
    assertThat(last(5)).containsExactly("2", "3", "4", "5", "6");
    assertThat(last(9)).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void theLastLinesFromFarBack() throws Exception {
    String text = new String(Lab.numbers(100_000), StandardCharsets.US_ASCII);
    write(0, text);
    List<String> all = text.lines().toList();
    for (int lines : new int[] {1, 10, 1000, 50_000, 99_999, 100_000, 100_001}) {
      assertThat(last(lines)).isEqualTo(all.subList(Math.max(0, 100_000 - lines), 100_000));
    }
  }

  @Test
  void theLaterOfTwoPlaces() throws Exception {
    LogPosition removed = new LogPosition(1, 100);
    write(0, "a\nb\n");
    LogPosition first = reader.lastLines(log, 2);
    LogPosition second = reader.lastLines(log, 1);
    rotate();
    write(0, "c\n");
    LogPosition third = reader.lastLines(log, 1);
    List<LogPosition> ordered = List.of(LogPosition.START, first, second, third);
    for (int i = 0; i < ordered.size(); i++) {
      for (int j = 0; j <= i; j++) {
        assertThat(reader.later(log, ordered.get(i), ordered.get(j))).isEqualTo(ordered.get(i));
        assertThat(reader.later(log, ordered.get(j), ordered.get(i))).isEqualTo(ordered.get(i));
      }
    }
    assertThat(reader.later(log, removed, first)).isEqualTo(first);
  }

  @Test
  void followsOverARotation() throws Exception {
    write(0, "a\nb\n");
    LogPosition end = reader.end(log);
    write(0, "c\n");
    rotate();
    assertThat(from(end, false)).containsExactly("c");
    write(0, "d\n");
    rotate();
    write(0, "e\n");
    assertThat(from(end, false)).containsExactly("c", "d", "e");
  }

  @Test
  void waitsAtTheEndOfAFileThatHasNoSuccessorYet() throws Exception {
    write(0, "a\n");
    LogPosition end = reader.end(log);
    rotate();
    LogChunk chunk = reader.read(log, end, false);
    assertThat(chunk).isEqualTo(new LogChunk(List.of(), end, false, false));
    write(0, "b\n");
    assertThat(from(chunk.next(), false)).containsExactly("b");
  }

  @Test
  void anUnfinishedLineIsReadWhenItIsWhole() throws Exception {
    write(0, "a\nbe");
    LogChunk chunk = reader.read(log, LogPosition.START, false);
    assertThat(chunk.lines()).containsExactly(new LogLine("a", true));
    write(0, "gin\n");
    assertThat(from(chunk.next(), false)).containsExactly("begin");
  }

  @Test
  void aFileThatWasRemovedIsAGap() throws Exception {
    write(0, "a\n");
    LogPosition end = reader.end(log);
    // Kept open, so that the new file is another inode.
    try (var kept = Files.newInputStream(log)) {
      Files.delete(log);
      assertThat(from(end, false)).containsExactly("(gap)");
      write(1, "old\n");
      write(0, "new\n");
      assertThat(from(end, false)).containsExactly("(gap)", "new");
      assertThat(kept.read()).isEqualTo('a');
    }
  }

  @Test
  void afterAFileThatRotationRemovedTheNextOneThatIsKeptFollows() throws Exception {
    LogIndex index =
        new LogIndex(
            LogIndexFile.of(folder.resolve("index"), log),
            java.nio.ByteBuffer.allocateDirect(8192));
    Files.createDirectory(folder.resolve("index"));
    LogPosition first = LogPosition.START;
    for (int i = 0; i < 8; i++) {
      write(0, "line " + i + "\n");
      LogPosition end = reader.end(log);
      index.forget();
      index.wrote(end.identity(), 0, 1000L * i);
      first = i == 0 ? end : first;
      // Kept open for the whole test, so that each is another inode.
      keptOpen.add(Files.newInputStream(log));
      rotate();
    }
    assertThat(from(first, false)).containsExactly("(gap)", "line 5", "line 6", "line 7");
    for (var kept : keptOpen) {
      kept.close();
    }
  }

  private final List<java.io.InputStream> keptOpen = new ArrayList<>();

  @Test
  void aFileThatWasCutIsAGap() throws Exception {
    write(0, "a\nb\nc\n");
    LogPosition end = reader.end(log);
    Files.writeString(log, "d\n");
    assertThat(from(end, false)).containsExactly("(gap)", "d");
  }

  @Test
  void longLinesComeInPartsThatDivideNoCharacter() throws Exception {
    String line = "x" + "ü".repeat(100_000);
    write(0, line + "\nshort\n");
    List<String> lines = from(LogPosition.START, false);
    assertThat(lines).hasSize(5).endsWith("short");
    assertThat(lines.subList(0, 3)).allMatch(part -> part.endsWith("ü…"));
    assertThat(String.join("", lines.subList(0, 4)).replace("…", "")).isEqualTo(line);
  }

  @Test
  void bytesThatAreNoTextAreReplaced() throws Exception {
    Files.write(log, new byte[] {'a', (byte) 0xff, 0, (byte) 0xc3, '\n', (byte) 0x80, '\n'});
    assertThat(from(LogPosition.START, false)).containsExactly("a\ufffd\0\ufffd", "\ufffd");
    byte[] noise = new byte[300_000];
    new java.util.Random(3).nextBytes(noise);
    Files.write(log, noise);
    assertThat(from(LogPosition.START, true)).isNotEmpty();
    Files.write(log, "\u0080".repeat(70_000).getBytes(StandardCharsets.ISO_8859_1));
    assertThat(from(LogPosition.START, true)).hasSize(2);
  }

  @Test
  void aChunkIsBounded() throws Exception {
    write(0, "\n".repeat(5000));
    assertThat(reader.read(log, LogPosition.START, false).lines()).hasSize(LogReader.MOST_LINES);
    assertThat(from(LogPosition.START, false)).hasSize(5000);
  }

  @Test
  void whatIsNoFileIsNotRead() throws Exception {
    Files.createSymbolicLink(log, Files.writeString(folder.resolve("secret"), "secret\n"));
    assertThat(last(10)).isEmpty();
    Files.delete(log);
    pm.daemon.posix.FilePath.mkfifo(log.toString(), 0600);
    assertThat(last(10)).isEmpty();
  }
}
