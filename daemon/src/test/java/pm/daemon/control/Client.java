package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** A client as anybody could write it: lines to a socket, lines from it. */
final class Client implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer input = ByteBuffer.allocate(64 * 1024).limit(0);
  private int lastId;

  Client(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  void send(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Sends a request without waiting; returns its id. */
  int request(String method, String params) throws IOException {
    lastId++;
    send(line(lastId, method, params));
    return lastId;
  }

  static String line(int id, String method, String params) {
    return "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}\n"
        .formatted(id, method, params);
  }

  /** Sends a request and returns the message that comes next, which must be its response. */
  Members call(String method, String params) throws IOException, JsonException {
    int id = request(method, params);
    Members response = next();
    assertThat(response.optionalLong("id").orElse(-1)).as(response.toString()).isEqualTo(id);
    return response;
  }

  /** As {@link #call}, and returns the result. */
  Members result(String method, String params) throws IOException, JsonException {
    Members response = call(method, params);
    return response
        .optionalObject("result")
        .orElseThrow(() -> new AssertionError(response.toString()));
  }

  /** As {@link #call}, and returns the error. */
  Members error(String method, String params) throws IOException, JsonException {
    Members response = call(method, params);
    return response
        .optionalObject("error")
        .orElseThrow(() -> new AssertionError(response.toString()));
  }

  /** Returns the next message. */
  Members next() throws IOException, JsonException {
    String line = line();
    assertThat(line).as("a line before the end").isNotEmpty();
    return Members.of(Json.parse(line), "a message");
  }

  /** Returns the next notification's method and parameters. */
  Map.Entry<String, Members> notification() throws IOException, JsonException {
    Members message = next();
    return Map.entry(message.string("method"), message.optionalObject("params").orElseThrow());
  }

  /** Returns the next line without its line feed, empty at the end. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      if (!input.hasRemaining()) {
        input.clear();
        int count = read();
        input.flip();
        if (count < 0) {
          assertThat(line.size()).as("bytes of a line that does not end").isZero();
          return "";
        }
      }
      byte next = input.get();
      if (next == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(next);
    }
  }

  private int read() throws IOException {
    try {
      return channel.read(input);
    } catch (IOException e) {
      // The server closed while something of ours was unread.
      if (isReset(e)) {
        return -1;
      }
      throw e;
    }
  }

  /** Returns whether this says that the server has closed. */
  static boolean isReset(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.startsWith("Connection reset") || message.equals("Broken pipe");
  }

  void expectEnd() throws IOException {
    assertThat(line()).isEmpty();
  }

  /** Says that nothing more will be sent. */
  void finish() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
