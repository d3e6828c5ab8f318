package pm.daemon.output;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Which pipe is read when. Writer thread only.
 *
 * <p>A turn is one move of at most 1 MiB; then the next pipe has its turn. A pipe that has
 * something again within a moment rests first, so that it fills and the next move is a large one; a
 * pipe that was quiet never does. A pipe whose file cannot be written is left alone until the file
 * is tried again.
 */
final class Turns implements Console.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

  private static final long SHORTEST_REST_NANOS = 100_000;
  private static final long FIRST_REST_NANOS = 500_000;
  private static final long LONGEST_REST_NANOS = 1_000_000;

  /** One move of so much is reason enough to rest. */
  private static final long BUSY_BYTES = 16 * 1024;

  private static final long AFTER_FAILURE_NANOS = 1_000_000_000;

  /** Ended invocations that may wait for one blocked file; the next one's end waits too. */
  private static final int MOST_HELD_BACK = 16;

  /** So long somebody may take to read the daemon's own output. */
  private static final long UNREAD_NANOS = 1_000_000_000;

  private static final String UNREAD = "nobody reads it";

  private final List<Console> consoles = new ArrayList<>(2);
  private final Epoll epoll;
  private final LogFollowers followers;
  private final OutputMeters meters;
  private final InstantSource wall;
  private final LargePipes largePipes;
  private final Blockages blockages;
  private final Consumer<Source> whenFinished;

  private final Deque<Source> due = new ArrayDeque<>();
  private final PriorityQueue<Source> resting =
      new PriorityQueue<>(Comparator.comparingLong((Source source) -> source.restsUntilNanos));
  private final List<Optional<Source>> byFd = new ArrayList<>();

  /**
   * @param epoll tells of pipes by their descriptors
   * @param whenFinished told of a pipe that is at its end and closed
   */
  Turns(
      Epoll epoll,
      Blockages blockages,
      LogFollowers followers,
      OutputMeters meters,
      InstantSource wall,
      LargePipes largePipes,
      Consumer<Source> whenFinished) {
    this.epoll = epoll;
    this.blockages = blockages;
    this.followers = followers;
    this.meters = meters;
    this.wall = wall;
    this.largePipes = largePipes;
    this.whenFinished = whenFinished;
  }

  /**
   * Begins to read a pipe that is registered, after all that older pipes of the same file hold at
   * this moment.
   */
  void begin(Source source) {
    while (byFd.size() <= source.fd()) {
      byFd.add(Optional.empty());
    }
    byFd.set(source.fd(), Optional.of(source));
    meters.pipeOpened();
    source.restNanos = FIRST_REST_NANOS;
    List<Source> older =
        source.file().sources().stream()
            .filter(other -> other.instance().equals(source.instance()))
            .toList();
    source.file().sources().add(source);
    source.predecessors = older.size();
    if (older.isEmpty()) {
      begins(source);
    }
    for (Source predecessor : older) {
      predecessor.whenMoved(Source.Patience.WRITTEN, () -> precededBy(source));
      hurry(predecessor);
    }
    blockages.tell(source);
  }

  private void precededBy(Source source) {
    source.predecessors--;
    if (source.predecessors == 0 && source.state == Source.State.HELD) {
      begins(source);
    }
  }

  private void begins(Source source) {
    if (!source.isAdopted()) {
      source.file().begins(System.nanoTime(), wall.millis());
    }
    beDue(source);
  }

  /**
   * Has {@code then} run when all that the pipe holds now is in the file; also when the file cannot
   * be written: then the bytes stay in the pipe, which we keep open, and come before all that is
   * printed by a successor.
   */
  void whenWritten(Source source, Runnable then) {
    long ofInstance =
        source.file().sources().stream()
            .filter(other -> other.instance().equals(source.instance()))
            .count();
    whenWritten(
        source,
        ofInstance <= MOST_HELD_BACK ? Source.Patience.NOT_FOR_BLOCKED : Source.Patience.WRITTEN,
        then);
  }

  /** The same, but the beginning of a line may stay in the pipe, for who reads it next. */
  void whenWrittenButBegun(Source source, Runnable then) {
    whenWritten(source, Source.Patience.NOT_FOR_BEGUN, then);
  }

  private void whenWritten(Source source, Source.Patience patience, Runnable then) {
    source.whenMoved(patience, then);
    if (blockages.isBlocked(source.file())) {
      source.isBlocked();
    } else {
      hurry(source);
    }
  }

  /** Gives a pipe a turn without rest. */
  void hurry(Source source) {
    switch (source.state) {
      case WATCHED, RESTING -> beDue(source);
      case HELD -> goOn(source);
      case DUE, CLOSED -> {}
    }
  }

  /** What a pipe was held for is over. */
  void goOn(Source source) {
    if (source.state == Source.State.HELD && source.predecessors == 0) {
      beDue(source);
    }
  }

  /** Tries a file at once that could not be written. */
  void retry(Destination file) {
    if (blockages.isBlocked(file)) {
      tryAgainSafely(file, System.nanoTime());
    }
  }

  /** Closes a pipe, whatever it still holds. */
  void finish(Source source) {
    if (source.state == Source.State.CLOSED) {
      return;
    }
    leaveRest(source);
    source.state = Source.State.CLOSED;
    meters.pipeClosed();
    largePipes.closed(source);
    source.file().sources().remove(source);
    try {
      epoll.remove(source.fd());
      byFd.set(source.fd(), Optional.empty());
      Fd.close(source.fd());
    } catch (ErrnoException e) {
      LOG.warn("{}: {}", source, e.getMessage());
    }
    if (source.file().sources().isEmpty()) {
      blockages.over(source.file());
    }
    source.watchEnd();
    whenFinished.accept(source);
    source.isEmpty();
  }

  /** Something was printed to a pipe, or it is at its end. */
  void isReady(int fd, long now) {
    if (fd < byFd.size()) {
      byFd.get(fd).ifPresent(source -> isReady(source, now));
    }
  }

  private void isReady(Source source, long now) {
    if (source.state != Source.State.WATCHED) {
      // The end of a pipe that rests or is held is told once; its next turn finds it.
      return;
    }
    if (source.hadTurn && now - source.turnNanos < source.restNanos) {
      rest(source, source.turnNanos + source.restNanos);
    } else {
      beDue(source);
    }
  }

  /** Gives a turn to each pipe that is due. */
  void round() {
    long now = System.nanoTime();
    blockages.due(now).forEach(file -> tryAgainSafely(file, now));
    for (Console console : consoles) {
      if (console.isBusy()
          && !blockages.isBlocked(console)
          && now - console.busySinceNanos() >= UNREAD_NANOS) {
        block(console, UNREAD, now);
      }
    }
    wakeRested(now);
    for (int turns = due.size(); turns > 0; turns--) {
      Source source = due.remove();
      // Its file may have been blocked, or it may have come to its end, since it became due.
      if (source.state == Source.State.DUE) {
        giveTurnSafely(source);
      }
    }
  }

  /** Returns how long until the next round is due, {@link Epoll#FOREVER} if nothing waits. */
  long untilNextNanos() {
    if (!due.isEmpty()) {
      return 0;
    }
    long wait = Epoll.FOREVER;
    Source rested = resting.peek();
    if (rested != null) {
      wait = Math.max(0, rested.restsUntilNanos - System.nanoTime());
    }
    for (Console console : consoles) {
      if (console.isBusy() && !blockages.isBlocked(console)) {
        long left = console.busySinceNanos() + UNREAD_NANOS - System.nanoTime();
        wait = Math.min(wait, Math.max(0, left));
      }
    }
    return blockages.isEmpty() ? wait : blockages.untilNextNanos(System.nanoTime(), wait);
  }

  private void beDue(Source source) {
    leaveRest(source);
    source.state = Source.State.DUE;
    due.add(source);
  }

  private void watch(Source source) {
    source.state = Source.State.WATCHED;
    arm(source, true);
  }

  private void rest(Source source, long untilNanos) {
    source.state = Source.State.RESTING;
    source.restsUntilNanos = untilNanos;
    resting.add(source);
    arm(source, false);
  }

  private void hold(Source source) {
    leaveRest(source);
    source.state = Source.State.HELD;
    arm(source, false);
  }

  private void leaveRest(Source source) {
    if (source.state == Source.State.RESTING) {
      resting.remove(source);
    }
  }

  private void arm(Source source, boolean armed) {
    if (source.isArmed == armed) {
      return;
    }
    try {
      // Asked for nothing and edge-triggered, it tells of the end once instead of again and again.
      // So it does of the beginning of a line that stays in the pipe.
      int events =
          !armed
              ? Epoll.EDGE_TRIGGERED
              : source.isFramed() ? Epoll.IN | Epoll.EDGE_TRIGGERED : Epoll.IN;
      epoll.modify(source.fd(), events, source.fd());
      source.isArmed = armed;
    } catch (ErrnoException e) {
      throw new IllegalStateException("a pipe cannot be watched", e);
    }
  }

  private void wakeRested(long now) {
    Source rested = resting.peek();
    while (rested != null && rested.restsUntilNanos - now <= 0) {
      resting.remove();
      rested.state = Source.State.DUE;
      due.add(rested);
      rested = resting.peek();
    }
  }

  private void giveTurnSafely(Source source) {
    try {
      giveTurn(source);
    } catch (RuntimeException e) {
      LOG.error("{}: its turn failed; the next one is in a second", source, e);
      if (source.state != Source.State.CLOSED) {
        leaveRest(source);
        rest(source, System.nanoTime() + AFTER_FAILURE_NANOS);
      }
    }
  }

  private void giveTurn(Source source) {
    if (source.predecessors > 0 || blockages.isBlocked(source.file())) {
      hold(source);
      return;
    }
    long now = System.nanoTime();
    try {
      took(source, source.file().take(source, now, wall.millis()), now);
    } catch (ErrnoException e) {
      block(source.file(), Errno.message(e.errno()), now);
    } catch (OutputException e) {
      block(source.file(), e.reason(), now);
    }
  }

  private void took(Source source, Destination.Taken taken, long now) {
    long bytes = taken.bytes();
    if (bytes == Fd.WOULD_BLOCK) {
      watch(source);
      source.isEmpty();
    } else if (bytes == 0) {
      finish(source);
    } else if (bytes == Destination.Taken.UNDER_WAY) {
      hold(source);
    } else {
      boolean wasBusy = source.hadTurn && now - source.turnNanos <= 2 * LONGEST_REST_NANOS;
      source.hadTurn = true;
      source.turnNanos = now;
      meters.moved(source.instance().program(), bytes);
      if (taken.isRotated()) {
        meters.rotated();
      }
      followers.grew(source.file().path());
      source.addMoved(bytes);
      source.burst += bytes;
      if (source.isAwaited() || taken.isLimited()) {
        beDue(source);
      } else {
        long burst = source.isFramed() ? source.burst : bytes;
        source.burst = 0;
        pace(source, burst, wasBusy);
      }
    }
  }

  private void pace(Source source, long bytes, boolean wasBusy) {
    if (bytes >= source.capacity / 2) {
      // It may have been full, and its program held up: a larger pipe, or less rest.
      if (!largePipes.enlarge(source, source.turnNanos)) {
        source.restNanos = Math.max(SHORTEST_REST_NANOS, source.restNanos / 2);
      }
    } else if (bytes < source.capacity / 8) {
      source.restNanos = Math.min(LONGEST_REST_NANOS, source.restNanos * 2);
    }
    if (bytes >= BUSY_BYTES || wasBusy) {
      rest(source, System.nanoTime() + source.restNanos);
    } else if (source.isFramed()) {
      // Told of what comes, not of what is there: it must have been seen empty before.
      beDue(source);
    } else {
      watch(source);
    }
  }

  /** Has it looked after whether somebody reads a console. */
  void add(Console console) {
    consoles.add(console);
  }

  @Override
  public void wrote(Console console, Source source, Destination.Taken taken) {
    boolean wasBlocked = blockages.isBlocked(console);
    blockages.over(console);
    console.released().forEach(this::goOn);
    if (wasBlocked) {
      console.sources().forEach(this::goOn);
    }
    if (source.state == Source.State.HELD) {
      took(source, taken, System.nanoTime());
    } else if (source.state == Source.State.DUE) {
      // Somebody hurries it: it has a turn anyway.
      meters.moved(source.instance().program(), taken.bytes());
      source.addMoved(taken.bytes());
    }
  }

  @Override
  public void failed(Console console, String reason) {
    block(console, reason, System.nanoTime());
  }

  private void block(Destination file, String reason, long now) {
    blockages.failed(file, reason, now);
    for (Source source : List.copyOf(file.sources())) {
      hold(source);
      source.isBlocked();
    }
  }

  private void tryAgainSafely(Destination file, long now) {
    try {
      tryAgain(file, now);
    } catch (RuntimeException e) {
      LOG.error("{}: it could not be tried again", file.path(), e);
      blockages.failed(file, "internal error", now);
    }
  }

  private void tryAgain(Destination file, long now) {
    for (Source source : List.copyOf(file.sources())) {
      if (source.state != Source.State.HELD || source.predecessors > 0) {
        continue;
      }
      try {
        Destination.Taken taken = file.take(source, now, wall.millis());
        took(source, taken, now);
        if (file.isBusy()) {
          return;
        }
        if (taken.bytes() > 0) {
          break;
        }
      } catch (ErrnoException e) {
        blockages.failed(file, Errno.message(e.errno()), now);
        return;
      } catch (OutputException e) {
        blockages.failed(file, e.reason(), now);
        return;
      }
    }
    blockages.over(file);
    for (Source source : List.copyOf(file.sources())) {
      if (source.state == Source.State.HELD && source.predecessors == 0) {
        beDue(source);
      }
    }
  }
}
