package pm.daemon.worker;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.MappedLong;
import pm.daemon.posix.OpenFlags;

/**
 * What is to be written to the pipe to a worker. Frames go out whole, and those about tasks in
 * order; a ping overtakes all of which no byte is written, and answers overtake tasks.
 *
 * <p>As many frames as there is room for go out with one write(2), which the death of the daemon
 * cannot tear: up to PIPE_BUF bytes always, up to the capacity of the pipe if it is empty. Only a
 * single frame that is larger than that goes out in pieces, and as long as it does a file beside
 * the pipe says so. After the last byte of a task's frame its sequence is stored in another file,
 * without a system call.
 *
 * <p>Tasks wait as what they were given as, and become bytes when they are written; data that are
 * in the store are asked for when they are next. Loop thread only.
 */
final class Outbox implements AutoCloseable {
  /** Answers that wait. */
  static final int MOST_ANSWERS = 64;

  /** Bytes of answers that wait, unless it is a single one. */
  static final int MOST_ANSWER_BYTES = 64 * 1024;

  /** Tasks and words about tasks that wait; more than a worker ever has in hand. */
  static final int MOST_ORDERS = 4_096;

  /** PIPE_BUF of Linux; pipe(7). */
  private static final int ATOMIC_BYTES = 4096;

  private static final byte[] NOTHING = new byte[0];

  /** Whoever has tasks sent. */
  interface Orderer {
    /** The data of this task are needed next; {@link #dataRead} brings them. */
    void needsData(TaskEffect.Send send);

    /** The frame of a task will not be sent any more, or not to its end. */
    void notSent(TaskEffect.Send send, String why);
  }

  /** A frame that goes out in pieces. */
  private static final class Begun {
    private final byte[] head;
    private final int dataBytes;
    private final byte[] tail;
    private final Optional<TaskEffect.Send> send;

    /** Of the task that it is about; 0 if it is about none. */
    private final long sequence;

    /** Empty while they are forgotten. */
    private byte[] data;

    private int position;

    private Begun(
        byte[] head, byte[] data, byte[] tail, Optional<TaskEffect.Send> send, long sequence) {
      this.sequence = sequence;
      this.head = head;
      this.data = data;
      dataBytes = data.length;
      this.tail = tail;
      this.send = send;
    }

    private static Begun of(byte[] frame) {
      return new Begun(frame, NOTHING, NOTHING, Optional.empty(), 0);
    }

    private int bytes() {
      return head.length + dataBytes + tail.length;
    }

    private TornFrame left() {
      ByteBuffer rest = ByteBuffer.allocate(bytes() - position);
      putInto(rest);
      return new TornFrame(sequence, rest.array());
    }

    private boolean isForgotten() {
      return data.length < dataBytes;
    }

    /** Puts what is not written yet into a buffer, as much as fits. */
    private void putInto(ByteBuffer buffer) {
      int at = position;
      at = put(head, at, buffer);
      at = put(data, at, buffer);
      put(tail, at, buffer);
    }

    /** Puts the part of a piece behind {@code at}; returns the rest of it, from the next piece. */
    private static int put(byte[] piece, int at, ByteBuffer buffer) {
      if (at >= piece.length) {
        return at - piece.length;
      }
      buffer.put(piece, at, Math.min(piece.length - at, buffer.remaining()));
      return 0;
    }
  }

  private final Path tornMark;
  private final MappedLong sent;
  private final Means means;
  private final TaskFrames frames;
  private final Orderer orderer;
  private final WorkerMeters meters;
  private final Deque<byte[]> answers = new ArrayDeque<>();
  private final Deque<TaskEffect> orders = new ArrayDeque<>();
  private int answerBytes;
  private Optional<byte[]> ping = Optional.empty();

  /** The frame of which a part is written. */
  private Optional<Begun> begun = Optional.empty();

  /** The data of the first task that waits, where they come from the store. */
  private byte[] fetched = NOTHING;

  private boolean isFetching;

  /** Bytes of data from the store that wait here for room, as far as they are agreed on. */
  private int held;

  private final Optional<Integer> fd;
  private boolean isRefused;
  private boolean isMarked;

  /** Whether the pipe had no room when it was written to last. */
  private boolean isFull;

  // What one write(2) takes, as it is put together.
  private int room;
  private boolean isRoomKnown;

