package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.ALICE;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.up;
import static pm.daemon.control.ControlFixture.world;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Event;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.protocol.Members;

/** Those who watch the status see all of it, then what changes, and cost nothing meanwhile. */
@Timeout(120)
@SuppressWarnings("try")
final class WatchIT {
  @TempDir Path folder;
  private ControlFixture daemon;

  @BeforeEach
  void listen() throws Exception {
    daemon =
        new ControlFixture(
            folder,
            world(
                List.of(program("web").instances(2).build(), program("db").build()),
                stopped("web@1"),
                stopped("web@2"),
                up("db@1", 4_711, new Moment(1, Instant.EPOCH))));
  }

  @AfterEach
  void end() throws Exception {
    daemon.close();
  }

  private void happens(Event event) throws Exception {
    daemon.onLoop(() -> daemon.supervisor.handle(event, daemon.time.now()));
  }

  private static Command start(String selector) {
    return new Command.Start(Command.UNANSWERED, ALICE, List.of(selector), Command.Patience.NONE);
  }

  /** The next picture, with all of its parts: as {@code web@1 DEAD/stopped}, and what is gone. */
  private static List<String> picture(Client client) throws Exception {
    List<String> picture = new ArrayList<>();
    while (true) {
      var notification = client.notification();
      assertThat(notification.getKey()).isEqualTo("status");
      Members status = notification.getValue();
      for (Members item : status.objects("items")) {
        String reason = item.optionalString("reason").orElse("");
        picture.add(
            item.string("name")
                + " "
                + item.string("state")
                + (reason.isEmpty() ? "" : "/" + reason));
      }
      status.strings("gone").forEach(name -> picture.add("-" + name));
      if (!status.bool("more", true)) {
        return picture;
      }
    }
  }

  @Test
  void allThenWhatChanges() throws Exception {
    try (Client client = daemon.connect();
        Client other = daemon.connect()) {
      client.result("status.watch", "{\"interval_seconds\":0}");
      other.result("status.watch", "{\"interval_seconds\":0,\"selectors\":[\"web@2\"]}");
      assertThat(picture(client))
          .containsExactly("db@1 IDLE", "web@1 DEAD/stopped", "web@2 DEAD/stopped");
      assertThat(picture(other)).containsExactly("web@2 DEAD/stopped");
      happens(start("web@1"));
      assertThat(picture(client)).containsExactly("web@1 STARTING");
      happens(start("web@2"));
      assertThat(picture(client)).containsExactly("web@2 STARTING");
      // Whoever watches only that one has seen nothing else.
      assertThat(picture(other)).containsExactly("web@2 STARTING");
    }
  }

  @Test
  void whatIsGoneIsSaid() throws Exception {
    try (Client client = daemon.connect()) {
      client.result("status.watch", "{\"interval_seconds\":0}");
      assertThat(picture(client)).hasSize(3);
      TreeMap<String, ProgramSpec> programs = new TreeMap<>();
      ProgramSpec db = program("db").build();
      programs.put(db.name(), db);
      happens(
          new Command.Apply(
              Command.UNANSWERED,
              ALICE,
              new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of()),
              false,
              Command.Patience.NONE));
      assertThat(picture(client)).containsExactlyInAnyOrder("-web@1", "-web@2");
    }
  }

  @Test
  void nothingWakesUpWhileNothingHappens() throws Exception {
    try (Client client = daemon.connect()) {
      client.result("status.watch", "{\"interval_seconds\":0}");
      picture(client);
      daemon.until("nothing is due any more", () -> daemon.server.nextDeadline() == Moment.NEVER);
      client.result("unsubscribe", "{\"subscription\":1}");
      assertThat(client.notification().getValue().string("reason")).isEqualTo("unsubscribed");
    }
  }

  @Test
  void processorTimeIsMeasuredAtTheIntervalAndSentIfItIsAnother() throws Exception {
    try (Client client = daemon.connect()) {
      long begin = System.nanoTime();
      client.result("status.watch", "{\"interval_seconds\":0.5}");
      assertThat(picture(client)).hasSize(3);
      daemon.cpuNanos = TimeUnit.SECONDS.toNanos(13);
      assertThat(picture(client)).containsExactly("db@1 IDLE");
      assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(450));
    }
  }

  @Test
  void aSlowReaderIsShownTheLastOfManyChanges() throws Exception {
    List<ProgramSpec> specs = new ArrayList<>();
    List<Instance> instances = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String name = "program-with-a-rather-long-name-so-that-its-status-is-long-" + i;
      specs.add(program(name).instances(100).build());
      for (int number = 1; number <= 100; number++) {
        instances.add(stopped(name + "@" + number));
      }
    }
    daemon.close();
    daemon = new ControlFixture(folder, world(specs, instances.toArray(new Instance[0])));
    try (Client client = daemon.connect()) {
      client.request("status.watch", "{\"interval_seconds\":0}");
      daemon.until("as much as may wait", () -> daemon.server.outputBytes() > 128 * 1024);
      happens(start("all"));
      assertThat(daemon.server.outputBytes()).isLessThan(1024 * 1024);
      client.next();
      List<String> seen = new ArrayList<>();
      // Those that are not STARTING wait for their turn.
      while (seen.stream().filter(line -> !line.endsWith("/stopped")).distinct().count() < 4_000) {
        seen.addAll(picture(client));
      }
      assertThat(seen).hasSizeLessThanOrEqualTo(8_000);
    }
  }

  @Test
  void whoAsksForNonsenseIsTold() throws Exception {
    try (Client client = daemon.connect()) {
      assertThat(client.error("status.watch", "{\"interval_seconds\":0.1}").string("message"))
          .contains("at least 0.5");
      assertThat(client.error("status.watch", "{\"selectors\":[\"wbe\"]}").optionalLong("code"))
          .hasValue(-32001);
    }
  }

  @Test
  void watchersAreBoundedAndGoWithTheirConnections() throws Exception {
    for (int round = 0; round < 2; round++) {
      try (Client client = daemon.connect();
          Client other = daemon.connect()) {
        for (int i = 0; i < Bounds.WATCHERS; i++) {
          client.send(Client.line(i + 1, "status.watch", "{\"interval_seconds\":0}"));
        }
        int answers = 0;
        while (answers < Bounds.WATCHERS) {
          Members message = client.next();
          answers += message.has("id") ? 1 : 0;
        }
        assertThat(other.error("status.watch", "{}").optionalLong("code")).hasValue(-32004);
      }
      daemon.untilConnections(0);
    }
  }
}
