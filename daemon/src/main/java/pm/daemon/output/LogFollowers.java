package pm.daemon.output;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** Tells those who follow log files that there is something new. Any thread. */
public final class LogFollowers {

  private final ConcurrentMap<Path, List<Follower>> byFile = new ConcurrentHashMap<>();

  LogFollowers() {}

  /** One who follows one file. */
  public final class Follower implements AutoCloseable {
    private final Path file;
    private final Runnable hasGrown;
    private final AtomicBoolean isTold = new AtomicBoolean(true);

    private Follower(Path file, Runnable hasGrown) {
      this.file = file;
      this.hasGrown = hasGrown;
    }

    /**
     * Asks to be told, once, of what is written from now on. To miss nothing: call this, then read
     * to the end, then wait to be told.
     */
    public void arm() {
      isTold.set(false);
    }

    private void tell() {
      if (isTold.compareAndSet(false, true)) {
        hasGrown.run();
      }
    }

    @Override
    public void close() {
      isTold.set(true);
      byFile.computeIfPresent(
          file,
          (path, followers) -> {
            followers.remove(this);
            return followers.isEmpty() ? null : followers;
          });
    }
  }

  /**
   * Follows a file.
   *
   * @param hasGrown called on the writer thread, once for each {@link Follower#arm}; must not block
   * @return armed only once {@link Follower#arm} is called
   */
  public Follower follow(Path file, Runnable hasGrown) {
    Follower follower = new Follower(file.normalize(), hasGrown);
    byFile.compute(
        follower.file,
        (path, followers) -> {
          List<Follower> all = followers == null ? new CopyOnWriteArrayList<>() : followers;
          all.add(follower);
          return all;
        });
    return follower;
  }

  /** The file has grown. */
  void grew(Path file) {
    if (!byFile.isEmpty()) {
      byFile.getOrDefault(file, List.of()).forEach(Follower::tell);
    }
  }
}
