package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import pm.protocol.Members;

/** Tasks and pools of a daemon, over its socket. */
record Tasks(Pmd pmd) {

  static final Set<String> ENDS = Set.of("SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED");

  /** Returns data of a task, or options of it: names and values by turns. */
  static Map<String, Object> object(Object... pairs) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      object.put((String) pairs[i], pairs[i + 1]);
    }
    return object;
  }

  /** Returns a task with data. */
  static Map<String, Object> task(Map<String, Object> data, Object... options) {
    Map<String, Object> task = object(options);
    task.put("data", data);
    return task;
  }

  /** Returns so many alike. */
  static List<Object> times(int count, Map<String, Object> task) {
    List<Object> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tasks.add(task);
    }
    return tasks;
  }

  /** Submits one; returns its id. */
  String submit(String pool, Map<String, Object> task) throws IOException {
    return submitAll(pool, List.of(task)).getFirst();
  }

  List<String> submitAll(String pool, List<Object> tasks) throws IOException {
    List<String> ids = new ArrayList<>();
    for (Members task : Wire.objects(pmd.ask("submit", "pool", pool, "tasks", tasks), "tasks")) {
      assertThat(task.has("refused")).as("%s", task).isFalse();
      ids.add(Wire.text(task, "id"));
    }
    assertThat(ids).hasSameSizeAs(tasks);
    return ids;
  }

  /** Submits one and waits for its end; returns its state, and its result or error. */
  Members run(String pool, Map<String, Object> task) throws IOException {
    return end(submit(pool, task));
  }

  /** Waits for the end of one; returns its state, and its result or error. */
  Members end(String id) throws IOException {
    return Wire.objects(pmd.ask("task.await", "ids", List.of(id), "wait_seconds", 60L), "tasks")
        .getFirst();
  }

  /** Waits for the end of all, which is to be this one; returns them by id. */
  Map<String, Members> endAll(List<String> ids, String state) throws IOException {
    Map<String, Members> ended = new HashMap<>();
    List<String> open = new ArrayList<>(ids);
    while (!open.isEmpty()) {
      List<String> some = open.subList(0, Math.min(1_000, open.size()));
      List<Members> answer =
          Wire.objects(pmd.ask("task.await", "ids", some, "wait_seconds", 60L), "tasks");
      assertThat(answer).isNotEmpty();
      for (Members task : answer) {
        assertThat(Wire.text(task, "state")).as("%s; %s", task, pmd.said()).isEqualTo(state);
        ended.put(Wire.text(task, "id"), task);
      }
      some.subList(0, answer.size()).clear();
    }
    return ended;
  }

  Members show(String id) {
    try {
      return pmd.ask("task.show", "id", id);
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  String state(String id) {
    return Wire.text(show(id), "state");
  }

  /** Waits until a task has a state; returns the task. */
  Members await(String id, String state) {
    return Await.value(
        id + " is " + state,
        () -> Optional.of(show(id)).filter(task -> Wire.text(task, "state").equals(state)),
        () -> show(id) + "; pmd said: " + pmd.said());
  }

  List<Members> list(String pool) throws IOException {
    try (Wire wire = Wire.connect(pmd.socket())) {
      return wire.pagesOf("tasks", "task.list", "pool", pool);
    }
  }

  Members pool(String name) {
    try (Wire wire = Wire.connect(pmd.socket())) {
      return wire.pagesOf("pools", "pool.list", "pools", List.of(name)).getFirst();
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  long count(String pool, String counter) {
    return Wire.number(Wire.members(pool(pool).value("counts").orElseThrow()), counter);
  }

  /** Returns the processes of a pool that are up, by instance. */
  Map<String, Long> workers(String pool) {
    Map<String, Long> pids = new HashMap<>();
    pmd.status()
        .forEach(
            (name, item) -> {
              if (Wire.text(item, "program").equals(pool) && isUp(item)) {
                pids.put(name, Wire.number(item, "pid"));
              }
            });
    return pids;
  }

  private static boolean isUp(Members item) {
    return Pmd.is(item, "IDLE") || Pmd.is(item, "BUSY");
  }

  /** Waits until so many processes of a pool are up; returns them. */
  Map<String, Long> awaitWorkers(String pool, int count) {
    return Await.value(
        count + " workers of " + pool,
        () -> Optional.of(workers(pool)).filter(pids -> pids.size() == count),
        () -> pmd.status() + "; pmd said: " + pmd.said());
  }

  /** Calls a method that is refused; returns the error. */
  Members refusal(String method, Object... params) throws IOException {
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.request(method, params);
      Members answer = wire.message();
      return Wire.members(answer.value("error").orElseThrow(() -> new AssertionError(answer)));
    }
  }

  /** Returns all events of a kind about a pool, as sentences, oldest first. */
  List<String> events(String pool, String kind) {
    List<String> messages = new ArrayList<>();
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.ask("events", "since", 0L);
      while (true) {
        Members message = wire.message();
        if (Wire.text(message, "method").equals("end")) {
          return messages;
        }
        Members params = Wire.members(message.value("params").orElseThrow());
        if (Wire.text(params, "kind").equals(kind) && Wire.text(params, "pool").equals(pool)) {
          messages.add(Wire.text(params, "message"));
        }
      }
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  /** Waits for an event of a kind about a pool, whose sentence has these words. */
  String awaitEvent(String pool, String kind, String words) {
    return Await.value(
        "event " + kind + " with " + words,
        () -> events(pool, kind).stream().filter(text -> text.contains(words)).findFirst(),
        () -> events(pool, kind) + "; pmd said: " + pmd.said());
  }

  /** Returns a program by name, of the keys that {@link Notes#worker} gives, and more of them. */
  static String program(String name, String worker, String... more) {
    return "  " + name + ":\n" + worker + String.join("\n", more).indent(4);
  }

  /** Ends the daemon, after a look whether it is sound. */
  void endSoundly() throws IOException {
    try {
      assertSound();
    } finally {
      pmd.close();
    }
  }

  /** Nothing in the daemon has happened that should not. */
  void assertSound() throws IOException {
    Members daemon = pmd.ask("daemon.status");
    assertThat(Wire.number(daemon, "impossible_events")).as("%s", errors()).isZero();
    assertThat(Wire.number(daemon, "loop_failures")).as("%s", errors()).isZero();
  }

  /** Returns the errors in its own log, with their traces. */
  private String errors() throws IOException {
    try (Stream<String> lines = Files.lines(pmd.ownLog())) {
      return lines
          .filter(line -> line.contains(" ERROR ") || line.startsWith("\tat "))
          .limit(30)
          .collect(Collectors.joining("\n"));
    }
  }
}
