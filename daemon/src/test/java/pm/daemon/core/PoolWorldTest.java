package pm.daemon.core;

import org.junit.jupiter.api.Test;

/**
 * Many random worlds. One that fails tells its seed and its story; {@code -Dpool.seed=N
 * -Dpool.worlds=1 -Dpool.story=100000} plays it again and tells all of it.
 */
class PoolWorldTest {

  private static final int WORLDS = Integer.getInteger("pool.worlds", 300);

  @Test
  void inTheEndAllIsAsItShouldBe() {
    long first = Long.getLong("pool.seed", 1);
    for (long seed = first; seed < first + WORLDS; seed++) {
      new PoolWorld(seed).play();
    }
  }
}
