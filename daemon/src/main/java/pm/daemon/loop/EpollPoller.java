package pm.daemon.loop;

import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.EventFd;

/** Sleeps on epoll(7); an eventfd wakes it. */
final class EpollPoller implements Poller {
  private final Epoll epoll;
  private final EventFd wake;

  private EpollPoller(Epoll epoll, EventFd wake) {
    this.epoll = epoll;
    this.wake = wake;
  }

  static EpollPoller open(int maxEvents) throws ErrnoException {
    Epoll epoll = Epoll.create(maxEvents);
    try {
      EventFd wake = EventFd.create();
      try {
        // Edge-triggered, each signal is an event of its own, so the counter need never be read.
        epoll.add(wake.fd(), Epoll.IN | Epoll.EDGE_TRIGGERED, wake.fd());
        return new EpollPoller(epoll, wake);
      } catch (ErrnoException refused) {
        wake.close();
        throw refused;
      }
    } catch (ErrnoException refused) {
      epoll.close();
      throw refused;
    }
  }

  @Override
  public void add(int fd, int events) throws ErrnoException {
    epoll.add(fd, events, fd);
  }

  @Override
  public void change(int fd, int events) throws ErrnoException {
    epoll.modify(fd, events, fd);
  }

  @Override
  public void remove(int fd) throws ErrnoException {
    epoll.remove(fd);
  }

  @Override
  public int await(long timeoutNanos) throws ErrnoException {
    return epoll.await(timeoutNanos);
  }

  @Override
  public int fd(int index) {
    return (int) epoll.data(index);
  }

  @Override
  public int events(int index) {
    return epoll.events(index);
  }

  @Override
  public void wake() {
    try {
      wake.signal();
    } catch (ErrnoException refused) {
      throw new IllegalStateException("the loop cannot be woken", refused);
    }
  }

  @Override
  public void close() throws ErrnoException {
    try {
      wake.close();
    } finally {
      epoll.close();
    }
  }
}
