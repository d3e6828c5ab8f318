package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.worker;
import static pm.daemon.control.ControlFixture.world;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.PoolSpec;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;
import pm.daemon.posix.Host;
import pm.protocol.Json;
import pm.protocol.Members;

/** Requests about tasks and pools: the commands that they become, and what is answered. */
@Timeout(120)
@SuppressWarnings("try")
final class TasksIT {
  @TempDir Path folder;
  private ControlFixture daemon;
  private Client client;

  @BeforeEach
  void listen() throws Exception {
    daemon =
        new ControlFixture(
            folder,
            world(
                List.of(worker("thumbs").build(), worker("mails").build(), program("web").build()),
                stopped("web@1"),
                stopped("thumbs@1"),
                stopped("mails@1"),
                ControlFixture.up("thumbs@2", 4711, new Moment(1, Instant.EPOCH))));
    client = daemon.connect();
  }

  @AfterEach
  void end() throws Exception {
    client.close();
    daemon.close();
  }

  private static TaskOutcome queued(String id, boolean isNew) {
    return new TaskOutcome(id, TaskState.QUEUED, isNew, "", false);
  }

  private static TaskOutcome ended(String id, String result) {
    return new TaskOutcome(
        id, TaskState.SUCCEEDED, true, "", false, result.getBytes(StandardCharsets.UTF_8));
  }

  // submit

  @Test
  void theCoreIsToldOfAClientThatHasGone() throws Exception {
    try (Client other = daemon.connect()) {
      other.request("task.await", "{\"ids\":[\"k\"]}");
      long request = daemon.taskCommand().request();
      other.close();
      assertThat(daemon.left.poll(30, TimeUnit.SECONDS)).isEqualTo(request);
    }
  }

