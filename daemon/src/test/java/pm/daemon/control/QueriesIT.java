package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.up;
import static pm.daemon.control.ControlFixture.world;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.Location;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.config.RestartSpec;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.StartKind;
import pm.daemon.loop.SystemTime;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** What queries show of a known world. */
@Timeout(120)
@SuppressWarnings("try")
final class QueriesIT {
  private static final Moment NOW = new SystemTime().now();

  @TempDir Path folder;

  @Test
  void statusOfOneThatIsUp() throws Exception {
    Moment since = new Moment(NOW.nanos() - 90_000_000_000L, Instant.parse("2026-07-03T09:12:00Z"));
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(
                    List.of(program("web").groups(List.of("front")).build()),
                    up("web@1", 4121, since)));
        Client client = daemon.connect()) {
      Members status = client.result("status", "{\"selectors\":[\"group:front\"]}");
      assertThat(status.values().keySet()).containsExactly("items", "files_newer");
      Map<String, Object> item = new LinkedHashMap<>(status.objects("items").getFirst().values());
      assertThat(item.keySet()).isEqualTo(InstanceJson.STATUS);
      assertThat((Double) item.remove("uptime_seconds")).isBetween(90.0, 150.0);
      // Three seconds of processor time in a minute and a half and a bit.
      assertThat((Double) item.remove("cpu_percent")).isBetween(2.0, 3.4);
      assertThat(item)
          .isEqualTo(
              Json.parse(
                  """
                  {"name":"web@1","program":"web","instance":1,"groups":["front"],"state":"IDLE",
                   "reason":null,"detail":null,"as_desired":true,"pid":4121,
                   "started_at":"2026-07-03T09:12:00.000Z","restarts":0,"restarts_in_window":0,
                   "max_restarts":3,"next_start_at":null,"exit_code":null,"exit_signal":null,
                   "exit_cause":null,"ready":true,"healthy":null,"tasks_in_hand":null,
                   "memory_bytes":50331648,"invocation_id":"0123456789abcdef0123456789abcdef",
                   "enabled":true}
                  """));
      Members rows =
          client.result("status", "{\"columns\":[\"memory_bytes\",\"name\",\"reason\"]}");
      assertThat(rows.list("items")).isEqualTo(Json.parse("[[50331648,\"web@1\",null]]"));
      daemon.filesNewer = true;
      assertThat(client.result("status", "{}").bool("files_newer", false)).isTrue();
    }
  }

  @Test
  void statusOfOneThatFailedAndWillBeStartedAgain() throws Exception {
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(
                    List.of(
                        program("web")
                            .restart(RestartSpec.DEFAULT)
                            .description("serves")
                            .environment(Map.of("DB_PASSWORD", "hunter2", "PORT", "80"))
                            .location(new Location("/etc/pm/web.yaml", 2, 3))
                            .build()),
                    failed("web@1")));
        Client client = daemon.connect()) {
      daemon.logs.print("web@1", LogSource.Stream.OUT, "cannot bind port 80");
      Members item =
          client.result("describe", "{\"selectors\":[\"web@1\"]}").objects("items").getFirst();
      assertThat(item.string("state")).isEqualTo("DEAD");
      assertThat(item.string("reason")).isEqualTo("backoff");
      assertThat(item.string("detail")).contains("exit 1");
      assertThat(item.bool("as_desired", true)).isFalse();
      assertThat(item.optionalLong("restarts")).hasValue(12);
      assertThat(item.optionalLong("restarts_in_window")).hasValue(2);
      assertThat(item.optionalLong("exit_code")).hasValue(1);
      assertThat(item.string("exit_cause")).isEqualTo("exit");
      assertThat(Instant.parse(item.string("next_start_at"))).isAfter(NOW.wall());
      for (String absent :
          List.of(
              "pid",
              "started_at",
              "uptime_seconds",
              "exit_signal",
              "cpu_percent",
              "memory_bytes",
              "invocation_id",
              "error_log_file")) {
        assertThat(item.values()).containsKey(absent);
        assertThat(item.has(absent)).as(absent).isFalse();
      }
      assertThat(item.string("description")).isEqualTo("serves");
      assertThat(item.string("location")).isEqualTo("/etc/pm/web.yaml:2:3");
      assertThat(item.string("log_file")).isEqualTo("/logs/web@1.out");
      assertThat(item.optionalLong("window_seconds")).hasValue(60);
      assertThat(item.strings("restart_times")).hasSize(2);
      assertThat(item.strings("output")).containsExactly("cannot bind port 80");
      assertThat(item.objects("problems")).isEmpty();
      Members definition = item.optionalObject("definition").orElseThrow();
      assertThat(definition.optionalObject("environment").orElseThrow().values())
          .isEqualTo(Map.of("DB_PASSWORD", "***", "PORT", "80"));
      assertThat(definition.strings("command")).containsExactly("/opt/bin/web", "--port", "80");
      List<Members> invocations = item.objects("invocations");
      assertThat(invocations).hasSize(2);
      assertThat(invocations.get(0).values().keySet())
          .containsExactly(
              "invocation_id",
              "pid",
              "started_at",
              "ended_at",
              "exit_code",
              "exit_signal",
              "exit_cause");
      assertThat(invocations.get(0).optionalLong("exit_code")).hasValue(1);
      assertThat(invocations.get(1).string("exit_signal")).isEqualTo("KILL");
    }
  }

  @Test
  void whyIsToldInSentences() throws Exception {
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(
                    List.of(program("web").instances(2).build()),
                    stopped("web@1"),
                    failed("web@2")));
        Client client = daemon.connect()) {
      List<Members> items = client.result("why", "{\"selector\":\"web\"}").objects("items");
      assertThat(items).hasSize(2);
      assertThat(items.get(0).string("name")).isEqualTo("web@1");
      assertThat(items.get(0).string("reason")).isEqualTo("stopped");
      assertThat(items.get(0).strings("causes")).isNotEmpty();
      assertThat(items.get(0).string("next")).contains("pmctl start web@1");
      assertThat(items.get(1).string("next")).contains("started again in");
    }
  }

  @Test
  void configurationInForceIsShownWithoutSecrets() throws Exception {
    ProgramSpec web =
        program("web")
            .environment(
                Map.of(
                    "API_TOKEN", "t0ps3cret",
                    "aws_secret_access_key", "t0ps3cret",
                    "DB_PASS", "t0ps3cret",
                    "PGPWD", "t0ps3cret",
                    "DATABASE_URL", "postgres://web:t0ps3cret@db:5432/shop?pool=2",
                    "BROKERS", "amqp://:t0ps3cret@a,amqp://b:t0ps3cret@b",
                    "HOMEPAGE", "https://example.org:443/@me"))
            .readiness(new Readiness.Uptime(Duration.ZERO))
            .build();
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(List.of(web, program("db").build()), stopped("db@1"), stopped("web@1")));
        Client client = daemon.connect()) {
      Members all = client.result("config.show", "{}");
      assertThat(all.values().keySet()).containsExactly("daemon", "programs");
      assertThat(all.optionalObject("programs").orElseThrow().values().keySet())
          .containsExactly("db", "web");
      Members one = client.result("config.show", "{\"program\":\"web\"}");
      assertThat(one.values().keySet()).containsExactly("programs");
      assertThat(Json.write(one.values()))
          .contains("postgres://web:***@db:5432/shop?pool=2")
          .contains("amqp://:***@a,amqp://b:***@b")
          .contains("https://example.org:443/@me")
          .doesNotContain("t0ps3cret");
      assertThat(Json.write(client.result("describe", "{\"selectors\":[\"web\"]}").values()))
          .contains("***")
          .doesNotContain("t0ps3cret");
    }
  }

  @Test
  void theDaemonTellsOfItself() throws Exception {
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(
                    List.of(program("web").instances(2).build()),
                    up("web@1", 4121, NOW),
                    stopped("web@2")));
        Client client = daemon.connect()) {
      assertThat(client.result("version", "{}").values())
          .isEqualTo(Map.of("version", "0.1.0", "protocol", 1L));
      Members status = client.result("daemon.status", "{}");
      assertThat(status.string("version")).isEqualTo("0.1.0");
      assertThat(status.optionalLong("pid")).hasValue(4711);
      assertThat(status.string("started_at")).isEqualTo("1970-01-01T00:00:00.000Z");
      assertThat(status.optionalNumber("uptime_seconds").orElseThrow().doubleValue())
          .isBetween(5.0, 60.0);
      assertThat(status.string("socket")).isEqualTo(daemon.socket.toString());
      assertThat(status.optionalObject("folders").orElseThrow().values().keySet())
          .containsExactly("config", "run", "state", "log");
      Members files = status.optionalObject("configuration").orElseThrow();
      assertThat(files.strings("files")).containsExactly("/etc/pm/programs.d/web.yaml");
      assertThat(files.bool("files_newer", true)).isFalse();
      assertThat(files.optionalLong("problems")).hasValue(0);
      assertThat(status.optionalLong("programs")).hasValue(1);
      Members states = status.optionalObject("instances").orElseThrow();
      assertThat(states.optionalLong("IDLE")).hasValue(1);
      assertThat(states.optionalLong("DEAD")).hasValue(1);
      assertThat(status.optionalLong("connections")).hasValue(1);
      assertThat(status.optionalLong("memory_bytes").orElse(0)).isGreaterThan(10_000_000);
      assertThat(status.optionalLong("events_lost")).hasValue(0);
    }
  }

  @Test
  void longListsComeInPages() throws Exception {
    List<ProgramSpec> specs = new ArrayList<>();
    List<Instance> instances = new ArrayList<>();
    for (int p = 1; p <= 3; p++) {
      specs.add(program("p" + p).instances(1000).build());
      for (int i = 1; i <= 1000; i++) {
        instances.add(up("p" + p + "@" + i, 1000 * p + i, NOW));
      }
    }
    try (ControlFixture daemon =
            new ControlFixture(folder, world(specs, instances.toArray(Instance[]::new)));
        Client client = daemon.connect()) {
      assertThat(names(pages(client, "status", "")))
          .hasSize(3000)
          .doesNotHaveDuplicates()
          .startsWith("p1@1", "p1@2")
          .endsWith("p3@1000");
      assertThat(names(pages(client, "why", "\"selector\":\"all\"")))
          .hasSize(3000)
          .doesNotHaveDuplicates();
      List<Object> selectors = new ArrayList<>();
      pages(client, "names", "").forEach(page -> selectors.addAll(list(page, "items")));
      assertThat(selectors)
          .hasSize(3004)
          .doesNotHaveDuplicates()
          .contains("all", "p1", "p3", "p3@1000");
    }
  }

  private static List<?> list(Members page, String name) {
    try {
      return page.list(name);
    } catch (JsonException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aLongConfigurationComesInPages() throws Exception {
    List<ProgramSpec> specs = new ArrayList<>();
    List<Instance> instances = new ArrayList<>();
    for (int p = 1; p <= 1_000; p++) {
      specs.add(program("p" + p).description("x".repeat(500)).build());
      instances.add(stopped("p" + p + "@1"));
    }
    try (ControlFixture daemon =
            new ControlFixture(folder, world(specs, instances.toArray(Instance[]::new)));
        Client client = daemon.connect()) {
      List<String> names = new ArrayList<>();
      List<Members> pages = pages(client, "config.show", "");
      for (Members page : pages) {
        assertThat(page.has("daemon")).isEqualTo(page == pages.getFirst());
        names.addAll(page.optionalObject("programs").orElseThrow().values().keySet());
      }
      assertThat(pages).hasSizeGreaterThan(2);
      assertThat(names).hasSize(1_000).doesNotHaveDuplicates().isSorted();
      assertThat(
              client
                  .result("config.show", "{\"program\":\"p7\"}")
                  .optionalObject("programs")
                  .orElseThrow()
                  .values())
          .containsOnlyKeys("p7");
    }
  }

  private static List<String> names(List<Members> pages) throws Exception {
    List<String> names = new ArrayList<>();
    for (Members page : pages) {
      for (Members item : page.objects("items")) {
        names.add(item.string("name"));
      }
    }
    return names;
  }

  private static List<Members> pages(Client client, String method, String params) throws Exception {
    List<Members> pages = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      String more = cursor.isEmpty() ? "" : "\"cursor\":\"" + cursor.get() + "\"";
      String comma = params.isEmpty() || more.isEmpty() ? "" : ",";
      client.send(Client.line(pages.size() + 1, method, "{" + params + comma + more + "}"));
      String line = client.line();
      assertThat(line.length()).isLessThanOrEqualTo(512 * 1024);
      pages.add(Members.of(Json.parse(line), "page").optionalObject("result").orElseThrow());
      cursor = pages.getLast().optionalString("cursor");
    } while (cursor.isPresent());
    return pages;
  }

  @Test
  void selectorsThatNameNothingAreMetWithWhatWasMeant() throws Exception {
    try (ControlFixture daemon =
            new ControlFixture(
                folder,
                world(
                    List.of(
                        program("web").groups(List.of("front")).build(), program("worker").build()),
                    stopped("web@1"),
                    stopped("worker@1")));
        Client client = daemon.connect()) {
      assertThat(similar(client, "wbe")).containsExactly("web");
      assertThat(similar(client, "workre")).containsExactly("worker");
      assertThat(similar(client, "group:frnt")).containsExactly("group:front");
      assertThat(similar(client, "web@2")).contains("web@1");
      assertThat(similar(client, "nothing-like-it")).isEmpty();
      assertThat(similar(client, "x".repeat(100_000))).isEmpty();
    }
  }

  private static List<String> similar(Client client, String selector) throws Exception {
    Members error = client.error("status", "{\"selectors\":[\"" + selector + "\"]}");
    assertThat(error.optionalLong("code")).hasValue(-32001);
    Members data = error.optionalObject("data").orElseThrow();
    assertThat(data.string("selector")).isEqualTo(selector);
    return data.strings("similar");
  }

  @Test
  void processorTimeIsMeasuredSinceTheSampleBefore() throws Exception {
    Moment since = new Moment(NOW.nanos() - 100_000_000_000L, NOW.wall());
    try (ControlFixture daemon =
            new ControlFixture(
                folder, world(List.of(program("web").build()), up("web@1", 4121, since)));
        Client client = daemon.connect()) {
      daemon.cpuNanos = 0;
      assertThat(cpu(client)).isEqualTo(0.0);
      daemon.cpuNanos = 1_000_000_000;
      // Too soon after the first one to say anything new.
      assertThat(cpu(client)).isEqualTo(0.0);
    }
    CpuMeter meter = new CpuMeter();
    var process = new pm.daemon.core.model.ProcessIdentity(1, 1, 0);
    assertThat(meter.percent(process, seconds(5), 0, seconds(10))).isEqualTo(50.0);
    assertThat(meter.percent(process, seconds(6), 0, seconds(14))).isEqualTo(25.0);
    assertThat(meter.percent(process, seconds(6), 0, seconds(15))).isEqualTo(0.0);
    // The last sample is more than a minute old: over its life.
    assertThat(meter.percent(process, seconds(10), 0, seconds(100))).isEqualTo(10.0);
    assertThat(meter.percent(process, seconds(7), 0, seconds(101))).isEqualTo(0.0);
  }

  private static long seconds(long seconds) {
    return seconds * 1_000_000_000L;
  }

  private static double cpu(Client client) throws Exception {
    return client
        .result("status", "{}")
        .objects("items")
        .getFirst()
        .optionalNumber("cpu_percent")
        .orElseThrow()
        .doubleValue();
  }

  @Test
  void anInvalidProgramIsShownAsWell() throws Exception {
    Instance invalid =
        Instance.fresh(
            new InstanceName("bad", 1),
            Phase.Dead.lasting(
                DeadReason.INVALID, "bad.yaml:1:1: no command", ControlFixture.ALICE));
    List<Entry> entries =
        List.of(
            new Entry.ConfigurationKept(
                new Configuration(DaemonSpec.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of())),
            new Entry.InstanceKept(invalid));
    try (ControlFixture daemon = new ControlFixture(folder, entries);
        Client client = daemon.connect()) {
      Members item = client.result("describe", "{}").objects("items").getFirst();
      assertThat(item.string("reason")).isEqualTo("invalid");
      for (String absent : List.of("definition", "location", "max_restarts", "enabled")) {
        assertThat(item.has(absent)).as(absent).isFalse();
      }
      assertThat(client.result("logs", "{}").has("subscription")).isTrue();
      assertThat(client.notification().getKey()).isEqualTo("end");
    }
  }

  @Test
  void anEmptyDaemonHasAnEmptyList() throws Exception {
    try (ControlFixture daemon =
            new ControlFixture(folder, List.of(), new FakeEvents(10, 0), OptionalInt.empty());
        Client client = daemon.connect()) {
      assertThat(client.result("status", "{}").objects("items")).isEmpty();
      assertThat(client.result("status", "{\"selectors\":[\"all\"]}").objects("items")).isEmpty();
    }
  }

  static Instance failed(String name) throws JsonException {
    InvocationId first = new InvocationId("00000000000000000000000000000001");
    InvocationId second = new InvocationId("00000000000000000000000000000002");
    long nanos = NOW.nanos();
    return new Instance(
        InstanceName.parse(name).orElseThrow(),
        new Phase.Dead(
            DeadReason.BACKOFF,
            "exit 1 after 0.3s; restart 2 of 3",
            nanos + 600_000_000_000L,
            StartKind.RESTART,
            ControlFixture.ALICE),
        new RestartWindow(
            List.of(nanos - 3_600_000_000_000L, nanos - 2_000_000_000L, nanos - 1_000_000_000L)),
        2,
        12,
        List.of(
            new PastInvocation(
                second,
                4242,
                NOW.wall().minusSeconds(1),
                NOW.wall(),
                300_000_000,
                false,
                Optional.of(new ExitStatus.Code(1)),
                ExitCause.EXIT,
                "exit 1 after 0.3s"),
            new PastInvocation(
                first,
                4241,
                NOW.wall().minusSeconds(9),
                NOW.wall().minusSeconds(8),
                300_000_000,
                true,
                Optional.of(new ExitStatus.Signalled("KILL", 9, false)),
                ExitCause.SIGNAL,
                "killed by SIGKILL after 1s")));
  }
}
