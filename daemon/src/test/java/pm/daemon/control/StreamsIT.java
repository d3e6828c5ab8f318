package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.world;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.Entry;
import pm.protocol.Members;

/** Streams of events and of output, for readers that are quick, slow, or killed. */
@Timeout(120)
@SuppressWarnings("try")
final class StreamsIT {
  private static final List<Entry> WORLD =
      world(
          List.of(
              program("web").instances(2).groups(List.of("front")).build(),
              program("noisy").build()),
          stopped("web@1"),
          stopped("web@2"),
          stopped("noisy@1"));

  @TempDir Path folder;
  private ControlFixture daemon;

  @BeforeEach
  void listen() throws Exception {
    daemon = new ControlFixture(folder, WORLD);
  }

  @AfterEach
  void end() throws Exception {
    daemon.until("readers closed", () -> daemon.events.openReaders == 0);
    daemon.until("tails closed", () -> daemon.logs.openTails() == 0);
    daemon.close();
  }

  @Test
  void eventsThatAreKeptAndThenTheEnd() throws Exception {
    daemon.events.keep(1_000, 0);
    daemon.happened("web@1", "one");
    daemon.happened("noisy@1", "two");
    daemon.happened("", "three");
    try (Client client = daemon.connect()) {
      assertThat(client.result("events", "{\"since\":0}").optionalLong("subscription")).hasValue(1);
      assertThat(seqs(client, 3)).containsExactly(1L, 2L, 3L);
      Map.Entry<String, Members> end = client.notification();
      assertThat(end.getKey()).isEqualTo("end");
      assertThat(end.getValue().string("reason")).isEqualTo("complete");
      assertThat(end.getValue().optionalLong("subscription")).hasValue(1);

      assertThat(client.result("events", "{\"selectors\":[\"web\"]}").optionalLong("subscription"))
          .hasValue(2);
      Members event = client.notification().getValue();
      assertThat(event.values().keySet())
          .containsExactly("subscription", "seq", "instance", "message");
      assertThat(event.string("message")).isEqualTo("one");
      assertThat(client.notification().getKey()).isEqualTo("end");
      client.result("events", "{\"selectors\":[\"group:front\"],\"since\":1}");
      assertThat(client.notification().getKey()).isEqualTo("end");
    }
  }

  @Test
  void whoFollowsGetsWhatComes() throws Exception {
    daemon.events.keep(1_000, 0);
    daemon.happened("web@1", "before");
    try (Client client = daemon.connect();
        Client other = daemon.connect()) {
      client.result("events", "{\"follow\":true}");
      other.result("events", "{\"follow\":true,\"since\":0,\"selectors\":[\"web*\"]}");
      daemon.happened("web@1", "after");
      daemon.happened("noisy@1", "after");
      daemon.happened("web@2", "after");
      assertThat(seqs(client, 3)).containsExactly(2L, 3L, 4L);
      assertThat(seqs(other, 3)).containsExactly(1L, 2L, 4L);

      // Calls go on beside the stream.
      assertThat(client.result("ping", "{}").bool("pong", false)).isTrue();
      assertThat(client.result("unsubscribe", "{\"subscription\":1}").values()).isEmpty();
      Members end = client.notification().getValue();
      assertThat(end.string("reason")).isEqualTo("unsubscribed");
      daemon.happened("web@1", "more");
      assertThat(client.result("ping", "{}").bool("pong", false)).isTrue();
      assertThat(seqs(other, 1)).containsExactly(5L);
    }
  }

  @Test
  void manyStreamsOfOneConnectionAreBounded() throws Exception {
    daemon.events.keep(1_000, 0);
    try (Client client = daemon.connect()) {
      for (int i = 1; i <= Bounds.SUBSCRIPTIONS; i++) {
        assertThat(client.result("events", "{\"follow\":true}").optionalLong("subscription"))
            .hasValue(i);
      }
      assertThat(client.error("events", "{\"follow\":true}").optionalLong("code")).hasValue(-32004);
      client.result("unsubscribe", "{\"subscription\":1}");
      client.notification();
      assertThat(client.result("events", "{\"follow\":true}").optionalLong("subscription"))
          .hasValue(Bounds.SUBSCRIPTIONS + 1);
    }
  }

