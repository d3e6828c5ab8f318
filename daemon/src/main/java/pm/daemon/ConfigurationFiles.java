package pm.daemon;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Folders;
import pm.config.ProgramSpec;
import pm.config.SourceFiles;
import pm.daemon.control.ConfigurationSource;
import pm.daemon.core.event.Command;

/** The configuration files that this daemon was told to read. */
final class ConfigurationFiles implements ConfigurationSource {

  private final ConfigurationLoader loader;
  private final Folders folders;
  private final List<String> paths;
  private volatile Instant readAt = Instant.EPOCH;
  private volatile SourceFiles read;
  private volatile InForce inForce;

  /**
   * What is in force.
   *
   * @param sources as they were when they were read, or when this daemon started
   * @param changedBefore whether they were changed already when this daemon started
   */
  private record InForce(SourceFiles sources, boolean changedBefore, Loaded loaded) {}

  /**
   * Names them.
   *
   * @param paths as {@code --config} names them, empty for the configuration folder
   */
  ConfigurationFiles(ConfigurationLoader loader, Folders folders, List<Path> paths) {
    this.loader = loader;
    this.folders = folders;
    this.paths = paths.stream().map(Path::toString).toList();
    read = SourceFiles.lookFor(folders, this.paths, List.of());
    inForce = new InForce(read, false, new Loaded(List.of(), Instant.EPOCH, 0));
  }

  @Override
  public Configuration read() {
    // Before the first file is opened: what changes while we read is newer than what we read.
    readAt = Instant.now();
    ConfigurationLoader.Reading reading = loader.read(paths);
    read = reading.sources();
    return reading.configuration();
  }

  @Override
  public Configuration readText(String file, byte[] text) {
    return loader.loadText(file, text);
  }

  /** Notes that {@code configuration}, which was read last, is in force from now on. */
  void inForce(Configuration configuration) {
    SourceFiles sources = read;
    inForce =
        new InForce(
            sources, false, new Loaded(sources.files(), readAt, configuration.problems().size()));
  }

  /**
   * Notes that {@code configuration} is in force, as the files were at some time before this daemon
   * started. What they were like then is not known any more, so their times and the files that
   * programs came from decide.
   */
  void inForce(Configuration configuration, Instant at) {
    SourceFiles sources = SourceFiles.lookFor(folders, paths, configuration.daemon().include());
    boolean changed = sources.isAnyNewerThan(at);
    for (ProgramSpec spec : configuration.programs().values()) {
      String file = spec.location().file();
      // What `pmctl run` made came from no file.
      changed |= !file.equals(Command.RUN) && !Files.exists(Path.of(file));
    }
    inForce =
        new InForce(
            sources, changed, new Loaded(sources.files(), at, configuration.problems().size()));
  }

  @Override
  public boolean isNewer() {
    InForce known = inForce;
    return known.changedBefore() || known.sources().haveChanged();
  }

  @Override
  public Loaded loaded() {
    return inForce.loaded();
  }
}
