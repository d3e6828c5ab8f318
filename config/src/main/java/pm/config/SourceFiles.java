package pm.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that was looked at when the configuration was read: files, places where a file could have
 * been, and patterns with what they matched. So it can be told later whether a new reading would
 * see anything else. Reads files, so it may block; one thread at a time.
 */
public final class SourceFiles {
  /** What a file was like; equal if nobody has touched it. */
  private record Stamp(boolean exists, FileTime modified, FileTime changed, long size) {
    static final Stamp MISSING =
        new Stamp(false, FileTime.from(Instant.EPOCH), FileTime.from(Instant.EPOCH), 0);

    static Stamp of(Path file) {
      try {
        Map<String, Object> attributes =
            Files.readAttributes(file, "unix:lastModifiedTime,ctime,size");
        if (attributes.get("lastModifiedTime") instanceof FileTime modified
            && attributes.get("ctime") instanceof FileTime changed
            && attributes.get("size") instanceof Long size) {
          return new Stamp(true, modified, changed, size);
        }
        throw new IllegalStateException("no such attributes: " + attributes);
      } catch (NoSuchFileException missing) {
        return MISSING;
      } catch (IOException unreadable) {
        // It cannot be read either: as good as missing until that changes.
        return MISSING;
      }
    }
  }

  private record Pattern(Path folder, String text, List<Path> found) {}

  private final SortedMap<Path, Stamp> files = new TreeMap<>();
  private final List<Pattern> patterns = new ArrayList<>();

  SourceFiles() {}

  /**
   * What would be looked at now, without a look into the files.
   *
   * @param paths as {@link ConfigurationLoader#load} takes them
   * @param include the patterns in force
   */
  public static SourceFiles lookFor(Folders folders, List<String> paths, List<String> include) {
    var sources = new SourceFiles();
    if (paths.isEmpty()) {
      sources.folder(folders.config(), include);
    }
    for (String path : paths) {
      sources.path(path, include);
    }
    return sources;
  }

  private void path(String path, List<String> include) {
    Path file;
    try {
      file = Path.of(path);
    } catch (InvalidPathException nowhere) {
      // There is nothing of this name, and there never will be.
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      folder(file, include);
    } else {
      withOverride(file);
      if (folder != null && file.endsWith(Folders.DAEMON_FILE)) {
        includes(folder, include);
      }
    }
  }

  private void folder(Path folder, List<String> include) {
    withOverride(folder.resolve(Folders.DAEMON_FILE));
    if (!Files.exists(folder.resolve(Folders.DAEMON_FILE))
        && !Files.isDirectory(folder.resolve("programs.d"))) {
      includes(folder, List.of("*.yaml"));
    } else {
      includes(folder, include);
    }
  }

  private void includes(Path folder, List<String> include) {
    for (String pattern : include) {
      List<Path> found = find(folder, pattern);
      pattern(folder, pattern, found);
      for (Path file : found) {
        withOverride(file);
      }
    }
  }

  private void withOverride(Path file) {
    file(file);
    file(Overrides.overrideOf(file));
  }

  /** Notes what a file is like, before it is opened. */
  void file(Path file) {
    files.computeIfAbsent(file, Stamp::of);
  }

  void pattern(Path folder, String text, List<Path> found) {
    patterns.add(new Pattern(folder, text, List.copyOf(found)));
  }

  /** Whether a new reading would see anything else. */
  public boolean haveChanged() {
    for (Map.Entry<Path, Stamp> file : files.entrySet()) {
      if (!Stamp.of(file.getKey()).equals(file.getValue())) {
        return true;
      }
    }
    for (Pattern pattern : patterns) {
      if (!find(pattern.folder(), pattern.text()).equals(pattern.found())) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of the files was written, made or moved to its place after a time. */
  public boolean isAnyNewerThan(Instant time) {
    for (Stamp stamp : files.values()) {
      if (stamp.exists() && stamp.changed().toInstant().isAfter(time)) {
        return true;
      }
    }
    return false;
  }

  /** The files that were there. */
  public List<Path> files() {
    var there = new ArrayList<Path>();
    files.forEach(
        (file, stamp) -> {
          if (stamp.exists()) {
            there.add(file);
          }
        });
    return there;
  }

  private static List<Path> find(Path folder, String pattern) {
    try {
      return FilePattern.find(folder, pattern);
    } catch (IOException | InvalidPathException unreadable) {
      return List.of();
    }
  }
}
