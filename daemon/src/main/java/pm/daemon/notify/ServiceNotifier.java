package pm.daemon.notify;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.UnixDatagrams;

/**
 * Tells the service manager that started us how we are, by sd_notify(3): {@code NOTIFY_SOCKET} in
 * our own environment. Without it nothing is told and nothing wakes us. Loop thread only, or before
 * the loop runs.
 */
public final class ServiceNotifier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceNotifier.class);

  /** From one status to the next at least. */
  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Asked for again and again while the daemon ends, so that one which hangs is ended. */
  private static final String MORE_TIME = "EXTEND_TIMEOUT_USEC=30000000";

  private static final long MORE_TIME_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int MOST_UNSENT = 16;

  private final Deadlines deadlines;
  private final SystemTime time;
  private final Optional<String> address;
  private final long watchdogNanos;
  private final Supplier<String> status;
  private final ArrayDeque<String> unsent = new ArrayDeque<>();
  private int socket = -1;
  private String said = "";
  private long nextStatusAt;
  private boolean isStatusOrdered;
  private boolean isRetryOrdered;
  private boolean isReady;
  private boolean isReloading;
  private boolean isStopping;
  private boolean hasWarned;

  /**
   * @param environment our own
   * @param status makes the sentence that tells how we are; called once a second at most
   */
  public ServiceNotifier(
      Deadlines deadlines,
      SystemTime time,
      Map<String, String> environment,
      Supplier<String> status) {
    this.deadlines = deadlines;
    this.time = time;
    this.status = status;
    address =
        Optional.ofNullable(environment.get("NOTIFY_SOCKET"))
            .filter(path -> path.startsWith("/") || path.startsWith("@"));
    watchdogNanos = address.isPresent() ? watchdogNanos(environment) : 0;
  }

  private static long watchdogNanos(Map<String, String> environment) {
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    if (!pid.isEmpty() && !pid.equals(Integer.toString(Host.pid()))) {
      return 0;
    }
    try {
      return Math.multiplyExact(
          Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0")), 1_000L);
    } catch (NumberFormatException | ArithmeticException noTime) {
      return 0;
    }
  }

  /** We listen, and the first programs are decided. */
  public void ready() {
    if (address.isEmpty() || isReady) {
      return;
    }
    isReady = true;
    said = status.get();
    nextStatusAt = time.nanos() + STATUS_NANOS;
    send("READY=1\nMAINPID=" + Host.pid() + "\nSTATUS=" + said);
    if (watchdogNanos > 0) {
      feedWatchdog();
    }
  }

  /** The one thing for which an idle daemon wakes: it was asked to show that it lives. */
  private void feedWatchdog() {
    send("WATCHDOG=1");
    deadlines.at(time.nanos() + Math.max(1, watchdogNanos / 2), this::feedWatchdog);
  }

  /** Something has changed: the status is told, not more than once a second. */
  public void changed() {
    if (address.isEmpty() || !isReady || isStatusOrdered) {
      return;
    }
    if (time.nanos() >= nextStatusAt) {
      tellStatus();
    } else {
      isStatusOrdered = true;
      deadlines.at(
          nextStatusAt,
          () -> {
            isStatusOrdered = false;
            tellStatus();
          });
    }
  }

  private void tellStatus() {
    nextStatusAt = time.nanos() + STATUS_NANOS;
    String now = status.get();
    if (!now.equals(said)) {
      said = now;
      send("STATUS=" + now);
    }
  }

  /** The configuration is being read or applied. */
  public void reloading() {
    if (isReady && !isReloading && !isStopping) {
      isReloading = true;
      send("RELOADING=1\nMONOTONIC_USEC=" + time.nanos() / 1_000);
    }
  }

  /** The configuration is applied, or is not going to be. */
  public void reloaded() {
    if (isReloading) {
      isReloading = false;
      said = status.get();
      send("READY=1\nSTATUS=" + said);
    }
  }

  /** The daemon ends. Programs may take the time that they are given, so it asks for more. */
  public void stopping() {
    if (isReady && !isStopping) {
      isStopping = true;
      isReloading = false;
      send("STOPPING=1\n" + MORE_TIME);
      deadlines.at(time.nanos() + MORE_TIME_EVERY_NANOS, this::askForTime);
    }
  }

  private void askForTime() {
    if (hasWarned) {
      return;
    }
    send(MORE_TIME);
    deadlines.at(time.nanos() + MORE_TIME_EVERY_NANOS, this::askForTime);
  }

  private void send(String message) {
    if (unsent.size() >= MOST_UNSENT) {
      // Old news are worth least; what came first is what was waited for.
      unsent.removeLast();
    }
    unsent.add(message);
    sendAll();
  }

  private void sendAll() {
    try {
      if (socket < 0) {
        socket = UnixDatagrams.socket();
      }
      while (!unsent.isEmpty()) {
        if (!UnixDatagrams.send(
            socket, address.orElseThrow(), unsent.element().getBytes(StandardCharsets.UTF_8))) {
          retryLater();
          return;
        }
        unsent.remove();
      }
    } catch (ErrnoException refused) {
      unsent.clear();
      if (!hasWarned) {
        hasWarned = true;
        LOG.warn("the service manager cannot be told how we are: {}", refused.getMessage());
      }
    }
  }

  private void retryLater() {
    if (!isRetryOrdered) {
      isRetryOrdered = true;
      deadlines.at(
          time.nanos() + RETRY_NANOS,
          () -> {
            isRetryOrdered = false;
            sendAll();
          });
    }
  }

  /** Lets go of the socket. */
  @Override
  public void close() throws ErrnoException {
    if (socket >= 0) {
      Fd.close(socket);
      socket = -1;
    }
  }
}
