package pm.config;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A path in which {@code *} stands for any characters of one name and {@code ?} for one. As in a
 * shell neither matches a leading dot, so that the hidden files of editors are left alone.
 */
final class FilePattern {
  private FilePattern() {}

  static boolean isPattern(String text) {
    return text.indexOf('*') >= 0 || text.indexOf('?') >= 0;
  }

  /** The files that match, sorted by path; none if a folder does not exist. */
  static List<Path> find(Path folder, String pattern) throws IOException {
    List<Path> found = List.of(pattern.startsWith("/") ? Path.of("/") : folder);
    for (String part : pattern.split("/", -1)) {
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      var next = new ArrayList<Path>();
      for (Path candidate : found) {
        if (!isPattern(part)) {
          next.add(candidate.resolve(part));
        } else if (Files.isDirectory(candidate)) {
          addMatches(candidate, part, next);
        }
      }
      found = next;
    }
    var files = new ArrayList<Path>();
    for (Path path : found) {
      if (Files.exists(path) && !Files.isDirectory(path)) {
        files.add(path);
      }
    }
    files.sort(null);
    return files;
  }

  private static void addMatches(Path folder, String part, List<Path> matches) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        Path name = entry.getFileName();
        if (name != null && matches(part, name.toString())) {
          matches.add(entry);
        }
      }
    } catch (DirectoryIteratorException failed) {
      throw failed.getCause();
    }
  }

  /** Whether one name matches one part, in time proportional to the product of their lengths. */
  static boolean matches(String part, String name) {
    if (name.startsWith(".") && !part.startsWith(".")) {
      return false;
    }
    return Glob.matches(part, name);
  }
}
