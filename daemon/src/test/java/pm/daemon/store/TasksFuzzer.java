package pm.daemon.store;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/**
 * What {@code campaigns/lines/fuzz-tasks} calls with each of its inputs, a journal of tasks. The
 * first byte says what the others are: the bytes behind the header of a file, or blocks, each
 * behind two bytes with its length, that get the checksums they should have.
 */
public final class TasksFuzzer {
  private static final String BOOT = "b007";
  private static final String FIRST = "tasks-0000000001";
  private static final Moment NOW =
      new Moment(5_900_000_000_000L, Instant.ofEpochMilli(1_780_000_900_000L));
  private static final int SEGMENT_BYTES = 1 << 20;
  private static final int PLACE_BYTES = 12;
  private static final int SEEDS = 12;

  static {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
  }

  private TasksFuzzer() {}

  /**
   * Judges one input: it is refused in a sentence, or opened; what then is told can be read, and is
   * told again when it is opened again.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 1) {
      return;
    }
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    FakeTaskFolder folder = new FakeTaskFolder(new Random(1));
    boolean isFramed = (input[0] & 1) == 1;
    folder.set(FIRST, file(isFramed ? framed(rest) : rest));
    List<String> told;
    try {
      told = open(folder);
    } catch (StoreException refused) {
      if (refused.sentence().isEmpty() || refused.sentence().indexOf('\n') >= 0) {
        throw new AssertionError("no good sentence: " + refused.sentence(), refused);
      }
      return;
    }
    try {
      List<String> again = open(folder);
      if (!again.equals(told)) {
        throw new AssertionError("told " + told + "\nthen " + again);
      }
    } catch (StoreException refused) {
      throw new AssertionError("refused the second time: " + refused.sentence(), refused);
    }
  }

  private static List<String> open(FakeTaskFolder folder) throws StoreException {
    List<String> told = new ArrayList<>();
    List<Long> tasks = new ArrayList<>();
    JournalStore store = store(folder);
    try (store) {
      store.replay(
          entry -> {
            told.add(entry.toString().replaceAll("\\[B@[0-9a-f]+", "bytes"));
            tasks.add(entry.task());
          });
      for (long task : tasks) {
        look(store, task);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return told;
  }

  /** What is damaged is said, and there is nothing else that may happen. */
  private static void look(JournalStore store, long task) {
    try {
      if (store.data(task).length != store.dataBytes(task)
          || store.result(task).length != store.resultBytes(task)) {
        throw new AssertionError("task " + task + " has another length");
      }
    } catch (IOException damaged) {
      if (String.valueOf(damaged.getMessage()).isEmpty()) {
        throw new AssertionError("no sentence", damaged);
      }
    }
  }

  private static JournalStore store(FakeTaskFolder folder) throws StoreException {
    return JournalStore.open(
        folder,
        BOOT,
        NOW,
        new Random(7),
        work -> {},
        (nanos, work) -> {},
        new Deaf(),
        SEGMENT_BYTES,
        (name, work) -> new FlushesByHand(() -> true, work));
  }

  private static final class Deaf implements TaskStore.Listener {
    @Override
    public void flushed(long position) {}

    @Override
    public void failed(long position, String why) {}

    @Override
    public void works() {}

    @Override
    public void wantsTurn() {}
  }

  private static byte[] file(byte[] behindHeader) {
    byte[] file = new byte[SegmentHeader.BYTES + behindHeader.length];
    new SegmentHeader(1, "k3f9", BOOT, 0, 1, 0).write(file, 0);
    System.arraycopy(behindHeader, 0, file, SegmentHeader.BYTES, behindHeader.length);
    return file;
  }

  private static byte[] framed(byte[] blocks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at + 2 < blocks.length; ) {
      int length = (blocks[at] & 0xff) | (blocks[at + 1] & 0xff) << 8;
      length = Math.clamp(length, 1, blocks.length - at - 2);
      ByteBuffer place = ByteBuffer.allocate(PLACE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      place.putInt(length).putInt(1).putInt(SegmentHeader.BYTES + out.size());
      CRC32C crc = new CRC32C();
      crc.update(blocks, at + 2, length);
      crc.update(place.array());
      ByteBuffer header =
          ByteBuffer.allocate(BlockWriter.BLOCK_HEADER).order(ByteOrder.LITTLE_ENDIAN);
      header.putInt(length).putInt((int) crc.getValue());
      out.writeBytes(header.array());
      out.write(blocks, at + 2, length);
      at += 2 + length;
    }
    return out.toByteArray();
  }

  /** Writes inputs to begin with into a folder: small journals, as bytes and as blocks. */
  public static void main(String[] arguments) throws Exception {
    for (int seed = 0; seed < SEEDS; seed++) {
      FakeTaskFolder folder = new FakeTaskFolder(new Random(seed));
      RandomTasks tasks = new RandomTasks(new Random(seed), 4, 40);
      try (JournalStore store = store(folder)) {
        store.replay(entry -> {});
        for (int turn = 0; turn < 4; turn++) {
          List<TaskEntry> entries = tasks.turn(6);
          store.keep(entries, tasks.model::whole);
        }
      }
      for (Map.Entry<String, byte[]> each : folder.contents().entrySet()) {
        byte[] bytes = each.getValue();
        byte[] behind = Arrays.copyOfRange(bytes, SegmentHeader.BYTES, bytes.length);
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        raw.write('b');
        raw.writeBytes(behind);
        Files.write(Path.of(arguments[0], "raw" + seed), raw.toByteArray());
        Files.write(Path.of(arguments[0], "blocks" + seed), unframed(behind));
      }
    }
  }

  private static byte[] unframed(byte[] file) {
    ByteArrayOutputStream blocks = new ByteArrayOutputStream();
    blocks.write('c');
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    while (in.remaining() > BlockWriter.BLOCK_HEADER) {
      int length = in.getInt();
      in.getInt();
      blocks.write(length & 0xff);
      blocks.write(length >> 8);
      blocks.write(file, in.position(), length);
      in.position(in.position() + length);
    }
    return blocks.toByteArray();
  }
}