  /**
   * @param fd our end of the pipe; empty if the worker has closed its own
   * @param sent takes the sequence of the last task whose frame is written; is closed with this
   */
  Outbox(
      Optional<Integer> fd,
      Path tornMark,
      MappedLong sent,
      Means means,
      TaskFrames frames,
      Orderer orderer,
      WorkerMeters meters) {
    this.fd = fd;
    isRefused = fd.isEmpty();
    this.tornMark = tornMark;
    this.sent = sent;
    this.means = means;
    this.frames = frames;
    this.orderer = orderer;
    this.meters = meters;
  }

  /** Returns the descriptor to wait for room. */
  Optional<Integer> fd() {
    return fd;
  }

  /** Returns whether the worker has closed its end, so that nothing can be sent any more. */
  boolean isRefused() {
    return isRefused;
  }

  /** Returns whether something waits for room in the pipe; then {@link #roomCame} is awaited. */
  boolean needsRoom() {
    return isFull;
  }

  /** There is room in the pipe, or nobody who would make some. */
  void roomCame() throws ErrnoException {
    isFull = false;
    flush();
  }

  /**
   * Adds an answer to the worker, which {@link #flush} sends.
   *
   * @return false if there are too many already: it is not sent
   */
  boolean answer(byte[] frame) {
    boolean hasRoom =
        answers.isEmpty()
            || (answers.size() < MOST_ANSWERS && answerBytes + frame.length <= MOST_ANSWER_BYTES);
    if (isRefused || !hasRoom) {
      return false;
    }
    answers.add(frame);
    answerBytes += frame.length;
    return true;
  }

  /**
   * Adds a task or a word about tasks, which {@link #flush} sends.
   *
   * @return false if nothing can be sent, or there are too many already: it is not sent
   */
  boolean order(TaskEffect order) {
    if (isRefused || orders.size() >= MOST_ORDERS) {
      return false;
    }
    orders.add(order);
    return true;
  }

  /** Adds a ping; one of which no byte is written yet is replaced. */
  void addPing(byte[] frame) {
    ping = isRefused ? Optional.empty() : Optional.of(frame);
  }

  /** Returns whether a task is the next one, and only its data are missing. */
  boolean isNext(TaskEffect.Send send) {
    return isFetching && begun.isEmpty() && orders.peek() == send;
  }

  /** The rest of a frame of which a part is written cannot be read any more. */
  void restFailed(TaskEffect.Send send, String why) {
    if (isFetching && begun.flatMap(frame -> frame.send).orElse(null) == send) {
      throw new IllegalStateException("the rest of a task's data cannot be read any more: " + why);
    }
  }

  /**
   * Takes the task out that is next and has no data.
   *
   * @return false if it is not there
   */
  boolean withdraw(long task, int attempt) {
    boolean isIt =
        isFetching
            && begun.isEmpty()
            && orders.peek() instanceof TaskEffect.Send send
            && send.task() == task
            && send.attempt() == attempt;
    if (isIt) {
      isFetching = false;
      orders.remove();
    }
    return isIt;
  }

  /**
   * Brings the data of the task that is next.
   *
   * @return false if it is not waited for any more
   */
  boolean dataRead(TaskEffect.Send send, byte[] data) {
    if (!isFetching) {
      return false;
    }
    if (begun.isPresent()) {
      Begun frame = begun.get();
      if (frame.send.orElse(null) != send) {
        return false;
      }
      isFetching = false;
      if (data.length != frame.dataBytes) {
        throw new IllegalStateException("the rest of a task's data cannot be read any more");
      }
      frame.data = data;
      return true;
    }
    if (orders.peek() != send) {
      return false;
    }
    isFetching = false;
    fetched = data;
    return true;
  }

