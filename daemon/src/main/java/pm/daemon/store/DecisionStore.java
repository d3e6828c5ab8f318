package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import pm.daemon.core.model.Decisions;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * What operators decided, in the state folder; it survives a loss of power.
 *
 * <p>Each time all of it is written to a new file, flushed, and renamed over the old one. That
 * happens off the loop, one at a time; of what was decided meanwhile only the newest is written.
 * Loop thread only, but for the flush itself.
 */
public final class DecisionStore {

  static final int VERSION = 1;
  static final String FILE = "decisions.json";
  static final String NEW_FILE = "decisions.json.new";

  private final Path folder;
  private final String bootId;
  private final Executor offLoop;
  private final Consumer<Runnable> loop;
  private final Listener listener;

  private boolean flushing;
  private Optional<Waiting> newest = Optional.empty();

  /** Learns what became of a flush, on the loop thread. */
  public interface Listener {
    /** This decision and all with a lower number are safe. */
    void flushed(long number);

    /**
     * This decision is not safe. It is written again with the next one.
     *
     * @param reason for people, naming the file
     */
    void failed(long number, String reason);
  }

  private record Waiting(Decisions decisions, long number) {}

  /**
   * Makes a store.
   *
   * @param folder the state folder, which exists
   * @param bootId of the kernel: what is {@code stopped} holds until the machine is booted anew
   * @param offLoop runs what blocks; may reject
   * @param loop runs something on the loop thread
   */
  public DecisionStore(
      Path folder, String bootId, Executor offLoop, Consumer<Runnable> loop, Listener listener) {
    this.folder = folder;
    this.bootId = bootId;
    this.offLoop = offLoop;
    this.loop = loop;
    this.listener = listener;
  }

  /**
   * Reads what was decided and still holds. Blocks; called before the loop runs.
   *
   * @throws StoreException if the file is not one that we understand
   */
  public Decisions read() throws StoreException {
    Path path = folder.resolve(FILE);
    try {
      Files.deleteIfExists(folder.resolve(NEW_FILE));
      if (!OwnFile.isThere(path)) {
        return Decisions.NONE;
      }
      return decode(Files.readAllBytes(path));
    } catch (NoSuchFileException e) {
      return Decisions.NONE;
    } catch (IOException e) {
      throw new StoreException("cannot use " + path + ": " + RunRecords.reason(e), e);
    } catch (JsonException e) {
      throw new StoreException(
          path
              + ": "
              + e.sentence()
              + "; use the version of pmd that wrote it, or move it away to forget what was"
              + " stopped by hand",
          e);
    }
  }

  /** Begins to make {@code decisions} safe; the listener learns how it went. */
  public void flush(Decisions decisions, long number) {
    Waiting next = new Waiting(decisions, number);
    if (flushing) {
      newest = Optional.of(next);
    } else {
      start(next);
    }
  }

  /** Returns whether nothing is being flushed or waits for it. */
  public boolean isIdle() {
    return !flushing;
  }

  private void start(Waiting next) {
    flushing = true;
    try {
      offLoop.execute(
          () -> {
            Optional<String> problem = write(encode(next.decisions()));
            loop.accept(() -> ended(next.number(), problem));
          });
    } catch (RejectedExecutionException e) {
      loop.accept(
          () ->
              ended(
                  next.number(),
                  Optional.of(
                      "cannot write " + folder.resolve(FILE) + ": there is too much to do")));
    }
  }

  private void ended(long number, Optional<String> problem) {
    flushing = false;
    if (newest.isPresent()) {
      Waiting next = newest.get();
      newest = Optional.empty();
      start(next);
    }
    if (problem.isPresent()) {
      listener.failed(number, problem.get());
    } else {
      listener.flushed(number);
    }
  }

  /** Off the loop. Returns what went wrong. */
  private Optional<String> write(byte[] text) {
    Path path = folder.resolve(NEW_FILE);
    try {
      Files.deleteIfExists(path);
      try (FileChannel file =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(text);
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        file.force(true);
      }
      Files.move(path, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
      // The rename itself is safe only once the folder is flushed.
      try (FileChannel inFolder = FileChannel.open(folder, StandardOpenOption.READ)) {
        inFolder.force(true);
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("cannot write " + folder.resolve(FILE) + ": " + RunRecords.reason(e));
    }
  }

  private byte[] encode(Decisions decisions) {
    StringBuilder text = new StringBuilder(128);
    JsonLine line = new JsonLine(text).object().put("version", VERSION).put("boot_id", bootId);
    RecordCodec.decided(line, decisions).end();
    return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private Decisions decode(byte[] text) throws JsonException {
    Members all = Members.of(Json.parse(text), "the file");
    long version = all.optionalLong("version").orElse(0);
    if (version != VERSION) {
      throw new JsonException("version " + version + " is not known here, only version " + VERSION);
    }
    Decisions decided = RecordCodec.decisions(all);
    if (decided.equals(Decisions.NONE) && !all.has("stopped")) {
      return decided;
    }
    return all.string("boot_id").equals(bootId) ? decided : decided.afterBoot();
  }
}
