package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.ALICE;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.world;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Outcome;
import pm.protocol.Members;

/** The commands over many instances, and programs that stand in no file. */
@Timeout(120)
@SuppressWarnings("try")
final class RunIT {
  @TempDir Path folder;
  private ControlFixture daemon;

  @BeforeEach
  void listen() throws Exception {
    daemon =
        new ControlFixture(
            folder,
            world(
                List.of(program("web").instances(2).build(), program("sleep").build()),
                stopped("web@1"),
                stopped("web@2"),
                stopped("sleep@1")));
    daemon.answers = command -> Optional.of(new Answer.Outcomes(List.of()));
  }

  @AfterEach
  void end() throws Exception {
    daemon.close();
  }

  @Test
  void eachMethodIsItsCommand() throws Exception {
    try (Client client = daemon.connect()) {
      client.result(
          "restart",
          "{\"selectors\":[\"web\"],\"rolling\":true,\"pause_seconds\":1.5,\"timeout_seconds\":9}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.RollingRestart.class,
              roll -> {
                assertThat(roll.pause()).hasMillis(1_500);
                assertThat(roll.patience().timeoutNanos()).isEqualTo(9_000_000_000L);
                assertThat(roll.actor().uid()).isEqualTo(pm.daemon.posix.Host.euid());
                assertThat(roll.actor().pid()).isEqualTo((int) ProcessHandle.current().pid());
              });
      client.result("reload", "{\"selectors\":[\"web\"]}");
      assertThat(daemon.command()).isInstanceOf(Command.Reload.class);
      client.result("enable", "{\"selectors\":[\"web\"]}");
      assertThat(daemon.command()).isInstanceOf(Command.Enable.class);
      client.result("disable", "{\"selectors\":[\"web\"],\"wait\":false}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Disable.class,
              disable -> assertThat(disable.patience()).isEqualTo(Command.Patience.NONE));
      client.result("scale", "{\"counts\":{\"web\":3,\"sleep\":0}}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Scale.class,
              scale ->
                  assertThat(scale.counts())
                      .isEqualTo(
                          new TreeMap<>(
                              java.util.Map.of(
                                  "web", InstanceBounds.of(3), "sleep", InstanceBounds.of(0)))));
      client.result("wait", "{\"selectors\":[\"web\"]}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Await.class,
              await -> assertThat(await.awaited()).isEqualTo(AwaitedState.READY));
      client.result("wait", "{\"selectors\":[\"web\"],\"for\":\"unhealthy\"}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Await.class,
              await ->
                  assertThat(await.awaited())
                      .isEqualTo(new AwaitedState.In(InstanceState.UNHEALTHY)));
    }
  }

  @Test
  void nonsenseIsRefusedBeforeTheCoreSeesIt() throws Exception {
    try (Client client = daemon.connect()) {
      for (String[] call :
          new String[][] {
            {"restart", "{\"selectors\":[\"web\"],\"pause_seconds\":1}", "-32602"},
            {"reload", "{}", "-32602"},
            {"scale", "{}", "-32602"},
            {"scale", "{\"counts\":{}}", "-32602"},
            {"scale", "{\"counts\":{\"web\":-1}}", "-32602"},
            {"scale", "{\"counts\":{\"web\":\"2..8\"}}", "-32602"},
            {"scale", "{\"counts\":{\"wbe\":1}}", "-32001"},
            {"wait", "{\"selectors\":[\"web\"],\"for\":\"happiness\"}", "-32602"},
            {"run", "{}", "-32602"},
            {
              "run", "{\"definition\":{\"command\":\"x\",\"logs\":{\"file\":\"/etc/x\"}}}", "-32602"
            },
            {
              "run", "{\"definition\":{\"command\":\"x\",\"env_file\":[\"/etc/shadow\"]}}", "-32602"
            },
            {"run", "{\"definition\":{\"command\":\"x\",\"essential\":true}}", "-32602"},
            {
              "run",
              "{\"definition\":{\"command\":\"x\",\"readiness\":{\"tcp\":\"127.0.0.1:1\"}}}",
              "-32602"
            },
            {"run", "{\"definition\":{\"command\":\"x\",\"restart\":\"maybe\"}}", "-32005"},
            {"run", "{\"definition\":{\"command\":[]}}", "-32005"},
            {"run", "{\"definition\":{\"command\":\"x\"},\"name\":\"a b\"}", "-32005"},
            {"run", "{\"definition\":{\"command\":\"x\"},\"name\":\"web\"}", "-32002"},
          }) {
        Members error = client.error(call[0], call[1]);
        assertThat(error.optionalLong("code"))
            .as(call[0] + call[1] + error)
            .hasValue(Long.parseLong(call[2]));
      }
      assertThat(daemon.commands).isEmpty();
    }
  }

