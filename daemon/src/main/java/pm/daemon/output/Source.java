package pm.daemon.output;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalInt;
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
   * @param patience when it is also done
   */
  private record Mark(long moved, Patience patience, Runnable then) {}

  /** What a mark does not wait for. */
  enum Patience {
    /** For nothing: until the bytes are written. */
    WRITTEN,
    /** For a file that cannot be written. */
    NOT_FOR_BLOCKED,
    /** For such a file, nor for the end of a line that has begun. */
    NOT_FOR_BEGUN
  }

  /** How its lines are written. */
  static final class Frame {
    private final LineForm form;
    private final byte[] head;

    private Frame(LineForm form, String head) {
      this.form = form;
      this.head = head.getBytes(StandardCharsets.UTF_8);
    }

    LineForm form() {
      return form;
    }

    /** What stands before each line, behind its time. */
    byte[] head() {
      return head;
    }
  }

  /** Whether the process is known that a record names, or will not be. */
  enum Pid {
    NEEDED,
    SETTLED
  }

  private final InstanceName instance;
  private final InvocationId invocation;
  private final PipeFolder.Stream stream;
  private final Path pipe;
  private final int fd;
  private final Destination file;
  private final boolean isAdopted;
  private final Optional<LineWatch> watch;
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

  /** Moved since it last rested. */
  long burst;

  private Pid pid = Pid.SETTLED;
  private Frame frame = new Frame(LineForm.RAW, "");
  private long moved;

  /**
   * @param isAdopted whether a daemon before us made the pipe
   */
  Source(
      InstanceName instance,
      InvocationId invocation,
      PipeFolder.Stream stream,
      PipeFolder.OurEnd pipe,
      boolean isAdopted,
      Destination file,
      Optional<LineWatch> watch) {
    this.instance = instance;
    this.isAdopted = isAdopted;
    this.watch = watch;
    this.stream = stream;
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

  Destination file() {
    return file;
  }

  /** Whether its first bytes may have been written already by a daemon that died then. */
  boolean isAdopted() {
    return isAdopted;
  }

  /** How its lines are written. */
  Frame frame() {
    return frame;
  }

  /** Whether its lines become records, and are not moved as they are. */
  boolean isFramed() {
    return frame.form() != LineForm.RAW || frame.head().length > 0;
  }

  /**
   * Returns how its lines are to be written.
   *
   * @param isNamed whether lines bear the name of the instance in every form
   */
  Frame frameOf(LineForm form, boolean isNamed, OptionalInt process) {
    String head =
        switch (form) {
          case RAW, TIME -> isNamed ? instance + " | " : "";
          case JSON ->
              "\",\"program\":\""
                  + instance.program()
                  + "\",\"instance\":\""
                  + instance
                  + "\",\"pid\":"
                  + (process.isPresent() ? Integer.toString(process.getAsInt()) : "null")
                  + ",\"stream\":\""
                  + stream.word()
                  + "\",\"line\":\"";
        };
    return new Frame(form, head);
  }

  void frame(Frame given, Pid state) {
    frame = given;
    pid = state;
  }

  /** Whether its records name a process that is not known yet, and nobody has waited for them. */
  boolean awaitsPid() {
    return pid == Pid.NEEDED;
  }

  /** Whether something is looked for in its lines. */
  boolean isWatched() {
    return watch.isPresent() && !watch.get().isOver();
  }

  /** These bytes have been printed. */
  void watch(byte[] bytes, int from, int to) {
    if (isWatched()) {
      watch.get().feed(bytes, from, to);
    }
  }

  /** This line has been printed, or a part of it. */
  void watchLine(byte[] bytes, int from, int to, boolean isEnd) {
    if (isWatched()) {
      watch.get().feed(bytes, from, to);
      if (isEnd) {
        watch.get().end();
      }
    }
  }

  /** Nothing more will be printed. */
  void watchEnd() {
    if (isWatched()) {
      watch.get().end();
    }
  }

  /** Whether someone waits for it, so that it does not rest. */
  boolean isAwaited() {
    return !marks.isEmpty();
  }

  /** Has {@code then} run as soon as all that the pipe holds now has been moved. */
  void whenMoved(Patience patience, Runnable then) {
    marks.add(new Mark(moved + held(), patience, then));
    pid = Pid.SETTLED;
  }

  /** Whether someone waits for all that is in the pipe, be it the beginning of a line. */
  boolean isFlushed() {
    return marks.stream().anyMatch(mark -> mark.patience() != Patience.NOT_FOR_BEGUN);
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

  /** The file cannot be written, for now. */
  void isBlocked() {
    Iterator<Mark> each = marks.iterator();
    Deque<Mark> reached = new ArrayDeque<>();
    while (each.hasNext()) {
      Mark mark = each.next();
      if (mark.patience() != Patience.WRITTEN) {
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
