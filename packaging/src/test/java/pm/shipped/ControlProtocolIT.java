package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * Replays every example of {@code docs/control-protocol.md} against the built daemon, as the
 * document says that it is to be read.
 */
final class ControlProtocolIT {
  private static final Path DOCUMENT = Path.of("../docs/control-protocol.md");
  private static final Path TREE = Path.of(System.getProperty("pm.tree"));
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path home;

  @Test
  @Timeout(120)
  void everyExampleIsAnsweredAsTheDocumentSays() throws Exception {
    List<String> lines = Files.readAllLines(DOCUMENT);
    Path configuration = home.resolve("programs.yaml");
    Files.write(configuration, blocks(lines, "yaml").getFirst());
    Process daemon =
        new ProcessBuilder(
                TREE.resolve("bin/pmd").toString(),
                "--home",
                home.toString(),
                "--config",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("pmd.out").toFile())
            .start();
    try {
      await(
          () ->
              Files.exists(home.resolve("log/web@1.log"))
                  && Files.size(home.resolve("log/web@1.log")) > 0);
      for (List<String> block : blocks(lines, "jsonrpc")) {
        replay(block);
      }
      assertThat(daemon.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
          .as("it ends after daemon.shutdown")
          .isTrue();
      assertThat(daemon.exitValue()).isZero();
    } finally {
      daemon.destroyForcibly();
    }
  }

  private void replay(List<String> block) throws IOException, JsonException {
    Map<String, Object> names = new HashMap<>();
    try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.connect(UnixDomainSocketAddress.of(home.resolve("run/pmd.sock")));
      BufferedReader answers =
          new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
      boolean skipping = false;
      for (String line : block) {
        String message = line.substring("--> ".length());
        if (line.startsWith("--> ")) {
          String sent = filledIn(message, names) + "\n";
          socket.write(ByteBuffer.wrap(sent.getBytes(StandardCharsets.UTF_8)));
        } else if (message.equals("...")) {
          skipping = true;
        } else {
          Object expected = Json.parse(message);
          String actual = answers.readLine();
          while (skipping
              && actual != null
              && !matches(expected, Json.parse(actual), new HashMap<>(names))) {
            actual = answers.readLine();
          }
          assertThat(actual).as("an answer like " + message).isNotNull();
          assertThat(matches(expected, Json.parse(actual), names))
              .as("expected " + message + "\nactual   " + actual)
              .isTrue();
          skipping = false;
        }
      }
    }
  }

  /** The line with the values that names stand for. */
  private static String filledIn(String line, Map<String, Object> names) {
    String filled = line;
    for (Map.Entry<String, Object> name : names.entrySet()) {
      filled = filled.replace("\"" + name.getKey() + "\"", Json.write(name.getValue()));
    }
    return filled;
  }

  private static boolean matches(Object expected, Object actual, Map<String, Object> names) {
    if (expected instanceof String name && name.startsWith("<") && name.endsWith(">")) {
      Object before = names.putIfAbsent(name, actual);
      return before == null || before.equals(actual);
    }
    if (expected instanceof Map<?, ?> members && actual instanceof Map<?, ?> found) {
      for (Map.Entry<?, ?> member : members.entrySet()) {
        Object value = found.get(member.getKey());
        if (!member.getKey().equals("...")
            && (value == null || !matches(member.getValue(), value, names))) {
          return false;
        }
      }
      return members.containsKey("...") || members.size() == found.size();
    }
    if (expected instanceof List<?> elements && actual instanceof List<?> found) {
      boolean open = !elements.isEmpty() && elements.getLast().equals("...");
      int size = open ? elements.size() - 1 : elements.size();
      if (found.size() < size || (!open && found.size() > size)) {
        return false;
      }
      for (int i = 0; i < size; i++) {
        if (!matches(elements.get(i), found.get(i), names)) {
          return false;
        }
      }
      return true;
    }
    return expected.equals(actual);
  }

  private static List<List<String>> blocks(List<String> document, String language) {
    List<List<String>> blocks = new ArrayList<>();
    boolean inside = false;
    for (String line : document) {
      if (line.equals("```" + language)) {
        inside = true;
        blocks.add(new ArrayList<>());
      } else if (line.equals("```")) {
        inside = false;
      } else if (inside) {
        blocks.getLast().add(line);
      }
    }
    return blocks;
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  /** Waits for what no event tells us: that another process has come so far. */
  private static void await(Condition condition) throws IOException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("before the deadline").isLessThan(deadline);
      LockSupport.parkNanos(10_000_000);
    }
  }
}
