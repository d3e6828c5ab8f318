package pm.daemon.loop;

import pm.daemon.posix.ErrnoException;

/**
 * What the loop sleeps on: epoll in the daemon, a script in tests. All but {@link #wake()} is for
 * the loop thread.
 */
interface Poller extends AutoCloseable {

  /** Watches {@code fd} for {@code events}, bits of epoll_ctl(2). */
  void add(int fd, int events) throws ErrnoException;

  /** Watches {@code fd}, which is watched, for other events. */
  void change(int fd, int events) throws ErrnoException;

  /** Watches {@code fd} no longer. */
  void remove(int fd) throws ErrnoException;

  /**
   * Sleeps until something is ready, {@link #wake()} is called, or the time is over.
   *
   * @param timeoutNanos longest sleep, rounded up to what the kernel can count; 0 for none, {@link
   *     Long#MAX_VALUE} for ever
   * @return how many descriptors are ready; 0 too when a signal interrupted the sleep
   */
  int await(long timeoutNanos) throws ErrnoException;

  /** Returns the {@code index}-th descriptor of the last {@link #await}. */
  int fd(int index);

  /** Returns the events of the {@code index}-th descriptor of the last {@link #await}. */
  int events(int index);

  /** Ends the sleep, or the next one. Any thread. */
  void wake();

  @Override
  void close() throws ErrnoException;
}
