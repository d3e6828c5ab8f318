package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** A client of the control socket that knows nothing but lines, and so can be a bad one. */
final class Wire implements AutoCloseable {

  private final SocketChannel channel;
  private final BufferedReader lines;
  private long id;

  private Wire(SocketChannel channel) {
    this.channel = channel;
    this.lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8));
  }

  static Wire connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException refused) {
      channel.close();
      throw refused;
    }
    return new Wire(channel);
  }

  void send(String text) throws IOException {
    send(text.getBytes(UTF_8));
  }

  void send(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Says that no more comes from here. */
  void endOutput() throws IOException {
    channel.shutdownOutput();
  }

  /** Returns the next line, empty at the end. */
  Optional<String> line() throws IOException {
    try {
      return Optional.ofNullable(lines.readLine());
    } catch (SocketException reset) {
      // The end, where the daemon had not read all that we sent.
      return Optional.empty();
    }
  }

  Members message() throws IOException {
    String line = line().orElseThrow(EOFException::new);
    return parse(line);
  }

  static Members parse(String line) throws IOException {
    try {
      return Members.of(Json.parse(line), "message");
    } catch (JsonException wrong) {
      throw new IOException(line, wrong);
    }
  }

  /** Sends a request; its parameters are names and values by turns. Returns its id. */
  long request(String method, Object... params) throws IOException {
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < params.length; i += 2) {
      named.put((String) params[i], params[i + 1]);
    }
    id++;
    send(Json.write(Map.of("jsonrpc", "2.0", "id", id, "method", method, "params", named)) + "\n");
    return id;
  }

  /** Sends a request and returns its result, which it must have. */
  Members ask(String method, Object... params) throws IOException {
    request(method, params);
    Members answer = message();
    return answer
        .value("result")
        .map(Wire::members)
        .orElseThrow(() -> new IOException(answer.toString()));
  }

  /** Returns the items of all pages. */
  List<Members> pages(String method, Object... params) throws IOException {
    return pagesOf("items", method, params);
  }

  /**
   * Returns what stands in all pages.
   *
   * @param name as which member
   */
  List<Members> pagesOf(String name, String method, Object... params) throws IOException {
    List<Members> items = new ArrayList<>();
    List<Object> all = new ArrayList<>(List.of(params));
    while (true) {
      Members page = ask(method, all.toArray());
      items.addAll(objects(page, name));
      if (!page.has("cursor")) {
        return items;
      }
      all = new ArrayList<>(List.of(params));
      all.addAll(List.of("cursor", text(page, "cursor")));
    }
  }

  static Members members(Object value) {
    try {
      return Members.of(value, "value");
    } catch (JsonException wrong) {
      throw new AssertionError(value.toString(), wrong);
    }
  }

  static List<Members> objects(Members object, String name) {
    try {
      return object.objects(name);
    } catch (JsonException wrong) {
      throw new AssertionError(object.toString(), wrong);
    }
  }

  /** Returns a member as text, {@code "null"} for none. */
  static String text(Members object, String name) {
    return object.value(name).map(Object::toString).orElse("null");
  }

  static long number(Members object, String name) {
    Object value = object.value(name).orElse(Json.NULL);
    assertThat(value).as("%s of %s", name, object).isInstanceOf(Long.class);
    return (Long) value;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