  @Test
  void streamsWaitForTheirTurnWhereTooMuchIsRead() throws Exception {
    daemon.events.keep(10, 10_000);
    for (int i = 1; i <= 300; i++) {
      daemon.events.add("web@1", "event " + i);
    }
    CountDownLatch goOn = new CountDownLatch(1);
    List<Client> crowd = new ArrayList<>();
    try (Client logs = daemon.connect();
        Client events = daemon.connect()) {
      logs.result("logs", "{\"selectors\":[\"web@1\"],\"follow\":true}");
      daemon.beforeMetrics =
          () -> {
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          };
      for (int i = 0; i < 100; i++) {
        crowd.add(daemon.connect());
        crowd.getLast().request("metrics", "{}");
      }
      daemon.untilConnections(102);
      daemon.onLoop(() -> true);
      daemon.logs.print("web@1", LogSource.Stream.OUT, "one");
      events.result("events", "{\"since\":100}");
      daemon.onLoop(() -> true);

      goOn.countDown();

      Map.Entry<String, Members> line = logs.notification();
      assertThat(line.getKey()).isEqualTo("log");
      assertThat(line.getValue().string("line")).isEqualTo("one");
      assertThat(seqs(events, 200).getFirst()).isEqualTo(101);
      assertThat(events.notification().getKey()).isEqualTo("end");
      for (Client each : crowd) {
        assertThat(each.next().has("result")).isTrue();
      }
    } finally {
      goOn.countDown();
      for (Client each : crowd) {
        each.close();
      }
    }
  }

  @Test
  void olderEventsComeFromTheFiles() throws Exception {
    daemon.events.keep(10, 10_000);
    for (int i = 1; i <= 300; i++) {
      daemon.events.add("web@1", "event " + i);
    }
    try (Client client = daemon.connect()) {
      client.result("events", "{\"since\":100,\"follow\":true}");
      List<Long> seen = seqs(client, 200);
      assertThat(seen.getFirst()).isEqualTo(101);
      assertThat(seen.getLast()).isEqualTo(300);
      assertThat(seen).isSorted().doesNotHaveDuplicates();
      daemon.happened("web@1", "new");
      assertThat(seqs(client, 1)).containsExactly(301L);
    }
  }

  @Test
  void whatHappensWhileTheFilesAreReadIsLookedForOnceMore() throws Exception {
    daemon.events.keep(10, 10_000);
    for (int i = 1; i <= 100; i++) {
      daemon.events.add("web@1", "before");
    }
    daemon.events.onceRead(
        () -> {
          for (int i = 1; i <= 100; i++) {
            daemon.events.add("web@1", "meanwhile");
          }
        });
    try (Client client = daemon.connect()) {
      client.result("events", "{\"since\":0}");
      List<Long> seen = seqs(client, 200);
      assertThat(seen).isSorted().doesNotHaveDuplicates().endsWith(200L);
      assertThat(client.notification().getKey()).isEqualTo("end");
    }
  }

  @Test
  void aSlowReaderGetsAGapAndCanResume() throws Exception {
    // Nothing is kept beyond a hundred events, so who is slow must miss some.
    daemon.events.keep(100, 0);
    String message = "m".repeat(2_000);
    int count = 3_000;
    try (Client slow = daemon.connect();
        Client quick = daemon.connect()) {
      slow.result("events", "{\"follow\":true}");
      quick.result("events", "{\"follow\":true}");
      for (int i = 1; i <= count; i++) {
        daemon.happened("web@1", message);
        // It is not held up by the one that does not read.
        assertThat(seqs(quick, 1)).containsExactly((long) i);
      }
      assertThat(daemon.onLoop(daemon.server::outputBytes))
          .isLessThan(Bounds.STREAM_BYTES + 10_000);
      long expected = 1;
      int gaps = 0;
      while (expected <= count) {
        Map.Entry<String, Members> next = slow.notification();
        if (next.getKey().equals("gap")) {
          gaps++;
          assertThat(next.getValue().optionalLong("from")).hasValue(expected);
          assertThat(next.getValue().optionalLong("subscription")).hasValue(1);
          expected = next.getValue().optionalLong("to").orElse(0) + 1;
        } else {
          assertThat(next.getValue().optionalLong("seq")).hasValue(expected);
          expected++;
        }
      }
      assertThat(gaps).isEqualTo(1);
      // It goes on as if nothing had been.
      daemon.happened("web@1", "next");
      assertThat(seqs(slow, 1)).containsExactly(count + 1L);
      // And can ask again for what is still kept.
      slow.result("events", "{\"since\":" + (count - 5) + "}");
      assertThat(seqs(slow, 6)).endsWith(count + 1L);
    }
  }

