package pm.daemon.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.LineSplitter;
import pm.protocol.Members;

/**
 * The journal of what was decided, in the runtime folder. It survives {@code kill -9} of the
 * daemon: what is written is the kernel's. It is never flushed, because a loss of power ends the
 * processes that it is about.
 *
 * <p>The file is lines of JSON. The first names the format, its version and the boot; each other is
 * an entry, and the last one about a thing is the truth about it. Entries that are kept together
 * are recovered together or not at all: all but the last carry {@code "more":true}, and such lines
 * without their end are cut off. The configuration is in a file of its own, which a line names.
 *
 * <p>When the file has become larger than 1 MiB and four times what is true, that is written to a
 * new file which takes its place.
 *
 * <p>Loop thread only.
 */
public final class RunRecords implements AutoCloseable {

  /** Changes whenever a line can no longer be read as before. */
  static final int VERSION = 2;

  /** The name of the journal in the folder. */
  public static final String FILE = "records";

  static final String NEW_FILE = "records.new";
  static final long COMPACT_FLOOR = 1024 * 1024;
  static final int COMPACT_FACTOR = 4;

  private static final String FORMAT = "pm-records";
  private static final String NO_RECORDS = "these are no records of pmd";
  private static final int LONGEST_LINE = 64 * 1024 * 1024;
  private static final int BUFFER = 64 * 1024;
  private static final Logger LOG = LoggerFactory.getLogger(RunRecords.class);

  private final Path folder;
  private final String bootId;
  private final RecordFile.Opener opener;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

  private final ConfigurationInForce configuration;
  private final Live live = new Live();
  private RecordFile file;

  /** How much of the file is good; beyond it may be what a failed write left. */
  private long length;

  /** Which file it is, for the case of its loss. */
  private Optional<Object> identity = Optional.empty();

  private boolean tailIsTorn;
  private long compactAt = COMPACT_FLOOR;

  /**
   * What the daemon before left.
   *
   * @param entries the last entry about each thing, to be replayed in this order: the configuration
   *     in force, operators' decisions, instances; empty if it ended cleanly or before the machine
   *     was booted
   * @param sameBoot whether there are records of this boot
   * @param cleanEnd whether that daemon had stopped everything before it ended
   * @param configurationKeptAt when the configuration in force was kept, if there is one
   */
  public record Recovered(
      List<Entry> entries,
      boolean sameBoot,
      boolean cleanEnd,
      Optional<Instant> configurationKeptAt) {
    public Recovered {
      entries = List.copyOf(entries);
    }

    /** Returns whether there is a life to go on with: one that had begun, and has not ended. */
    public boolean isToBeResumed() {
      return sameBoot && !cleanEnd && configurationKeptAt.isPresent();
    }
  }

  /** The truth: what a compacted file consists of. */
  private static final class Live {
    private record Sized(Instance instance, int characters) {}

    private final Map<InstanceName, Sized> instances = new TreeMap<>();
    private Optional<String> configurationFile = Optional.empty();
    private Optional<Entry.DecisionsKept> decisions = Optional.empty();
    private int decisionsCharacters;
    private long characters;
    private boolean cleanEnd;

    void accept(RecordCodec.Content content, int size) {
      cleanEnd = false;
      switch (content) {
        case RecordCodec.Content.ConfigurationIn in -> configurationFile = Optional.of(in.file());
        case RecordCodec.Content.Whole whole -> accept(whole.entry(), size);
      }
    }

    private void accept(Entry entry, int size) {
      switch (entry) {
        case Entry.InstanceKept kept -> {
          forget(kept.instance().name());
          instances.put(kept.instance().name(), new Sized(kept.instance(), size));
          characters += size;
        }
        case Entry.InstanceForgotten forgotten -> forget(forgotten.name());
        case Entry.DecisionsKept kept -> {
          characters += size - decisionsCharacters;
          decisionsCharacters = size;
          decisions = Optional.of(kept);
        }
        case Entry.CleanEnd _ -> {
          clear();
          cleanEnd = true;
        }
        case Entry.ConfigurationKept _ ->
            throw new IllegalStateException("a line cannot hold the configuration");
      }
    }

    private void forget(InstanceName name) {
      Sized before = instances.remove(name);
      if (before != null) {
        characters -= before.characters();
      }
    }

    void clear() {
      instances.clear();
      configurationFile = Optional.empty();
      decisions = Optional.empty();
      decisionsCharacters = 0;
      characters = 0;
      cleanEnd = false;
    }
  }

  /** What of a batch waits to be written. */
  private record Staged(RecordCodec.Content content, int characters) {}

