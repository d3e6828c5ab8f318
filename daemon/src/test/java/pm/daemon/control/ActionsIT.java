package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.world;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Change;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.KeyKind;
import pm.config.Location;
import pm.config.Problem;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Outcome;
import pm.daemon.posix.Host;
import pm.protocol.Json;
import pm.protocol.Members;

/** Requests that change something: the commands that they become, and the answers to these. */
@Timeout(120)
@SuppressWarnings("try")
final class ActionsIT {
  @TempDir Path folder;
  private ControlFixture daemon;
  private Client client;

  @BeforeEach
  void listen() throws Exception {
    daemon =
        new ControlFixture(
            folder,
            world(
                List.of(
                    program("web").instances(2).build(),
                    program("bad").build(),
                    program("noisy").build()),
                stopped("web@1"),
                stopped("web@2"),
                QueriesIT.failed("bad@1"),
                QueriesIT.failed("noisy@1")));
    client = daemon.connect();
  }

  @AfterEach
  void end() throws Exception {
    client.close();
    daemon.close();
  }

  @Test
  void eachMethodBecomesItsCommand() throws Exception {
    client.request("start", "{\"selectors\":[\"web\",\"group:x\"]}");
    Command.Start start = (Command.Start) daemon.command();
    assertThat(start.selectors()).containsExactly("web", "group:x");
    assertThat(start.patience()).isEqualTo(Command.Patience.ENDLESS);
    assertThat(start.request()).isPositive();

    client.request("stop", "{\"selectors\":[\"web@1\"],\"timeout_seconds\":1.5}");
    Command.Stop stop = (Command.Stop) daemon.command();
    assertThat(stop.patience()).isEqualTo(new Command.Patience(true, 1_500_000_000L));
    assertThat(stop.request()).isNotEqualTo(start.request());

    client.request("restart", "{\"selectors\":[\"all\"],\"wait\":false,\"timeout_seconds\":5}");
    assertThat(((Command.Restart) daemon.command()).patience()).isEqualTo(Command.Patience.NONE);

    client.request("reset", "{\"selectors\":[\"web*\"]}");
    assertThat(((Command.Reset) daemon.command()).selectors()).containsExactly("web*");

    for (String signal : List.of("\"HUP\"", "\"SIGHUP\"", "\"1\"", "1")) {
      client.request("signal", "{\"signal\":" + signal + ",\"selectors\":[\"web\"]}");
      Command.Signal command = (Command.Signal) daemon.command();
      assertThat(command.signal()).isEqualTo(1);
      assertThat(command.signalName()).isEqualTo("HUP");
    }
  }

  @Test
  void aScaleTakesNumbersAndBounds() throws Exception {
    client.request("scale", "{\"counts\":{\"web\":3,\"bad\":{\"min\":2,\"max\":8}}}");
    assertThat(((Command.Scale) daemon.command()).counts())
        .isEqualTo(
            new TreeMap<>(Map.of("web", InstanceBounds.of(3), "bad", new InstanceBounds(2, 8))));
    for (Map.Entry<String, String> wrong :
        Map.of(
                "{\"web\":-1}", "counts: web must be from 0 to 10000",
                "{\"web\":\"3\"}", "counts: web must be from 0 to 10000",
                "{\"web\":{\"min\":1}}", "counts: web.max must be from 0 to 10000",
                "{\"web\":{\"min\":3,\"max\":2}}", "counts: web.min must be at most its max",
                "{\"web\":{\"min\":1,\"max\":2,\"step\":1}}",
                    "unknown parameter step; known are min, max",
                "{}", "counts names no program")
            .entrySet()) {
      assertThat(client.error("scale", "{\"counts\":" + wrong.getKey() + "}").values())
          .containsEntry("code", -32602L)
          .containsEntry("message", "scale: " + wrong.getValue());
    }
    assertThat(client.error("scale", "{\"counts\":{\"wbe\":1}}").optionalLong("code"))
        .hasValue(-32001);
  }

