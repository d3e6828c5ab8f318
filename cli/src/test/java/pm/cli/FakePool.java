package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * A pool as a daemon would have it, which only counts: task 1 is the first that was put in. The
 * result of a task is its data; one with the data {@code fail} fails, and the result {@code long}
 * has no room in an answer about many.
 */
final class FakePool implements FakeDaemon.Script {
  private final int capacity;
  private final List<Object> data = new CopyOnWriteArrayList<>();
  private final List<Integer> sizes = new CopyOnWriteArrayList<>();
  private int ended;

  /** How many tasks end whenever room is waited for. */
  int roomEachTime;

  /** How many tasks end whenever one is waited for. */
  int endEachTime = 1;

  /** After so many submits the connection is closed. */
  int mostSubmits = Integer.MAX_VALUE;

  /** How long and how many results are kept. */
  String keep = "1d";

  int keepMax = 10_000;

  /** Of these no result is known when it is asked for. */
  final List<String> forgotten = new ArrayList<>();

  FakePool(int capacity) {
    this.capacity = capacity;
  }

  /** What was put in, in order. */
  List<Object> data() {
    return data;
  }

  /** How many tasks each submit had. */
  List<Integer> sizes() {
    return sizes;
  }

  @Override
  public void serve(FakeDaemon.Peer peer) throws IOException {
    while (true) {
      String line = peer.read();
      try {
        Members request = Members.of(Json.parse(line), "the request");
        Members params = request.optionalObject("params").orElse(new Members(Map.of()));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("jsonrpc", "2.0");
        answer.put("id", request.optionalLong("id").orElseThrow());
        switch (request.string("method")) {
          case "submit" -> {
            if (sizes.size() == mostSubmits) {
              return;
            }
            submit(params, answer);
          }
          case "task.await" -> await(params, answer);
          case "task.show" -> {
            int number = Integer.parseInt(params.string("id").substring(1));
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("id", params.string("id"));
            shown.put("result", data.get(number - 1));
            answer.put("result", shown);
          }
          case "config.show" -> {
            Map<String, Object> task = Map.of("keep", keep, "keep_max", (long) keepMax);
            Map<String, Object> program = Map.of("pool", Map.of("task", task));
            answer.put("result", Map.of("programs", Map.of("p", program)));
          }
          case "ping" -> answer.put("result", Map.of("pong", true));
          default -> throw new AssertionError(line);
        }
        peer.send(Json.write(answer));
      } catch (JsonException e) {
        throw new AssertionError(line, e);
      }
    }
  }

  private void submit(Members params, Map<String, Object> answer) throws JsonException {
    List<Members> tasks = params.objects("tasks");
    sizes.add(tasks.size());
    if (params.has("space_seconds")) {
      ended = Math.min(data.size(), ended + roomEachTime);
    }
    List<Object> accepted = new ArrayList<>();
    for (Members task : tasks) {
      if (data.size() - ended < capacity) {
        data.add(task.values().get("data"));
        accepted.add(outcome(data.size(), "QUEUED"));
      }
    }
    if (accepted.size() == tasks.size()) {
      answer.put("result", Map.of("tasks", accepted));
    } else {
      Map<String, Object> error = new LinkedHashMap<>();
      error.put("code", -32008L);
      error.put("message", "full");
      error.put("data", Map.of("capacity", (long) capacity, "accepted", accepted));
      answer.put("error", error);
    }
  }

  private void await(Members params, Map<String, Object> answer) throws JsonException {
    List<Object> tasks = new ArrayList<>();
    for (String id : params.strings("ids")) {
      if (forgotten.contains(id)) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", -32001L);
        error.put("message", "there is no task " + id);
        error.put("data", Map.of("selector", id));
        answer.put("error", error);
        return;
      }
      int number = Integer.parseInt(id.substring(1));
      assertThat(number).isGreaterThan(ended - keepMax);
      if (!params.has("wait_seconds")) {
        ended = Math.min(data.size(), Math.max(ended, number - 1 + endEachTime));
      }
      Map<String, Object> task = outcome(number, "RUNNING");
      if (number <= ended) {
        boolean fails = "fail".equals(data.get(number - 1));
        task.put("state", fails ? "FAILED" : "SUCCEEDED");
        if (fails || !"long".equals(data.get(number - 1))) {
          task.put(fails ? "error" : "result", data.get(number - 1));
        }
      }
      tasks.add(task);
    }
    answer.put("result", Map.of("tasks", tasks));
  }

  private static Map<String, Object> outcome(int number, String state) {
    Map<String, Object> outcome = new LinkedHashMap<>();
    outcome.put("id", "t" + number);
    outcome.put("state", state);
    outcome.put("new", true);
    return outcome;
  }
}
