package pm.daemon.worker;

/**
 * Bounds what workers tell in one batch: it is in memory until the batch is kept, and hundreds of
 * them may send their largest results at once. Who comes when it is spent is heard in the next
 * batch. Loop thread only.
 */
final class BatchBudget {
  /** The last to be heard may go beyond it by what it says in one look. */
  static final long MOST_BYTES = 4L * 1024 * 1024;

  private long spent;

  /** So many bytes were told. */
  void spend(int bytes) {
    spent += bytes;
  }

  boolean isSpent() {
    return spent >= MOST_BYTES;
  }

  /** Another batch begins. */
  void renew() {
    spent = 0;
  }
}
