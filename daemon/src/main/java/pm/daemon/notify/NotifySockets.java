package pm.daemon.notify;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;
import pm.daemon.posix.UnixDatagrams;

/**
 * The sockets at which programs say how they are, by sd_notify(3): one for each invocation, under a
 * name that a later daemon finds again. Loop thread only, but for {@link #make}.
 *
 * <p>A message counts only if its sender, as the kernel vouches for it, is a process of that
 * invocation. One whose sender has ended before we looked cannot be told from a stranger's and does
 * not count either; a short-lived sender waits as systemd-notify(1) does, by {@code BARRIER=1}.
 * Descriptors that come with messages are closed.
 */
public final class NotifySockets implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("pmd");

  /** Messages of one socket in one turn; the others wait in the kernel, and then their senders. */
  private static final int MESSAGES_A_TURN = 32;

  /** Enough to tell invocations apart, and short enough for the address of a socket. */
  private static final int NAME_DIGITS = 16;

  private static final int ANYBODY = 0666;
  private static final int OWNER = 0600;

  private final EventLoop loop;
  private final BlockingPool pool;
  private final Path folder;
  private final Senders senders;
  private final Consumer<Report> reports;
  private final UnixDatagrams.Receiver receiver =
      new UnixDatagrams.Receiver(NotifyMessage.MOST_BYTES);
  private final Map<InvocationId, Socket> sockets = new ConcurrentHashMap<>();
  private long dropped;

  /**
   * @param pool for closing descriptors that came with messages, which may block
   * @param folder of the sockets; only we may write to it, and everybody may pass through
   * @param reports gets what programs say, on the loop thread
   */
  public NotifySockets(
      EventLoop loop, BlockingPool pool, Path folder, Senders senders, Consumer<Report> reports) {
    this.loop = loop;
    this.pool = pool;
    this.folder = folder;
    this.senders = senders;
    this.reports = reports;
  }

  /**
   * Makes the socket of an invocation that is about to be spawned. Any thread.
   *
   * @param uid user of the process. He may send; if it is root, who may become anybody, so may
   *     everybody
   * @return its path, for {@code NOTIFY_SOCKET}
   * @throws ErrnoException if it cannot be made; ENAMETOOLONG if the folder's path is too long
   */
  public String make(InstanceName instance, InvocationId invocation, int uid, int gid)
      throws ErrnoException {
    return bind(instance, invocation, uid == 0 ? ANYBODY : OWNER, uid, gid);
  }

  private String bind(InstanceName instance, InvocationId invocation, int mode, int uid, int gid)
      throws ErrnoException {
    Path path = path(invocation);
    int fd = UnixDatagrams.bind(path.toString(), mode, uid, gid);
    sockets.put(invocation, new Socket(instance, invocation, path, fd, new Rights(mode, uid, gid)));
    return path.toString();
  }

  private Path path(InvocationId invocation) {
    return folder.resolve(name(invocation));
  }

  private static String name(InvocationId invocation) {
    return invocation.hex().substring(0, NAME_DIGITS);
  }

  /**
   * Makes the socket of an invocation of a daemon before us anew, if it had one: nobody hears at
   * the old one any more.
   */
  public void remake(InstanceName instance, InvocationId invocation) {
    try {
      FileStatus old = FilePath.linkStatus(path(invocation).toString());
      bind(instance, invocation, old.permissions(), old.uid(), old.gid());
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ENOENT) {
        LOG.warn("{} cannot say how it is any more: {}", instance, refused.getMessage());
      }
    }
  }

  /** Makes the sockets anew whose names have been removed under us. */
  public void restore() {
    for (Socket lost : List.copyOf(sockets.values())) {
      if (isThere(lost.path)) {
        continue;
      }
      boolean wasListening = lost.isListening || lost.isWaiting;
      lost.close();
      try {
        Rights rights = lost.rights;
        bind(lost.instance, lost.invocation, rights.mode(), rights.uid(), rights.gid());
        if (wasListening) {
          listen(lost.invocation);
        }
      } catch (ErrnoException refused) {
        sockets.remove(lost.invocation);
        LOG.warn("{} cannot say how it is any more: {}", lost.instance, refused.getMessage());
      }
    }
  }

  private static boolean isThere(Path path) {
    try {
      return FilePath.linkStatus(path.toString()).isSocket();
    } catch (ErrnoException gone) {
      return false;
    }
  }

  /** The processes of an invocation are known from now on: what they say is heard. */
  public void listen(InvocationId invocation) {
    Socket socket = sockets.get(invocation);
    if (socket != null) {
      socket.listen();
    }
  }

  /** The invocation is over. */
  public void release(InvocationId invocation) {
    Socket socket = sockets.remove(invocation);
    if (socket != null) {
      socket.close();
      try {
        FilePath.unlink(socket.path.toString());
      } catch (ErrnoException refused) {
        LOG.debug("{}", refused.getMessage());
      }
    }
  }

  /** Removes the sockets of all invocations but these. Before the loop runs. */
  public void removeStale(Set<InvocationId> claimed) throws IOException {
    Set<String> names = new HashSet<>();
    claimed.forEach(invocation -> names.add(name(invocation)));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (!names.contains(String.valueOf(file.getFileName()))) {
          FilePath.unlink(file.toString());
        }
      }
    }
  }

  /** Returns how many messages did not count. */
  public long dropped() {
    return dropped;
  }

  /** Hears nothing more. The sockets stay where they are, for the next daemon. */
  @Override
  public void close() {
    sockets.values().forEach(Socket::close);
    sockets.clear();
  }

  /** Who may send to a socket. */
  private record Rights(int mode, int uid, int gid) {}

  /** The socket of one invocation. */
  private final class Socket {
    private final InstanceName instance;
    private final InvocationId invocation;
    private final Path path;
    private final int fd;
    private final Rights rights;
    private boolean isListening;
    private boolean isClosed;
    private boolean isWaiting;
    private boolean hasWarned;
    private Notification unsaid = Notification.NOTHING;

    Socket(InstanceName instance, InvocationId invocation, Path path, int fd, Rights rights) {
      this.instance = instance;
      this.invocation = invocation;
      this.path = path;
      this.fd = fd;
      this.rights = rights;
    }

    void listen() {
      if (isListening || isClosed) {
        return;
      }
      try {
        loop.watch(fd, Epoll.IN, (ready, events) -> readable());
        isListening = true;
      } catch (ErrnoException refused) {
        LOG.warn("{} cannot say how it is: {}", instance, refused.getMessage());
      }
    }

    private void readable() {
      for (int i = 0; i < MESSAGES_A_TURN && !isWaiting && !isClosed; i++) {
        Optional<UnixDatagrams.Message> message;
        try {
          message = receiver.receive(fd);
        } catch (ErrnoException refused) {
          LOG.warn("{} cannot say how it is: {}", instance, refused.getMessage());
          close();
          return;
        }
        if (message.isEmpty()) {
          break;
        }
        take(message.get());
      }
      tell();
      if (isWaiting && isListening) {
        isListening = false;
        loop.unwatch(fd);
      }
    }

    private void take(UnixDatagrams.Message message) {
      if (message.sender().isEmpty() || message.isCut()) {
        drop(message, "is longer than " + NotifyMessage.MOST_BYTES + " bytes");
        return;
      }
      int pid = message.sender().get().pid();
      isWaiting = true;
      senders.ask(
          invocation,
          pid,
          standing -> {
            isWaiting = false;
            switch (standing) {
              case OWN -> accept(message);
              case STRANGER ->
                  drop(
                      message,
                      "comes from process "
                          + pid
                          + " of user "
                          + Integer.toUnsignedString(message.sender().get().uid())
                          + ", which is none of its own");
              case GONE ->
                  drop(
                      message,
                      "comes from process "
                          + pid
                          + ", which had ended before it was known whose it was; a sender must wait"
                          + " as systemd-notify does");
            }
            goOn();
          });
    }

    /** After an answer that took its time; what was decided at once is gone on with by its loop. */
    private void goOn() {
      if (!isListening && !isWaiting && !isClosed) {
        tell();
        listen();
      }
    }

    private void accept(UnixDatagrams.Message message) {
      if (isClosed) {
        closeAll(message.descriptors());
        return;
      }
      Optional<NotifyMessage> parsed = NotifyMessage.parse(message.bytes());
      if (parsed.isEmpty()) {
        drop(message, "is no text");
        return;
      }
      if (parsed.get().isBarrier()) {
        tell();
        // What was said before is decided at the end of this turn, and this is done in the next.
        loop.post(() -> loop.post(() -> closeAll(message.descriptors())));
        return;
      }
      closeAll(message.descriptors());
      if (parsed.get().mainPid().isEmpty()) {
        say(parsed.get().says());
      } else {
        checkMain(parsed.get(), parsed.get().mainPid().getAsInt());
      }
    }

    private void checkMain(NotifyMessage message, int pid) {
      if (pid == 1 || pid == Host.pid()) {
        warn("names process " + pid + " as its main process, which is none of its own");
        say(message.says());
        return;
      }
      isWaiting = true;
      senders.ask(
          invocation,
          pid,
          standing -> {
            isWaiting = false;
            Optional<ProcessIdentity> main =
                standing == Senders.Standing.OWN ? senders.identity(pid) : Optional.empty();
            if (main.isEmpty()) {
              warn("names process " + pid + " as its main process, which is none of its own");
            }
            if (!isClosed) {
              say(main.map(message::with).orElse(message.says()));
            }
            goOn();
          });
    }

    /** Adds to what will be told at the end of the turn; what may be said once is said once. */
    private void say(Notification says) {
      if (!isSmallTalk(unsaid) || !isSmallTalk(says)) {
        tell();
        unsaid = says;
        return;
      }
      unsaid =
          new Notification(
              false,
              false,
              false,
              unsaid.watchdog() || says.watchdog(),
              false,
              says.status().or(unsaid::status),
              Optional.empty(),
              unsaid.extendTimeoutNanos(),
              unsaid.watchdogNanos());
    }

    /** Whether it says nothing but a status and that it lives. */
    private static boolean isSmallTalk(Notification says) {
      return !says.ready()
          && !says.reloading()
          && !says.stopping()
          && !says.watchdogTrigger()
          && says.mainProcess().isEmpty()
          && says.extendTimeoutNanos().isEmpty()
          && says.watchdogNanos().isEmpty();
    }

    private void tell() {
      if (!unsaid.equals(Notification.NOTHING)) {
        reports.accept(new Report.Notified(invocation, unsaid));
        unsaid = Notification.NOTHING;
      }
    }

    private void drop(UnixDatagrams.Message message, String why) {
      dropped++;
      closeAll(message.descriptors());
      warn("is ignored: it " + why);
    }

    private void warn(String what) {
      if (!hasWarned) {
        hasWarned = true;
        LOG.warn("{}: a message to its NOTIFY_SOCKET {}", instance, what);
      }
    }

    private void closeAll(List<Integer> descriptors) {
      if (descriptors.isEmpty()) {
        return;
      }
      // Closing somebody else's file may block.
      boolean taken =
          pool.submit(
              () -> closeNow(descriptors),
              done -> {},
              thrown -> LOG.warn("a descriptor cannot be closed", thrown));
      if (!taken) {
        closeNow(descriptors);
      }
    }

    private static boolean closeNow(List<Integer> descriptors) {
      for (int descriptor : descriptors) {
        try {
          Fd.close(descriptor);
        } catch (ErrnoException refused) {
          LOG.debug("{}", refused.getMessage());
        }
      }
      return true;
    }

    void close() {
      if (isClosed) {
        return;
      }
      isClosed = true;
      if (isListening) {
        isListening = false;
        loop.unwatch(fd);
      }
      try {
        Fd.close(fd);
      } catch (ErrnoException refused) {
        LOG.warn("{}", refused.getMessage());
      }
    }
  }
}
