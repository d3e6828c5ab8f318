package pm.shipped;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that may not be there yet. */
final class Texts {

  private Texts() {}

  /** Returns all that is in a file, nothing if there is none. */
  static String of(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException none) {
      return "";
    }
  }
}