  @Test
  void aSubmitBecomesACommandAndItsAnswerNamesTheTasks() throws Exception {
    int id =
        client.request(
            "submit", "{\"pool\":\"thumbs\",\"tasks\":[{\"data\":{\"n\":1}},{\"id\":\"k\"}]}");
    TaskCommand.Submit submit = (TaskCommand.Submit) daemon.taskCommand();
    assertThat(submit.pool()).isEqualTo("thumbs");
    assertThat(submit.actor().uid()).isEqualTo(Host.euid());
    assertThat(submit.actor().name()).isEqualTo(System.getProperty("user.name"));
    assertThat(submit.actor().pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(submit.request()).isPositive();
    assertThat(submit.tasks().getFirst().data()).asString().isEqualTo("{\"n\":1}");
    assertThat(submit.tasks().get(1).key()).isEqualTo("k");
    daemon.reply(
        submit.request(),
        new Answer.Tasks(
            List.of(
                queued("k3f9-1", true),
                queued("k", false),
                new TaskOutcome("k3f9-2", TaskState.FAILED, false, "it's \"one\" of ours", true))));
    Members answer = client.next();
    assertThat(answer.optionalLong("id")).hasValue(id);
    assertThat(answer.optionalObject("result").orElseThrow().values())
        .isEqualTo(
            Json.parse(
                """
                {"tasks":[{"id":"k3f9-1","state":"QUEUED","new":true},
                {"id":"k","state":"QUEUED","new":false},
                {"id":"k3f9-2","state":null,"refused":true,"new":false,
                 "error":"it's \\"one\\" of ours"}]}
                """));
  }

  @Test
  void manyMayBeUnderWayAtOnceAndAreAnsweredInAnyOrder() throws Exception {
    int count = 3_000;
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= count; i++) {
      lines.append(
          Client.line(i, "submit", "{\"pool\":\"thumbs\",\"tasks\":[{\"data\":" + i + "}]}"));
    }
    client.send(lines.toString());
    List<TaskCommand.Submit> commands = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      TaskCommand.Submit submit = (TaskCommand.Submit) daemon.taskCommand();
      assertThat(submit.tasks().getFirst().data()).asString().isEqualTo("" + i);
      commands.addFirst(submit);
    }
    daemon.onLoop(
        () -> {
          for (TaskCommand.Submit submit : commands) {
            String id = new String(submit.tasks().getFirst().data(), StandardCharsets.UTF_8);
            daemon.server.reply(
                submit.request(), new Answer.Tasks(List.of(queued("e-" + id, true))));
          }
          return true;
        });
    for (int i = count; i >= 1; i--) {
      assertThat(client.line())
          .isEqualTo(
              "{\"jsonrpc\":\"2.0\",\"id\":"
                  + i
                  + ",\"result\":{\"tasks\":[{\"id\":\"e-"
                  + i
                  + "\",\"state\":\"QUEUED\",\"new\":true}]}}");
    }
  }

  @Test
  void beyondTheBoundsNothingIsReadUntilSomethingIsAnswered() throws Exception {
    daemon.taskAnswers = command -> Optional.empty();
    int count = Bounds.SUBMITS + 10;
    Thread writer =
        Thread.startVirtualThread(
            () -> {
              try {
                for (int i = 1; i <= count; i++) {
                  client.send(Client.line(i, "submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}"));
                }
              } catch (java.io.IOException e) {
                throw new IllegalStateException(e);
              }
            });
    List<TaskCommand> commands = new ArrayList<>();
    for (int i = 0; i < Bounds.SUBMITS; i++) {
      commands.add(daemon.taskCommand());
    }
    writer.join();
    daemon.onLoop(() -> true);
    assertThat(daemon.taskCommands).isEmpty();
    for (int i = 0; i < 10; i++) {
      daemon.reply(commands.get(i).request(), new Answer.Tasks(List.of(queued("x", true))));
      assertThat(daemon.taskCommand()).isInstanceOf(TaskCommand.Submit.class);
    }
  }

  @Test
  void whatWaitsForRoomIsBoundedInBytes() throws Exception {
    String large =
        "{\"pool\":\"thumbs\",\"space_seconds\":60,\"tasks\":[{\"data\":\"%s\"}]}"
            .formatted("x".repeat(990_000));
    List<Client> clients = new ArrayList<>();
    try {
      long most = Bounds.ALL_WAITING_BYTES / large.length();
      for (int i = 0; i < most; i++) {
        Client other = daemon.connect();
        clients.add(other);
        other.request("submit", large);
        daemon.taskCommand();
      }
      assertThat(client.error("submit", large).values())
          .isEqualTo(
              Map.of(
                  "code", -32004L, "message", "too much waits for room already; try again later"));
      clients.getFirst().close();
      daemon.untilConnections(clients.size());
      client.request("submit", large);
      TaskCommand waiting = daemon.taskCommand();
      // What does not wait for room is not held.
      Client other = daemon.connect();
      clients.add(other);
      other.request("submit", large.replace("\"space_seconds\":60,", ""));
      assertThat(daemon.taskCommand()).isInstanceOf(TaskCommand.Submit.class);
      daemon.reply(waiting.request(), new Answer.TryAgain("no room"));
      assertThat(client.next().has("error")).isTrue();
      client.request("submit", large);
      assertThat(daemon.taskCommand()).isInstanceOf(TaskCommand.Submit.class);
    } finally {
      for (Client other : clients) {
        other.close();
      }
    }
  }

  @Test
  void whoAsksForNoAnswerGetsNone() throws Exception {
    client.send(
        "{\"jsonrpc\":\"2.0\",\"method\":\"submit\",\"params\":{\"pool\":\"thumbs\","
            + "\"tasks\":[{}]}}\n");
    assertThat(daemon.taskCommand().request()).isEqualTo(Command.UNANSWERED);
    assertThat(client.result("ping", "{}").values()).containsEntry("pong", true);
  }

  @Test
  void whatIsWrongIsAnsweredWithItsId() throws Exception {
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{\"kind\":1}]}").values())
        .containsEntry("code", -32602L)
        .extractingByKey("message")
        .asString()
        .startsWith("submit: tasks[0] has an unknown member kind; known are data, type,");
    assertThat(client.error("submit", "{\"pool\":\"thumbs\"}").string("message"))
        .isEqualTo("submit: tasks is missing: [{\"data\":…}]");
    client.send(
        "{\"jsonrpc\":\"2.0\",\"method\":\"submit\",\"params\":{\"pool\":7},\"id\":\"z\"}\n");
    assertThat(client.next().string("id")).isEqualTo("z");
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"submit\",\"params\":{\"pool\":\n");
    assertThat(client.next().optionalObject("error").orElseThrow().optionalLong("code"))
        .hasValue(-32700);
    client.send("{\"id\":1,\"method\":\"submit\",\"params\":{\"pool\":\"p\",\"tasks\":[{}]}}\n");
    assertThat(client.next().optionalObject("error").orElseThrow().values())
        .containsEntry("code", -32600L)
        .containsEntry("message", "jsonrpc must be \"2.0\"");
    client.send(
        "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"submit\",\"params\":{\"pool\":\"thumbs\","
            + "\"tasks\":[{}]}}\n");
    assertThat(client.next().optionalObject("error").orElseThrow().optionalLong("code"))
        .hasValue(-32600);
    assertThat(daemon.taskCommands).isEmpty();
  }

  @Test
  void whereThereIsNoPoolNothingIsSubmitted() throws Exception {
    assertThat(client.error("submit", "{\"pool\":\"thumb\",\"tasks\":[{}]}").values())
        .isEqualTo(
            Json.parse(
                """
                {"code":-32001,"message":"there is no pool thumb; did you mean thumbs?",
                 "data":{"selector":"thumb","similar":["thumbs"]}}
                """));
    assertThat(client.error("submit", "{\"pool\":\"web\",\"tasks\":[{}]}").string("message"))
        .isEqualTo(
            "there is no pool web; the program web has none: it needs type: worker and pool:");
    assertThat(daemon.taskCommands).isEmpty();
  }

  @Test
  void aFullQueueSaysWhatIsIn() throws Exception {
    daemon.taskAnswers =
        command ->
            Optional.of(new Answer.QueueFull("thumbs", 1000, List.of(queued("a-1", true)), 2));
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{},{}]}").values())
        .isEqualTo(
            Json.parse(
                """
                {"code":-32008,"message":"the queue of thumbs is full, it holds 1000: 1 of 2 tasks \
                are in; try again later, or wait for room with space_seconds",
                "data":{"pool":"thumbs","capacity":1000,
                 "accepted":[{"id":"a-1","state":"QUEUED","new":true}]}}
                """));
    daemon.taskAnswers = command -> Optional.of(new Answer.QueueFull("thumbs", 1000, List.of(), 1));
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}").string("message"))
        .contains("none of 1 task is in");
  }

  @Test
  void refusalsHaveTheirCodes() throws Exception {
    daemon.taskAnswers = command -> Optional.of(new Answer.TryAgain("the disk is full"));
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}").values())
        .isEqualTo(Map.of("code", -32004L, "message", "the disk is full"));
    daemon.taskAnswers = command -> Optional.of(new Answer.Refused("no such type"));
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}").values())
        .isEqualTo(Map.of("code", -32002L, "message", "no such type"));
    daemon.taskAnswers = command -> Optional.of(new Answer.NoMatch("thumbs"));
    assertThat(client.error("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}").optionalLong("code"))
        .hasValue(-32001);
  }

  @Test
  void whoWaitsGetsResultsAsFarAsThereIsRoom() throws Exception {
    int id = client.request("submit", "{\"pool\":\"thumbs\",\"tasks\":[{},{},{}],\"wait\":true}");
    TaskCommand.Submit submit = (TaskCommand.Submit) daemon.taskCommand();
    assertThat(submit.untilEnded()).isTrue();
    String large = "\"" + "x".repeat(600_000) + "\"";
    daemon.reply(
        submit.request(),
        new Answer.Tasks(
            List.of(ended("a", large), ended("b", large), ended("c", "{\"done\": true}"))));
    Members answer = client.next();
    assertThat(answer.optionalLong("id")).hasValue(id);
    List<Members> tasks = answer.optionalObject("result").orElseThrow().objects("tasks");
    assertThat(tasks.get(0).string("result")).hasSize(600_000);
    assertThat(tasks.get(1).values()).containsOnlyKeys("id", "state", "new");
    assertThat(tasks.get(2).optionalObject("result").orElseThrow().values())
        .containsEntry("done", true);
  }

  @Test
  void theAnswerToTheMostTasksFitsALine() throws Exception {
    String task = "{\"id\":\"" + "k".repeat(120) + "%04d\"}";
    StringBuilder tasks = new StringBuilder();
    List<TaskOutcome> outcomes = new ArrayList<>();
    for (int i = 0; i < Bounds.TASKS_OF_SUBMIT; i++) {
      tasks.append(i == 0 ? "" : ",").append(task.formatted(i));
      outcomes.add(queued("k".repeat(124) + "%04d".formatted(i), false));
    }
    daemon.taskAnswers = command -> Optional.of(new Answer.Tasks(outcomes));
    Members result = client.result("submit", "{\"pool\":\"thumbs\",\"tasks\":[" + tasks + "]}");
    assertThat(result.list("tasks")).hasSize(Bounds.TASKS_OF_SUBMIT);
  }

  // Tasks.

  private static TaskView task(
      long number, String pool, TaskState state, List<TaskView.Attempt> past) {
    boolean isRunning = state == TaskState.RUNNING;
    return new TaskView(
        number,
        "k3f9-" + number,
        pool,
        "thumb",
        state,
        Priority.HIGH,
        past.size() + (isRunning || state.isEnd() ? 1 : 0),
        past.size(),
        3,
        Instant.ofEpochSecond(100),
        Optional.empty(),
        isRunning || state.isEnd() ? Optional.of(Instant.ofEpochSecond(110)) : Optional.empty(),
        isRunning ? Optional.of(Instant.ofEpochSecond(200)) : Optional.empty(),
        state.isEnd() ? Optional.of(Instant.ofEpochSecond(111)) : Optional.empty(),
        isRunning ? pool + "@2" : "",
        state == TaskState.FAILED ? "no such file" : "",
        past,
        isRunning ? 0.5 : Double.NaN,
        isRunning ? "half" : "",
        "alice");
  }

  private void add(TaskView task) {
    daemon.tasks.tasks.put(task.id(), task);
    daemon.tasks.data.put(task.number(), "{\"file\": 1}".getBytes(StandardCharsets.UTF_8));
    daemon.tasks.results.put(task.number(), "[]".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void tasksAreListed() throws Exception {
    addPools();
    add(task(1, "thumbs", TaskState.SUCCEEDED, List.of()));
    add(task(2, "thumbs", TaskState.RUNNING, List.of()));
    add(task(3, "mails", TaskState.QUEUED, List.of()));
    assertThat(client.result("task.list", "{\"pool\":\"thumbs\",\"state\":\"running\"}").values())
        .isEqualTo(
            Json.parse(
                """
                {"tasks":[{"id":"k3f9-2","pool":"thumbs","type":"thumb","state":"RUNNING",
                "priority":"high","attempts":1,"failures":0,"retries":3,
                "enqueued_at":"1970-01-01T00:01:40.000Z","not_before":null,
                "started_at":"1970-01-01T00:01:50.000Z","deadline":"1970-01-01T00:03:20.000Z",
                "ended_at":null,"instance":"thumbs@2","error":null,"progress":0.5,
                "progress_message":"half","data_bytes":11,"result_bytes":2,
                "submitted_by":"alice"}]}
                """));
    assertThat(ids(client.result("task.list", "{}"))).containsExactly("k3f9-1", "k3f9-2", "k3f9-3");
    assertThat(client.error("task.list", "{\"pool\":\"mail\"}").optionalLong("code"))
        .hasValue(-32001);
    assertThat(client.error("task.list", "{\"state\":\"done\"}").string("message"))
        .isEqualTo(
            "task.list: state must be QUEUED, RUNNING, SUCCEEDED, FAILED, TIMED_OUT or"
                + " CANCELLED");
    assertThat(client.error("task.list", "{\"cursor\":\"k\"}").string("message"))
        .isEqualTo("task.list: cursor is not one that was given");
  }

  @Test
  void aLongListComesInPages() throws Exception {
    addPools();
    for (int i = 1; i <= 2_500; i++) {
      add(task(i, i % 2 == 0 ? "thumbs" : "mails", TaskState.SUCCEEDED, List.of()));
    }
    List<String> all = new ArrayList<>();
    Members page = client.result("task.list", "{}");
    int pages = 1;
    while (page.has("cursor")) {
      all.addAll(ids(page));
      page = client.result("task.list", "{\"cursor\":\"" + page.string("cursor") + "\"}");
      pages++;
    }
    all.addAll(ids(page));
    assertThat(pages).isGreaterThan(2);
    assertThat(all).hasSize(2_500).doesNotHaveDuplicates();
  }

  private static List<String> ids(Members page) throws Exception {
    List<String> ids = new ArrayList<>();
    for (Members task : page.objects("tasks")) {
      ids.add(task.string("id"));
    }
    return ids;
  }

  @Test
  void aTaskIsShownWithAllThatHappenedToIt() throws Exception {
    add(
        task(
            7,
            "thumbs",
            TaskState.FAILED,
            List.of(
                new TaskView.Attempt(
                    1,
                    "thumbs@1",
                    Instant.ofEpochSecond(101),
                    Instant.ofEpochSecond(102),
                    "worker died: signal KILL",
                    "Killed"))));
    Map<String, Object> task = client.result("task.show", "{\"id\":\"k3f9-7\"}").values();
    assertThat(task)
        .containsEntry("id", "k3f9-7")
        .containsEntry("data", Map.of("file", 1L))
        .containsEntry("result", List.of())
        .containsEntry("left_out", List.of());
    assertThat(task.get("events"))
        .isEqualTo(
            Json.parse(
                """
                [{"at":"1970-01-01T00:01:40.000Z","kind":"queued","by":"alice"},
                {"at":"1970-01-01T00:01:41.000Z","kind":"started","attempt":1,
                 "instance":"thumbs@1"},
                {"at":"1970-01-01T00:01:42.000Z","kind":"attempt_ended","attempt":1,
                 "instance":"thumbs@1","detail":"worker died: signal KILL","evidence":"Killed"},
                {"at":"1970-01-01T00:01:50.000Z","kind":"started","attempt":2},
                {"at":"1970-01-01T00:01:51.000Z","kind":"failed","detail":"no such file"}]
                """));
    assertThat(client.result("task.show", "{\"id\":\"k3f9-7\",\"only\":\"data\"}").values())
        .isEqualTo(Json.parse("{\"id\":\"k3f9-7\",\"data\":{\"file\":1},\"left_out\":[]}"));
    assertThat(client.error("task.show", "{\"id\":\"k3f9-8\"}").values())
        .containsEntry("code", -32001L)
        .containsEntry("data", Map.of("selector", "k3f9-8", "similar", List.of()));
    daemon.tasks.data.clear();
    assertThat(client.error("task.show", "{\"id\":\"k3f9-7\"}").string("message"))
        .isEqualTo("the data of task k3f9-7 cannot be read: no such task: 7");
  }

  @Test
  void aTaskThatIsForgottenWhileItIsReadIsNotThere() throws Exception {
    add(task(7, "thumbs", TaskState.SUCCEEDED, List.of()));
    daemon.tasks.beforeRead = this::forgetAll;
    assertThat(client.error("task.show", "{\"id\":\"k3f9-7\"}").values())
        .containsEntry("code", -32001L)
        .containsEntry("data", Map.of("selector", "k3f9-7", "similar", List.of()));
  }

  @Test
  void aTaskThatHasTakenTheIdOfOneThatIsForgottenIsShown() throws Exception {
    add(task(7, "thumbs", TaskState.SUCCEEDED, List.of()));
    daemon.tasks.beforeRead =
        () -> {
          forgetAll();
          add(task(8, "thumbs", TaskState.QUEUED, List.of()));
          TaskView later = daemon.tasks.tasks.remove("k3f9-8");
          daemon.tasks.tasks.put("k3f9-7", later);
          daemon.tasks.beforeRead = () -> {};
        };
    assertThat(client.result("task.show", "{\"id\":\"k3f9-7\"}").string("state"))
        .isEqualTo("QUEUED");
  }

  @Test
  void moreThanCanBeReadAtOnceWaitsAndIsAllAnswered() throws Exception {
    add(task(7, "thumbs", TaskState.SUCCEEDED, List.of()));
    CountDownLatch goOn = new CountDownLatch(1);
    daemon.tasks.beforeRead = () -> await(goOn);
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        clients.add(daemon.connect());
        clients.getLast().request("task.show", "{\"id\":\"k3f9-7\"}");
      }
      // Who needs no reading waits for nobody, and nothing is looked up for those who wait.
      assertThat(client.result("ping", "{}").bool("pong", false)).isTrue();
      Client gone = clients.removeLast();
      gone.close();
      client.request("task.show", "{\"id\":\"k3f9-7\"}");
      client.request("ping", "{}");
      daemon.untilConnections(200);

      goOn.countDown();

      for (Client each : clients) {
        assertThat(each.next().optionalObject("result").orElseThrow().string("id"))
            .isEqualTo("k3f9-7");
      }
      assertThat(client.next().optionalObject("result").orElseThrow().string("id"))
          .isEqualTo("k3f9-7");
      assertThat(client.next().optionalObject("result").orElseThrow().bool("pong", false)).isTrue();
    } finally {
      goOn.countDown();
      for (Client each : clients) {
        each.close();
      }
    }
  }

  @Test
  void ofThoseWhoWaitToBeReadForOnlySoManyAreRemembered() throws Exception {
    add(task(7, "thumbs", TaskState.SUCCEEDED, List.of()));
    CountDownLatch goOn = new CountDownLatch(1);
    daemon.tasks.beforeRead = () -> await(goOn);
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < Bounds.READS + Bounds.WAITING_READS; i++) {
        clients.add(daemon.connect());
        clients.getLast().result("ping", "{}");
        clients.getLast().request("task.show", "{\"id\":\"k3f9-7\"}");
      }
      assertThat(client.error("status", "{}").values())
          .isEqualTo(
              Map.of("code", -32004L, "message", "the daemon has too much to do; try again"));
      goOn.countDown();
      for (Client each : clients) {
        assertThat(each.next().has("result")).isTrue();
      }
      assertThat(client.result("status", "{}").objects("items")).hasSize(4);
    } finally {
      goOn.countDown();
      for (Client each : clients) {
        each.close();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void forgetAll() {
    daemon.tasks.tasks.clear();
    daemon.tasks.data.clear();
    daemon.tasks.results.clear();
  }

  @Test
  void whatIsTooLongForALineIsLeftOutAndComesAlone() throws Exception {
    add(task(7, "thumbs", TaskState.SUCCEEDED, List.of()));
    byte[] large = ("\"" + "x".repeat(999_998) + "\"").getBytes(StandardCharsets.UTF_8);
    daemon.tasks.data.put(7L, large);
    daemon.tasks.results.put(7L, large);
    Map<String, Object> task = client.result("task.show", "{\"id\":\"k3f9-7\"}").values();
    assertThat(task).containsEntry("left_out", List.of("data")).containsEntry("data", Json.NULL);
    assertThat((String) task.get("result")).hasSize(999_998);
    assertThat(client.result("task.show", "{\"id\":\"k3f9-7\",\"only\":\"data\"}").string("data"))
        .hasSize(999_998);
  }

  @Test
  void awaitAnswersAsMuchAsFits() throws Exception {
    client.request("task.await", "{\"ids\":[\"a\",\"b\",\"a\"],\"wait_seconds\":5}");
    TaskCommand.Await await = (TaskCommand.Await) daemon.taskCommand();
    assertThat(await.ids()).containsExactly("a", "b");
    assertThat(await.waitNanos()).isEqualTo(5_000_000_000L);
    String large = "\"" + "x".repeat(999_998) + "\"";
    daemon.reply(await.request(), new Answer.Tasks(List.of(ended("a", large), ended("b", large))));
    List<Members> tasks = client.next().optionalObject("result").orElseThrow().objects("tasks");
    assertThat(tasks).hasSize(1);
    assertThat(tasks.getFirst().string("result")).hasSize(999_998);
    daemon.taskAnswers = command -> Optional.of(new Answer.NoMatch("b"));
    assertThat(client.error("task.await", "{\"ids\":[\"b\"]}").values())
        .containsEntry("code", -32001L)
        .containsEntry("data", Map.of("selector", "b", "similar", List.of()));
    assertThat(client.error("task.await", "{}").string("message"))
        .isEqualTo("task.await: ids is missing: name tasks");
  }

  @Test
  void resultsThatTheCoreHasNotAtHandAreReadFromTheStore() throws Exception {
    add(task(1, "thumbs", TaskState.SUCCEEDED, List.of()));
    add(task(2, "thumbs", TaskState.SUCCEEDED, List.of()));
    daemon.tasks.results.put(2L, "{\"n\": 2}".getBytes(StandardCharsets.UTF_8));
    List<TaskOutcome> outcomes =
        List.of(
            ended("k3f9-1", ""),
            ended("k3f9-2", ""),
            new TaskOutcome("k3f9-3", TaskState.TIMED_OUT, true, "too long", false));
    daemon.taskAnswers = command -> Optional.of(new Answer.Tasks(outcomes));
    assertThat(client.result("task.await", "{\"ids\":[\"k3f9-1\"]}").values())
        .isEqualTo(
            Json.parse(
                """
                {"tasks":[{"id":"k3f9-1","state":"SUCCEEDED","result":[]},
                {"id":"k3f9-2","state":"SUCCEEDED","result":{"n":2}},
                {"id":"k3f9-3","state":"TIMED_OUT","error":"too long"}]}
                """));
    assertThat(
            client
                .result("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}],\"wait\":true}")
                .objects("tasks")
                .get(1)
                .values())
        .isEqualTo(
            Json.parse(
                "{\"id\":\"k3f9-2\",\"state\":\"SUCCEEDED\",\"new\":true,\"result\":{\"n\":2}}"));
    // Without wait nobody wants them.
    assertThat(
            client
                .result("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}]}")
                .objects("tasks")
                .getFirst()
                .has("result"))
        .isFalse();
    daemon.tasks.unreadable.add(2L);
    assertThat(client.error("task.await", "{\"ids\":[\"k3f9-2\"]}").string("message"))
        .isEqualTo("the result of task k3f9-2 cannot be read: no such task: 2");
  }

  @Test
  void theResultOfATaskThatIsForgottenWhileItIsReadIsLeftOut() throws Exception {
    add(task(1, "thumbs", TaskState.SUCCEEDED, List.of()));
    add(task(2, "thumbs", TaskState.SUCCEEDED, List.of()));
    daemon.tasks.beforeRead = () -> daemon.tasks.results.remove(2L);
    daemon.taskAnswers =
        command -> Optional.of(new Answer.Tasks(List.of(ended("k3f9-1", ""), ended("k3f9-2", ""))));
    assertThat(client.result("task.await", "{\"ids\":[\"k3f9-1\",\"k3f9-2\"]}").values())
        .isEqualTo(
            Json.parse("{\"tasks\":[{\"id\":\"k3f9-1\",\"state\":\"SUCCEEDED\",\"result\":[]}]}"));
    daemon.tasks.results.put(2L, "{}".getBytes(StandardCharsets.UTF_8));
    assertThat(
            client.result("submit", "{\"pool\":\"thumbs\",\"tasks\":[{}],\"wait\":true}").values())
        .isEqualTo(
            Json.parse(
                """
                {"tasks":[{"id":"k3f9-1","state":"SUCCEEDED","new":true,"result":[]},
                {"id":"k3f9-2","state":"SUCCEEDED","new":true}]}
                """));
  }

  @Test
  void cancelAndRetryAreAnsweredOneByOne() throws Exception {
    client.request("task.cancel", "{\"ids\":[\"a\",\"b\"]}");
    TaskCommand.Cancel cancel = (TaskCommand.Cancel) daemon.taskCommand();
    assertThat(cancel.ids()).containsExactly("a", "b");
    daemon.reply(
        cancel.request(),
        new Answer.Tasks(
            List.of(
                new TaskOutcome("a", TaskState.CANCELLED, false, "", false),
                new TaskOutcome("b", TaskState.SUCCEEDED, false, "it has ended", true),
                new TaskOutcome("c", TaskState.FAILED, false, "already", false))));
    assertThat(client.next().optionalObject("result").orElseThrow().values())
        .isEqualTo(
            Json.parse(
                """
                {"outcomes":[{"id":"a","state":"CANCELLED","result":"done","detail":null},
                {"id":"b","state":"SUCCEEDED","result":"failed","detail":"it has ended"},
                {"id":"c","state":"FAILED","result":"unchanged","detail":"already"}]}
                """));
    client.request("task.retry", "{\"ids\":[\"a\"]}");
    assertThat(((TaskCommand.Retry) daemon.taskCommand()).ids()).containsExactly("a");
  }

  // Pools.

  private static PoolView pool(String name, int queued, int running, PoolView.Intake intake) {
    PoolView.Histogram histogram =
        new PoolView.Histogram(List.of(0.001, 1.0), List.of(2L, 1L, 0L), 0.75);
    return new PoolView(
        name,
        PoolSpec.DEFAULT.withBounds(1, 3),
        intake,
        "open",
        Moment.NEVER,
        Optional.of("the breaker is open"),
        Map.of(Priority.NORMAL, queued),
        1,
        running,
        1_500_000_000L,
        false,
        List.of(new PoolView.Worker(new InstanceName(name, 2), InstanceState.BUSY, running, 40)),
        Map.of("succeeded", 3L),
        histogram,
        histogram);
  }

  private void addPools() {
    daemon.tasks.pools.put("thumbs", pool("thumbs", 5, 1, PoolView.Intake.OPEN));
    daemon.tasks.pools.put("mails", pool("mails", 0, 0, PoolView.Intake.PAUSED));
  }

  @Test
  void poolsAreListed() throws Exception {
    addPools();
    assertThat(client.result("pool.list", "{\"pools\":[\"thumbs\"]}").values())
        .isEqualTo(
            Json.parse(
                """
                {"pools":[{"name":"thumbs","min":1,"max":3,"strategy":"least-busy","concurrency":1,
                "accepts":["*"],"capacity":1000,"intake":"open","held":"the breaker is open",
                "breaker":"open","breaker_until":null,"queued":5,
                "depth":{"critical":0,"high":0,"normal":5,"low":0},"delayed":1,"running":1,
                "oldest_wait_seconds":1.5,"stalled":false,
                "workers":[{"instance":"thumbs@2","state":"BUSY","in_hand":1,"done":40}],
                "counts":{"succeeded":3},
                "waits":{"count":3,"sum_seconds":0.75,"bounds_seconds":[0.001,1.0],
                 "counts":[2,1,0]},
                "runs":{"count":3,"sum_seconds":0.75,"bounds_seconds":[0.001,1.0],
                 "counts":[2,1,0]}}]}
                """));
    assertThat(client.result("pool.list", "{}").list("pools")).hasSize(2);
    assertThat(client.error("pool.list", "{\"pools\":[\"mail\"]}").values())
        .containsEntry("data", Map.of("selector", "mail", "similar", List.of("mails")));
  }

  @Test
  void poolsArePausedDrainedAndResumed() throws Exception {
    addPools();
    client.request("pool.pause", "{\"pools\":[\"thumbs\",\"mails\"]}");
    TaskCommand.Pause pause = (TaskCommand.Pause) daemon.taskCommand();
    assertThat(pause.pools()).containsExactly("thumbs", "mails");
    daemon.reply(pause.request(), new Answer.Outcomes(List.of()));
    assertThat(client.next().optionalObject("result").orElseThrow().values())
        .isEqualTo(
            Json.parse(
                """
                {"outcomes":[{"pool":"mails","result":"done","intake":"paused","queued":0,
                 "running":0},
                {"pool":"thumbs","result":"done","intake":"open","queued":5,"running":1}]}
                """));
    client.request("pool.drain", "{\"pools\":[\"thumbs\"],\"timeout_seconds\":1}");
    TaskCommand.Drain drain = (TaskCommand.Drain) daemon.taskCommand();
    assertThat(drain.patience()).isEqualTo(new Command.Patience(true, 1_000_000_000L));
    daemon.reply(drain.request(), new Answer.Outcomes(List.of()));
    assertThat(outcome(client.next())).containsEntry("result", "timed_out");
    client.request("pool.drain", "{\"pools\":[\"thumbs\"],\"wait\":false}");
    daemon.reply(daemon.taskCommand().request(), new Answer.Tasks(List.of()));
    assertThat(outcome(client.next())).containsEntry("result", "accepted");
    client.request("pool.resume", "{\"pools\":[\"thumbs\"]}");
    assertThat(((TaskCommand.Resume) daemon.taskCommand()).pools()).containsExactly("thumbs");
    assertThat(client.error("pool.pause", "{\"pools\":[]}").string("message"))
        .isEqualTo("pool.pause: pools is missing: name pools");
    assertThat(client.error("pool.pause", "{\"pools\":[\"web\"]}").optionalLong("code"))
        .hasValue(-32001);
  }

  private static Map<String, Object> outcome(Members answer) throws Exception {
    return answer.optionalObject("result").orElseThrow().objects("outcomes").getFirst().values();
  }

  // What instances say of it, and the rest.

  @Test
  void statusAndDescribeTellTheTasksInHand() throws Exception {
    add(task(2, "thumbs", TaskState.RUNNING, List.of()));
    daemon.tasks.inHand.put("thumbs@2", 1);
    List<Members> items =
        client.result("status", "{\"selectors\":[\"thumbs\",\"web\"]}").objects("items");
    assertThat(items)
        .extracting(item -> item.value("tasks_in_hand"))
        .containsExactly(Optional.of(0L), Optional.of(1L), Optional.empty());
    Members described =
        client.result("describe", "{\"selectors\":[\"thumbs@2\"]}").objects("items").getFirst();
    assertThat(described.list("tasks"))
        .isEqualTo(
            Json.parse(
                """
                [{"id":"k3f9-2","type":"thumb","attempt":1,"since":"1970-01-01T00:01:50.000Z",
                "deadline":"1970-01-01T00:03:20.000Z"}]
                """));
  }

  @Test
  void metricsComeInPagesOfWholeLines() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      text.append("pm_some_metric{name=\"%08d\"} %d\n".formatted(i, i));
    }
    daemon.metrics = text.toString();
    StringBuilder joined = new StringBuilder();
    Members page = client.result("metrics", "{}");
    while (page.has("cursor")) {
      assertThat(page.string("text")).endsWith("\n");
      joined.append(page.string("text"));
      page = client.result("metrics", "{\"cursor\":\"" + page.string("cursor") + "\"}");
    }
    joined.append(page.string("text"));
    assertThat(joined.toString()).isEqualTo(daemon.metrics);
    daemon.metrics = text + "pm_more 1\n";
    assertThat(client.error("metrics", "{\"cursor\":\"20000/5\"}").optionalLong("code"))
        .hasValue(-32004);
    assertThat(client.error("metrics", "{\"cursor\":\"x\"}").optionalLong("code")).hasValue(-32602);
  }
}
