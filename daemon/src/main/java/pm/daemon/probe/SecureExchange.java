package pm.daemon.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import pm.config.Durations;
import pm.daemon.loop.BlockingPool;

/**
 * One HTTP request over TLS, on a thread that may wait: its cryptography would hold up the loop,
 * and its classes are loaded with the first https probe only.
 *
 * <p>Certificates are not checked. A health check asks whether the server answers, mostly at an
 * address of this machine, for which no certificate is made out.
 */
final class SecureExchange {
  private static final int BUFFER_BYTES = 4 * 1024;

  private final HttpRequest request;
  private final Duration timeout;
  private final long deadline;
  private boolean isCancelled;

  SecureExchange(HttpRequest request, Duration timeout) {
    this.request = request;
    this.timeout = timeout;
    deadline = System.nanoTime() + timeout.toNanos();
  }

  /** Begins; exactly one of the two is called on the loop thread, unless it is cancelled. */
  Attempt begin(BlockingPool pool, IntConsumer status, Consumer<String> failed) {
    boolean taken =
        pool.submit(
            this::ask,
            result -> {
              if (!isCancelled) {
                switch (result) {
                  case HttpStatusReader.Result.Status code -> status.accept(code.code());
                  case HttpStatusReader.Result.Malformed malformed ->
                      failed.accept(malformed.reason());
                  case HttpStatusReader.Result.Unfinished end ->
                      failed.accept("connection closed without an answer");
                }
              }
            },
            thrown -> {
              if (!isCancelled) {
                failed.accept(reason(thrown));
              }
            });
    if (!taken) {
      failed.accept("too many requests by TLS are under way");
    }
    return () -> isCancelled = true;
  }

  private HttpStatusReader.Result ask() throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anybody()}, null);
    Endpoint.Inet endpoint = request.endpoint();
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), leftMillis());
      plain.setSoTimeout(leftMillis());
      try (SSLSocket socket =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(plain, endpoint.host(), endpoint.port(), true)) {
        socket.getOutputStream().write(request.text().getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return read(plain, socket.getInputStream());
      }
    }
  }

  private HttpStatusReader.Result read(Socket plain, InputStream stream) throws IOException {
    HttpStatusReader reader = new HttpStatusReader();
    byte[] bytes = new byte[BUFFER_BYTES];
    while (true) {
      plain.setSoTimeout(leftMillis());
      int count = stream.read(bytes);
      if (count < 0) {
        return new HttpStatusReader.Result.Unfinished();
      }
      HttpStatusReader.Result result = reader.read(ByteBuffer.wrap(bytes, 0, count));
      if (!(result instanceof HttpStatusReader.Result.Unfinished)) {
        return result;
      }
    }
  }

  private int leftMillis() throws SocketTimeoutException {
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException();
    }
    return (int) Math.min(left, Integer.MAX_VALUE);
  }

  private String reason(Throwable thrown) {
    String message = String.valueOf(thrown.getMessage());
    return switch (thrown) {
      case SocketTimeoutException late -> "no answer within " + Durations.format(timeout);
      case UnknownHostException unknown -> "no address is known for " + request.endpoint().host();
      case SSLException tls -> "TLS: " + message;
      case java.net.ConnectException refused -> "connection refused";
      default -> message;
    };
  }

  /** Takes every certificate. */
  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
