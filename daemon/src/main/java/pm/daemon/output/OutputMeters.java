package pm.daemon.output;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what the writer thread does. Any thread reads, the writer thread writes. */
public final class OutputMeters {
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong moves = new AtomicLong();

  /** Bytes by program; an entry stays until nobody knows the program any more. */
  private final ConcurrentHashMap<String, AtomicLong> bytesOf = new ConcurrentHashMap<>();

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

  /**
   * Returns bytes moved to logs by program, of these programs; those of others are forgotten, for
   * their names do not come back.
   */
  public Map<String, Long> bytesOf(Set<String> programs) {
    bytesOf.keySet().retainAll(programs);
    Map<String, Long> all = new HashMap<>();
    bytesOf.forEach((program, count) -> all.put(program, count.get()));
    return all;
  }

  void moved(String program, long more) {
    bytes.setPlain(bytes.getPlain() + more);
    bytesOf.computeIfAbsent(program, name -> new AtomicLong()).addAndGet(more);
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
