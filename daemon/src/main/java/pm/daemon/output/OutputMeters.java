package pm.daemon.output;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what the writer thread does. Any thread reads, the writer thread writes. */
public final class OutputMeters {
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong moves = new AtomicLong();
  private final AtomicLong rotations = new AtomicLong();
  private final AtomicLong blockages = new AtomicLong();
  private final AtomicInteger blockedFiles = new AtomicInteger();
  private final AtomicInteger pipes = new AtomicInteger();

  OutputMeters() {}

  /** Bytes moved to files. */
  public long bytes() {
    return bytes.get();
  }

  /** Calls that moved them. */
  public long moves() {
    return moves.get();
  }

  /** Files that were full and rotated. */
  public long rotations() {
    return rotations.get();
  }

  /** How often a file could not be written. */
  public long blockages() {
    return blockages.get();
  }

  /** Files that cannot be written now. */
  public int blockedFiles() {
    return blockedFiles.get();
  }

  /** Pipes that are open now. */
  public int pipes() {
    return pipes.get();
  }

  void moved(long more) {
    bytes.setPlain(bytes.getPlain() + more);
    moves.setRelease(moves.getPlain() + 1);
  }

  void rotated() {
    rotations.incrementAndGet();
  }

  void blocked() {
    blockages.incrementAndGet();
    blockedFiles.incrementAndGet();
  }

  void unblocked() {
    blockedFiles.decrementAndGet();
  }

  void pipeOpened() {
    pipes.incrementAndGet();
  }

  void pipeClosed() {
    pipes.decrementAndGet();
  }
}