  private RunRecords(
      Path folder, String bootId, ConfigurationText configurationText, RecordFile.Opener opener) {
    this.folder = folder;
    this.bootId = bootId;
    this.opener = opener;
    this.configuration = new ConfigurationInForce(folder, configurationText, opener, buffer);
    this.file = CLOSED;
  }

  /** What was opened, and what was in it. */
  public record Opened(RunRecords records, Recovered recovered) {}

  /**
   * Opens the records in {@code folder}, which exists, or begins them. Only the holder of the lock
   * may call this.
   *
   * @param bootId of the kernel; records of another boot are void
   * @throws StoreException if there are records that we do not understand, or the folder cannot be
   *     used
   */
  public static Opened open(Path folder, String bootId) throws StoreException {
    return open(folder, bootId, ConfigurationText.KEPT);
  }

  /**
   * Reads the records in {@code folder} as {@link #open} would, and changes nothing. Also while
   * their daemon runs.
   *
   * @throws StoreException if {@link #open} would
   */
  public static Recovered look(Path folder, String bootId) throws StoreException {
    RunRecords records = new RunRecords(folder, bootId, ConfigurationText.KEPT, RecordFile.REAL);
    try {
      return records.look();
    } catch (IOException e) {
      throw new StoreException("cannot use " + folder.resolve(FILE) + ": " + reason(e), e);
    }
  }

  static Opened open(Path folder, String bootId, ConfigurationText configurationText)
      throws StoreException {
    return open(folder, bootId, configurationText, RecordFile.REAL);
  }

  static Opened open(
      Path folder, String bootId, ConfigurationText configurationText, RecordFile.Opener opener)
      throws StoreException {
    RunRecords records = new RunRecords(folder, bootId, configurationText, opener);
    try {
      return new Opened(records, records.recover());
    } catch (IOException e) {
      throw new StoreException("cannot use " + folder.resolve(FILE) + ": " + reason(e), e);
    }
  }

  /** Returns the size of the file in bytes. */
  public long sizeBytes() {
    return length;
  }

  /**
   * Keeps entries: all of them, or none as far as a later daemon can see. The write is one system
   * call as long as they fit 64 KiB. Of several decisions or configurations only the last one is
   * written.
   *
   * @throws KeepException if they cannot be written now; the same ones can be tried again
   */
  public void keep(List<Entry> entries) throws KeepException {
    if (entries.isEmpty()) {
      return;
    }
    Optional<String> configurationBefore = live.configurationFile;
    List<Staged> staged = new ArrayList<>(entries.size());
    String text = encode(entries, staged);
    try {
      append(text);
    } catch (KeepException e) {
      for (Staged each : staged) {
        if (each.content() instanceof RecordCodec.Content.ConfigurationIn in) {
          configuration.drop(in.file());
        }
      }
      throw e;
    }
    for (Staged each : staged) {
      live.accept(each.content(), each.characters());
    }
    configurationBefore
        .filter(name -> !live.configurationFile.equals(Optional.of(name)))
        .ifPresent(configuration::drop);
    if (length > compactAt && length > COMPACT_FACTOR * live.characters) {
      compact();
    }
  }

  /** Returns whether the records are where the next daemon will look for them. */
  public boolean isInPlace() {
    return identity.isPresent()
        && identity.equals(identity(folder.resolve(FILE)))
        && live.configurationFile.stream().allMatch(configuration::isThere);
  }

