package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;

/**
 * The configuration in force, in a file beside the records. Each time it gets a new name, so that
 * the line of the records that names it decides when it takes effect.
 */
final class ConfigurationInForce {

  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationInForce.class);

  private final Path folder;
  private final ConfigurationText text;
  private final RecordFile.Opener opener;
  private final ByteBuffer buffer;
  private long number;
  private Optional<FileTime> keptAt = Optional.empty();

  /**
   * @param buffer a direct one, of the same thread
   */
  ConfigurationInForce(
      Path folder, ConfigurationText text, RecordFile.Opener opener, ByteBuffer buffer) {
    this.folder = folder;
    this.text = text;
    this.opener = opener;
    this.buffer = buffer;
  }

  /** Returns when it was kept; empty if there is none. */
  Optional<FileTime> keptAt() {
    return keptAt;
  }

  /**
   * Writes it to a new file.
   *
   * @return its name
   */
  String write(Configuration configuration) throws KeepException {
    String name = name(number + 1);
    Path path = folder.resolve(name);
    byte[] bytes = text.write(configuration);
    try (RecordFile target = opener.create(path)) {
      target.write(bytes, 0, buffer);
    } catch (IOException e) {
      drop(name);
      throw RunRecords.cannotWrite(path, e);
    }
    number++;
    keptAt = modified(path);
    return name;
  }

  private static Optional<FileTime> modified(Path path) {
    try {
      return Optional.of(Files.getLastModifiedTime(path));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  /** It was kept at this time; files that are newer than it are still newer. */
  void age(String name, FileTime time) throws IOException {
    Files.setLastModifiedTime(folder.resolve(name), time);
    keptAt = Optional.of(time);
  }

  /**
   * Reads what a daemon before us has written.
   *
   * @param name as its records say
   * @throws StoreException if it is gone or cannot be read
   */
  Configuration read(String name) throws IOException, StoreException {
    Path path = folder.resolve(name);
    Path records = folder.resolve(RunRecords.FILE);
    String remedy = "; use the version of pmd that wrote it";
    Configuration configuration;
    try {
      if (!isOne(name)) {
        throw new StoreException(records + " names a wrong file: " + path + remedy);
      }
      if (!OwnFile.isThere(path)) {
        throw new NoSuchFileException(path.toString());
      }
      configuration = text.read(Files.readAllBytes(path));
    } catch (NoSuchFileException e) {
      throw new StoreException(
          "the configuration in force is gone: "
              + path
              + "; move "
              + records
              + " away to begin anew",
          e);
    } catch (IOException e) {
      throw new StoreException("cannot read " + path + ": " + RunRecords.reason(e), e);
    } catch (ConfigurationText.UnreadableException e) {
      throw new StoreException(path + ": " + e.reason() + remedy, e);
    }
    number = Long.parseLong(name, "configuration-".length(), name.indexOf('.'), 10);
    keptAt = Optional.of(Files.getLastModifiedTime(path));
    return configuration;
  }

  boolean isThere(String name) {
    return Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  void drop(String name) {
    deleteQuietly(folder.resolve(name));
  }

  /** Removes all but that of this name. */
  void dropOthers(Optional<String> inForce) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "configuration-*.json")) {
      for (Path each : files) {
        String name = each.getFileName().toString();
        if (isOne(name) && !inForce.equals(Optional.of(name))) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("cannot delete {}: {}", file, RunRecords.reason(e));
    }
  }

  private static String name(long number) {
    return "configuration-" + number + ".json";
  }

  private static boolean isOne(String name) {
    return name.matches("configuration-[1-9][0-9]{0,17}\\.json");
  }
}
