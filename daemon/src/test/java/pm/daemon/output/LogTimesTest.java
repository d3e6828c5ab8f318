package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;

/** When lines were written is known to about a second, over rotations and restarts. */
final class LogTimesTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path folder;

  private Path log;
  private LogReader reader;
  private LogIndexFile file;
  private LogIndex index;
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(LogIndexFile.MOST_APPENDED_BYTES);

  @BeforeEach
  void setUp() throws Exception {
    log = folder.resolve("web@1.log");
    Files.createDirectory(folder.resolve("index"));
    reader = new LogReader(folder.resolve("index"));
    file = LogIndexFile.of(folder.resolve("index"), log);
    index = new LogIndex(file, scratch);
  }

  private void write(String line, double secondsAfterNoon) throws Exception {
    long offset = Files.exists(log) ? Files.size(log) : 0;
    Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    Instant at = at(secondsAfterNoon);
    Files.setLastModifiedTime(log, FileTime.from(at));
    index.wrote(new LogParts(log).current().orElseThrow().identity(), offset, at.toEpochMilli());
  }

  private static Instant at(double secondsAfterNoon) {
    return NOON.plusMillis(Math.round(secondsAfterNoon * 1000));
  }

  private void rotate() throws Exception {
    try (LogFolder open = LogFolder.open(folder)) {
      Rotation.rotate(open, "web@1.log", 3);
    }
    index.forget();
  }

  private List<String> since(double secondsAfterNoon) throws ErrnoException {
    List<String> lines = new ArrayList<>();
    LogPosition position = reader.since(log, at(secondsAfterNoon));
    LogChunk chunk;
    do {
      chunk = reader.read(log, position, true);
      chunk.lines().forEach(line -> lines.add(line.text()));
      position = chunk.next();
    } while (chunk.isMore());
    return lines;
  }

  /** The times are a help; what only looks like their file is not written to or waited for. */
  @Test
  @Timeout(20)
  void whatIsNoFileOfOursInTheirPlaceIsLeftAlone() throws Exception {
    Path precious = Files.writeString(folder.resolve("precious"), "precious");
    Files.createSymbolicLink(file.path(), precious);
    write("a", 0);
    Files.delete(file.path());
    Files.createLink(file.path(), precious);
    write("b", 10);
    Files.delete(file.path());
    FilePath.mkfifo(file.path().toString(), 0600);
    write("c", 20);
    assertThat(since(30)).isEmpty();
    LogIndexFile.removeForgotten(folder.resolve("index"), Instant.now().plusSeconds(9));
    assertThat(precious).hasContent("precious");
  }

  @Test
  void exactToASecond() throws Exception {
    write("a", 0);
    write("b", 0.5);
    write("c", 10);
    write("d", 20);
    write("e", 20.9);
    assertThat(since(-5)).containsExactly("a", "b", "c", "d", "e");
    assertThat(since(0.4)).containsExactly("a", "b", "c", "d", "e");
    assertThat(since(1.1)).containsExactly("c", "d", "e");
    assertThat(since(10)).containsExactly("c", "d", "e");
    assertThat(since(11.1)).containsExactly("d", "e");
    assertThat(since(20.5)).containsExactly("d", "e");
    assertThat(since(21.5)).isEmpty();
    assertThat(Files.size(file.path()))
        .isEqualTo(("pm-log-index 1 " + log + "\n").length() + 3 * 24);
  }

  @Test
  void overRotations() throws Exception {
    write("a", 0);
    rotate();
    write("b", 10);
    write("c", 20);
    rotate();
    write("d", 30);
    assertThat(since(-1)).containsExactly("a", "b", "c", "d");
    assertThat(since(5)).containsExactly("b", "c", "d");
    assertThat(since(15)).containsExactly("c", "d");
    assertThat(since(25)).containsExactly("d");
  }

  @Test
  void afterARestart() throws Exception {
    write("a", 0);
    index = new LogIndex(file, scratch);
    write("b", 0.1);
    index = new LogIndex(file, scratch);
    write("c", 100);
    assertThat(since(50)).containsExactly("c");
  }

  @Test
  void whatWasWrittenBeforeTimesWereNotedIsTakenToBeAsNewAsItCanBe() throws Exception {
    Files.writeString(log, "unknown\n");
    write("a", 100);
    assertThat(since(50)).containsExactly("unknown", "a");
    assertThat(since(101.5)).isEmpty();
    Files.delete(file.path());
    assertThat(since(99)).containsExactly("unknown", "a");
    assertThat(since(200)).isEmpty();
  }

  @Test
  void aClockThatIsSetBackHidesNothing() throws Exception {
    write("a", 100);
    write("b", 50);
    write("c", 60);
    assertThat(since(55)).containsExactly("a", "b", "c");
    assertThat(since(99)).containsExactly("a", "b", "c");
    assertThat(since(102)).isEmpty();
  }

  @Test
  void theNumberOfARemovedFileMayBeGivenToANewOne() throws Exception {
    write("old old old", 0);
    long inode = new LogParts(log).current().orElseThrow().identity();
    write("older", 10);
    Files.write(log, new byte[0]);
    index.forget();
    write("new", 100);
    assertThat(new LogParts(log).current().orElseThrow().identity()).isEqualTo(inode);
    assertThat(since(5)).containsExactly("new");
    assertThat(since(50)).containsExactly("new");
    assertThat(since(102)).isEmpty();
  }

  @Test
  void aHalfEntryIsOverwritten() throws Exception {
    write("a", 0);
    Files.write(file.path(), new byte[13], StandardOpenOption.APPEND);
    write("b", 10);
    assertThat(file.read())
        .extracting(LogIndexFile.Entry::wallMillis)
        .containsExactly(at(0).toEpochMilli(), at(10).toEpochMilli());
    Files.write(file.path(), new byte[20], StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(file.read()).isEmpty();
  }

  @Test
  void theIndexOfAnotherLogIsNotUsed() throws Exception {
    write("a", 0);
    Path other = folder.resolve("other.log");
    Files.move(file.path(), LogIndexFile.of(folder.resolve("index"), other).path());
    assertThat(LogIndexFile.of(folder.resolve("index"), other).read()).isEmpty();
  }

  @Test
  void isBoundedAndStaysExactWhereItIsNew() throws Exception {
    int lines = 3 * LogIndexFile.MOST_ENTRIES;
    for (int i = 0; i < lines; i++) {
      index.wrote(7, 10L * i, at(2.0 * i).toEpochMilli());
    }
    List<LogIndexFile.Entry> entries = file.read();
    assertThat(entries).hasSizeLessThan(LogIndexFile.MOST_ENTRIES);
    assertThat(entries.getLast())
        .isEqualTo(
            new LogIndexFile.Entry(
                at(2.0 * (lines - 1)).toEpochMilli(), 7, 10L * (lines - 1), false));
    // The newest are all there; older ones are fewer, and say so.
    for (int i = 1; i < 1000; i++) {
      assertThat(entries.get(entries.size() - 1 - i).isThinned()).isFalse();
    }
    assertThat(entries.getFirst().isThinned()).isTrue();
    assertThat(entries.getFirst().offset()).isZero();
  }

  @Test
  void manySmallFilesDoNotMakeItGrow() throws Exception {
    for (int i = 0; i < 2 * LogIndexFile.MOST_ENTRIES; i++) {
      index.wrote(i + 1L, 0, at(2.0 * i).toEpochMilli());
    }
    assertThat(file.read()).hasSizeBetween(1000, LogIndexFile.MOST_ENTRIES);
  }

  @Test
  void indexesOfLogsThatAreGoneAreRemovedInTheEnd() throws Exception {
    write("a", 0);
    Instant future = Instant.now().plusSeconds(100);
    Path folderOfIndexes = folder.resolve("index");
    Files.writeString(folderOfIndexes.resolve("other"), "not ours");
    assertThat(LogIndexFile.removeForgotten(folderOfIndexes, future)).isZero();
    Files.delete(log);
    assertThat(LogIndexFile.removeForgotten(folderOfIndexes, Instant.EPOCH)).isZero();
    Files.writeString(folderOfIndexes.resolve("broken.idx"), "");
    assertThat(LogIndexFile.removeForgotten(folderOfIndexes, future)).isEqualTo(2);
    assertThat(folderOfIndexes).isDirectoryContaining("glob:**/other");
  }

  @Test
  void aLogWhoseTimesCannotBeNotedIsReadAllTheSame() throws Exception {
    Files.createDirectory(file.path());
    write("a", 0);
    write("b", 10);
    assertThat(reader.lastLines(log, 1).offset()).isEqualTo(2);
  }
}
