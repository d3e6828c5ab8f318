package pm.daemon.output;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/** Our end of one pipe, and when it is read next. Writer thread only. */
final class Source {

  /** What the pipe waits for. */
  enum State {
    /** For something to be printed. */
    WATCHED,
    /** For its turn. */
    DUE,
    /** For the pipe to fill: its program prints much, and fewer, larger moves are cheaper. */
    RESTING,
    /** For its file, or for older pipes that come first in that file. */
    HELD,
    /** For nothing more. */
    CLOSED
  }

  /**
   * Something to be done when so much of the pipe has been moved, or when it is empty.
   *
   * @param evenBlocked whether it is also done when the file cannot be written
   */
  private record Mark(long moved, boolean evenBlocked, Runnable then) {}

  private final InstanceName instance;
  private final InvocationId invocation;
  private final Path pipe;
  private final int fd;
  private final LogFile file;
  private final Deque<Mark> marks = new ArrayDeque<>();

  State state = State.HELD;

  /** Whether epoll tells us of new bytes. */
  boolean isArmed;

  /** How many older pipes have bytes that come before ours. */
  int predecessors;

  int capacity;

  /** Its capacity before it was made larger. */
  int smallCapacity;

  long restNanos;
  long restsUntilNanos;
  long turnNanos;
  boolean hadTurn;

  private long moved;

  Source(InstanceName instance, InvocationId invocation, PipeFolder.OurEnd pipe, LogFile file) {
    this.instance = instance;
    this.invocation = invocation;
    this.pipe = pipe.path();
    fd = pipe.fd();
    capacity = pipe.capacity();
    this.file = file;
  }

  InstanceName instance() {
    return instance;
  }

  InvocationId invocation() {
    return invocation;
  }

  Path pipe() {
    return pipe;
  }

  int fd() {
    return fd;
  }

  LogFile file() {
    return file;
  }

  /** Whether someone waits for it, so that it does not rest. */
  boolean isAwaited() {
    return !marks.isEmpty();
  }

  /** Has {@code then} run as soon as all that the pipe holds now has been moved. */
  void whenMoved(boolean evenBlocked, Runnable then) {
    marks.add(new Mark(moved + held(), evenBlocked, then));
  }

  private long held() {
    try {
      return Fd.bytesReadable(fd);
    } catch (ErrnoException e) {
      throw new IllegalStateException("a pipe does not say what it holds", e);
    }
  }

  void addMoved(long bytes) {
    moved += bytes;
    while (!marks.isEmpty() && marks.element().moved() <= moved) {
      marks.remove().then().run();
    }
  }

  /** The pipe is empty, or at its end. */
  void isEmpty() {
    while (!marks.isEmpty()) {
      marks.remove().then().run();
    }
  }

  /** The file cannot be written. */
  void isBlocked() {
    Iterator<Mark> each = marks.iterator();
    Deque<Mark> reached = new ArrayDeque<>();
    while (each.hasNext()) {
      Mark mark = each.next();
      if (mark.evenBlocked()) {
        each.remove();
        reached.add(mark);
      }
    }
    reached.forEach(mark -> mark.then().run());
  }

  @Override
  public String toString() {
    return String.valueOf(pipe.getFileName());
  }
}
