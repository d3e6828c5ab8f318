package pm.daemon.probe;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import pm.config.Probe.StatusRange;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Asks a server by HTTP/1.1 and looks at the status of its answer; redirects count by their status
 * and are not followed. Loop thread only; no thread of its own.
 *
 * <p>Once the status is known the verdict is given, and a little of what follows is read and thrown
 * away: a server whose answer is cut off would complain in its log.
 */
final class HttpProbe {
  private static final int BUFFER_BYTES = 8 * 1024;

  /** How much of an answer is read after its status. */
  private static final int MOST_AFTER = 256 * 1024;

  private static final int READS_A_TURN = 4;

  private final EventLoop loop;
  private final Connector connector;
  private final BlockingPool pool;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

  /**
   * @param pool for requests by TLS
   */
  HttpProbe(EventLoop loop, Connector connector, BlockingPool pool) {
    this.loop = loop;
    this.connector = connector;
    this.pool = pool;
  }

  /**
   * Begins.
   *
   * @param url expanded
   * @param status what passes
   * @param timeout what a request by TLS may take; for others the caller cancels
   * @param verdict gets what came of it
   * @param closed called after that, once nothing is held any more; not if it is cancelled
   */
  Attempt begin(
      String url,
      List<StatusRange> status,
      Duration timeout,
      Consumer<Verdict> verdict,
      Runnable closed) {
    HttpRequest request;
    try {
      request = HttpRequest.of(url);
    } catch (HttpRequest.MalformedUrlException malformed) {
      verdict.accept(new Verdict(false, url + ": " + malformed.getMessage()));
      closed.run();
      return () -> {};
    }
    if (request.isSecure()) {
      return new SecureExchange(request, timeout)
          .begin(
              pool,
              code -> {
                verdict.accept(judged(request, status, code));
                closed.run();
              },
              reason -> {
                verdict.accept(new Verdict(false, request.shown() + ": " + reason));
                closed.run();
              });
    }
    Exchange exchange = new Exchange(request, status, verdict, closed);
    exchange.begin();
    return exchange;
  }

  private static Verdict judged(HttpRequest request, List<StatusRange> right, int code) {
    boolean isRight = right.stream().anyMatch(range -> code >= range.from() && code <= range.to());
    return new Verdict(isRight, request.shown() + ": " + code);
  }

  /** One question and its answer. */
  private final class Exchange implements Attempt {
    private static final int NONE = -1;

    private final HttpRequest request;
    private final List<StatusRange> right;
    private final Consumer<Verdict> verdict;
    private final Runnable closed;
    private final HttpStatusReader reader = new HttpStatusReader();
    private Attempt connecting = () -> {};
    private ByteBuffer unsent = ByteBuffer.allocate(0);
    private int fd = NONE;
    private int watched;
    private int readAfter;
    private boolean isJudged;

    Exchange(
        HttpRequest request, List<StatusRange> right, Consumer<Verdict> verdict, Runnable closed) {
      this.request = request;
      this.right = right;
      this.verdict = verdict;
      this.closed = closed;
    }

    void begin() {
      connecting =
          connector.connect(
              request.endpoint(),
              this::connected,
              reason -> {
                fail(reason);
                close();
              });
    }

    private void connected(int connection) {
      fd = connection;
      byte[] text = request.text().getBytes(StandardCharsets.ISO_8859_1);
      try {
        unsent = ByteBuffer.allocateDirect(text.length).put(text).flip();
        watched = Epoll.OUT | Epoll.IN;
        loop.watch(fd, watched, (ready, events) -> ready());
      } catch (ErrnoException refused) {
        fail(Connector.words(refused));
        close();
      }
    }

    private void ready() {
      try {
        send();
        receive();
        listen();
      } catch (ErrnoException refused) {
        fail(Connector.words(refused));
        close();
      }
    }

    private void send() throws ErrnoException {
      while (fd != NONE && unsent.hasRemaining()) {
        if (Fd.write(fd, unsent) == Fd.WOULD_BLOCK) {
          return;
        }
      }
    }

    private void listen() throws ErrnoException {
      if (fd == NONE) {
        return;
      }
      int wanted = unsent.hasRemaining() ? Epoll.IN | Epoll.OUT : Epoll.IN;
      if (wanted != watched) {
        watched = wanted;
        loop.change(fd, wanted);
      }
    }

    private void receive() throws ErrnoException {
      for (int i = 0; i < READS_A_TURN && fd != NONE; i++) {
        buffer.clear();
        int count = Fd.read(fd, buffer);
        if (count == Fd.WOULD_BLOCK) {
          return;
        }
        if (count == 0) {
          fail("connection closed without an answer");
          close();
          return;
        }
        buffer.flip();
        take(buffer);
      }
    }

    private void take(ByteBuffer bytes) {
      if (isJudged) {
        readAfter += bytes.remaining();
        if (readAfter > MOST_AFTER) {
          close();
        }
        return;
      }
      switch (reader.read(bytes)) {
        case HttpStatusReader.Result.Unfinished more -> {}
        case HttpStatusReader.Result.Status status -> {
          isJudged = true;
          verdict.accept(judged(request, right, status.code()));
        }
        case HttpStatusReader.Result.Malformed malformed -> {
          fail(malformed.reason());
          close();
        }
      }
    }

    private void fail(String reason) {
      if (!isJudged) {
        isJudged = true;
        verdict.accept(new Verdict(false, request.shown() + ": " + reason));
      }
    }

    private void close() {
      release();
      closed.run();
    }

    @Override
    public void cancel() {
      isJudged = true;
      connecting.cancel();
      release();
    }

    private void release() {
      if (fd != NONE) {
        int ours = fd;
        fd = NONE;
        loop.unwatch(ours);
        Connector.closeQuietly(ours);
      }
    }
  }
}
