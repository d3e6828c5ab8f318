package pm.daemon.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.daemon.core.model.Moment;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.PeerCredentials;
import pm.daemon.posix.UnixSockets;
import pm.protocol.ErrorCode;
import pm.protocol.Streams;

/**
 * Listens on the control socket, lets in who may come in, and holds all connections within their
 * bounds. Loop thread only.
 */
public final class ControlServer implements AutoCloseable {
  private static final int BACKLOG = 1_024;
  private static final int NO_FD = -1;
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private final EventLoop loop;
  private final Access access;
  private final SystemTime time;
  private final Watchers watchers = new Watchers();
  private final Reads reads;
  private final Calls calls;
  private final int most;
  private final int mostWithMembers;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Bounds.READ_BYTES);
  private final byte[] bytes = new byte[Bounds.READ_BYTES];
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final Map<Integer, Integer> connectionsOfUser = new HashMap<>();
  private final Connection.Owner owner = new Owner();

  // Made beforehand: to make one without a descriptor left could need one.
  private final byte[] notPermitted =
      line(
          ErrorCode.NOT_PERMITTED,
          "only root, the user that pmd runs as and members of the socket's group may connect");
  private final byte[] tooMany = line(ErrorCode.BUSY, "there are too many connections; try again");
  private final byte[] tooManyOfUser =
      line(ErrorCode.BUSY, "this user has too many connections; try again");
  private final byte[] noDescriptor =
      line(ErrorCode.BUSY, "the daemon has no descriptor left; try again");

  private String path = "";
  private int listener = NO_FD;

  /** The socket's file, so that another in its place is noticed. */
  private Optional<FileStatus> file = Optional.empty();

  /** A descriptor in reserve: without any left it is given up to tell a client so. */
  private int reserve = NO_FD;

  private boolean acceptPaused;

  /** Whether descriptors have run out since the last connection, which is said once. */
  private boolean isShort;

  /** Who was turned away last, so that trying again and again does not fill the log. */
  private Optional<Integer> lastStranger = Optional.empty();

  private int submits;
  private int submittedTasks;
  private long waitingBytes;

  /** Connections that get the answers of this turn together. */
  private final List<Connection> toBePumped = new ArrayList<>();

  private long inputBytes;
  private long outputBytes;
  private long refused;

  /**
   * Makes a server, which does not listen yet.
   *
   * @param descriptors how many descriptors this process may have; negative for any number
   */
  public ControlServer(Access access, ControlPorts ports, long descriptors) {
    this.most = Bounds.connections(descriptors);
    this.mostWithMembers = Bounds.connectionsOfMembers(most);
    this.loop = ports.loop();
    this.access = access;
    this.time = ports.time();
    this.reads = new Reads(ports.pool());
    this.calls = new Calls(ports, reads, watchers, access.daemonUid());
  }

  /**
   * Listens at {@code path} and replaces a socket that is there, so only the holder of the lock may
   * call this. Also before the loop runs.
   *
   * @param mode permissions of the socket
   * @throws IOException if that is not possible, naming the path
   */
  public void listen(String path, int mode, OptionalInt group) throws IOException {
    this.path = path;
    reserve = openReserve();
    listener = UnixSockets.listen(path, mode, group.orElse(-1), BACKLOG);
    file = Optional.of(FilePath.linkStatus(path));
    loop.watch(listener, Epoll.IN, (fd, events) -> accept());
  }

  /** Returns whether our socket is still at its path. */
  public boolean isInPlace() {
    try {
      FileStatus found = FilePath.linkStatus(path);
      return file.stream().anyMatch(found::isSameFileAs);
    } catch (ErrnoException gone) {
      return false;
    }
  }

  /**
   * Listens at its path again, where its socket has been removed. Whoever is connected stays so.
   *
   * @throws IOException if that is not possible; it goes on as it was
   */
  public void listenAnew(int mode, OptionalInt group) throws IOException {
    int anew = UnixSockets.listen(path, mode, group.orElse(-1), BACKLOG);
    // Those who found the old one before it was removed.
    accept();
    loop.unwatch(listener);
    closeQuietly(listener);
    listener = anew;
    file = Optional.of(FilePath.linkStatus(path));
    acceptPaused = false;
    loop.watch(listener, Epoll.IN, (fd, events) -> accept());
  }

  /**
   * Goes on listening at a socket of the daemon before us in this process: nobody who connected
   * meanwhile is lost.
   *
   * @param listener its descriptor, which is ours from now on
   */
  public void listenOn(int listener, String path) throws IOException {
    this.path = path;
    reserve = openReserve();
    Fd.closeOnExec(listener, true);
    this.listener = listener;
    file = Optional.of(FilePath.linkStatus(path));
    loop.watch(listener, Epoll.IN, (fd, events) -> accept());
  }

  /** Answers a request of a command; nothing happens if who asked has gone. */
  public void reply(long request, Answer answer) {
    calls.reply(request, answer);
  }

  /** There are new events: those who follow them get them. */
  public void eventsAdded() {
    for (Connection connection : List.copyOf(connections)) {
      if (connection.hasStreams()) {
        connection.pumpStreams();
      }
    }
  }

  /**
   * To be called at the end of each batch: accepts again after the descriptors had run out, and
   * shows what has changed to those who watch.
   */
  public void endOfBatch() {
    Moment now = time.now();
    watchers.look(now);
    reads.look(now);
    if (acceptPaused && listener != NO_FD && reserve == NO_FD) {
      try {
        reserve = openReserve();
        loop.change(listener, Epoll.IN);
        acceptPaused = false;
      } catch (ErrnoException e) {
        LOG.debug("still no descriptor left: {}", e.getMessage());
      }
    }
  }

  /**
   * Returns when a batch must end although nothing happens, because somebody watches how much is
   * used; {@link pm.daemon.core.model.Moment#NEVER} if nobody does.
   */
  public long nextDeadline() {
    return Math.min(watchers.nextDeadline(), reads.nextDeadline());
  }

  /**
   * Tells all clients that the daemon is about to become another version, and ends their
   * connections. The socket stays, and whoever connects waits for that version.
   *
   * @return the descriptor that listens, for {@link #listenOn}
   */
  public int closeForUpgrade() {
    byte[] farewell = Wire.notification(Streams.CLOSING, Map.of("reason", "upgrading"));
    for (Connection connection : List.copyOf(connections)) {
      connection.unsubscribeAll("upgrading");
      connection.send(farewell);
      connection.close();
    }
    return listener;
  }

  /** Returns how many connections there are. */
  public int connections() {
    return connections.size();
  }

  /** Returns how many bytes wait to be written. */
  long outputBytes() {
    return outputBytes;
  }

  /** Returns how many were turned away. */
  public long refused() {
    return refused;
  }

  /**
   * Ends all streams and connections, as far as they take what is left for them without being
   * waited for, and removes the socket.
   */
  @Override
  public void close() {
    for (Connection connection : List.copyOf(connections)) {
      connection.unsubscribeAll("shutting_down");
      connection.close();
    }
    closeQuietly(reserve);
    reserve = NO_FD;
    if (listener != NO_FD) {
      loop.unwatch(listener);
      closeQuietly(listener);
      listener = NO_FD;
      if (isInPlace()) {
        try {
          FilePath.unlink(path);
        } catch (ErrnoException e) {
          LOG.debug("removing the socket: {}", e.getMessage());
        }
      }
    }
  }

  private void accept() {
    for (int i = 0; i < Bounds.ACCEPTS_PER_TURN && !acceptPaused; i++) {
      int fd;
      try {
        fd = UnixSockets.accept(listener);
      } catch (ErrnoException e) {
        if (turnAwayWithReserve(e)) {
          continue;
        }
        return;
      }
      if (fd == Fd.WOULD_BLOCK) {
        return;
      }
      isShort = false;
      try {
        admit(fd);
      } catch (ErrnoException e) {
        LOG.warn("a connection is closed at once: {}", e.getMessage());
        closeQuietly(fd);
      }
    }
  }

  private void admit(int fd) throws ErrnoException {
    PeerCredentials credentials = PeerCredentials.of(fd);
    int uid = credentials.uid();
    Role role = access.roleOf(uid, credentials.gid(), PeerCredentials.groups(fd));
    int ofUser = connectionsOfUser.getOrDefault(uid, 0);
    if (role == Role.STRANGER) {
      if (!lastStranger.equals(Optional.of(uid))) {
        lastStranger = Optional.of(uid);
        LOG.warn(
            "user {} (pid {}) may not use the control socket",
            Integer.toUnsignedString(uid),
            credentials.pid());
      }
      refuse(fd, notPermitted);
    } else if (connections.size() >= (role == Role.ADMINISTRATOR ? most : mostWithMembers)) {
      refuse(fd, tooMany);
    } else if (role != Role.ADMINISTRATOR && ofUser >= Bounds.CONNECTIONS_PER_USER) {
      refuse(fd, tooManyOfUser);
    } else {
      Connection connection =
          new Connection(fd, new Peer(uid, credentials.pid(), role), loop, owner);
      connection.start();
      connections.add(connection);
      connectionsOfUser.put(uid, ofUser + 1);
    }
  }

  /** Says why and closes: a new connection has room for one line. */
  private void refuse(int fd, byte[] line) {
    refused++;
    buffer.clear();
    buffer.put(line).flip();
    try {
      Fd.write(fd, buffer);
    } catch (ErrnoException e) {
      LOG.debug("who was turned away has gone already: {}", e.getMessage());
    }
    closeQuietly(fd);
  }

  /**
   * The kernel grants no descriptor. Those who wait would keep the listener ready and the loop
   * busy, so the one in reserve is given up to take each of them and turn it away.
   *
   * @return whether somebody was turned away, so that there may be another
   */
  private boolean turnAwayWithReserve(ErrnoException why) {
    boolean isNew = !isShort;
    isShort = true;
    if (reserve != NO_FD && (why.errno() == Errno.EMFILE || why.errno() == Errno.ENFILE)) {
      closeQuietly(reserve);
      reserve = NO_FD;
      try {
        int fd = UnixSockets.accept(listener);
        if (fd != Fd.WOULD_BLOCK) {
          if (isNew) {
            LOG.warn("connections are turned away: {}", why.getMessage());
          }
          refuse(fd, noDescriptor);
        }
        reserve = openReserve();
        // Without any left the kernel says so even if nobody waits.
        return fd != Fd.WOULD_BLOCK;
      } catch (ErrnoException e) {
        LOG.debug("the reserve is gone: {}", e.getMessage());
      }
    }
    if (isNew) {
      LOG.warn("no connections are accepted for now: {}", why.getMessage());
    }
    try {
      acceptPaused = true;
      closeQuietly(reserve);
      reserve = NO_FD;
      loop.change(listener, 0);
    } catch (ErrnoException e) {
      LOG.error("the control socket cannot be watched: {}", e.getMessage());
    }
    return false;
  }

  private static byte[] line(ErrorCode code, String message) {
    return Wire.error(Optional.empty(), code, message);
  }

  private static int openReserve() throws ErrnoException {
    return Fd.open("/dev/null", OpenFlags.RDONLY, 0);
  }

  private static void closeQuietly(int fd) {
    if (fd == NO_FD) {
      return;
    }
    try {
      Fd.close(fd);
    } catch (ErrnoException e) {
      LOG.debug("{}", e.getMessage());
    }
  }

  private void pumpAll() {
    List<Connection> now = List.copyOf(toBePumped);
    toBePumped.clear();
    now.forEach(Connection::pumpNow);
  }

  /** What connections tell us. */
  private final class Owner implements Connection.Owner {
    @Override
    public void line(Connection connection, byte[] line) {
      calls.line(connection, line, connections.size());
    }

    @Override
    public void changed(Connection connection, long input, long output) {
      inputBytes += input;
      outputBytes += output;
      if (input > 0 && inputBytes > Bounds.UNFINISHED_BYTES) {
        disconnectWorst("unfinished requests", Comparator.comparingLong(Connection::inputBytes));
      }
      if (output > 0 && outputBytes > Bounds.ALL_OUTPUT_BYTES) {
        disconnectWorst("unread answers", Comparator.comparingLong(Connection::outputBytes));
      }
    }

    private void disconnectWorst(String what, Comparator<Connection> by) {
      connections.stream()
          .max(by)
          .ifPresent(
              worst -> {
                LOG.warn(
                    "too many {}: uid {} (pid {}), who has most, is disconnected",
                    what,
                    worst.peer().uid(),
                    worst.peer().pid());
                worst.close();
              });
    }

    @Override
    public void submits(int requests, int tasks, int bytes) {
      submits += requests;
      submittedTasks += tasks;
      waitingBytes += bytes;
    }

    @Override
    public boolean isTooMuchToWait(int bytes) {
      return waitingBytes + bytes > Bounds.ALL_WAITING_BYTES;
    }

    @Override
    public boolean hasTooManySubmits() {
      return submits >= Bounds.ALL_SUBMITS || submittedTasks >= Bounds.ALL_SUBMITTED_TASKS;
    }

    @Override
    public void pumpSoon(Connection connection) {
      if (toBePumped.isEmpty()) {
        loop.post(ControlServer.this::pumpAll);
      }
      toBePumped.add(connection);
    }

    @Override
    public void closed(Connection connection) {
      connections.remove(connection);
      connectionsOfUser.computeIfPresent(
          connection.peer().uid(), (uid, count) -> count == 1 ? null : count - 1);
      calls.forget(connection);
    }

    @Override
    public ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public byte[] bytes() {
      return bytes;
    }
  }
}
