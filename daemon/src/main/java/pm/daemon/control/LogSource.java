package pm.daemon.control;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;

/** The output of instances, as it is kept in files. */
public interface LogSource {

  /** One of the two outputs. */
  enum Stream {
    /** Standard output, and errors where they are merged into it. */
    OUT("out"),
    /** Errors, where they have a file of their own. */
    ERR("err");

    private final String word;

    Stream(String word) {
      this.word = word;
    }

    /** Returns the word on the wire. */
    String word() {
      return word;
    }
  }

  /** Returns the file, empty if that output is kept in none. Any thread; does not block. */
  Optional<Path> file(InstanceName instance, ProgramSpec spec, Stream stream);

  /**
   * Returns where an output goes that is kept in no file, as the rest of a sentence about it; empty
   * if nothing is to be said of it. Any thread; does not block.
   */
  Optional<String> elsewhere(ProgramSpec spec, Stream stream);

  /**
   * Begins to read a file; one that does not exist yet is empty. Blocks.
   *
   * @param hasGrown called on any thread, once after each {@link Tail#arm()}; must not block
   */
  Tail open(Path file, From from, Runnable hasGrown) throws IOException;

  /**
   * Where to begin, and what to make of the end.
   *
   * @param lines at most so many lines before the end
   * @param since none that was written (about a second) before it
   * @param untilNow whether to end about where the file ends now, and to take what follows its last
   *     end of a line, which may yet grow, for a line too; else it is read as it grows
   * @param of the invocation that printed it, and no other
   */
  record From(OptionalInt lines, Optional<Instant> since, boolean untilNow, Optional<Lifetime> of) {
    /** From a place that has nothing to do with when an invocation began. */
    public From(OptionalInt lines, Optional<Instant> since, boolean untilNow) {
      this(lines, since, untilNow, Optional.empty());
    }
  }

  /**
   * When an invocation was there.
   *
   * @param ended empty while it runs
   */
  record Lifetime(Instant began, Optional<Instant> ended) {}

  /** A file being read, on one thread at a time. */
  interface Tail extends Closeable {
    /**
     * Asks to be told once of what is written from now on. To miss nothing: call this, then read to
     * the end, then wait to be told.
     */
    void arm();

    /**
     * Has what is read as it grows end where it ends now; what follows the last end of a line is
     * then a line too. Blocks.
     */
    void finish() throws IOException;

    /**
     * Returns what comes next, of about {@code bytes} together, nothing at the end. Each line
     * counts 100 bytes more than it has, for what is made of it. Blocks.
     */
    List<Piece> next(int bytes) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** What is read. */
  sealed interface Piece {
    /**
     * A line without its line feed.
     *
     * @param partial whether it is a piece of a long line, which goes on
     */
    record Line(String text, boolean partial) implements Piece {}

    /**
     * Something is gone: its file was removed or cut before it was read.
     *
     * @param from the first byte of it, in that file
     * @param to the last byte of it
     */
    record Gap(OptionalLong from, OptionalLong to) implements Piece {}
  }
}
