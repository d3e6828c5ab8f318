package pm.daemon.control;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import pm.config.Configuration;

/** The configuration files. */
public interface ConfigurationSource {

  /** Reads and checks all of them. Blocks; called on a thread of the pool. */
  Configuration read();

  /**
   * Reads and checks a text as if it stood in a file. Blocks; called on a thread of the pool.
   *
   * @param file what names it in problems
   */
  Configuration readText(String file, byte[] text);

  /** Returns whether they have changed since what is in force was read. Blocks. */
  boolean isNewer();

  /** Returns what is in force. Loop thread only. */
  Loaded loaded();

  /**
   * Where what is in force comes from.
   *
   * @param files that were read
   * @param at when
   * @param problems how many there were
   */
  record Loaded(List<Path> files, Instant at, int problems) {
    public Loaded {
      files = List.copyOf(files);
    }
  }
}
