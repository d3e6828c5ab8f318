package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** A busy pool: what is selected ends, and is forgotten, before it can be changed. */
final class TaskChangeTest {
  private static final Set<String> GONE = Set.of("k-1", "k-2");
  private static final Set<String> ENDED = Set.of("k-3");

  @TempDir private Path folder;
  private Path socket = Path.of("/");

  @BeforeEach
  void place() {
    socket = folder.resolve("s");
  }

  @Test
  void whatIsSelectedAndHasEndedSinceIsLeftAlone() throws IOException {
    Call call = call("task", "cancel", "--pool", "mails", "--state", "queued");
    assertThat(call.err()).isEmpty();
    assertThat(call.out()).isEqualTo("k-4: cancelled\n");
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
  }

  @Test
  void whatIsNamedHasToBeThere() throws IOException {
    Call call = call("task", "cancel", "k-2", "k-4");
    assertThat(call.err()).isEqualTo("pmctl: there is no task k-2, or no longer\n");
    assertThat(call.exitCode()).isEqualTo(ExitCode.NO_MATCH);
    call = call("task", "cancel", "k-3", "k-4");
    assertThat(call.err()).startsWith("pmctl: cannot cancel k-3: it has ended already");
    assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
  }

  private Call call(String... words) throws IOException {
    try (FakeDaemon _ = new FakeDaemon(socket, TaskChangeTest::serve)) {
      return Call.of(Map.of("PM_SOCKET", socket.toString()), List.of(words));
    }
  }

  private static void serve(FakeDaemon.Peer peer) throws IOException {
    while (true) {
      try {
        Members request = Members.of(Json.parse(peer.read()), "the request");
        String answer =
            request.string("method").equals("task.list")
                ? "\"result\":{\"tasks\":[{\"id\":\"k-1\"},{\"id\":\"k-2\"},{\"id\":\"k-3\"},"
                    + "{\"id\":\"k-4\"}]}"
                : cancelled(Members.of(request.value("params").orElseThrow(), "params"));
        long id = request.optionalLong("id").orElseThrow();
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":" + id + "," + answer + "}");
      } catch (JsonException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static String cancelled(Members params) throws JsonException {
    List<String> outcomes = new ArrayList<>();
    for (String id : params.strings("ids")) {
      if (GONE.contains(id)) {
        return "\"error\":{\"code\":-32001,\"message\":\"there is no task %s, or no longer\","
                .formatted(id)
            + "\"data\":{\"selector\":\"%s\",\"similar\":[]}}".formatted(id);
      }
      outcomes.add(
          "{\"id\":\"%s\",".formatted(id)
              + (ENDED.contains(id)
                  ? "\"state\":\"SUCCEEDED\",\"result\":\"failed\","
                      + "\"detail\":\"it has ended already: SUCCEEDED\"}"
                  : "\"state\":\"CANCELLED\",\"result\":\"done\",\"detail\":null}"));
    }
    return "\"result\":{\"outcomes\":[" + String.join(",", outcomes) + "]}";
  }
}
