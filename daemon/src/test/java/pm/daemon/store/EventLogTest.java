package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;

final class EventLogTest {
  private static final Moment AT = new Moment(5, Instant.parse("2026-07-03T09:12:00.2509Z"));
  private static final InstanceName WEB = new InstanceName("web", 1);

  @TempDir Path folder;

  @Test
  void writesWhatHappenedAsPeopleReadIt() throws Exception {
    EventLog log = EventLog.open(folder, true, Runnable::run);
    log.add(
        new Happening.StateChanged(
            AT,
            WEB,
            InstanceState.IDLE,
            Optional.empty(),
            InstanceState.DEAD,
            Optional.of(DeadReason.BACKOFF),
            "exit 1 after 0.3s; restart 2 of 3 in 2s",
            Optional.of(new InvocationId("0123456789abcdef0123456789abcdef")),
            4121,
            Optional.of(ExitCause.EXIT),
            Optional.of(new ExitStatus.Code(1)),
            Optional.empty()));
    log.add(
        new Happening.InstanceNote(
            AT, WEB, "signalled", "HUP to 4121", false, new Actor("alice", 1000, 77)));
    log.add(new Happening.DaemonNote(AT, "shutdown", "", false, Actor.signal("SIGTERM")));

    assertThat(Files.readAllLines(folder.resolve("events.jsonl")))
        .containsExactly(
            "{\"seq\":1,\"time\":\"2026-07-03T09:12:00.250Z\",\"kind\":\"state\","
                + "\"instance\":\"web@1\",\"program\":\"web\","
                + "\"message\":\"exit 1 after 0.3s; restart 2 of 3 in 2s\",\"from\":\"IDLE\","
                + "\"to\":\"DEAD\",\"reason\":\"backoff\",\"pid\":4121,"
                + "\"invocation_id\":\"0123456789abcdef0123456789abcdef\",\"cause\":\"exit\","
                + "\"exit_code\":1}",
            "{\"seq\":2,\"time\":\"2026-07-03T09:12:00.250Z\",\"kind\":\"signalled\","
                + "\"instance\":\"web@1\",\"program\":\"web\",\"message\":\"HUP to 4121\","
                + "\"grave\":false,\"actor\":{\"name\":\"alice\",\"uid\":1000,\"pid\":77}}",
            "{\"seq\":3,\"time\":\"2026-07-03T09:12:00.250Z\",\"kind\":\"shutdown\","
                + "\"message\":\"\",\"grave\":false,\"actor\":{\"name\":\"SIGTERM\"}}");
    assertThat(log.after(1, 10)).extracting(EventLog.Event::seq).containsExactly(2L, 3L);
    assertThat(log.after(1, 10).getFirst().instance()).contains(WEB);
  }

