package pm.cli.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.cli.arguments.CommandFailure;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.LineSplitter;
import pm.protocol.Message;
import pm.protocol.MessageCodec;
import pm.protocol.MessageException;
import pm.protocol.Method;
import pm.protocol.Streams;

/**
 * One connection to the daemon. Whatever goes wrong on it is a {@link CommandFailure} with a
 * sentence that says where and what to do. For one thread.
 */
public final class Connection implements AutoCloseable {
  /** For waits that only an answer ends. */
  public static final Duration FOREVER = Duration.ofDays(36_500);

  /** The property in which the launcher names the folder of native libraries. */
  private static final String NATIVE = "pm.native";

  /** Of a socket's address, see unix(7). */
  private static final int LONGEST_PATH = 107;

  /** Members of answers that hold what workers and their customers have written. */
  private static final Set<String> FOREIGN = Set.of("data", "result");

  private final Path path;
  private final Duration answerLimit;
  private final Link link;
  private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
  private final LineSplitter splitter = new LineSplitter();
  private final ArrayDeque<byte[]> lines = new ArrayDeque<>();
  private boolean tooLong;
  private volatile boolean woken;

  /** Whether the daemon has said that it closes because it becomes another version. */
  private boolean isUpgrading;

  private long lastId;

  private final LineSplitter.Sink sink =
      new LineSplitter.Sink() {
        @Override
        public void line(byte[] line) {
          lines.add(line);
        }

        @Override
        public void tooLong() {
          tooLong = true;
        }
      };

  private Connection(Path path, Duration answerLimit, Link link) {
    this.path = path;
    this.answerLimit = answerLimit;
    this.link = link;
  }