  private static Optional<Object> identity(Path path) {
    try {
      return Optional.ofNullable(
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey());
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  /**
   * Writes records anew into the folder, where they have been lost. What was kept until now counts
   * no longer.
   *
   * @param truth one entry about each thing
   * @throws KeepException if they cannot be written now; the same can be tried again
   */
  public void writeAnew(List<Entry> truth) throws KeepException {
    Optional<FileTime> keptAt = configuration.keptAt();
    Optional<String> configurationBefore = live.configurationFile;
    List<Staged> staged = new ArrayList<>(truth.size());
    encode(truth, staged);
    live.clear();
    staged.forEach(each -> live.accept(each.content(), each.characters()));
    try {
      if (keptAt.isPresent() && live.configurationFile.isPresent()) {
        // Files that are newer than the configuration in force are still newer.
        configuration.age(live.configurationFile.get(), keptAt.get());
      }
      rewrite();
    } catch (IOException e) {
      throw cannotWrite(folder.resolve(FILE), e);
    }
    configurationBefore.ifPresent(configuration::drop);
  }

  @Override
  public void close() throws IOException {
    file.close();
    file = CLOSED;
  }

  private String encode(List<Entry> entries, List<Staged> staged) throws KeepException {
    List<Entry> needed = withoutOutdated(entries);
    StringBuilder text = new StringBuilder(512 * needed.size());
    for (int i = 0; i < needed.size(); i++) {
      int start = text.length();
      boolean more = i + 1 < needed.size();
      RecordCodec.Content content;
      if (needed.get(i) instanceof Entry.ConfigurationKept kept) {
        String name = configuration.write(kept.configuration());
        RecordCodec.encodeConfiguration(name, more, text);
        content = new RecordCodec.Content.ConfigurationIn(name);
      } else {
        RecordCodec.encode(needed.get(i), more, text);
        content = new RecordCodec.Content.Whole(needed.get(i));
      }
      text.append('\n');
      staged.add(new Staged(content, text.length() - start));
    }
    return text.toString();
  }

  /**
   * What has an image after it that is kept or lost with it needs none of its own: a restart is
   * several decisions about one instance, and a stop of a thousand programs makes a thousand lists
   * of a thousand names.
   */
  private static List<Entry> withoutOutdated(List<Entry> entries) {
    if (entries.size() == 1) {
      return entries;
    }
    List<Entry> needed = new ArrayList<>(entries.size());
    Set<InstanceName> later = new HashSet<>();
    boolean laterDecisions = false;
    boolean laterConfiguration = false;
    for (Entry entry : entries.reversed()) {
      boolean outdated =
          switch (entry) {
            case Entry.DecisionsKept _ -> laterDecisions;
            case Entry.ConfigurationKept _ -> laterConfiguration;
            case Entry.InstanceKept kept -> !later.add(kept.instance().name());
            case Entry.InstanceForgotten forgotten -> !later.add(forgotten.name());
            case Entry.CleanEnd _ -> false;
          };
      laterDecisions |= entry instanceof Entry.DecisionsKept;
      laterConfiguration |= entry instanceof Entry.ConfigurationKept;
      if (!outdated) {
        needed.add(entry);
      }
    }
    return needed.reversed();
  }

  private void append(String text) throws KeepException {
    try {
      if (tailIsTorn) {
        file.truncate(length);
        tailIsTorn = false;
      }
      length += file.write(text.getBytes(StandardCharsets.UTF_8), length, buffer);
    } catch (IOException e) {
      tailIsTorn = true;
      throw cannotWrite(folder.resolve(FILE), e);
    }
  }

  /** Failing to compact loses nothing: the long file goes on. */
  private void compact() {
    try {
      rewrite();
    } catch (IOException e) {
      compactAt = length * 2;
      LOG.warn("cannot shorten {}: {}; it goes on growing", folder.resolve(FILE), reason(e));
    }
  }

  private void rewrite() throws IOException {
    Path target = folder.resolve(NEW_FILE);
    RecordFile next = opener.create(target);
    long size;
    try {
      size = writeLive(next);
      Files.move(target, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      next.close();
      ConfigurationInForce.deleteQuietly(target);
      throw e;
    }
    RecordFile before = file;
    file = next;
    identity = identity(folder.resolve(FILE));
    length = size;
    tailIsTorn = false;
    compactAt = COMPACT_FLOOR;
    before.close();
  }

  private long writeLive(RecordFile target) throws IOException {
    StringBuilder text = new StringBuilder();
    new JsonLine(text)
        .object()
        .put("format", FORMAT)
        .put("version", VERSION)
        .put("boot_id", bootId)
        .end();
    text.append('\n');
    if (live.configurationFile.isPresent()) {
      RecordCodec.encodeConfiguration(live.configurationFile.get(), false, text);
      text.append('\n');
    }
    if (live.decisions.isPresent()) {
      RecordCodec.encode(live.decisions.get(), false, text);
      text.append('\n');
    }
    long size = 0;
    for (Live.Sized each : live.instances.values()) {
      RecordCodec.encode(new Entry.InstanceKept(each.instance()), false, text);
      text.append('\n');
      if (text.length() > BUFFER / 2) {
        size += flush(target, text, size);
      }
    }
    return size + flush(target, text, size);
  }

  private long flush(RecordFile target, StringBuilder text, long position) throws IOException {
    long written = target.write(text.toString().getBytes(StandardCharsets.UTF_8), position, buffer);
    text.setLength(0);
    return written;
  }

  private Recovered recover() throws IOException, StoreException {
    Files.deleteIfExists(folder.resolve(NEW_FILE));
    Recovered recovered = look();
    if (recovered.sameBoot() && !recovered.cleanEnd()) {
      file = opener.open(folder.resolve(FILE));
      file.truncate(length);
      identity = identity(folder.resolve(FILE));
    } else {
      rewrite();
    }
    configuration.dropOthers(live.configurationFile);
    return recovered;
  }

  /** Reads what is there and changes nothing. */
  private Recovered look() throws IOException, StoreException {
    Path path = folder.resolve(FILE);
    boolean sameBoot = false;
    if (OwnFile.isThere(path)) {
      sameBoot = read(path);
    }
    boolean cleanEnd = live.cleanEnd;
    if (!sameBoot || cleanEnd) {
      live.clear();
    }
    List<Entry> entries = new ArrayList<>();
    if (live.configurationFile.isPresent()) {
      String name = live.configurationFile.get();
      entries.add(new Entry.ConfigurationKept(configuration.read(name)));
    }
    live.decisions.ifPresent(entries::add);
    for (Live.Sized each : live.instances.values()) {
      entries.add(new Entry.InstanceKept(each.instance()));
    }
    return new Recovered(
        entries, sameBoot, cleanEnd, configuration.keptAt().map(FileTime::toInstant));
  }

  /** Reads the journal into {@link #live}; returns whether it is of this boot. */
  private boolean read(Path path) throws IOException, StoreException {
    Reading reading = new Reading();
    LineSplitter splitter = new LineSplitter(LONGEST_LINE);
    try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
      byte[] chunk = new byte[BUFFER];
      for (int count = in.read(chunk); count >= 0 && !reading.isOver(); count = in.read(chunk)) {
        splitter.feed(ByteBuffer.wrap(chunk, 0, count), reading);
      }
      // Our own first line is never torn; zeros are what a loss of power can leave of it.
      if (reading.lines == 0 && splitter.pendingBytes() > 0 && chunk[0] != 0) {
        reading.lines = 1;
        reading.problem = Optional.of(NO_RECORDS);
      }
    }
    if (reading.problem.isPresent()) {
      throw new StoreException(
          path
              + ", line "
              + reading.lines
              + ": "
              + reading.problem.get()
              + "; it tells which processes are ours, so nothing is started without it. Use the"
              + " version of pmd that wrote it, or move it away to begin anew");
    }
    length = reading.goodBytes;
    return reading.sameBoot;
  }

  /** Takes the lines of a journal, as far as they make sense. */
  private final class Reading implements LineSplitter.Sink {
    private final List<Staged> together = new ArrayList<>();
    private Optional<String> problem = Optional.empty();
    private boolean sameBoot;
    private boolean otherBoot;
    private int lines;
    private long bytes;
    private long goodBytes;

    boolean isOver() {
      return problem.isPresent() || otherBoot;
    }

    @Override
    public void line(byte[] line) {
      if (isOver()) {
        return;
      }
      lines++;
      bytes += line.length + 1;
      try {
        if (lines == 1) {
          header(line);
        } else {
          entry(line);
        }
      } catch (JsonException e) {
        problem = Optional.of(e.sentence());
      }
    }

    @Override
    public void tooLong() {
      lines++;
      problem = Optional.of("is too long");
    }

    private void header(byte[] line) throws JsonException {
      if (isOnlyZeros(line)) {
        // What a loss of power can leave of a file that was never flushed.
        otherBoot = true;
        return;
      }
      Members header = new Members(Map.of());
      try {
        header = Members.of(Json.parse(line), "the first line");
      } catch (JsonException e) {
        LOG.debug("the first line is not ours: {}", e.sentence());
      }
      if (!header.value("format").equals(Optional.of(FORMAT))) {
        throw new JsonException(NO_RECORDS);
      }
      long version = header.optionalLong("version").orElse(0);
      if (version != VERSION) {
        throw new JsonException(
            "version " + version + " is not known here, only version " + VERSION);
      }
      sameBoot = header.string("boot_id").equals(bootId);
      otherBoot = !sameBoot;
      goodBytes = bytes;
    }

    private void entry(byte[] utf8) throws JsonException {
      RecordCodec.Line line = RecordCodec.decode(utf8);
      together.add(new Staged(line.entry(), utf8.length + 1));
      if (!line.more()) {
        for (Staged each : together) {
          live.accept(each.content(), each.characters());
        }
        together.clear();
        goodBytes = bytes;
      }
    }
  }

  private static boolean isOnlyZeros(byte[] line) {
    for (byte each : line) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  static KeepException cannotWrite(Path path, IOException e) {
    return new KeepException("cannot write " + path + ": " + reason(e), e);
  }

  /** The kernel's words, without the path that a file system exception repeats. */
  static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "No such file or directory";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "Permission denied";
    }
    if (e instanceof FileSystemException named && named.getReason() != null) {
      return named.getReason();
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** Stands for the file before it is opened and after it is closed. */
  private static final RecordFile CLOSED =
      new RecordFile() {
        @Override
        public int write(ByteBuffer bytes, long position) throws IOException {
          throw new IOException("closed");
        }

        @Override
        public void truncate(long size) throws IOException {
          throw new IOException("closed");
        }

        @Override
        public void close() {}
      };
}
