package pm.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Folders;
import pm.config.SocketSpec;
import pm.daemon.control.ControlServer;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FolderWatch;
import pm.daemon.posix.Host;
import pm.daemon.store.KeepException;
import pm.daemon.store.RunRecords;

/**
 * Keeps the runtime folder whole while the daemon runs. What makes this daemon the only one, what
 * the next one goes on with, and where clients find it are files there; whoever deletes them would
 * have two daemons with the same programs otherwise. What is missing is made again, in a folder
 * that is as it would have to be at a start, and only by who gets the lock in it.
 *
 * <p>It is looked at when a name is lost from it, once that has been quiet for a moment, before
 * anything is kept meanwhile, when something cannot be kept, and when configuration is applied.
 * Loop thread only.
 */
final class RuntimeFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger("pmd");
  private static final Actor SELF = new Actor("pmd", -1, 0);

  /** Whoever deletes a folder deletes one name after the other, and then the folder. */
  private static final long QUIET_NANOS = 200_000_000L;

  /** What is in the way may go away by itself. */
  private static final long RETRY_NANOS = 10_000_000_000L;

  /** Names that this daemon removes itself mean nothing. */
  private static final Set<String> NAMES =
      Set.of(
          FolderWatch.ITSELF,
          LockFile.NAME,
          RunRecords.FILE,
          Folders.SOCKET_FILE,
          OwnFolders.PIPES,
          OwnFolders.NOTIFY,
          OwnFolders.WORKERS);

  private final Folders folders;
  private final SocketSpec socket;
  private final OptionalInt socketGroup;
  private final RunRecords records;
  private final Supervisor supervisor;
  private final ControlServer control;
  private final OwnWords words;
  private final EventLoop loop;
  private final Deadlines deadlines;
  private final SystemTime time;

  private int lock;
  private Optional<FolderWatch> watch = Optional.empty();
  private Optional<Deadlines.Deadline> quiet = Optional.empty();
  private boolean isSuspect;

  /** Whether the folder at its path may be another than the one that is watched. */
  private boolean isAnother;

  /** What was last said to be in the way, so that it is said once. */
  private String obstacle = "";

  private Consumer<Happening> events = happening -> {};

  RuntimeFolder(
      Folders folders,
      SocketSpec socket,
      OptionalInt socketGroup,
      int lock,
      RunRecords records,
      Supervisor supervisor,
      ControlServer control,
      OwnWords words,
      EventLoop loop,
      Deadlines deadlines,
      SystemTime time) {
    this.folders = folders;
    this.socket = socket;
    this.socketGroup = socketGroup;
    this.lock = lock;
    this.records = records;
    this.supervisor = supervisor;
    this.control = control;
    this.words = words;
    this.loop = loop;
    this.deadlines = deadlines;
    this.time = time;
  }

  /** Begins to watch it, once the socket is in it. */
  void begin(Consumer<Happening> told) {
    events = told;
    watch();
  }

  /** Returns the descriptor that holds the lock. */
  int lock() {
    return lock;
  }

  /** Something may be wrong with it: it is looked at before anything is kept, or in a moment. */
  void suspect() {
    isSuspect = true;
    quiet.ifPresent(deadlines::drop);
    quiet = Optional.of(deadlines.at(time.nanos() + QUIET_NANOS, this::lookWhenQuiet));
  }

  private void lookWhenQuiet() {
    quiet = Optional.empty();
    try {
      makeWhole();
    } catch (KeepException refused) {
      if (!obstacle.equals(refused.getMessage())) {
        obstacle = String.valueOf(refused.getMessage());
        LOG.error("{}", obstacle);
      }
      quiet = Optional.of(deadlines.at(time.nanos() + RETRY_NANOS, this::lookWhenQuiet));
    }
  }

  /**
   * Makes what is missing, if there is reason to look.
   *
   * @return whether anything was; all that has been decided is kept then
   * @throws KeepException if that cannot be done, or must not
   */
  boolean makeWhole() throws KeepException {
    if (!isSuspect) {
      return false;
    }
    List<String> made;
    try {
      made = new ArrayList<>(OwnFolders.prepareRuntime(folders, Host.euid()));
      if (!made.isEmpty() || isAnother) {
        // What is lost from now on is told, and what was lost before is seen below.
        watch();
        made.addAll(OwnFolders.prepareRuntime(folders, Host.euid()));
      }
      takeLock(made);
      if (!records.isInPlace()) {
        records.writeAnew(supervisor.wholeTruth());
        made.add("its records");
      }
      if (!control.isInPlace()) {
        control.listenAnew(socket.mode(), socketGroup);
        made.add("its socket");
      }
      words.restore();
    } catch (UnusableFolderException refused) {
      throw lost(refused.sentence(), refused);
    } catch (IOException refused) {
      throw lost(OwnFolders.reason(refused), refused);
    }
    isSuspect = false;
    obstacle = "";
    quiet.ifPresent(deadlines::drop);
    quiet = Optional.empty();
    isAnother = false;
    if (made.isEmpty()) {
      return false;
    }
    events.accept(
        new Happening.DaemonNote(
            time.now(),
            "runtime-folder",
            folders.run()
                + " was damaged under pmd, which has made "
                + String.join(", ", made)
                + " anew and goes on",
            true,
            SELF));
    return true;
  }

  private void takeLock(List<String> made) throws KeepException, IOException {
    if (LockFile.isInPlace(folders.run(), lock)) {
      return;
    }
    switch (LockFile.takeAtOnce(folders.run())) {
      case LockFile.Attempt.Held held -> {
        Fd.close(lock);
        lock = held.fd();
        made.add("its lock");
      }
      case LockFile.Attempt.Taken taken ->
          throw lost(
              "another pmd"
                  + taken.pid().map(pid -> " (pid " + pid + ")").orElse("")
                  + " holds "
                  + taken.file(),
              new IOException("locked"));
    }
  }

  private KeepException lost(String why, Exception cause) {
    return new KeepException(
        "the runtime folder " + folders.run() + " is lost, and cannot be made anew: " + why, cause);
  }

  /** Watches the folder that is at its path now. */
  private void watch() {
    close();
    try {
      FolderWatch made = FolderWatch.of(folders.run().toString());
      watch = Optional.of(made);
      loop.watch(made.fd(), Epoll.IN, (fd, ready) -> hear(made));
    } catch (ErrnoException refused) {
      LOG.info(
          "{} is looked at only when something cannot be kept in it: {}",
          folders.run(),
          refused.getMessage());
    }
  }

  private void hear(FolderWatch heard) {
    try {
      Set<String> lost = heard.lost();
      isAnother |= lost.contains(FolderWatch.ITSELF);
      if (lost.stream().anyMatch(NAMES::contains)) {
        suspect();
      }
    } catch (ErrnoException refused) {
      LOG.warn("{} is watched no longer: {}", folders.run(), refused.getMessage());
      close();
    }
  }

  /** Watches it no longer. The lock stays. */
  @Override
  public void close() {
    watch.ifPresent(
        open -> {
          loop.unwatch(open.fd());
          try {
            open.close();
          } catch (ErrnoException refused) {
            LOG.debug("{}", refused.getMessage());
          }
        });
    watch = Optional.empty();
  }
}