  /** Writes what there is room for. */
  void flush() throws ErrnoException {
    while (!isFull && (begun.isPresent() ? hasRest(begun.get()) : hasNext())) {
      int pipe = fd.orElseThrow();
      try {
        isFull = !(begun.isPresent() ? goOn(pipe, begun.get()) : writeSome(pipe));
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EPIPE) {
          throw e;
        }
        refuse("it has closed its input");
      }
    }
    hold();
  }

  /** Returns whether a frame can be written; asks for what the first task is without. */
  private boolean hasNext() {
    if (ping.isPresent() || !answers.isEmpty()) {
      return true;
    }
    if (!(orders.peek() instanceof TaskEffect.Send send)) {
      return !orders.isEmpty();
    }
    return send.data().length > 0 || fetched.length > 0 || asksFor(send);
  }

  private boolean hasRest(Begun frame) {
    return !frame.isForgotten() || asksFor(frame.send.orElseThrow());
  }

  /** Asks for the data of a task; false, as they are not there yet. */
  private boolean asksFor(TaskEffect.Send send) {
    if (!isFetching) {
      isFetching = true;
      orderer.needsData(send);
    }
    return false;
  }

  /**
   * Agrees on what waits here of data from the store. Too much of it, as when many workers do not
   * read, is forgotten, and read again when there is room.
   */
  private void hold() {
    int wanted = fetched.length + begun.map(Outbox::fromStore).orElse(0);
    if (wanted == held) {
      return;
    }
    means.letGo(held);
    held = means.hold(wanted) ? wanted : 0;
    if (held < wanted) {
      fetched = NOTHING;
      begun.filter(frame -> fromStore(frame) > 0).ifPresent(frame -> frame.data = NOTHING);
    }
  }

  private static int fromStore(Begun frame) {
    return frame.send.filter(send -> send.data().length == 0).isPresent() ? frame.data.length : 0;
  }

  /** Nothing will be sent any more. */
  void refuse(String why) {
    isRefused = true;
    begun.flatMap(frame -> frame.send).ifPresent(send -> orderer.notSent(send, why));
    for (TaskEffect order : orders) {
      if (order instanceof TaskEffect.Send send) {
        orderer.notSent(send, why);
      }
    }
    forget();
  }

  private void forget() {
    ping = Optional.empty();
    answers.clear();
    answerBytes = 0;
    orders.clear();
    begun = Optional.empty();
    fetched = NOTHING;
    isFetching = false;
    isFull = false;
    hold();
  }

  /** Writes as many whole frames as one write(2) surely takes; false if there is no room. */
  private boolean writeSome(int pipe) throws ErrnoException {
    byte[] batch = means.batch();
    room = ATOMIC_BYTES;
    isRoomKnown = false;
    int end = 0;
    if (ping.isPresent()) {
      byte[] frame = ping.get();
      if (!fits(pipe, end, frame.length)) {
        return begin(pipe, Begun.of(frame), 0);
      }
      end = put(frame, batch, end);
    }
    int answered = 0;
    for (byte[] frame : answers) {
      if (!fits(pipe, end, frame.length)) {
        return end > 0 ? write(pipe, end, answered, 0, 0) : begin(pipe, Begun.of(frame), 0);
      }
      end = put(frame, batch, end);
      answered++;
    }
    int ordered = 0;
    long last = 0;
    for (TaskEffect order : orders) {
      int next = putOrder(pipe, order, ordered == 0, batch, end);
      if (next < 0) {
        return end > 0 ? write(pipe, end, answered, ordered, last) : begin(pipe, first(), 0);
      }
      if (next == end) {
        break;
      }
      end = next;
      ordered++;
      if (order instanceof TaskEffect.Send send) {
        last = send.sequence();
      }
    }
    return end == 0 || write(pipe, end, answered, ordered, last);
  }

  private static int put(byte[] frame, byte[] batch, int at) {
    System.arraycopy(frame, 0, batch, at, frame.length);
    return at + frame.length;
  }

  /**
   * Puts the frame of an order into the batch.
   *
   * @return where it ends; {@code end} if its data are missing; negative if it does not fit
   */
  private int putOrder(int pipe, TaskEffect order, boolean isFirst, byte[] batch, int end)
      throws ErrnoException {
    if (order instanceof TaskEffect.Send send) {
      byte[] data = data(send, isFirst);
      if (data.length == 0) {
        return end;
      }
      int bytes = frames.bytes(send, data.length);
      return fits(pipe, end, bytes) ? frames.put(send, data, batch, end) : -1;
    }
    byte[] frame = frames.of(order);
    return fits(pipe, end, frame.length) ? put(frame, batch, end) : -1;
  }

  private byte[] data(TaskEffect.Send send, boolean isFirst) {
    return send.data().length > 0 || !isFirst ? send.data() : fetched;
  }

  /** Returns whether so many bytes more can be in one write(2) that is taken whole or not. */
  private boolean fits(int pipe, int end, int bytes) throws ErrnoException {
    if (end + bytes <= room) {
      return true;
    }
    if (isRoomKnown) {
      return false;
    }
    isRoomKnown = true;
    if (Fd.bytesReadable(pipe) == 0) {
      room = Math.min(Fd.pipeSize(pipe), means.batch().length);
    }
    return end + bytes <= room;
  }

  /** The first of the orders, as a frame that goes out in pieces. */
  private Begun first() {
    TaskEffect order = orders.element();
    if (order instanceof TaskEffect.Send send) {
      byte[] data = data(send, true);
      byte[] head = new byte[frames.headBytes(send, data.length)];
      byte[] tail = new byte[frames.tailBytes(send)];
      frames.putHead(send, data.length, head, 0);
      frames.putTail(send, tail, 0);
      return new Begun(head, data, tail, Optional.of(send), send.sequence());
    }
    return Begun.of(frames.of(order));
  }

  /**
   * Writes the batch, which begins with the ping, and takes out what is in it.
   *
   * @return false if there is no room
   */
  private boolean write(int pipe, int end, int answered, int ordered, long last)
      throws ErrnoException {
    ByteBuffer bytes = means.text();
    bytes.put(means.batch(), 0, end).flip();
    int written = Fd.write(pipe, bytes);
    if (written == Fd.WOULD_BLOCK) {
      return false;
    }
    if (written < end) {
      // It had room and took only a part, as when the kernel is out of memory.
      return tornAt(pipe, written);
    }
    ping = Optional.empty();
    for (int i = 0; i < answered; i++) {
      removeAnswer();
    }
    for (int i = 0; i < ordered; i++) {
      orders.remove();
    }
    if (ordered > 0) {
      fetched = NOTHING;
    }
    if (last > 0) {
      sent.set(last);
    }
    return true;
  }

  /** So many bytes of what waits are written, and the last frame of them not to its end. */
  private boolean tornAt(int pipe, int written) throws ErrnoException {
    int left = written;
    while (true) {
      Begun next =
          ping.map(Begun::of)
              .or(() -> Optional.ofNullable(answers.peek()).map(Begun::of))
              .orElseGet(this::first);
      if (left < next.bytes()) {
        return begin(pipe, next, left);
      }
      left -= next.bytes();
      removeFirst();
      next.send.ifPresent(send -> sent.set(send.sequence()));
    }
  }

  /** Removes what goes out first. */
  private void removeFirst() {
    if (ping.isPresent()) {
      ping = Optional.empty();
    } else if (!answers.isEmpty()) {
      removeAnswer();
    } else {
      orders.remove();
      fetched = NOTHING;
    }
  }

  private void removeAnswer() {
    answerBytes -= answers.remove().length;
  }

  /**
   * Begins with the first frame, which goes out in pieces.
   *
   * @param written how much of it is written already
   * @return false if there is no room
   */
  private boolean begin(int pipe, Begun frame, int written) throws ErrnoException {
    mark();
    frame.position = written;
    boolean hasBegun = goOn(pipe, frame);
    if (!hasBegun && written == 0) {
      unmark();
      return false;
    }
    removeFirst();
    if (!hasBegun) {
      begun = Optional.of(frame);
    }
    return hasBegun;
  }

  private boolean goOn(int pipe, Begun frame) throws ErrnoException {
    ByteBuffer bytes = means.text();
    frame.putInto(bytes);
    int written = Fd.write(pipe, bytes.flip());
    if (written == Fd.WOULD_BLOCK) {
      return false;
    }
    frame.position += written;
    if (frame.position < frame.bytes()) {
      begun = Optional.of(frame);
    } else {
      begun = Optional.empty();
      unmark();
      if (frame.sequence > 0) {
        sent.set(frame.sequence);
      }
    }
    return true;
  }

  private void mark() throws ErrnoException {
    if (!isMarked) {
      int mark =
          Fd.open(
              tornMark.toString(), OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.NOFOLLOW, 0600);
      isMarked = true;
      Fd.close(mark);
      meters.tornFrames.incrementAndGet();
    }
  }

  private void unmark() throws ErrnoException {
    isMarked = false;
    WorkerFolder.remove(tornMark);
  }

  /**
   * Goes on with a frame that a daemon before us was writing. Where the rest of it is not known it
   * is ended by a line feed, which makes a line of it that the worker cannot read and goes on
   * after.
   */
  void goOnWith(TornFrame torn) throws ErrnoException {
    isMarked = true;
    byte[] rest = torn.isKnown() ? torn.rest() : new byte[] {'\n'};
    begun = fd.map(_ -> new Begun(rest, NOTHING, NOTHING, Optional.empty(), torn.sequence()));
    flush();
  }

  /** Leaves the rest of the frame of which a part is written to the daemon after us. */
  void handOver() throws ErrnoException {
    if (begun.isPresent() && !begun.get().isForgotten()) {
      begun.get().left().leave(tornMark);
    }
  }

  /** Closes our end of the pipe and forgets what waits. */
  @Override
  public void close() throws ErrnoException {
    forget();
    isRefused = true;
    sent.close();
    if (fd.isPresent()) {
      Fd.close(fd.get());
    }
  }
}
