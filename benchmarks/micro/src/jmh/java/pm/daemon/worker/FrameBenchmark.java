package pm.daemon.worker;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.InvocationId;
import pm.protocol.Envelope;
import pm.protocol.FrameScanner;
import pm.protocol.Frames;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Message;
import pm.protocol.MessageCodec;
import pm.protocol.MessageException;

/** Frames: found in a stream, understood, and made. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class FrameBenchmark {
  private static final int FRAMES = 500;
  private static final String RESULT =
      "{\"jsonrpc\":\"2.0\",\"id\":\"k3f9-1234567/1\",\"result\":{\"width\":320,\"height\":200}}";

  private final byte[] result = RESULT.getBytes(StandardCharsets.US_ASCII);
  private final byte[] lines = times(Frames.line(RESULT));
  private final byte[] contents = times(Frames.contentLength(RESULT));
  private final byte[] request =
      ("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"status\","
              + "\"params\":{\"selectors\":[\"web\",\"worker@*\"]}}")
          .getBytes(StandardCharsets.US_ASCII);
  private final FrameScanner lineScanner = FrameScanner.ofLines(1 << 20);
  private final FrameScanner lengthScanner = FrameScanner.ofContentLengths(1 << 20);
  private final Envelope envelope = new Envelope();
  private final byte[] id = new byte[64];
  private final TaskFrames frames = new TaskFrames(false, ids());
  private final TaskEffect.Send send =
      new TaskEffect.Send(
          new InvocationId("a".repeat(32)),
          1,
          1_234_567,
          "",
          1,
          "thumbnail",
          new byte[0],
          1_800_000_000_000L);
  private final byte[] data = "{\"path\":\"/srv/in/1.png\"}".getBytes(StandardCharsets.US_ASCII);
  private final byte[] out = new byte[1024];
  private final Message status = status();
  private final byte[] statusLine = MessageCodec.encode(status);

  private static TaskIds ids() {
    TaskIds ids = new TaskIds();
    ids.begin("k3f9");
    return ids;
  }

  private static byte[] times(byte[] frame) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < FRAMES; i++) {
      all.writeBytes(frame);
    }
    return all.toByteArray();
  }

  /** The answer to `status` of a hundred instances. */
  private static Message status() {
    List<Object> items = new ArrayList<>();
    for (long number = 1; number <= 100; number++) {
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("name", "web@" + number);
      item.put("program", "web");
      item.put("instance", number);
      item.put("groups", List.of("front"));
      item.put("state", "IDLE");
      item.put("reason", Json.NULL);
      item.put("detail", "ready at once");
      item.put("as_desired", true);
      item.put("pid", 40_000 + number);
      item.put("started_at", "2026-11-21T14:00:00.123Z");
      item.put("uptime_seconds", 3_600L);
      item.put("restarts", 0L);
      item.put("restarts_in_window", 0L);
      item.put("max_restarts", 3L);
      item.put("next_start_at", Json.NULL);
      item.put("exit_code", Json.NULL);
      item.put("exit_signal", Json.NULL);
      item.put("exit_cause", Json.NULL);
      item.put("ready", true);
      item.put("healthy", Json.NULL);
      item.put("tasks_in_hand", Json.NULL);
      item.put("cpu_percent", 0.5);
      item.put("memory_bytes", 1_234_567L);
      item.put("invocation_id", "0123456789abcdef0123456789abcdef");
      item.put("enabled", true);
      items.add(item);
    }
    return new Message.Response(new Id.Number(1), Map.of("items", items, "files_newer", false));
  }

  private static long scan(FrameScanner scanner, byte[] stream) {
    long found = 0;
    int at = 0;
    while (at < stream.length) {
      if (scanner.next(stream, at, stream.length) != FrameScanner.Found.FRAME) {
        throw new IllegalStateException("no frame at " + at);
      }
      found += scanner.bodyBytes();
      at = scanner.end();
    }
    return found;
  }

  /** Finds frames that are lines. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long scanLines() {
    return scan(lineScanner, lines);
  }

  /** Finds frames behind a header. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long scanContentLengths() {
    return scan(lengthScanner, contents);
  }

  /** Understands the result of a task. */
  @Benchmark
  public int readResult() {
    if (envelope.read(result, 0, result.length) != Envelope.Kind.RESULT) {
      throw new IllegalStateException("no result");
    }
    return envelope.textId(id) + envelope.bytes(Envelope.Part.RESULT);
  }

  /** Makes the frame of a task. */
  @Benchmark
  public int putTask() {
    return frames.put(send, data, out, 0);
  }

  /** Understands a request of a client. */
  @Benchmark
  public Message decodeRequest() throws MessageException {
    return MessageCodec.decode(request);
  }

  /** Makes the answer to `status` of a hundred instances. */
  @Benchmark
  public byte[] encodeStatus() {
    return MessageCodec.encode(status);
  }

  /** Understands that answer, as a client does. */
  @Benchmark
  public Object parseStatus() throws JsonException {
    return Json.parse(statusLine);
  }
}
