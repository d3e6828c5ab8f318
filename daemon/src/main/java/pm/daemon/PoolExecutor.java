package pm.daemon;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.loop.BlockingPool;

/** The blocking pool for those who hear by themselves what came of their work. */
final class PoolExecutor implements Executor {

  private static final Logger LOG = LoggerFactory.getLogger(PoolExecutor.class);

  private final BlockingPool pool;

  PoolExecutor(BlockingPool pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable work) {
    boolean taken =
        pool.submit(
            Executors.callable(work), done -> {}, thrown -> LOG.error("off the loop", thrown));
    if (!taken) {
      throw new RejectedExecutionException("too much waits to be done off the loop");
    }
  }
}
