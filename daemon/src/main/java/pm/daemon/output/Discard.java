package pm.daemon.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import pm.daemon.posix.ErrnoException;

/**
 * Where the output goes that nobody keeps and in which a line is looked for. Writer thread only.
 */
final class Discard implements Destination {
  private final List<Source> sources = new ArrayList<>();
  private final PipeFront front;

  Discard(PipeFront front) {
    this.front = front;
  }

  @Override
  public Path path() {
    return Path.of("/dev/null");
  }

  @Override
  public List<Source> sources() {
    return sources;
  }

  @Override
  public Taken take(Source source, long nowNanos, long wallMillis) throws ErrnoException {
    long seen = front.look(source.fd(), PipeFront.MOST_BYTES);
    if (seen > 0) {
      source.watch(front.bytes(), 0, (int) seen);
      front.consume(source.fd(), seen);
    }
    return new Taken(seen, seen == PipeFront.MOST_BYTES, false);
  }

  @Override
  public void begins(long nowNanos, long wallMillis) {}

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public void reopen() {}

  @Override
  public void close() {}
}