  @Test
  void numbersGoOnAfterACleanEnd() throws Exception {
    EventLog log = EventLog.open(folder, false, Runnable::run);
    add(log, 3);
    EventLog next = EventLog.open(folder, true, Runnable::run);
    assertThat(next.lastSeq()).isEqualTo(3);
    assertThat(next.firstInMemory()).isEqualTo(4);
    assertThat(add(next, 1)).containsExactly(4L);
    assertThat(read(next, 1)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void noNumberIsUsedTwiceAfterACrash() throws Exception {
    // Nothing reaches the file, and then the daemon is killed.
    EventLog log = EventLog.open(folder, false, task -> {});
    assertThat(add(log, 999)).endsWith(999L);
    EventLog next = EventLog.open(folder, false, Runnable::run);
    assertThat(add(next, 2)).containsExactly(2001L, 2002L);
    assertThat(add(EventLog.open(folder, false, Runnable::run), 1)).containsExactly(4001L);
  }

  @Test
  void aNumberThatCouldNotGoOnIsNoneOfOurs() throws Exception {
    Files.writeString(folder.resolve("events.jsonl"), "{\"seq\":9223372036854775807}\n");
    EventLog log = EventLog.open(folder, true, Runnable::run);
    assertThat(add(log, 2)).containsExactly(1L, 2L);
    assertThat(read(log, 0)).containsExactly(1L, 2L);
  }

  @Test
  void aTornLastLineIsCutOff() throws Exception {
    add(EventLog.open(folder, false, Runnable::run), 2);
    Path file = folder.resolve("events.jsonl");
    byte[] whole = Files.readAllBytes(file);
    int first = Files.readString(file).indexOf('\n') + 1;
    for (int cut = first; cut < whole.length; cut++) {
      Files.write(file, java.util.Arrays.copyOf(whole, cut));
      EventLog next = EventLog.open(folder, true, Runnable::run);
      assertThat(add(next, 1)).containsExactly(2L);
      assertThat(read(next, 0)).containsExactly(1L, 2L);
    }
  }

  @Test
  void twoFilesAndARingAreAllThatIsKept() throws Exception {
    EventLog log = EventLog.open(folder, false, Runnable::run, 20_000);
    add(log, 5_000);
    assertThat(RunRecordsTest.filesIn(folder)).containsExactly("events.jsonl", "events.jsonl.1");
    assertThat(Files.size(folder.resolve("events.jsonl"))).isLessThanOrEqualTo(20_000);
    assertThat(Files.size(folder.resolve("events.jsonl.1"))).isLessThanOrEqualTo(20_000);
    assertThat(log.firstInMemory()).isEqualTo(4_001);
    assertThat(log.after(0, 10_000)).hasSize(EventLog.RING);
    assertThat(log.after(4_998, 10)).extracting(EventLog.Event::seq).containsExactly(4999L, 5000L);
    List<Long> read = read(log, 0);
    assertThat(read.getLast()).isEqualTo(5_000);
    for (int i = 1; i < read.size(); i++) {
      assertThat(read.get(i)).isEqualTo(read.get(i - 1) + 1);
    }
  }

  @Test
  void aReaderIsNotLostWhenFilesMove() throws Exception {
    EventLog log = EventLog.open(folder, false, Runnable::run, 20_000);
    add(log, 50);
    try (EventLog.Reader reader = log.read(0)) {
      List<Long> seen = new ArrayList<>();
      seen.add(reader.next(1).getFirst().seq());
      add(log, 500);
      for (var page = reader.next(1000); !page.isEmpty(); page = reader.next(1000)) {
        page.forEach(event -> seen.add(event.seq()));
      }
      for (int i = 0; i < seen.size(); i++) {
        assertThat(seen.get(i)).isEqualTo(i + 1);
      }
      assertThat(seen).hasSizeGreaterThanOrEqualTo(50);
    }
  }

  @Test
  void damagedLinesAreSkipped() throws Exception {
    EventLog log = EventLog.open(folder, false, Runnable::run);
    add(log, 1);
    Files.writeString(
        folder.resolve("events.jsonl"),
        "garbage\n{}\n" + "x".repeat(2_000_000) + "\n",
        java.nio.file.StandardOpenOption.APPEND);
    add(log, 1);
    assertThat(read(log, 0)).containsExactly(1L, 2L);
  }

  @Test
  void whatCannotBeWrittenIsCountedAndStopsNothing() throws Exception {
    EventLog log = EventLog.open(folder, false, Runnable::run);
    Files.delete(folder.resolve("events.jsonl"));
    Files.createDirectory(folder.resolve("events.jsonl"));
    add(log, 2);
    assertThat(log.lost()).isEqualTo(2);
    assertThat(log.after(0, 10)).hasSize(2);
    Files.delete(folder.resolve("events.jsonl"));
    add(log, 1);
    assertThat(read(log, 0)).containsExactly(3L);
  }

  @Test
  void aSlowDiskBoundsWhatWaits() throws Exception {
    List<Runnable> tasks = new ArrayList<>();
    EventLog log = EventLog.open(folder, false, tasks::add);
    add(log, EventLog.WAITING_BOUND + 10);
    assertThat(log.lost()).isEqualTo(10);
    assertThat(tasks).hasSize(1);
    assertThat(log.settle(0)).isFalse();
    tasks.getFirst().run();
    assertThat(log.settle(0)).isTrue();
    assertThat(read(log, 0)).hasSize(EventLog.WAITING_BOUND).startsWith(11L);
  }

  @Test
  void anotherThreadWritesInOrder() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      EventLog log = EventLog.open(folder, false, pool);
      for (int i = 0; i < 50; i++) {
        add(log, 10);
        assertThat(log.settle(TimeUnit.SECONDS.toNanos(30))).isTrue();
      }
      add(log, 500);
      assertThat(log.settle(TimeUnit.SECONDS.toNanos(30))).isTrue();
      List<Long> read = read(log, 0);
      assertThat(read).hasSize(1_000).isSorted();
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void whatIsRejectedIsWrittenWithTheNextEvent() throws Exception {
    boolean[] busy = {true};
    EventLog log =
        EventLog.open(
            folder,
            false,
            task -> {
              if (busy[0]) {
                throw new RejectedExecutionException("busy");
              }
              task.run();
            });
    add(log, 2);
    assertThat(read(log, 0)).isEmpty();
    busy[0] = false;
    add(log, 1);
    assertThat(read(log, 0)).containsExactly(1L, 2L, 3L);
    assertThat(log.firstSeq()).isEqualTo(1);
  }

  @Test
  void refusesAFolderThatCannotBeUsed() {
    assertThatThrownBy(() -> EventLog.open(folder.resolve("missing"), false, Runnable::run))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("No such file or directory");
  }

  private static List<Long> add(EventLog log, int count) {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      numbers.add(
          log.add(new Happening.DaemonNote(AT, "started", "x", false, Actor.AUTOSTART)).seq());
    }
    return numbers;
  }

  private static List<Long> read(EventLog log, long after) throws IOException {
    List<Long> numbers = new ArrayList<>();
    try (EventLog.Reader reader = log.read(after)) {
      for (var page = reader.next(4096); !page.isEmpty(); page = reader.next(4096)) {
        page.forEach(event -> numbers.add(event.seq()));
      }
    }
    return numbers;
  }
}
