package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * Replays {@code src/test/resources/transcripts}: what the daemon answers, what the user types,
 * what is sent, what is shown, and the exit code. {@code -Dtranscripts.rewrite=true} writes the
 * files anew; read the difference line by line.
 *
 * <ul>
 *   <li>{@code <-- METHOD JSON}: from now on the daemon answers so; a line more for the same method
 *       is sent behind it. {@code CLOSE} closes the connection, {@code RAW …} is sent as it is,
 *       {@code PART …} without a line feed
 *   <li>{@code < …}: a line of stdin for the next call
 *   <li>{@code $ pmctl …}: a call; {@code % pmctl …}: a call from a terminal
 *   <li>{@code --> …}: a request that was sent; {@code ! …}: stderr; {@code => N}: the exit code;
 *       all else: stdout, its empty lines as {@code ~}
 *   <li>{@code # …}: a remark
 * </ul>
 */
final class TranscriptTest {
  private static final Path FOLDER = Path.of("src/test/resources/transcripts");

  @TempDir Path folder;

  private final Map<String, List<String>> answers = new ConcurrentHashMap<>();

  static List<Path> transcripts() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("transcripts")
  void happensAsWritten(Path transcript) throws IOException {
    String expected = Files.readString(transcript);
    StringBuilder actual = new StringBuilder();
    Path socket = folder.resolve("s");
    String method = "";
    StringBuilder stdin = new StringBuilder();
    try (FakeDaemon daemon = new FakeDaemon(socket, this::serve)) {
      for (String line : expected.lines().toList()) {
        if (line.startsWith("<-- ")) {
          String[] words = line.split(" ", 3);
          if (!words[1].equals(method)) {
            answers.put(words[1], List.of());
          }
          method = words[1];
          answers.merge(
              method,
              List.of(words[2]),
              (before, added) -> Stream.concat(before.stream(), added.stream()).toList());
          actual.append(line).append('\n');
        } else if (line.startsWith("$ pmctl") || line.startsWith("% pmctl")) {
          method = "";
          actual.append(line).append('\n');
          byte[] in = stdin.toString().getBytes(StandardCharsets.UTF_8);
          stdin.setLength(0);
          daemon.received().clear();
          Call call =
              Call.of(
                  Map.of("PM_SOCKET", socket.toString()),
                  words(line.substring("$ pmctl".length())),
                  new ByteArrayInputStream(in),
                  line.startsWith("%"),
                  Duration.ofSeconds(20));
          for (String request : daemon.received()) {
            actual.append("--> ").append(request).append('\n');
          }
          for (String output : shown(call.out(), socket).lines().toList()) {
            actual.append(output.isEmpty() ? "~" : output).append('\n');
          }
          if (!call.out().isEmpty() && !call.out().endsWith("\n")) {
            actual.append("<no line feed>\n");
          }
          for (String error : shown(call.err(), socket).lines().toList()) {
            actual.append("! ").append(error).append('\n');
          }
          actual.append("=> ").append(call.value()).append('\n');
        } else if (line.startsWith("< ")) {
          stdin.append(line.substring("< ".length())).append('\n');
          actual.append(line).append('\n');
        } else if (line.startsWith("#") || line.isEmpty()) {
          method = "";
          actual.append(line).append('\n');
        }
      }
    }
    if (Boolean.getBoolean("transcripts.rewrite")) {
      Files.writeString(transcript, actual);
    } else {
      assertThat(actual.toString()).isEqualTo(expected);
    }
  }

  private static String shown(String text, Path socket) {
    return text.replace(socket.toString(), "SOCKET")
        .replace("\u001b", "<ESC>")
        .replace("\r", "<CR>");
  }

  /** The words as a shell would make them, which knows single quotes only. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean quoted = false;
    boolean started = false;
    for (char c : (line + " ").toCharArray()) {
      if (c == '\'') {
        quoted = !quoted;
        started = true;
      } else if (c == ' ' && !quoted) {
        if (started) {
          words.add(word.toString());
        }
        word.setLength(0);
        started = false;
      } else {
        word.append(c);
        started = true;
      }
    }
    return words;
  }

  private void serve(FakeDaemon.Peer peer) throws IOException {
    while (true) {
      Members request;
      try {
        request = Members.of(Json.parse(peer.read()), "the request");
        String id = Long.toString(request.optionalLong("id").orElseThrow());
        String method = request.string("method");
        String unknown =
            "{\"error\":{\"code\":-32601,\"message\":\"there is no method " + method + "\"}}";
        List<String> lines = answers.getOrDefault(method, List.of(unknown));
        for (String line : lines) {
          if (line.equals("CLOSE")) {
            return;
          } else if (line.startsWith("RAW ")) {
            peer.send(line.substring("RAW ".length()));
          } else if (line.startsWith("PART ")) {
            peer.sendRaw(line.substring("PART ".length()).getBytes(StandardCharsets.UTF_8));
          } else if (line.startsWith("{\"method\"")) {
            peer.send("{\"jsonrpc\":\"2.0\"," + line.substring(1));
          } else {
            peer.send("{\"jsonrpc\":\"2.0\",\"id\":" + id + "," + line.substring(1));
          }
        }
      } catch (JsonException e) {
        throw new AssertionError(e);
      }
    }
  }
}
