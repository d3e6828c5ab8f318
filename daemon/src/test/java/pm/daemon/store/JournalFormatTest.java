package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/** What is refused, in one sentence that says what to do; and what is told of other boots. */
final class JournalFormatTest {
  private static final String FIRST = "tasks-0000000001";

  @TempDir Path state;
  private final RandomTasks tasks = new RandomTasks(new Random(5), 20, 100);

  @BeforeEach
  void keepSome() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (StoreLab lab = new StoreLab(folder())) {
        lab.keep(tasks, tasks.turn(30));
      }
    }
  }

  private Path folder() {
    return state.resolve(JournalStore.FOLDER);
  }

  private void refused(String sentence) {
    assertThatThrownBy(() -> new StoreLab(folder()))
        .isInstanceOfSatisfying(
            StoreException.class,
            e ->
                assertThat(e.sentence().replace(folder().toString(), "TASKS")).isEqualTo(sentence));
  }

  private void change(String name, int at, byte... bytes) throws Exception {
    byte[] content = Files.readAllBytes(folder().resolve(name));
    System.arraycopy(bytes, 0, content, at, bytes.length);
    Files.write(folder().resolve(name), content);
  }

  @Test
  void aFileOfSomebodyElse() throws Exception {
    change(FIRST, 0, "SQLite".getBytes(StandardCharsets.UTF_8));
    refused(
        "TASKS/tasks-0000000001: it is no file of pmd's tasks; use the version of pmd that wrote"
            + " it, or move the folder away to begin without its tasks");
    assertThatThrownBy(() -> JournalStore.look(state)).isInstanceOf(StoreException.class);
  }

  @Test
  void anotherVersion() throws Exception {
    JournalStore.look(state);
    change("tasks-0000000003", 8, (byte) 2);
    refused(
        "TASKS/tasks-0000000003: its format is version 2, and only version 1 is known here; use"
            + " the version of pmd that wrote it, or move the folder away to begin without its"
            + " tasks");
    assertThatThrownBy(() -> JournalStore.look(state))
        .hasMessageContaining("its format is version 2");
  }

  /** Adds a block with its checksum; returns where. */
  private int add(byte... entries) throws Exception {
    byte[] content = Files.readAllBytes(folder().resolve(FIRST));
    ByteBuffer place = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    place.putInt(entries.length).putInt(1).putInt(content.length);
    CRC32C crc = new CRC32C();
    crc.update(entries);
    crc.update(place.array());
    byte[] longer = Arrays.copyOf(content, content.length + 8 + entries.length);
    ByteBuffer block = ByteBuffer.wrap(longer).order(ByteOrder.LITTLE_ENDIAN);
    block.position(content.length);
    block.putInt(entries.length).putInt((int) crc.getValue()).put(entries);
    Files.write(folder().resolve(FIRST), longer);
    return content.length;
  }

  @Test
  void aKindOfEntryThatIsNotKnown() throws Exception {
    int at = add((byte) 99, (byte) 1, (byte) 2, (byte) 3);
    refused(
        "cannot read TASKS/tasks-0000000001: entries of kind 99 are unknown, in the block at byte "
            + at
            + "; use the version of pmd that wrote it, or move the folder away to begin without"
            + " its tasks");
  }

  @Test
  void aNumberThatNoTaskHas() throws Exception {
    int at = add((byte) EntryKind.FORGOTTEN, (byte) 0);
    refused(
        "cannot read TASKS/tasks-0000000001: no task has the number 0, in the block at byte "
            + at
            + "; use the version of pmd that wrote it, or move the folder away to begin without"
            + " its tasks");
  }

  /** What stands in the file is not repeated: it may be anything, a line feed as well. */
  @Test
  void aWorkerThatIsNone() throws Exception {
    ByteBuffer started = ByteBuffer.allocate(33);
    started.put((byte) EntryKind.STARTED).put(new byte[] {1, 2, 2, 1}).put(new byte[24]);
    started.put((byte) 0).put((byte) 2).put((byte) 'a').put((byte) '\n');
    int at = add(started.array());
    refused(
        "cannot read TASKS/tasks-0000000001: an entry makes no sense: an invocation id has 32"
            + " digits, not 2, in the block at byte "
            + at
            + "; use the version of pmd that wrote it, or move the folder away to begin without"
            + " its tasks");
  }

  @Test
  void aFileThatWasRenamed() throws Exception {
    Files.move(folder().resolve("tasks-0000000003"), folder().resolve("tasks-0000000004"));
    refused(
        "TASKS/tasks-0000000004 was tasks-0000000003; use the version of pmd that wrote it, or move"
            + " the folder away to begin without its tasks");
  }

  @Test
  void aFileOfAnotherStore() throws Exception {
    byte[] second = Files.readAllBytes(folder().resolve("tasks-0000000002"));
    byte[] header = Arrays.copyOf(second, SegmentHeader.BYTES);
    SegmentHeader.Look.Good look =
        (SegmentHeader.Look.Good) SegmentHeader.look(header, second.length);
    SegmentHeader ours = look.header();
    new SegmentHeader(2, "zzzz", ours.bootId(), ours.lastTask(), 1, ours.sizeBefore())
        .write(second, 0);
    Files.write(folder().resolve("tasks-0000000002"), second);
    refused(
        "TASKS/tasks-0000000002 is of another store than the files before it; move away what does"
            + " not belong here");
  }

  @Test
  void whatIsNoFile() throws Exception {
    Files.delete(folder().resolve(FIRST));
    Files.createDirectory(folder().resolve(FIRST));
    refused("cannot use TASKS/tasks-0000000001: it is no regular file; move it away");
    Files.delete(folder().resolve(FIRST));
    Files.createSymbolicLink(folder().resolve(FIRST), Path.of("tasks-0000000002"));
    refused("cannot use TASKS/tasks-0000000001: it is no regular file; move it away");
  }

  @Test
  void whatOthersCanChange() throws Exception {
    Files.setPosixFilePermissions(
        folder().resolve(FIRST), PosixFilePermissions.fromString("rw-rw----"));
    refused(
        "cannot use TASKS/tasks-0000000001: it can be written by others; see who did, and move it"
            + " away");
    Files.setPosixFilePermissions(
        folder().resolve(FIRST), PosixFilePermissions.fromString("rw-------"));
    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwx---"));
    refused("cannot use TASKS: the folder can be written by others; see who did, and move it away");
  }

  @Test
  void aFolderThatIsNone() throws Exception {
    Path elsewhere = state.resolve("elsewhere");
    Files.move(folder(), elsewhere);
    Files.createSymbolicLink(folder(), elsewhere);
    refused("cannot use TASKS: it is no folder; move it away");
    Files.delete(folder());
    Files.createFile(folder());
    refused("cannot use TASKS: it is no folder; move it away");
  }

  @Test
  void whatHasOtherNamesIsLeftAlone() throws Exception {
    Path note = folder().resolve("tasks-0000000001.bak");
    Files.writeString(note, "mine");
    Files.writeString(folder().resolve("tasks-1"), "mine");
    try (StoreLab lab = new StoreLab(folder())) {
      lab.assertHas(tasks);
    }
    assertThat(Files.readString(note)).isEqualTo("mine");
  }

  /** Nanoseconds begin anew with each boot; what was told before counts by the wall clock. */
  @Test
  void momentsOfAnotherBootAreMomentsOfThisOne() throws Exception {
    InvocationId worker = new InvocationId("0123456789abcdef0123456789abcdef");
    long wall = StoreLab.NOW.wall().toEpochMilli();
    NewTask content =
        new NewTask("", "t", Priority.HIGH, NewTask.POOLS, 3, 7_000_000_000L, new byte[] {'1'});
    List<TaskEntry> entries =
        List.of(
            new TaskEntry.Queued(
                900, "p", content, 77_000_000_000L, wall - 60_000, 84_000_000_000L, "alice"),
            new TaskEntry.Started(
                900, 1, worker, 1, 5, 100_000_000_000L, wall - 40_000, 110_000_000_000L),
            new TaskEntry.Returned(
                900, wall - 30_000, 120_000_000_000L, wall - 20_000, true, false, "error: x"),
            new TaskEntry.Ended(
                900, TaskState.FAILED, 130_000_000_000L, wall - 10_000, "x", false, new byte[0]));
    Path other = state.resolve("boots");
    try (StoreLab lab = new StoreLab(TaskFolder.at(other), "before", 1 << 20)) {
      lab.store.keep(entries, task -> java.util.Optional.empty());
    }
    try (StoreLab lab = new StoreLab(TaskFolder.at(other), "before", 1 << 20)) {
      assertThat(lab.store.isOfThisBoot()).isTrue();
      assertThat(lab.entries.subList(1, 3)).isEqualTo(entries.subList(1, 3));
    }
    try (StoreLab lab = new StoreLab(TaskFolder.at(other), "after", 1 << 20)) {
      assertThat(lab.store.isOfThisBoot()).isFalse();
      long now = StoreLab.NOW.nanos();
      assertThat(lab.entries.getFirst())
          .isInstanceOfSatisfying(
              TaskEntry.Queued.class,
              queued -> {
                assertThat(queued.enqueuedNanos()).isEqualTo(now - 60_000_000_000L);
                assertThat(queued.notBeforeNanos()).isEqualTo(now - 53_000_000_000L);
              });
      assertThat(lab.entries.subList(1, 3))
          .containsExactly(
              new TaskEntry.Started(
                  900,
                  1,
                  worker,
                  1,
                  5,
                  now - 40_000_000_000L,
                  wall - 40_000,
                  now - 30_000_000_000L),
              new TaskEntry.Returned(
                  900,
                  wall - 30_000,
                  now - 20_000_000_000L,
                  wall - 20_000,
                  true,
                  false,
                  "error: x"));
      assertThat(lab.entries.getLast())
          .isInstanceOfSatisfying(
              TaskEntry.Ended.class,
              ended -> assertThat(ended.endedNanos()).isEqualTo(now - 10_000_000_000L));
    }
  }
}
