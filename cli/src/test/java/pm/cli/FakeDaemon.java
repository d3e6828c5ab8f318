package pm.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import pm.protocol.LineSplitter;

/** Listens where a daemon would, and serves each connection by a script on a thread of its own. */
final class FakeDaemon implements AutoCloseable {
  private final ServerSocketChannel server;
  private final Path socket;
  private final Script script;
  private final List<String> received = new CopyOnWriteArrayList<>();

  /** What is done with a connection; it is closed at the end. */
  interface Script {
    void serve(Peer peer) throws IOException;
  }

  FakeDaemon(Path socket, Script script) throws IOException {
    this.socket = socket;
    this.script = script;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().name("fake-daemon").start(this::accept);
  }

  /** All lines that came, of all connections. */
  List<String> received() {
    return received;
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = server.accept();
        Thread.ofPlatform().daemon().name("fake-connection").start(() -> serve(channel));
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      script.serve(new Peer(channel));
    } catch (IOException e) {
      // The client has gone.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
  }

  /** The client on one connection. */
  final class Peer {
    private final SocketChannel channel;
    private final LineSplitter splitter = new LineSplitter();
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(4096);

    Peer(SocketChannel channel) {
      this.channel = channel;
    }

    /** The next line; the script ends by the exception when there is none. */
    String read() throws IOException {
      while (lines.isEmpty()) {
        buffer.clear();
        if (channel.read(buffer) < 0) {
          throw new IOException("the client has closed");
        }
        buffer.flip();
        splitter.feed(
            buffer,
            new LineSplitter.Sink() {
              @Override
              public void line(byte[] line) {
                lines.add(new String(line, StandardCharsets.UTF_8));
              }

              @Override
              public void tooLong() {
                throw new IllegalStateException("a request that is too long");
              }
            });
      }
      String line = lines.remove();
      received.add(line);
      return line;
    }

    void send(String line) throws IOException {
      sendRaw((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    void sendRaw(byte[] bytes) throws IOException {
      ByteBuffer out = ByteBuffer.wrap(bytes);
      while (out.hasRemaining()) {
        channel.write(out);
      }
    }

    /** Returns when the client closes. */
    void awaitEnd() throws IOException {
      buffer.clear();
      while (channel.read(buffer) >= 0) {
        buffer.clear();
      }
    }
  }
}
