package pm.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.daemon.control.ConfigurationSource;

/** The configuration files that this daemon was told to read. */
final class ConfigurationFiles implements ConfigurationSource {

  private final ConfigurationLoader loader;
  private final List<String> paths;
  private volatile Instant readAt = Instant.EPOCH;
  private volatile Loaded loaded = new Loaded(List.of(), Instant.EPOCH, 0);

  /**
   * Names them.
   *
   * @param paths as {@code --config} names them, empty for the configuration folder
   */
  ConfigurationFiles(ConfigurationLoader loader, List<Path> paths) {
    this.loader = loader;
    this.paths = paths.stream().map(Path::toString).toList();
  }

  @Override
  public Configuration read() {
    // Before the first file is opened: what changes while we read is newer than what we read.
    readAt = Instant.now();
    return loader.load(paths);
  }

  @Override
  public Configuration readText(String file, byte[] text) {
    return loader.loadText(file, text);
  }

  /** Notes that {@code configuration}, which was read last, is in force from now on. */
  void inForce(Configuration configuration) {
    inForce(configuration, readAt);
  }

  /** Notes that {@code configuration} is in force, as the files were at some time. */
  void inForce(Configuration configuration, Instant at) {
    TreeSet<Path> files = new TreeSet<>();
    for (ProgramSpec spec : configuration.programs().values()) {
      files.add(Path.of(spec.location().file()));
    }
    for (Problem problem : configuration.problems()) {
      if (!problem.location().file().isEmpty()) {
        files.add(Path.of(problem.location().file()));
      }
    }
    loaded = new Loaded(new ArrayList<>(files), at, configuration.problems().size());
  }

  @Override
  public boolean isNewer() {
    Loaded known = loaded;
    for (Path file : known.files()) {
      try {
        if (Files.getLastModifiedTime(file).toInstant().isAfter(known.at())) {
          return true;
        }
      } catch (IOException gone) {
        // A file that is gone is a change as well.
        return true;
      }
    }
    return false;
  }

  @Override
  public Loaded loaded() {
    return loaded;
  }
}
