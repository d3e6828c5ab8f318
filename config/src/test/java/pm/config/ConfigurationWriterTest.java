package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConfigurationWriterTest {
  private static final int SEEDS = Integer.getInteger("writer.seeds", 1000);

  @Test
  void everyKeyIsWrittenWithItsValue() {
    Configuration configuration =
        read(
            "programs: {web: {command: [node, \"a b\"], environment: {PORT: 80}, user: www, restart: {max_restarts: unlimited}}}");
    assertThat(ConfigurationWriter.yaml(configuration))
        .isEqualTo(
            """
            socket:
              path: auto
              mode: "0660"
              group: pm
            log:
              level: info
              format: auto
            shutdown:
              timeout: 30s
            max_concurrent_starts: auto
            tasks:
              store: auto
            include: ["programs.d/*.yaml"]
            programs:
              web:
                description: ""
                command: [node, "a b"]
                shell: false
                type: simple
                working_dir: /
                user: www
                group: null
                supplementary_groups: null
                umask: "022"
                environment:
                  PORT: "80"
                env_file: []
                inherit_environment: false
                instances: 1
                enabled: true
                autostart: true
                essential: false
                groups: []
                depends_on: {}
                on_dependency_restart: nothing
                start_timeout: 1m
                readiness:
                  uptime: 1s
                liveness: null
                success_exit_codes: [0]
                restart:
                  policy: on-failure
                  max_restarts: unlimited
                  window: 1m
                  delay: 1s
                  factor: 2
                  max_delay: 30s
                  jitter: 0
                  reset_after: 10m
                  prevent: []
                  retry_after: null
                stop:
                  signal: TERM
                  timeout: 10s
                  drain: null
                  scope: tree
                  command: null
                reload:
                  signal: HUP
                  command: null
                hooks:
                  pre_start: null
                  post_start: null
                  pre_stop: null
                  post_stop: null
                  on_failure: null
                logs:
                  file: auto
                  stderr: merge
                  max_size: 50MiB
                  keep: 10
                  max_age: null
                  compress: false
                  format: raw
                limits:
                  nofile: null
                  nproc: null
                  core: null
                  fsize: null
                  as: null
                  stack: null
                  memlock: null
                  memory: null
                  on_memory: restart
                  cpu: null
                  tasks: null
                  nice: null
                  io_class: null
                  cpu_affinity: null
                  oom_score_adj: null
                security:
                  no_new_privileges: false
                  capabilities: null
                worker:
                  framing: line
                  transport: stdio
                  ping:
                    method: ping
                  max_frame: 1MiB
                pool: null
            """);
  }

  @Test
  void oneProgramIsAFileOfItsOwn() {
    ProgramSpec program = new ProgramSpec.Builder("web", new Command(List.of("a"), true)).build();
    ProgramSpec again =
        read(ConfigurationWriter.yaml(program)).programs().getOrDefault("web", program);
    assertThat(again.sameAs(program)).isTrue();
    assertThat(ConfigurationWriter.json(program))
        .startsWith("{\"description\":\"\",\"command\":\"a\",\"shell\":true,")
        .contains("\"user\":null,", "\"factor\":2,");
    assertThat(ConfigurationWriter.json(DaemonSpec.DEFAULT))
        .contains("\"include\":[\"programs.d/*.yaml\"]");
  }

  @Test
  void yamlIsReadBackToTheSameRecords() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Configuration written = new RandomConfigurations(seed).configuration();
      Configuration again = read(ConfigurationWriter.yaml(written));
      assertThat(again.problems()).as("seed %d", seed).isEmpty();
      assertThat(again.daemon()).as("seed %d", seed).isEqualTo(written.daemon());
      assertThat(withoutLocations(again)).as("seed %d", seed).isEqualTo(withoutLocations(written));
    }
  }

  @Test
  void whatIsKeptIsReadBackToTheSameRecords() throws MalformedValueException {
    for (long seed = 0; seed < SEEDS; seed++) {
      Configuration written = new RandomConfigurations(seed).configuration();
      assertThat(KeptConfiguration.read(ConfigurationWriter.kept(written)))
          .as("seed %d", seed)
          .isEqualTo(written);
    }
  }

  @Test
  void problemsAreKeptWithTheirOwners() throws MalformedValueException {
    var invalid = new TreeMap<String, List<Problem>>();
    var ofProgram =
        new Problem(
            new Location("/a.yaml", 3, 4), "programs.web.x", "unknown key", "did you mean y?");
    var ofFile = new Problem(Location.ofFile("/b.yaml"), "", "\"b\" is broken\n", "");
    var ofDaemon = new Problem(Location.NONE, "log", "no", "");
    invalid.put("web", List.of(ofProgram));
    var unread = new TreeMap<String, List<Problem>>();
    unread.put("/b.yaml", List.of(ofFile));
    var written =
        new Configuration(
            DaemonSpec.DEFAULT,
            new TreeMap<>(),
            invalid,
            unread,
            List.of(ofProgram, ofFile, ofDaemon));
    Configuration again = KeptConfiguration.read(ConfigurationWriter.kept(written));
    assertThat(again).isEqualTo(written);
    assertThat(again.daemonProblems()).containsExactly(ofDaemon);
  }

  @Test
  void whatWasKeptIsNotJudgedAnew() throws MalformedValueException {
    // These would be refused in a file that an ordinary user's daemon reads.
    ProgramSpec program =
        new ProgramSpec.Builder("web", new Command(List.of("${NOT_SET}"), false))
            .user(Optional.of("www"))
            .instances(2)
            .logs(new LogSpec(new LogTarget.File("one.log"), LogTarget.MERGE, 1 << 20, 1))
            .build();
    var written =
        new Configuration(
            DaemonSpec.DEFAULT, new TreeMap<>(Map.of("web", program)), new TreeMap<>(), List.of());
    assertThat(KeptConfiguration.read(ConfigurationWriter.kept(written))).isEqualTo(written);
  }

  @Test
  void manyProgramsCanBeKept() throws MalformedValueException {
    var programs = new TreeMap<String, ProgramSpec>();
    for (int i = 0; i < 3000; i++) {
      programs.put(
          "p" + i, new ProgramSpec.Builder("p" + i, new Command(List.of("a"), false)).build());
    }
    var written = new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of());
    byte[] text = ConfigurationWriter.kept(written);
    assertThat(text.length).isGreaterThan(ConfigurationLoader.MOST_BYTES);
    assertThat(KeptConfiguration.read(text)).isEqualTo(written);
  }

  @Test
  void givenSomethingElse_thenSaysWhatIsWrong() {
    assertUnreadable("", "it is not a JSON object");
    assertUnreadable("[]", "it is not a JSON object");
    assertUnreadable("{\"version\":2}", "its version is 2, not 1");
    assertUnreadable("{}", "its version is 0, not 1");
    assertUnreadable(
        "{\"version\":1,\"programs\":{\"web\":{}}}",
        "programs.web.command: the command is missing");
    assertUnreadable("{\"version\":1,\"other\":1}", "other: unknown key");
    byte[] whole = ConfigurationWriter.kept(new RandomConfigurations(1).configuration());
    for (int length = 0; length < whole.length - 2; length += 7) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> KeptConfiguration.read(part))
          .isInstanceOf(MalformedValueException.class);
    }
  }

  private static void assertUnreadable(String text, String message) {
    assertThatThrownBy(() -> KeptConfiguration.read(text.getBytes(UTF_8)))
        .isInstanceOf(MalformedValueException.class)
        .hasMessageContaining(message);
  }

  private static Map<String, ProgramSpec> withoutLocations(Configuration configuration) {
    var programs = new TreeMap<String, ProgramSpec>();
    configuration
        .programs()
        .forEach(
            (name, program) ->
                programs.put(
                    name, new ProgramSpec.Builder(program).location(Location.NONE).build()));
    return programs;
  }

  private static Configuration read(String yaml) {
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    // The variables of random programs and the logs that they share are another test's business.
    var loader = new ConfigurationLoader(folders, 0, Trust.ANYTHING, Optional.of(Map.of()));
    return loader.loadText("pm.yaml", yaml.getBytes(UTF_8));
  }
}
