package pm.daemon.store;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Moment;

/**
 * What {@code campaigns/lines/fuzz-records} calls with each of its inputs. The first byte says
 * which file of the daemon the others are: its records, the decisions of operators, the events.
 */
public final class RecordsFuzzer {
  private static final String BOOT = "b007";
  private static final int SEEDS = 12;
  private static final Path FOLDER = folder();

  static {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
  }

  private RecordsFuzzer() {}

  private static Path folder() {
    try {
      Path memory = Path.of("/dev/shm");
      Path folder =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "fuzz-records")
              : Files.createTempDirectory("fuzz-records");
      folder.toFile().deleteOnExit();
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Judges one input: it is refused in a sentence, or what it says can be gone on with. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    if (input.length < 1) {
      return;
    }
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    try {
      switch (input[0] % 3) {
        case 0 -> records(rest);
        case 1 -> decisions(rest);
        default -> events(rest);
      }
    } catch (StoreException refused) {
      if (refused.sentence().isEmpty() || refused.sentence().indexOf('\n') >= 0) {
        throw new AssertionError("no good sentence: " + refused.sentence(), refused);
      }
    } finally {
      clean();
    }
  }

  private static void clean() throws IOException {
    try (var files = Files.list(FOLDER)) {
      for (Path each : files.toList()) {
        Files.delete(each);
      }
    }
  }

  private static void write(String name, byte[] content) throws IOException {
    Path path = FOLDER.resolve(name);
    Files.write(path, content);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
  }

  private static void records(byte[] content) throws IOException, StoreException {
    write(RunRecords.FILE, content);
    RunRecords.Recovered looked = RunRecords.look(FOLDER, BOOT);
    RunRecords.Opened opened = RunRecords.open(FOLDER, BOOT);
    opened.records().close();
    mustBe(looked.equals(opened.recovered()), "looked at otherwise");
    RunRecords.Opened again = RunRecords.open(FOLDER, BOOT);
    try (RunRecords records = again.records()) {
      mustBe(again.recovered().entries().equals(opened.recovered().entries()), "read otherwise");
      Entry.DecisionsKept kept = new Entry.DecisionsKept(Decisions.NONE, 1);
      records.keep(List.of(kept));
    } catch (KeepException e) {
      throw new AssertionError("it cannot be gone on with", e);
    }
    RunRecords.open(FOLDER, BOOT).records().close();
  }

  private static void decisions(byte[] content) throws IOException, StoreException {
    write(DecisionStore.FILE, content);
    DecisionStore store =
        new DecisionStore(FOLDER, BOOT, Runnable::run, Runnable::run, new Flushed());
    Decisions read = store.read();
    store.flush(read, 1);
    mustBe(store.read().equals(read), "kept otherwise: " + read);
  }

  private static final class Flushed implements DecisionStore.Listener {
    @Override
    public void flushed(long number) {}

    @Override
    public void failed(long number, String reason) {
      throw new AssertionError(reason);
    }
  }

  private static void events(byte[] content) throws IOException, StoreException {
    write(EventLog.FILE, content);
    EventLog log = EventLog.open(FOLDER, true, Runnable::run);
    long before = log.lastSeq();
    mustBe(before >= 0, "the last event is " + before);
    List<EventLog.Event> read = new ArrayList<>();
    try (EventLog.Reader reader = log.read(0)) {
      for (List<EventLog.Event> some = reader.next(1 << 16);
          !some.isEmpty();
          some = reader.next(1 << 16)) {
        read.addAll(some);
      }
    }
    for (int i = 1; i < read.size(); i++) {
      mustBe(read.get(i).seq() > read.get(i - 1).seq(), "events out of order");
    }
    EventLog.Event next =
        log.add(
            new Happening.DaemonNote(
                new Moment(1, Instant.EPOCH), "command", "again", false, Actor.AUTOSTART));
    mustBe(next.seq() > before, "event " + next.seq() + " after " + before);
    mustBe(
        EventLog.open(FOLDER, true, Runnable::run).lastSeq() == next.seq(), "another last event");
  }

  private static void mustBe(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** Writes inputs to begin with into a folder. */
  public static void main(String[] arguments) throws Exception {
    Path into = Path.of(arguments[0]);
    for (int seed = 0; seed < SEEDS; seed++) {
      RandomInstances random = new RandomInstances(new Random(seed));
      List<Entry> entries = new ArrayList<>();
      entries.add(new Entry.ConfigurationKept(Configuration.EMPTY));
      for (int i = seed % 4; i >= 0; i--) {
        entries.add(random.entry());
      }
      try (RunRecords records = RunRecords.open(FOLDER, BOOT).records()) {
        records.keep(entries);
      }
      Files.write(into.resolve("records" + seed), with((byte) 'c', RunRecords.FILE));
      clean();
      DecisionStore store =
          new DecisionStore(FOLDER, BOOT, Runnable::run, Runnable::run, new Flushed());
      store.flush(random.decisions(), 1);
      Files.write(into.resolve("decisions" + seed), with((byte) 'd', DecisionStore.FILE));
      clean();
    }
  }

  private static byte[] with(byte kind, String name) throws IOException {
    byte[] content = Files.readAllBytes(FOLDER.resolve(name));
    byte[] input = new byte[1 + content.length];
    input[0] = kind;
    System.arraycopy(content, 0, input, 1, content.length);
    return input;
  }
}