  /**
   * Connects, at once or not at all: a listening socket needs no time.
   *
   * @param answerLimit how long an answer may take that needs nothing but the daemon itself
   */
  public static Connection open(Address address, Duration answerLimit) throws CommandFailure {
    Path path = address.socket();
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_PATH) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          "the path of the socket is "
              + length
              + " bytes long, and the system takes at most "
              + LONGEST_PATH
              + ": "
              + path
              + ". Start pmd with a shorter one and name it here: --socket PATH, or PM_SOCKET.");
    }
    try {
      Optional<Link> quick = NativeLink.connect(path, System.getProperty(NATIVE, ""));
      Link link = quick.isPresent() ? quick.get() : ChannelLink.connect(path);
      return new Connection(path, answerLimit, link);
    } catch (IOException e) {
      throw unreachable(address, path, e);
    }
  }

  private static CommandFailure unreachable(Address address, Path path, IOException e) {
    String start =
        " Start the daemon with: "
            + address.startCommand()
            + ", or say where it is by --home (PM_HOME) or --socket (PM_SOCKET).";
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    if (reason.equals("Permission denied")) {
      return new CommandFailure(
          ExitCode.NOT_PERMITTED,
          "you may not use the socket "
              + path
              + ": permission denied. Become a member of its group, or use sudo.");
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return new CommandFailure(
          ExitCode.UNREACHABLE, "cannot reach pmd: there is no socket " + path + "." + start);
    }
    if (reason.equals("Connection refused")) {
      return new CommandFailure(
          ExitCode.UNREACHABLE,
          "cannot reach pmd: nobody listens on the socket " + path + "." + start);
    }
    return new CommandFailure(
        ExitCode.UNREACHABLE, "cannot reach pmd: the socket " + path + ": " + reason + "." + start);
  }

  /** How long an answer may take that needs nothing but the daemon itself. */
  public Duration answerLimit() {
    return answerLimit;
  }

  /** Sends a request, and returns the id that its response will have. */
  public Id send(Method method, Map<String, Object> params) throws CommandFailure {
    Id id = new Id.Number(++lastId);
    send(
        ByteBuffer.wrap(MessageCodec.encode(new Message.Request(id, method.wireName(), params))),
        "Name fewer selectors, or use patterns.");
    return id;
  }

  /**
   * As the other, with parameters that are JSON already.
   *
   * @param params an object in UTF-8 without a line feed; its bytes from position to limit are sent
   */
  public Id send(Method method, ByteBuffer params) throws CommandFailure {
    Id id = new Id.Number(++lastId);
    String head =
        "{\"jsonrpc\":\"2.0\",\"id\":"
            + lastId
            + ",\"method\":\""
            + method.wireName()
            + "\",\"params\":";
    ByteBuffer line = ByteBuffer.allocate(head.length() + params.remaining() + 2);
    line.put(head.getBytes(StandardCharsets.US_ASCII)).put(params).put((byte) '}').put((byte) '\n');
    send(line.flip(), "Send less at once.");
    return id;
  }

  private void send(ByteBuffer line, String remedy) throws CommandFailure {
    if (line.remaining() > LineSplitter.MAX_LINE_BYTES) {
      throw new CommandFailure(ExitCode.USAGE, "the request is longer than 1 MiB. " + remedy);
    }
    try {
      link.write(line);
      while (line.hasRemaining()) {
        awaitRoom();
        link.write(line);
      }
    } catch (IOException e) {
      // The daemon may have said why before it closed; then that is read next, else the end is.
    }
  }

  /**
   * Waits for the next message.
   *
   * @param limit how long at most
   * @return empty when the time is over, or after {@link #wakeUp()}
   * @throws CommandFailure if the daemon has closed the connection or has sent something else
   */
  public Optional<Message> receive(Duration limit) throws CommandFailure {
    long deadline = System.nanoTime() + limit.toNanos();
    while (lines.isEmpty()) {
      if (tooLong) {
        throw new CommandFailure(
            ExitCode.FAILED, "the daemon sent a line of more than 1 MiB on " + path + ".");
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || woken) {
        woken = false;
        return Optional.empty();
      }
      await(left);
    }
    byte[] line = lines.remove();
    try {
      Message message = MessageCodec.decode(line, FOREIGN);
      isUpgrading |=
          message instanceof Message.Notification notification
              && notification.method().equals(Streams.CLOSING);
      return Optional.of(message);
    } catch (MessageException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          "what listens on "
              + path
              + " does not speak our protocol: "
              + e.answer().message()
              + ". Is it the socket of pmd?");
    }
  }

  /** Has {@link #receive} return, now or when it is called next. Any thread. */
  public void wakeUp() {
    woken = true;
    link.wakeUp();
  }

  /**
   * Waits until more can be sent. What comes meanwhile is taken in, for a daemon whose answers
   * nobody reads does not read either.
   */
  private void awaitRoom() throws IOException, CommandFailure {
    long deadline = System.nanoTime() + answerLimit.toNanos();
    int ready;
    do {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw notAnswering();
      }
      // Somebody who wakes us up is heard by receive.
      ready = link.await(left, true);
      if ((ready & Link.READABLE) != 0) {
        read();
      }
    } while ((ready & Link.WRITABLE) == 0);
  }

  /** Waits until something has come, or the time is over. */
  private void await(long nanos) throws CommandFailure {
    try {
      if ((link.await(nanos, false) & Link.READABLE) != 0) {
        read();
      }
    } catch (IOException e) {
      // As when it closes in good order: whatever it had to say has been read.
      throw new ConnectionClosed(path, isUpgrading);
    }
  }

  private void read() throws IOException {
    buffer.clear();
    if (link.read(buffer) < 0) {
      throw new ClosedChannelException();
    }
    buffer.flip();
    splitter.feed(buffer, sink);
  }

  /** Asks, and waits for the answer. */
  public Object call(Method method, Map<String, Object> params) throws CommandFailure {
    Id id = send(method, params);
    long deadline = System.nanoTime() + answerLimit.toNanos();
    while (true) {
      Optional<Message> message = receive(Duration.ofNanos(deadline - System.nanoTime()));
      if (message.isEmpty()) {
        throw notAnswering();
      }
      Optional<Object> result = result(message.get(), id);
      if (result.isPresent()) {
        return result.get();
      }
    }
  }

  /**
   * The result that a message brings for a request.
   *
   * @return empty if it is not the response to that request
   * @throws CommandFailure if it is, and is an error
   */
  public static Optional<Object> result(Message message, Id id) throws CommandFailure {
    if (message instanceof Message.Response response && isOf(response.id(), id)) {
      return Optional.of(response.result());
    }
    if (message instanceof Message.ErrorResponse error
        && (error.id().isEmpty() || isOf(error.id().get(), id))) {
      throw DaemonErrors.failure(error);
    }
    return Optional.empty();
  }

  /**
   * Whether two ids are the same; through their values, for a record's equals takes 8 ms to link.
   */
  private static boolean isOf(Id one, Id other) {
    return one.json().equals(other.json());
  }

  /** The daemon holds the connection, but says nothing. */
  public CommandFailure notAnswering() {
    return new CommandFailure(
        ExitCode.UNREACHABLE,
        "the daemon has not answered for "
            + answerLimit.toSeconds()
            + "s on "
            + path
            + ". Look at its own log, and whether its process is stopped.");
  }

  @Override
  public void close() {
    try {
      link.close();
    } catch (IOException e) {
      // Nothing was lost: what we sent was answered, or is not waited for.
    }
  }
}
