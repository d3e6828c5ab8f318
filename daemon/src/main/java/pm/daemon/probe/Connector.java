package pm.daemon.probe;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.InetSockets;
import pm.daemon.posix.UnixSockets;

/**
 * Connects without waiting: to each address of a name in turn, until one takes us. Loop thread
 * only.
 */
final class Connector {
  private final EventLoop loop;
  private final Names names;

  Connector(EventLoop loop, Names names) {
    this.loop = loop;
    this.names = names;
  }

  /**
   * Begins to connect.
   *
   * @param connected gets a non-blocking descriptor, which is its to close
   * @param refused gets the reason in words, such as {@code connection refused}
   */
  Attempt connect(Endpoint endpoint, IntConsumer connected, Consumer<String> refused) {
    Connecting connecting = new Connecting(endpoint, connected, refused);
    connecting.begin();
    return connecting;
  }

  /** One attempt. */
  private final class Connecting implements Attempt {
    private static final int NONE = -1;

    private final Endpoint endpoint;
    private final IntConsumer connected;
    private final Consumer<String> refused;
    private List<Names.Address> addresses = List.of();
    private int next;
    private int fd = NONE;
    private String firstReason = "";
    private boolean isOver;

    Connecting(Endpoint endpoint, IntConsumer connected, Consumer<String> refused) {
      this.endpoint = endpoint;
      this.connected = connected;
      this.refused = refused;
    }

    void begin() {
      switch (endpoint) {
        case Endpoint.Inet inet -> names.find(inet.host(), this::found, this::fail);
        case Endpoint.Unix unix -> {
          try {
            succeed(UnixSockets.connect(unix.path()));
          } catch (ErrnoException no) {
            fail(words(no));
          }
        }
      }
    }

    private void found(List<Names.Address> found) {
      if (!isOver) {
        addresses = found;
        tryNext();
      }
    }

    private void tryNext() {
      Endpoint.Inet inet = (Endpoint.Inet) endpoint;
      while (next < addresses.size()) {
        Names.Address address = addresses.get(next);
        next++;
        try {
          fd =
              InetSockets.connect(
                  address.bytes(), inet.port(), address.scope(), endpoint.toString());
          loop.watch(fd, Epoll.OUT, (ready, events) -> writable());
          return;
        } catch (ErrnoException no) {
          remember(words(no));
          close();
        }
      }
      fail(firstReason);
    }

    private void writable() {
      try {
        int errno = InetSockets.error(fd);
        if (errno == 0) {
          int ours = fd;
          fd = NONE;
          loop.unwatch(ours);
          succeed(ours);
          return;
        }
        remember(words(errno));
      } catch (ErrnoException no) {
        remember(words(no));
      }
      close();
      tryNext();
    }

    private void remember(String reason) {
      if (firstReason.isEmpty()) {
        firstReason = reason;
      }
    }

    private void succeed(int ours) {
      isOver = true;
      connected.accept(ours);
    }

    private void fail(String reason) {
      if (!isOver) {
        isOver = true;
        refused.accept(reason);
      }
    }

    @Override
    public void cancel() {
      isOver = true;
      close();
    }

    private void close() {
      if (fd != NONE) {
        int ours = fd;
        fd = NONE;
        loop.unwatch(ours);
        closeQuietly(ours);
      }
    }
  }

  /** Closes what nothing is expected of any more. */
  static void closeQuietly(int fd) {
    try {
      Fd.close(fd);
    } catch (ErrnoException refused) {
      throw new IllegalStateException("a socket cannot be closed", refused);
    }
  }

  static String words(ErrnoException refused) {
    return words(refused.errno());
  }

  static String words(int errno) {
    String message = Errno.message(errno);
    return Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }
}
