package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;

/** What a journal tells whose end was cut off or damaged. */
final class JournalCutTest {
  private static final long SEED = Long.getLong("store.seed", System.nanoTime());
  private static final int SEGMENT_BYTES = 40_000;
  private static final int LAST = 64 * 1024;

  private final Random random = new Random(SEED);
  private final FakeTaskFolder disk = new FakeTaskFolder(random);
  private final RandomTasks tasks = new RandomTasks(random, 100_000, 1500, 1500);

  /** How many entries there are when the journal has so many bytes, all files together. */
  private final TreeMap<Long, Integer> entriesAt = new TreeMap<>();

  /** A sum over the entries up to each. */
  private final List<Long> sums = new ArrayList<>(List.of(0L));

  /** The files of a journal, one after the other. */
  private NavigableMap<String, byte[]> files = new TreeMap<>();

  private final ThreadLocal<ByteBuffer> direct =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BlockWriter.CHUNK));

  /** A hundred thousand cuts need not be told a hundred thousand times. */
  @BeforeAll
  static void quiet() {
    ((Logger) LoggerFactory.getLogger(JournalOpening.class)).setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    ((Logger) LoggerFactory.getLogger(JournalOpening.class)).setLevel(null);
  }

  private void write(int bytes) throws Exception {
    entriesAt.put(0L, 0);
    try (StoreLab lab = StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES)) {
      while (disk.bytes() < bytes) {
        List<TaskEntry> turn = tasks.turn(5);
        lab.keep(tasks, turn);
        turn.forEach(entry -> sums.add(sum(sums.getLast(), entry)));
        entriesAt.put(disk.bytes(), sums.size() - 1);
      }
    }
    files = disk.contents();
  }

  /** Every byte of the last 64 KiB, and with garbage behind it. */
  @Test
  void whereverItIsCutAllBeforeIsThereAndNothingHalf() throws Exception {
    write(LAST + 6_000);
    int total = (int) disk.bytes();
    assertThat(files).hasSize(2);
    IntStream.range(total - LAST, total + 1)
        .parallel()
        .forEach(
            cut -> {
              tells(cut, new byte[0]);
              byte[] garbage = new byte[1 + (int) ((cut * 31L + SEED) % 60 + 60) % 60];
              new Random(SEED + cut).nextBytes(garbage);
              tells(cut, garbage);
            });
  }

  private void tells(int cut, byte[] garbage) {
    FakeTaskFolder after = new FakeTaskFolder(new Random(cut));
    int left = cut;
    for (Map.Entry<String, byte[]> each : files.entrySet()) {
      byte[] content = each.getValue();
      int there = Math.min(left, content.length);
      left -= there;
      byte[] kept =
          Arrays.copyOf(content, there == content.length ? there : there + garbage.length);
      if (there < content.length) {
        if (there < SegmentHeader.BYTES && garbage.length > 0) {
          // Garbage in place of the name of the format would be another's file.
          kept = Arrays.copyOf(content, there);
        }
        System.arraycopy(garbage, 0, kept, there, kept.length - there);
        if (kept.length > there) {
          // Or garbage that happens to be what was cut off would be none.
          kept[there] = (byte) ~content[there];
        }
      }
      after.set(each.getKey(), kept);
      if (left == 0) {
        break;
      }
    }
    long[] told = new long[2];
    try {
      TaskLedger ledger = new TaskLedger();
      JournalOpening opening = new JournalOpening(after, StoreLab.BOOT, ledger);
      opening.open();
      BlobReader blobs = new BlobReader(ledger);
      opening.replay(blobs, direct.get(), StoreLab.NOW, entry -> add(told, entry));
    } catch (StoreException e) {
      throw new AssertionError("seed " + SEED + ", cut at " + cut, e);
    }
    int expected = entriesAt.floorEntry((long) cut).getValue();
    if (told[0] != expected || told[1] != sums.get(expected)) {
      throw new AssertionError(
          "seed " + SEED + ", cut at " + cut + ": " + told[0] + " entries for " + expected);
    }
  }

  private static void add(long[] told, TaskEntry entry) {
    told[0]++;
    told[1] = sum(told[1], entry);
  }

  /** That entries come back as they were is tested elsewhere. */
  private static long sum(long before, TaskEntry entry) {
    return before * 31 + entry.task() * 17 + entry.getClass().getName().length();
  }

  /** Bits that turn are no torn end: what was flushed must be there, or the journal is refused. */
  @Test
  void damageToWhatWasFlushedIsRefused() throws Exception {
    try (StoreLab lab = StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES)) {
      while (disk.bytes() < 2.5 * SEGMENT_BYTES) {
        long position = lab.keep(tasks, tasks.turn(5));
        lab.store.flush(position);
        lab.runFlusher();
        lab.turn();
      }
    }
    files = disk.contents();
    assertThat(files).hasSize(3);
    Map<String, byte[]> older = files.headMap(files.lastKey());
    for (Map.Entry<String, byte[]> each : older.entrySet()) {
      String name = each.getKey();
      for (int i = 0; i < 1000; i++) {
        byte[] damaged = each.getValue().clone();
        int at = SegmentHeader.BYTES + random.nextInt(damaged.length - SegmentHeader.BYTES);
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        disk.set(name, damaged);
        assertThatThrownBy(() -> StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES))
            .as("seed %d: a bit of byte %d of %s", SEED, at, name)
            .isInstanceOf(StoreException.class)
            .hasMessageMatching(
                "/fake/tasks/"
                    + name
                    + " is damaged at byte [0-9]+, although it was safely on the disk, and more"
                    + " follows; bring it back from a backup, or move /fake/tasks away to begin"
                    + " without its tasks");
        assertThat(disk.contents().get(name)).isEqualTo(damaged);
      }
      disk.remove(name);
      assertThatThrownBy(() -> StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("/fake/tasks/" + name + " is missing, although it was safely");
      disk.set(name, each.getValue());
    }
    try (StoreLab lab = StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES)) {
      lab.assertHas(tasks);
    }
  }
}