  @Test
  void aSlowReaderLosesNothingThatIsKept() throws Exception {
    daemon.events.keep(100, 100_000);
    String message = "m".repeat(2_000);
    int count = 3_000;
    try (Client slow = daemon.connect()) {
      slow.result("events", "{\"follow\":true}");
      for (int i = 1; i <= count; i++) {
        daemon.happened("web@1", message);
      }
      List<Long> seen = seqs(slow, count);
      for (int i = 0; i < count; i++) {
        assertThat(seen.get(i)).isEqualTo(i + 1);
      }
    }
  }

  @Test
  void theLastLinesOfSeveral() throws Exception {
    daemon.events.keep(10, 0);
    for (int i = 1; i <= 20; i++) {
      daemon.logs.print("web@1", LogSource.Stream.OUT, "a" + i);
      daemon.logs.print("web@2", LogSource.Stream.OUT, "b" + i);
    }
    try (Client client = daemon.connect()) {
      client.result("logs", "{\"selectors\":[\"web\"],\"lines\":3}");
      assertThat(logLines(client, 6))
          .containsExactlyInAnyOrder(
              "web@1 a18", "web@1 a19", "web@1 a20", "web@2 b18", "web@2 b19", "web@2 b20");
      assertThat(client.notification().getValue().string("reason")).isEqualTo("complete");
      client.result("logs", "{\"selectors\":[\"web@1\"]}");
      assertThat(logLines(client, 10)).startsWith("web@1 a11").endsWith("web@1 a20");
      assertThat(client.notification().getKey()).isEqualTo("end");
      client.result("logs", "{\"selectors\":[\"web@1\"],\"since_seconds\":60}");
      assertThat(logLines(client, 20)).startsWith("web@1 a1");
      assertThat(client.notification().getKey()).isEqualTo("end");
      // It has no error log.
      Members answer = client.result("logs", "{\"selectors\":[\"web@1\"],\"stderr\":true}");
      assertThat(answer.strings("notes")).containsExactly("web: its stderr is with its stdout");
      assertThat(client.notification().getKey()).isEqualTo("end");
      daemon.logs.print("noisy@1", LogSource.Stream.ERR, "oh");
      client.result("logs", "{\"selectors\":[\"noisy\"],\"stderr\":true}");
      Members line = client.notification().getValue();
      assertThat(line.values().keySet())
          .containsExactly("subscription", "instance", "stream", "line");
      assertThat(line.string("stream")).isEqualTo("err");
      assertThat(client.notification().getKey()).isEqualTo("end");
    }
  }

  @Test
  void noLineThatComesMeanwhileIsAddedToTheLastOnes() throws Exception {
    for (int i = 1; i <= 20; i++) {
      daemon.logs.print("web@1", LogSource.Stream.OUT, "a" + i);
    }
    // It grows between being opened and being read.
    daemon.logs.onceOpened(() -> daemon.logs.print("web@1", LogSource.Stream.OUT, "meanwhile"));
    try (Client client = daemon.connect()) {
      client.result("logs", "{\"selectors\":[\"web@1\"],\"lines\":3}");
      assertThat(logLines(client, 3)).containsExactly("web@1 a18", "web@1 a19", "web@1 a20");
      assertThat(client.notification().getKey()).isEqualTo("end");
      client.result("logs", "{\"selectors\":[\"web@1\"],\"lines\":0}");
      assertThat(client.notification().getKey()).isEqualTo("end");
    }
  }

  @Test
  void outputIsFollowedAsItComes() throws Exception {
    daemon.events.keep(10, 0);
    try (Client client = daemon.connect()) {
      client.result("logs", "{\"selectors\":[\"all\"],\"follow\":true}");
      for (int i = 1; i <= 500; i++) {
        daemon.logs.print("web@1", LogSource.Stream.OUT, "line " + i);
        daemon.logs.print("noisy@1", LogSource.Stream.OUT, "line " + i);
      }
      List<String> lines = logLines(client, 1_000);
      assertThat(lines.stream().filter(line -> line.startsWith("web@1")).toList())
          .hasSize(500)
          .startsWith("web@1 line 1")
          .endsWith("web@1 line 500");
      client.result("unsubscribe", "{\"subscription\":1}");
      assertThat(client.notification().getKey()).isEqualTo("end");
      daemon.logs.print("web@1", LogSource.Stream.OUT, "unseen");
      assertThat(client.result("ping", "{}").bool("pong", false)).isTrue();
    }
  }

