package pm.daemon.loop;

/** What is done when a watched descriptor is ready. Called on the loop thread; must not block. */
@FunctionalInterface
public interface FdHandler {

  /**
   * The descriptor is ready. It is watched level-triggered unless it was added with EPOLLET: what
   * is left unread is reported again at the next turn, so a handler reads a bounded amount.
   *
   * @param fd the descriptor
   * @param events the bits of epoll_ctl(2) that are set, EPOLLERR and EPOLLHUP among them
   */
  void ready(int fd, int events);
}