  @Test
  void aProgramIsMadeOfADefinitionAndNamedAfterItsCommand() throws Exception {
    try (Client client = daemon.connect()) {
      Members answer =
          client.result(
              "run",
              "{\"definition\":{\"command\":[\"/bin/sleep\",\"5\"],\"environment\":{\"A\":\"b\"}}}");
      assertThat(answer.string("program")).isEqualTo("sleep-2");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Run.class,
              run -> {
                assertThat(run.program().name()).isEqualTo("sleep-2");
                assertThat(run.program().location().file()).isEqualTo(Command.RUN);
                assertThat(run.program().user()).isEmpty();
                assertThat(run.program().environment()).containsEntry("A", "b");
              });
      client.result("run", "{\"name\":\"own\",\"definition\":{\"command\":\"echo a b\"}}");
      assertThat(daemon.command())
          .isInstanceOfSatisfying(
              Command.Run.class,
              run -> assertThat(run.program().command().argv()).containsExactly("echo", "a", "b"));
    }
  }

  @Test
  void itsOutputIsFollowedFromTheFirstByteToTheLast() throws Exception {
    daemon.logs.print("job@1", LogSource.Stream.OUT, "of a job before");
    daemon.answers =
        command -> {
          daemon.logs.print("job@1", LogSource.Stream.OUT, "first");
          return Optional.of(
              new Answer.Outcomes(
                  List.of(
                      new Outcome(
                          new InstanceName("job", 1),
                          Outcome.Result.ACCEPTED,
                          "",
                          InstanceState.STARTING,
                          ""))));
        };
    try (Client client = daemon.connect()) {
      Members answer =
          client.result(
              "run", "{\"name\":\"job\",\"follow\":true,\"definition\":{\"command\":\"x\"}}");
      assertThat(answer.optionalLong("subscription")).hasValue(1);
      assertThat(client.notification().getValue().string("line")).isEqualTo("first");
      daemon.logs.print("job@1", LogSource.Stream.OUT, "last");
      int id = client.request("unsubscribe", "{\"subscription\":1,\"drain\":true}");
      boolean answered = false;
      boolean seen = false;
      while (true) {
        Members message = client.next();
        if (message.has("id")) {
          assertThat(message.optionalLong("id")).hasValue(id);
          answered = true;
        } else if (message.string("method").equals("end")) {
          assertThat(message.optionalObject("params").orElseThrow().string("reason"))
              .isEqualTo("complete");
          break;
        } else {
          seen |= message.optionalObject("params").orElseThrow().string("line").equals("last");
        }
      }
      assertThat(answered && seen).isTrue();
      daemon.until("it is closed", () -> daemon.logs.openTails() == 0);
    }
  }

  @Test
  void aRefusalEndsTheStreamThatWasOpenedForIt() throws Exception {
    daemon.answers = command -> Optional.of(new Answer.Refused("not now"));
    try (Client client = daemon.connect()) {
      client.request(
          "run", "{\"name\":\"job\",\"follow\":true,\"definition\":{\"command\":\"x\"}}");
      assertThat(client.notification().getKey()).isEqualTo("end");
      assertThat(client.next().optionalObject("error")).isPresent();
      daemon.until("it is closed", () -> daemon.logs.openTails() == 0);
    }
  }

  @Test
  void nobodyButRootRunsAnythingAsSomebodyElse() {
    assertThat(ALICE.uid()).isEqualTo(1000);
    Peer alice = new Peer(1000, 7, Role.OPERATOR);
    Peer root = new Peer(0, 7, Role.ADMINISTRATOR);
    // Under root: as oneself, which is made explicit; as another only for root.
    assertThat(Runs.userOf(Optional.empty(), alice, "alice", 0, "root").user()).contains("alice");
    assertThat(Runs.userOf(Optional.of("alice"), alice, "alice", 0, "root").user())
        .contains("alice");
    assertThat(Runs.userOf(Optional.of("1000"), alice, "alice", 0, "root").user())
        .contains("alice");
    assertThat(Runs.userOf(Optional.of("bob"), alice, "alice", 0, "root").refusal())
        .contains("only root");
    assertThat(Runs.userOf(Optional.of("root"), alice, "alice", 0, "root").refusal())
        .contains("only root");
    assertThat(Runs.userOf(Optional.of("bob"), root, "root", 0, "root").user()).contains("bob");
    assertThat(Runs.userOf(Optional.empty(), root, "root", 0, "root").user()).isEmpty();
    // Under another user: as that one, for whoever is that one; for root if it says so.
    Peer bob = new Peer(1001, 7, Role.ADMINISTRATOR);
    assertThat(Runs.userOf(Optional.empty(), bob, "bob", 1001, "bob").refusal()).isEmpty();
    assertThat(Runs.userOf(Optional.of("bob"), bob, "bob", 1001, "bob").user()).isEmpty();
    assertThat(Runs.userOf(Optional.empty(), alice, "alice", 1001, "bob").refusal())
        .contains("runs as bob");
    assertThat(Runs.userOf(Optional.of("bob"), alice, "alice", 1001, "bob").refusal())
        .contains("only root");
    assertThat(Runs.userOf(Optional.empty(), root, "root", 1001, "bob").refusal())
        .contains("--user bob");
    assertThat(Runs.userOf(Optional.of("bob"), root, "root", 1001, "bob").refusal()).isEmpty();
    assertThat(Runs.userOf(Optional.of("alice"), root, "root", 1001, "bob").refusal())
        .contains("nobody else");
  }
}