  @Test
  void whatWasRemovedBeforeItWasReadIsAGap() throws Exception {
    daemon.events.keep(10, 0);
    String text = "x".repeat(1_000);
    try (Client client = daemon.connect();
        Client other = daemon.connect()) {
      client.result("logs", "{\"selectors\":[\"web@1\"],\"follow\":true}");
      for (int i = 1; i <= 3_000; i++) {
        daemon.logs.print("web@1", LogSource.Stream.OUT, i + " " + text);
      }
      daemon.until(
          "the stream holds back", () -> daemon.server.outputBytes() >= Bounds.STREAM_BYTES);
      assertThat(daemon.onLoop(daemon.server::outputBytes))
          .isLessThan(Bounds.STREAM_BYTES + 2L * Bounds.CHUNK_BYTES);
      daemon.logs.remove("web@1", 2_900);
      assertThat(other.result("ping", "{}").bool("pong", false)).isTrue();
      int expected = 1;
      int gaps = 0;
      while (expected <= 3_000) {
        Map.Entry<String, Members> next = client.notification();
        if (next.getKey().equals("gap")) {
          gaps++;
          assertThat(next.getValue().string("instance")).isEqualTo("web@1");
          expected = (int) next.getValue().optionalLong("to").orElse(0) + 2;
        } else {
          assertThat(next.getValue().string("line")).startsWith(expected + " ");
          expected++;
        }
      }
      assertThat(gaps).isEqualTo(1);
    }
  }

  @Test
  void aClientKilledInTheMiddleLeavesNothing() throws Exception {
    daemon.events.keep(1_000, 0);
    int before = ControlFixture.openDescriptors();
    String text = "x".repeat(1_000);
    for (int round = 0; round < 5; round++) {
      Process client =
          new ProcessBuilder(
                  "python3",
                  "-c",
                  """
                  import socket, sys
                  s = socket.socket(socket.AF_UNIX)
                  s.connect(sys.argv[1])
                  s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"logs","params":{"follow":true}}\\n'
                            b'{"jsonrpc":"2.0","id":2,"method":"events","params":{"follow":true}}\\n')
                  f = s.makefile()
                  print(f.readline(), end="", flush=True)
                  print(f.readline(), end="", flush=True)
                  print(f.readline(), end="", flush=True)
                  sys.stdin.read()
                  """,
                  daemon.socket.toString())
              .start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      daemon.untilConnections(1);
      daemon.until("it follows", () -> daemon.logs.openTails() == 3);
      daemon.logs.print("web@1", LogSource.Stream.OUT, "first");
      assertThat(output.readLine()).contains("\"result\"");
      assertThat(output.readLine()).isNotEmpty();
      assertThat(output.readLine()).isNotEmpty();
      for (int i = 0; i < 1_000; i++) {
        daemon.logs.print("web@1", LogSource.Stream.OUT, text);
        daemon.happened("web@1", text);
      }
      client.destroyForcibly().waitFor();
      output.close();
      daemon.untilConnections(0);
      daemon.until("tails closed", () -> daemon.logs.openTails() == 0);
      assertThat(daemon.onLoop(daemon.server::outputBytes)).isZero();
    }
    assertThat(ControlFixture.openDescriptors()).isLessThanOrEqualTo(before + 5);
  }

  private static List<Long> seqs(Client client, int count) throws Exception {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map.Entry<String, Members> event = client.notification();
      assertThat(event.getKey()).isEqualTo("event");
      numbers.add(event.getValue().optionalLong("seq").orElse(0));
    }
    return numbers;
  }

  private static List<String> logLines(Client client, int count) throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map.Entry<String, Members> next = client.notification();
      assertThat(next.getKey()).isEqualTo("log");
      lines.add(next.getValue().string("instance") + " " + next.getValue().string("line"));
    }
    return lines;
  }
}
