package pm.daemon.probe;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.SystemTime;

/**
 * What a daemon before us has left of its hooks: it goes before the same hook is run again. Loop
 * thread only.
 */
final class EarlierHooks {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierHooks.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final BlockingPool pool;
  private final Deadlines deadlines;
  private final SystemTime time;
  private final Neighbours neighbours;

  /** What waits until those of its invocation are gone. */
  private final Map<InvocationId, List<Runnable>> waiting = new LinkedHashMap<>();

  EarlierHooks(BlockingPool pool, Deadlines deadlines, SystemTime time, Neighbours neighbours) {
    this.pool = pool;
    this.deadlines = deadlines;
    this.time = time;
    this.neighbours = neighbours;
  }

  /**
   * Removes the output pipes of commands that no daemon reads any more.
   *
   * @param folder where they are made
   */
  static void removePipes(Path folder) {
    try (DirectoryStream<Path> pipes =
        Files.newDirectoryStream(folder, CommandRunner.PIPE_PREFIX + "*")) {
      for (Path pipe : pipes) {
        Files.deleteIfExists(pipe);
      }
    } catch (NoSuchFileException none) {
      LOG.debug("there is no {}", folder);
    } catch (IOException | DirectoryIteratorException refused) {
      LOG.warn("output pipes stay in {}: {}", folder, refused.getMessage());
    }
  }

  /** Kills what is left of a hook. */
  void end(InvocationId invocation, HookKind kind) {
    waiting.computeIfAbsent(invocation, id -> new ArrayList<>(1));
    look(invocation, kind);
  }

  /**
   * Has {@code work} done when nothing of the invocation is left.
   *
   * @return false if nothing is being ended: it was not and will not be done
   */
  boolean defer(InvocationId invocation, Runnable work) {
    List<Runnable> works = waiting.get(invocation);
    if (works == null) {
      return false;
    }
    works.add(work);
    return true;
  }

  /** Nothing is to be done any more that was deferred. */
  void drop(InvocationId invocation) {
    List<Runnable> works = waiting.get(invocation);
    if (works != null) {
      works.clear();
    }
  }

  /** Returns the invocations for which something waits. */
  List<InvocationId> invocations() {
    return List.copyOf(waiting.keySet());
  }

  private void look(InvocationId invocation, HookKind kind) {
    boolean taken =
        pool.submit(
            () -> neighbours.killEarlier(invocation, kind.word()),
            count -> gone(invocation, kind, count),
            thrown -> {
              LOG.warn("{} of {}: {}", kind.word(), invocation, thrown.getMessage());
              later(invocation, kind);
            });
    if (!taken) {
      later(invocation, kind);
    }
  }

  private void later(InvocationId invocation, HookKind kind) {
    deadlines.at(time.nanos() + RETRY_NANOS, () -> look(invocation, kind));
  }

  private void gone(InvocationId invocation, HookKind kind, int count) {
    if (count > 0) {
      LOG.info("{} of a daemon before this one was ended: {} processes", kind.word(), count);
    }
    List<Runnable> works = waiting.remove(invocation);
    if (works != null) {
      works.forEach(Runnable::run);
    }
  }
}
