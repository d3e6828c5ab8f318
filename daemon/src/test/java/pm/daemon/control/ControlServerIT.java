package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.world;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.protocol.Json;
import pm.protocol.Members;

/** Connections: what comes in badly, too much of it, too slowly, and what is never read. */
@Timeout(120)
@SuppressWarnings("try")
final class ControlServerIT {
  private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}\n";

  @TempDir Path folder;
  private ControlFixture daemon;

  @BeforeEach
  void listen() throws Exception {
    daemon = new ControlFixture(folder, world(List.of(program("web").build()), stopped("web@1")));
  }

  @AfterEach
  void end() throws Exception {
    daemon.close();
    assertThat(folder.resolve("pmd.sock")).doesNotExist();
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    try (Client client = daemon.connect()) {
      StringBuilder all = new StringBuilder();
      for (int id = 1; id <= 5_000; id++) {
        all.append(PING.formatted(id));
      }
      Thread writer = new Thread(() -> sendAll(client, all.toString()));
      writer.start();
      for (int id = 1; id <= 5_000; id++) {
        Members response = client.next();
        assertThat(response.optionalLong("id")).hasValue(id);
        assertThat(response.optionalObject("result").orElseThrow().bool("pong", false)).isTrue();
      }
      writer.join();
    }
  }

  private static void sendAll(Client client, String text) {
    try {
      client.send(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {                                                              | -32700
          nonsense                                                       | -32700
          {"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}                | -32700
          [{"jsonrpc":"2.0","id":1,"method":"ping"}]                     | -32600
          []                                                             | -32600
          1                                                              | -32600
          null                                                           | -32600
          {"id":1,"method":"ping"}                                       | -32600
          {"jsonrpc":"1.0","id":1,"method":"ping"}                       | -32600
          {"jsonrpc":"2.0","id":null,"method":"ping"}                    | -32600
          {"jsonrpc":"2.0","id":{},"method":"ping"}                      | -32600
          {"jsonrpc":"2.0","id":1,"method":7}                            | -32600
          {"jsonrpc":"2.0","id":1}                                       | -32600
          {"jsonrpc":"2.0","id":1,"result":{}}                           | -32600
          {"jsonrpc":"2.0","id":1,"method":"pin"}                        | -32601
          {"jsonrpc":"2.0","id":1,"method":"toString"}                   | -32601
          {"jsonrpc":"2.0","id":1,"method":"ping","params":[]}           | -32602
          {"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1}}      | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"selectors":"web"}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"selectors":[1]}}   | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"cursor":"web"}}    | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"columns":"name"}}  | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"columns":["name","nmae"]}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"columns":["name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name","name"]}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"start"}                      | -32602
          {"jsonrpc":"2.0","id":1,"method":"start","params":{"selectors":[]}}     | -32602
          {"jsonrpc":"2.0","id":1,"method":"start","params":{"selectors":["web"],"timeout_seconds":-1}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"start","params":{"selectors":["web"],"timeout_seconds":1e30}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"start","params":{"selectors":["web"],"wait":"no"}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"signal","params":{"selectors":["web"]}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"signal","params":{"selectors":["web"],"signal":"FOO"}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"signal","params":{"selectors":["web"],"signal":0}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"signal","params":{"selectors":["web"],"signal":65}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"why"}                        | -32602
          {"jsonrpc":"2.0","id":1,"method":"events","params":{"since":-1}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"logs","params":{"lines":-1}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"logs","params":{"lines":1.5}} | -32602
          {"jsonrpc":"2.0","id":1,"method":"unsubscribe"}                | -32602
          {"jsonrpc":"2.0","id":1,"method":"unsubscribe","params":{"subscription":9}} | -32002
          {"jsonrpc":"2.0","id":1,"method":"status","params":{"selectors":["wbe"]}} | -32001
          {"jsonrpc":"2.0","id":1,"method":"config.show","params":{"program":"wbe"}} | -32001
          """)
  void answersWhatIsWrongAndGoesOn(String line, int code) throws Exception {
    try (Client client = daemon.connect()) {
      client.send(line + "\n" + PING.formatted(99));
      Members error = client.next().optionalObject("error").orElseThrow();
      assertThat(error.optionalLong("code")).as(error.toString()).hasValue(code);
      assertThat(error.string("message")).isNotBlank();
      assertThat(client.next().optionalLong("id")).hasValue(99);
    }
    assertThat(daemon.commands).isEmpty();
  }

  @Test
  void garbageOfEveryKindIsAnsweredByErrors() throws Exception {
    try (Client client = daemon.connect()) {
      byte[] bytes = new byte[20_000];
      new java.util.Random(7).nextBytes(bytes);
      int lines = 0;
      for (byte each : bytes) {
        lines += each == '\n' ? 1 : 0;
      }
      client.send(bytes);
      client.send("\n" + PING.formatted(5));
      for (int i = 0; i <= lines; i++) {
        assertThat(client.next().has("error")).isTrue();
      }
      assertThat(client.next().optionalLong("id")).hasValue(5);
    }
  }

  @Test
  void aNotificationIsNotAnswered() throws Exception {
    try (Client client = daemon.connect()) {
      client.send(
          "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n"
              + "{\"jsonrpc\":\"2.0\",\"method\":\"events\",\"params\":{\"follow\":true}}\n"
              + "{\"jsonrpc\":\"2.0\",\"method\":\"stop\",\"params\":{\"selectors\":[\"web\"]}}\n"
              + PING.formatted(3));
      assertThat(client.next().optionalLong("id")).hasValue(3);
      assertThat(daemon.command()).isInstanceOf(Command.Stop.class);
    }
  }

  @Test
  void aLineThatIsTooLongEndsTheConnection() throws Exception {
    try (Client other = daemon.connect();
        Client client = daemon.connect()) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  client.send(PING.formatted(1));
                  for (int i = 0; i < 40; i++) {
                    client.send("x".repeat(32 * 1024));
                  }
                } catch (java.io.IOException e) {
                  // The server has closed in the middle, as it should.
                  assertThat(Client.isReset(e)).as(e.toString()).isTrue();
                }
              });
      writer.start();
      assertThat(client.next().optionalLong("id")).hasValue(1);
      Members error = client.next().optionalObject("error").orElseThrow();
      assertThat(error.optionalLong("code")).hasValue(-32600);
      assertThat(error.string("message")).contains("longer than 1048576 bytes");
      client.expectEnd();
      writer.join();
      assertThat(other.result("ping", "{}").bool("pong", false)).isTrue();
    }
  }

  @Test
  void aLineOfExactlyTheBoundIsTaken() throws Exception {
    try (Client client = daemon.connect()) {
      String start = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
      client.send(start + " ".repeat(1024 * 1024 - start.length()) + "\n");
      assertThat(client.next().optionalLong("id")).hasValue(1);
    }
  }

  @Test
  void bytesMayComeOneByOne() throws Exception {
    try (Client client = daemon.connect()) {
      for (byte each :
          Client.line(1, "status", "{\"selectors\":[\"web\"]}").getBytes(StandardCharsets.UTF_8)) {
        client.send(new byte[] {each});
      }
      assertThat(client.next().optionalObject("result").orElseThrow().objects("items")).hasSize(1);
    }
  }

  @Test
  void whoHasSaidAllIsStillAnswered() throws Exception {
    try (Client client = daemon.connect()) {
      int stop = client.request("stop", "{\"selectors\":[\"web\"]}");
      int status = client.request("status", "{}");
      client.finish();
      assertThat(client.next().optionalLong("id")).hasValue(status);
      daemon.reply(daemon.command().request(), new Answer.Outcomes(List.of()));
      assertThat(client.next().optionalLong("id")).hasValue(stop);
      client.expectEnd();
    }
    daemon.untilConnections(0);
  }

  @Test
  void halfARequestCostsOneDescriptorUntilItsClientGoes() throws Exception {
    int before = ControlFixture.openDescriptors();
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Client client = daemon.connect();
      client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"meth");
      clients.add(client);
    }
    daemon.untilConnections(50);
    assertThat(ControlFixture.openDescriptors()).isEqualTo(before + 100);
    for (Client client : clients) {
      client.close();
    }
    daemon.untilConnections(0);
    assertThat(ControlFixture.openDescriptors()).isEqualTo(before);
  }

  @Test
  void twoThousandIdleConnectionsAreNoBurden() throws Exception {
    int before = ControlFixture.openDescriptors();
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      clients.add(daemon.connect());
    }
    daemon.untilConnections(2_000);
    assertThat(clients.getFirst().result("ping", "{}").bool("pong", false)).isTrue();
    assertThat(clients.getLast().result("status", "{}").objects("items")).hasSize(1);
    for (Client client : clients) {
      client.close();
    }
    daemon.untilConnections(0);
    assertThat(ControlFixture.openDescriptors()).isEqualTo(before);
  }

  @Test
  void noMoreThanSixtyFourRequestsAreUnderWay() throws Exception {
    try (Client client = daemon.connect()) {
      for (int i = 0; i < 200; i++) {
        client.request("stop", "{\"selectors\":[\"web\"]}");
      }
      daemon.until("64 commands", () -> daemon.commands.size() >= 64);
      try (Client other = daemon.connect()) {
        other.result("ping", "{}");
      }
      assertThat(daemon.commands).hasSize(64);
      for (int i = 1; i <= 200; i++) {
        daemon.reply(daemon.command().request(), new Answer.Outcomes(List.of()));
        assertThat(client.next().optionalLong("id")).hasValue(i);
      }
    }
  }

  @Test
  void whoDoesNotReadIsNotReadFromAndHoldsUpNobody() throws Exception {
    try (Client slow = daemon.connect();
        Client other = daemon.connect()) {
      int asked = 20_000;
      Thread writer =
          new Thread(
              () -> {
                StringBuilder all = new StringBuilder();
                for (int id = 1; id <= asked; id++) {
                  all.append(Client.line(id, "why", "{\"selector\":\"web\"}"));
                }
                sendAll(slow, all.toString());
              });
      writer.start();
      daemon.until(
          "as much waits as may", () -> daemon.server.outputBytes() >= Bounds.OUTPUT_BYTES);
      for (int i = 0; i < 200; i++) {
        other.result("ping", "{}");
      }
      assertThat(daemon.onLoop(daemon.server::outputBytes)).isLessThan(Bounds.OUTPUT_BYTES + 1_000);
      for (int id = 1; id <= asked; id++) {
        assertThat(slow.next().optionalLong("id")).hasValue(id);
      }
      writer.join();
    }
  }

  @Test
  void tooMuchUnfinishedInputCostsWhoHasMost() throws Exception {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Client client = daemon.connect();
      clients.add(client);
      String half = "x".repeat(i == 2 ? 1_000_000 : 900_000);
      Thread writer = new Thread(() -> quietly(client, half));
      writer.start();
      writer.join();
    }
    clients.get(2).expectEnd();
    daemon.untilConnections(4);
    clients.get(0).send("\n" + PING.formatted(7));
    assertThat(clients.get(0).next().has("error")).isTrue();
    assertThat(clients.get(0).next().optionalLong("id")).hasValue(7);
    for (Client client : clients) {
      client.close();
    }
  }

  private static void quietly(Client client, String text) {
    try {
      client.send(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void theAnswerToSomebodyWhoHasGoneIsDropped() throws Exception {
    long request;
    try (Client client = daemon.connect()) {
      client.request("restart", "{\"selectors\":[\"web\"]}");
      request = daemon.command().request();
    }
    daemon.untilConnections(0);
    daemon.reply(request, new Answer.Outcomes(List.of()));
    daemon.reply(request + 1000, new Answer.Refused("whatever"));
  }

  @Test
  void aDefectBehindACallIsAnsweredAndTheConnectionGoesOn() throws Exception {
    daemon.answers =
        command -> {
          throw new IllegalStateException("a defect on purpose");
        };
    daemon.files =
        () -> {
          throw new IllegalStateException("another defect on purpose");
        };
    try (Client client = daemon.connect()) {
      assertThat(client.error("reset", "{\"selectors\":[\"web\"]}").optionalLong("code"))
          .hasValue(-32603);
      assertThat(client.error("apply", "{}").optionalLong("code")).hasValue(-32603);
      assertThat(client.error("apply", "{}").optionalLong("code")).hasValue(-32603);
      daemon.answers = command -> Optional.empty();
      assertThat(client.result("ping", "{}").bool("pong", false)).isTrue();
    }
  }

  @Test
  void atTheEndStreamsAndConnectionsEnd() throws Exception {
    try (Client client = daemon.connect()) {
      assertThat(
              client.result("events", "{\"follow\":true}").optionalLong("subscription").orElse(0))
          .isEqualTo(1);
      daemon.onLoop(
          () -> {
            daemon.server.close();
            return true;
          });
      Members end = client.notification().getValue();
      assertThat(end.string("reason")).isEqualTo("shutting_down");
      client.expectEnd();
    }
  }

  @Test
  void aStaleSocketIsReplaced() throws Exception {
    // A second server with the same path: as after a daemon that was killed.
    try (ControlFixture next =
            new ControlFixture(folder, world(List.of(program("web").build()), stopped("web@1")));
        Client client = next.connect()) {
      assertThat(client.result("ping", "{}").values()).isEqualTo(Json.parse("{\"pong\":true}"));
    }
  }
}
