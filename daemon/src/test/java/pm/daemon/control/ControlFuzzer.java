package pm.daemon.control;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.daemon.core.model.Moment;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.LineSplitter;
import pm.protocol.Members;

/**
 * What {@code campaigns/lines/fuzz-control} calls with each of its inputs: what a client sends to a
 * server on a real socket. Behind the server is a supervisor with some programs; commands are
 * answered at once.
 */
public final class ControlFuzzer {
  private static final int DEFECT = -32603;
  private static final String LAST =
      "\n{\"jsonrpc\":\"2.0\",\"id\":\"the end\",\"method\":\"ping\"}\n";

  static {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
  }

  private static final ControlFixture FIXTURE = fixture();

  private ControlFuzzer() {}

  private static ControlFixture fixture() {
    try {
      Path folder = Files.createTempDirectory("fuzz-control");
      folder.toFile().deleteOnExit();
      ControlFixture fixture =
          new ControlFixture(
              folder,
              ControlFixture.world(
                  List.of(
                      ControlFixture.program("web").instances(2).build(),
                      ControlFixture.worker("pics").build()),
                  ControlFixture.up("web@1", 4711, new Moment(1, Instant.EPOCH)),
                  ControlFixture.stopped("web@2")));
      fixture.answers = command -> Optional.of(new Answer.Refused("not now"));
      fixture.taskAnswers = command -> Optional.of(new Answer.TryAgain("not now"));
      return fixture;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Judges one input: every line that comes back is a message, none tells of a defect, no handler
   * has thrown, and a request behind it all is answered.
   */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    long failures = FIXTURE.loop.failures();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(FIXTURE.socket));
      send(channel, input);
      send(channel, LAST.getBytes(StandardCharsets.UTF_8));
      Listener listener = new Listener();
      LineSplitter splitter = new LineSplitter();
      ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
      while (!listener.isOver) {
        buffer.clear();
        if (channel.read(buffer) < 0) {
          throw new AssertionError("the connection ends before the last answer");
        }
        splitter.feed(buffer.flip(), listener);
      }
    }
    FIXTURE.commands.clear();
    FIXTURE.taskCommands.clear();
    FIXTURE.left.clear();
    if (FIXTURE.loop.failures() > failures) {
      throw new AssertionError("a handler has thrown");
    }
  }

  private static void send(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static final class Listener implements LineSplitter.Sink {
    private boolean isOver;

    @Override
    public void line(byte[] line) {
      String text = new String(line, StandardCharsets.UTF_8);
      try {
        Members message = Members.of(Json.parse(line), "a message");
        Optional<Members> error = message.optionalObject("error");
        if (error.isPresent() && error.get().optionalLong("code").orElse(DEFECT) == DEFECT) {
          throw new AssertionError("a defect: " + text);
        }
        isOver |= message.value("id").orElse("").equals("the end") && message.has("result");
      } catch (JsonException e) {
        throw new AssertionError("no message: " + text, e);
      }
    }

    @Override
    public void tooLong() {
      throw new AssertionError("a line that is too long");
    }
  }
}