  @Test
  void theActorIsWhoeverIsAtTheOtherEnd() throws Exception {
    client.request("stop", "{\"selectors\":[\"web\"]}");
    Actor actor = daemon.command().actor();
    assertThat(actor.uid()).isEqualTo(Host.euid());
    assertThat(actor.pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(actor.name()).isEqualTo(System.getProperty("user.name"));
  }

  @Test
  void outcomesAreAnsweredOneByOne() throws Exception {
    int id = client.request("stop", "{\"selectors\":[\"web\"]}");
    daemon.reply(
        daemon.command().request(),
        new Answer.Outcomes(
            List.of(
                outcome("web@1", Outcome.Result.DONE, "stopped by alice", InstanceState.DEAD, ""),
                outcome("web@2", Outcome.Result.TIMED_OUT, "still", InstanceState.STOPPING, ""),
                outcome("gone@1", Outcome.Result.UNCHANGED, "", InstanceState.DEAD, ""))));
    Members response = client.next();
    assertThat(response.optionalLong("id")).hasValue(id);
    assertThat(response.optionalObject("result").orElseThrow().values())
        .isEqualTo(
            Json.parse(
                """
                {"outcomes":[
                 {"instance":"web@1","result":"done","detail":"stopped by alice","state":"DEAD",
                  "reason":"stopped","output":[]},
                 {"instance":"web@2","result":"timed_out","detail":"still","state":"STOPPING",
                  "reason":null,"output":[]},
                 {"instance":"gone@1","result":"unchanged","detail":null,"state":"DEAD",
                  "reason":null,"output":[]}]}
                """));
  }

  @Test
  void aFailedStartShowsItsLastLines() throws Exception {
    for (int i = 1; i <= 30; i++) {
      daemon.logs.print("bad@1", LogSource.Stream.OUT, "line " + i);
      daemon.logs.print("noisy@1", LogSource.Stream.OUT, "line " + i);
    }
    daemon.logs.print("noisy@1", LogSource.Stream.ERR, "x".repeat(5_000));
    daemon.answers =
        command ->
            Optional.of(
                new Answer.Outcomes(
                    List.of(
                        outcome(
                            "bad@1",
                            Outcome.Result.FAILED,
                            "exit 1 after 0.3s",
                            InstanceState.DEAD,
                            "00000000000000000000000000000002"),
                        outcome(
                            "noisy@1",
                            Outcome.Result.FAILED,
                            "exit 1",
                            InstanceState.DEAD,
                            "00000000000000000000000000000002"),
                        outcome(
                            "web@1",
                            Outcome.Result.FAILED,
                            "user: no such user: wwww",
                            InstanceState.DEAD,
                            ""))));
    List<Members> outcomes =
        client.result("start", "{\"selectors\":[\"all\"]}").objects("outcomes");
    assertThat(outcomes.get(0).string("reason")).isEqualTo("backoff");
    assertThat(outcomes.get(0).strings("output"))
        .hasSize(10)
        .startsWith("line 21")
        .endsWith("line 30");
    assertThat(outcomes.get(1).strings("output"))
        .containsExactly("x".repeat(Bounds.OUTPUT_LINE) + "…");
    assertThat(outcomes.get(2).strings("output")).isEmpty();
    daemon.until("all files are closed", () -> daemon.logs.openTails() == 0);
  }

  @Test
  void refusalsHaveTheirCodes() throws Exception {
    daemon.answers = command -> Optional.of(new Answer.NoMatch("wbe"));
    Members none = client.error("start", "{\"selectors\":[\"wbe\"]}");
    assertThat(none.optionalLong("code")).hasValue(-32001);
    assertThat(none.optionalObject("data").orElseThrow().strings("similar")).containsExactly("web");
    daemon.answers = command -> Optional.of(new Answer.Refused("it is disabled"));
    Members refused = client.error("start", "{\"selectors\":[\"web\"]}");
    assertThat(refused.optionalLong("code")).hasValue(-32002);
    assertThat(refused.string("message")).isEqualTo("it is disabled");
    daemon.onLoop(
        () ->
            daemon.supervisor.handle(
                new Command.Shutdown(Command.UNANSWERED, ControlFixture.ALICE), daemon.time.now()));
    assertThat(client.error("start", "{\"selectors\":[\"web\"]}").optionalLong("code"))
        .hasValue(-32007);
  }

  @Test
  void applyReadsTheFilesAndSaysWhatChanges() throws Exception {
    Configuration read =
        new Configuration(DaemonSpec.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of());
    daemon.files = () -> read;
    int id = client.request("apply", "{\"dry_run\":true}");
    Command.Apply apply = (Command.Apply) daemon.command();
    assertThat(apply.configuration()).isSameAs(read);
    assertThat(apply.dryRun()).isTrue();
    daemon.reply(
        apply.request(),
        new Answer.Applied(
            new ApplyPlan(
                List.of(
                    new ApplyPlan.ProgramStep(
                        "web",
                        ApplyPlan.Action.RESTART,
                        List.of(
                            new Change("umask", "022", "027", KeyKind.RESTART),
                            new Change("env_file", "a", "b", KeyKind.NEXT_START),
                            new Change("environment.PASSWORD", "old", "new", KeyKind.RESTART),
                            new Change(
                                "environment.DB",
                                "pg://web:old@db/1",
                                "pg://web:n:ew@db/1",
                                KeyKind.RESTART)),
                        "2 instances")),
                List.of(
                    new Problem(
                        new Location("web.yaml", 3, 5), "programs.web.x", "unknown", "write y"))),
            List.of()));
    Members response = client.next();
    assertThat(response.optionalLong("id")).hasValue(id);
    assertThat(response.optionalObject("result").orElseThrow().values())
        .isEqualTo(
            Json.parse(
                """
                {"changes":[{"program":"web","action":"restart","keys":[
                   {"path":"umask","from":"022","to":"027","kind":"restart"},
                   {"path":"env_file","from":"a","to":"b","kind":"next_start"},
                   {"path":"environment.PASSWORD","from":"***","to":"***","kind":"restart"},
                   {"path":"environment.DB","from":"pg://web:***@db/1","to":"pg://web:***@db/1",
                    "kind":"restart"}],
                  "detail":"2 instances"}],
                 "problems":[{"file":"web.yaml","line":3,"column":5,"path":"programs.web.x",
                   "message":"unknown","remedy":"write y"}],
                 "outcomes":[]}
                """));

    client.request("apply", "{}");
    Command.Apply real = (Command.Apply) daemon.command();
    assertThat(real.dryRun()).isFalse();
    assertThat(real.patience()).isEqualTo(Command.Patience.ENDLESS);
  }

  @Test
  void withErrorsOfTheDaemonItselfNothingIsApplied() throws Exception {
    Problem problem =
        new Problem(new Location("pmd.yaml", 1, 1), "socket.mode", "7 is no mode", "write 0660");
    daemon.files =
        () ->
            new Configuration(
                DaemonSpec.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of(problem));
    for (String params : List.of("{}", "{\"dry_run\":true}")) {
      Members error = client.error("apply", params);
      assertThat(error.optionalLong("code")).hasValue(-32005);
      assertThat(
              error
                  .optionalObject("data")
                  .orElseThrow()
                  .objects("problems")
                  .getFirst()
                  .string("file"))
          .isEqualTo("pmd.yaml");
    }
    assertThat(daemon.commands).isEmpty();
  }

  @Test
  void theFilesAreReadOnceAtATime() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    daemon.files =
        () -> {
          reading.countDown();
          goOn.await();
          return Configuration.EMPTY;
        };
    client.request("apply", "{}");
    reading.await();
    try (Client other = daemon.connect()) {
      assertThat(other.error("apply", "{}").optionalLong("code")).hasValue(-32004);
      goOn.countDown();
      assertThat(daemon.command()).isInstanceOf(Command.Apply.class);
      other.request("apply", "{}");
      assertThat(daemon.command()).isInstanceOf(Command.Apply.class);
    }
  }

  @Test
  void shutdownIsAcceptedBeforeItBegins() throws Exception {
    daemon.answers =
        command -> {
          daemon.loop.post(daemon.server::close);
          return Optional.empty();
        };
    Members result = client.result("daemon.shutdown", "{}");
    assertThat(result.values()).isEqualTo(Json.parse("{\"accepted\":true,\"timeout_seconds\":30}"));
    Command command = daemon.command();
    assertThat(command).isInstanceOf(Command.Shutdown.class);
    assertThat(command.request()).isEqualTo(Command.UNANSWERED);
    client.expectEnd();
  }

  private static Outcome outcome(
      String name, Outcome.Result result, String detail, InstanceState state, String invocation) {
    return new Outcome(InstanceName.parse(name).orElseThrow(), result, detail, state, invocation);
  }
}
