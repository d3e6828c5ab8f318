package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationLoaderTest {
  @TempDir Path home;

  @Test
  void everyKeyReachesItsRecord() {
    Configuration configuration =
        text(
            """
            socket: {path: /run/x.sock, mode: "0600", group: ops}
            log: {level: debug, format: json}
            shutdown: {timeout: 5s}
            max_concurrent_starts: 7
            include: ["*.yaml"]
            programs:
              web:
                description: the web server
                command: "node 'server .js' --name=${PM_NAME}"
                type: simple
                working_dir: /srv
                user: www
                group: 33
                supplementary_groups: [audio, 44]
                umask: "0027"
                environment: {A: 1, B: "${A}"}
                env_file: [/etc/web.env, -/etc/more.env]
                inherit_environment: true
                instances: 3
                enabled: false
                autostart: false
                groups: [front, eu]
                start_timeout: 2m
                readiness: {uptime: 250ms}
                success_exit_codes: [0, 3]
                restart:
                  policy: on-abnormal
                  max_restarts: 5
                  window: 2m
                  delay: 2s
                  factor: 1.5
                  max_delay: 1m30s
                  jitter: 0.25
                  reset_after: 1h
                  prevent: [2, 1]
                  retry_after: 7d
                stop: {signal: SIGINT, timeout: 3s, scope: group}
                logs: {file: "${PM_NAME}.out", stderr: "/var/log/${PM_NAME}.err", max_size: 2M, keep: 3}
            """);
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.daemon())
        .isEqualTo(
            new DaemonSpec(
                new SocketSpec(Optional.of("/run/x.sock"), 0600, "ops"),
                LogLevel.DEBUG,
                LogFormat.JSON,
                Duration.ofSeconds(5),
                OptionalInt.of(7),
                TaskStoreKind.AUTO,
                List.of("*.yaml")));
    assertThat(configuration.programs())
        .containsExactly(
            Map.entry(
                "web",
                new ProgramSpec.Builder(
                        "web",
                        new Command(List.of("node", "server .js", "--name=${PM_NAME}"), false))
                    .description("the web server")
                    .type(ProgramType.SIMPLE)
                    .workingDir("/srv")
                    .user(Optional.of("www"))
                    .group(Optional.of("33"))
                    .supplementaryGroups(Optional.of(List.of("audio", "44")))
                    .umask(027)
                    .environment(Map.of("A", "1", "B", "${A}"))
                    .envFiles(
                        List.of(
                            new EnvFile("/etc/web.env", false), new EnvFile("/etc/more.env", true)))
                    .inheritEnvironment(true)
                    .instances(3)
                    .enabled(false)
                    .autostart(false)
                    .groups(List.of("front", "eu"))
                    .startTimeout(Duration.ofMinutes(2))
                    .readiness(new Readiness.Uptime(Duration.ofMillis(250)))
                    .successExitCodes(Set.of(0, 3))
                    .restart(
                        new RestartSpec(
                            RestartPolicy.ON_ABNORMAL,
                            OptionalInt.of(5),
                            Duration.ofMinutes(2),
                            Duration.ofSeconds(2),
                            1.5,
                            Duration.ofSeconds(90),
                            0.25,
                            Duration.ofHours(1),
                            Set.of(1, 2),
                            Optional.of(Duration.ofDays(7))))
                    .stop(new StopSpec("INT", Duration.ofSeconds(3), StopScope.GROUP))
                    .logs(
                        new LogSpec(
                            new LogTarget.File("${PM_NAME}.out"),
                            new LogTarget.File("/var/log/${PM_NAME}.err"),
                            2 << 20,
                            3))
                    .location(new Location("/srv/conf/pm.yaml", 7, 3))
                    .build()));
  }

  @Test
  void whatIsLeftOutHasTheDefaultsOfTheRecords() {
    Configuration configuration = text("programs: {web: {command: [a]}}");
    assertThat(configuration.daemon()).isEqualTo(DaemonSpec.DEFAULT);
    assertThat(program(configuration, "web"))
        .isEqualTo(
            new ProgramSpec.Builder("web", new Command(List.of("a"), false))
                .location(new Location("/srv/conf/pm.yaml", 1, 12))
                .build());
  }

  @Test
  void everyDocumentedDefaultIsTheDefault() throws IOException {
    Configuration all =
        text(
            Files.readString(Path.of("src/test/resources/accepted/every-documented-default.yaml")));
    Configuration none = text("programs: {web: {command: [node, server.js]}}");
    assertThat(all.daemon()).isEqualTo(none.daemon());
    assertThat(program(all, "web").sameAs(program(none, "web"))).isTrue();
  }

  @Test
  void oneshotIsReadyAtOnce() {
    ProgramSpec program = program(text("programs: {job: {command: a, type: oneshot}}"), "job");
    assertThat(program.readiness()).isEqualTo(new Readiness.Uptime(Duration.ZERO));
  }

  @Test
  void relativePathsStartAtTheFolderOfTheFile() {
    ProgramSpec program =
        program(
            text(
                "programs: {web: {command: a, working_dir: ./data, env_file: [web.env,"
                    + " -more.env]}}"),
            "web");
    assertThat(program.workingDir()).isEqualTo("/srv/conf/data");
    assertThat(program.envFiles())
        .containsExactly(
            new EnvFile("/srv/conf/web.env", false), new EnvFile("/srv/conf/more.env", true));
  }

  @Test
  void scalarsAreWhatTheyLookLike() {
    ProgramSpec program =
        program(
            text(
                "programs: {a: {command: [no, 0777, 22:22:22, 1_000, true, 1.10], environment: {Y:"
                    + " yes, O: 010}}}"),
            "a");
    assertThat(program.command().argv())
        .containsExactly("no", "0777", "22:22:22", "1_000", "true", "1.10");
    assertThat(program.environment())
        .containsExactlyInAnyOrderEntriesOf(Map.of("Y", "yes", "O", "010"));
  }

  @Test
  void mergedKeysYieldToThoseWrittenOut() {
    Configuration configuration =
        text(
            """
            programs:
              a: &a {command: a, instances: 2, umask: "077"}
              b: &b {<<: *a, command: b}
              c: {instances: 5, <<: [*b, *a]}
            """);
    assertThat(configuration.problems()).isEmpty();
    ProgramSpec c = program(configuration, "c");
    assertThat(c.command().argv()).containsExactly("b");
    assertThat(c.instances()).isEqualTo(5);
    assertThat(c.umask()).isEqualTo(077);
  }

  @Test
  void textCanHaveAnAnchorToo() {
    Configuration configuration =
        text(
            """
            programs:
              a: {command: [&shell /bin/sh, -c, &line "a b"], description: &what about}
              b: {command: [*shell, -c, *line], description: *what}
            """);
    assertThat(configuration.problems()).isEmpty();
    ProgramSpec b = program(configuration, "b");
    assertThat(b.command().argv()).containsExactly("/bin/sh", "-c", "a b");
    assertThat(b.description()).isEqualTo("about");
  }

  @Test
  void windowsLineEndsAreFine() {
    assertThat(
            program(text("programs:\r\n  web:\r\n    command: \"a b\"\r\n"), "web")
                .command()
                .argv())
        .containsExactly("a", "b");
  }

  @Test
  void givenOneBadProgram_thenTheOthersAreRead() {
    Configuration configuration =
        text("programs: {good: {command: a}, bad: {command: a, instances: x, color: red}}");
    assertThat(configuration.programs()).containsOnlyKeys("good");
    assertThat(configuration.invalid()).containsOnlyKeys("bad");
    assertThat(configuration.invalid().get("bad")).hasSize(2).isEqualTo(configuration.problems());
    assertThat(configuration.daemonProblems()).isEmpty();
  }

  @Test
  void givenBadDaemonKey_thenItIsAProblemOfTheDaemonAndTheRestIsRead() {
    Configuration configuration =
        text("log: {level: loud, format: json}\nprograms: {good: {command: a}}");
    assertThat(configuration.daemonProblems()).hasSize(1).isEqualTo(configuration.problems());
    assertThat(configuration.daemon().format()).isEqualTo(LogFormat.JSON);
    assertThat(configuration.programs()).containsOnlyKeys("good");
  }

  @Test
  void givenNothingAtAll_thenNoError() {
    Configuration configuration = load();
    assertThat(configuration).isEqualTo(Configuration.EMPTY);
  }

  @Test
  void theConfigurationFolderIsReadWithItsPrograms() throws IOException {
    write("config/pmd.yaml", "log: {level: debug}\nprograms: {own: {command: a}}");
    write("config/programs.d/b.yaml", "programs: {b: {command: b}}");
    write("config/programs.d/a.yaml", "programs: {a: {command: a}, a2: {command: a}}");
    write("config/programs.d/.hidden.yaml", "nonsense");
    write("config/programs.d/c.yaml~", "nonsense");
    Configuration configuration = load();
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.programs()).containsOnlyKeys("a", "a2", "b", "own");
    assertThat(configuration.daemon().level()).isEqualTo(LogLevel.DEBUG);
    assertThat(program(configuration, "b").location())
        .isEqualTo(new Location(home + "/config/programs.d/b.yaml", 1, 12));
  }

  @Test
  void givenNoDaemonFile_thenProgramsAreReadAllTheSame() throws IOException {
    write("config/programs.d/a.yaml", "programs: {a: {command: a}}");
    assertThat(load().programs()).containsOnlyKeys("a");
  }

  @Test
  void includeNamesPatternsInOtherFoldersToo() throws IOException {
    write(
        "config/pmd.yaml",
        "include: ['apps/*/pm.y?ml', one.yaml, '" + home + "/else/*.yaml', '*.yaml']");
    write("config/apps/x/pm.yaml", "programs: {x: {command: a}}");
    write("config/apps/y/pm.yaml", "programs: {y: {command: a}}");
    write("config/one.yaml", "programs: {one: {command: a}}");
    write("config/programs.d/not.yaml", "nonsense");
    write("else/e.yaml", "programs: {e: {command: a}}");
    Configuration configuration = load();
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.programs()).containsOnlyKeys("e", "one", "x", "y");
  }

  /** A pipe would be waited for, a device may have no end. */
  @Test
  @Timeout(20)
  void givenIncludesOfWhatIsNoFile_thenTheyAreRefusedUnopened() throws Exception {
    write("config/pmd.yaml", "include: ['/dev/zer?', '/dev/zero', '*.fifo', '/dev/pts']");
    Path pipe = home.resolve("config/a.fifo");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Configuration configuration = load();
    assertThat(configuration.programs()).isEmpty();
    assertThat(configuration.problems())
        .extracting(Problem::toString)
        .contains(
            "/dev/zero: this is not a file; name a file or a folder",
            home + "/config/a.fifo: this is not a file; name a file or a folder");
  }

  @Test
  void givenFileThatIncludeNamesButDoesNotExist_thenSaysSo() throws IOException {
    write("config/pmd.yaml", "include: [none.yaml, 'none/*.yaml']");
    assertMessages(load(), "config/pmd.yaml:1:10: include: there is no file 'none.yaml'");
  }

  @Test
  void givenBrokenFileOfPrograms_thenTheOthersAreReadAndItsProgramsAreNotGone() throws IOException {
    write("config/programs.d/a.yaml", "programs: {a: {command: a}}");
    write("config/programs.d/b.yaml", "programs: {b: {command: b}}");
    ProgramSpec a = program(load(), "a");
    ProgramSpec b = program(load(), "b");
    write("config/programs.d/b.yaml", "programs: {b: {command: [b}");
    Configuration broken = load();
    assertThat(broken.programs()).containsOnlyKeys("a");
    assertThat(broken.unread()).containsOnlyKeys(home + "/config/programs.d/b.yaml");
    assertThat(broken.daemonProblems()).isEmpty();
    assertThat(broken.problemsOf(b)).isEqualTo(broken.problems()).hasSize(1);
    assertThat(broken.problemsOf(a)).isEmpty();
    Files.delete(home.resolve("config/programs.d/b.yaml"));
    assertThat(load().problemsOf(b)).isEmpty();
  }

  @Test
  void givenBrokenDaemonFile_thenNoProgramIsGone() throws IOException {
    write("config/pmd.yaml", "include: ['apps/*.yaml']");
    write("config/apps/a.yaml", "programs: {a: {command: a}}");
    ProgramSpec a = program(load(), "a");
    write("config/pmd.yaml", "include: ['apps/*.yaml'");
    assertThat(load().daemonProblems()).hasSize(1);
    assertThat(load().problemsOf(a)).isEqualTo(load().daemonProblems());
  }

  @Test
  void daemonKeysHaveNoPlaceInAFileOfPrograms() throws IOException {
    write(
        "config/programs.d/a.yaml",
        "log: {level: debug}\ncommand: x\ngroups: {}\nprograms: {a: {command: a}}");
    Configuration configuration = load();
    assertMessages(
        configuration,
        "config/programs.d/a.yaml:1:1: log: unknown key; log is for the daemon: write it in"
            + " pmd.yaml",
        "config/programs.d/a.yaml:2:1: command: unknown key; command belongs to a program: write"
            + " programs: {NAME: {command: …}}",
        "config/programs.d/a.yaml:3:1: groups: unknown key; groups is for the daemon: write it in"
            + " pmd.yaml");
    assertThat(configuration.programs()).containsOnlyKeys("a");
  }

  @Test
  void givenProgramInTwoFiles_thenBothPlacesAreNamedAndNeitherIsUsed() throws IOException {
    write("config/programs.d/a.yaml", "programs: {web: {command: a}, other: {command: a}}");
    write("config/programs.d/b.yaml", "programs:\n  web: {command: b}");
    Configuration configuration = load();
    assertMessages(
        configuration,
        "config/programs.d/b.yaml:2:3: programs.web: this program is defined already at "
            + home
            + "/config/programs.d/a.yaml:1:12; remove one of them");
    assertThat(configuration.programs()).containsOnlyKeys("other");
    assertThat(configuration.invalid()).containsOnlyKeys("web");
  }

  @Test
  void configTakesFilesAndFoldersAndMayBeRepeated() throws IOException {
    write("one.yaml", "programs: {one: {command: a}}\nlog: {level: debug}");
    write("folder/pmd.yaml", "shutdown: {timeout: 1s}");
    write("folder/programs.d/two.yaml", "programs: {two: {command: a}}");
    write("plain/three.yaml", "programs: {three: {command: a}}");
    write("plain/four.yaml", "programs: {four: {command: a}}");
    Configuration configuration =
        load(home + "/one.yaml", home + "/folder", home + "/plain/", home + "/plain/three.yaml");
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.programs()).containsOnlyKeys("four", "one", "three", "two");
    assertThat(configuration.daemon().level()).isEqualTo(LogLevel.DEBUG);
    assertThat(configuration.daemon().shutdownTimeout()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void givenSettingInTwoFiles_thenBothPlacesAreNamed() throws IOException {
    write("one.yaml", "log: {level: debug}");
    write("two.yaml", "# more\nlog: {format: json}\n");
    assertMessages(
        load(home + "/one.yaml", home + "/two.yaml"),
        "two.yaml:2:1: log: this is set already at " + home + "/one.yaml:1:1; remove one of them");
  }

  @Test
  void givenPathsThatCannotBeRead_thenSaysWhy() throws IOException {
    Files.createDirectories(home.resolve("empty"));
    Files.createSymbolicLink(home.resolve("circle.yaml"), home.resolve("circle.yaml"));
    assertMessages(load(home + "/none.yaml"), "none.yaml: cannot be read: there is no such file");
    assertMessages(
        load(home + "/empty"),
        "empty: there is no configuration in this folder; write pmd.yaml or another file that ends"
            + " in .yaml");
    assertThat(load(home + "/circle.yaml").daemonProblems()).hasSize(1);
    assertMessages(load("/dev/null"), "/dev/null: this is not a file; name a file or a folder");
    assertThat(load("a\0b").daemonProblems()).hasSize(1);
  }

  @Test
  void givenFileOfMoreThanOneMebibyte_thenRefused() {
    byte[] text = new byte[ConfigurationLoader.MOST_BYTES + 1];
    Arrays.fill(text, (byte) '\n');
    assertThat(loader().loadText("big.yaml", text).problems())
        .extracting(Problem::toString)
        .containsExactly("big.yaml: the file is larger than 1MiB; split it into several files");
    assertThat(
            loader()
                .loadText("big.yaml", Arrays.copyOf(text, ConfigurationLoader.MOST_BYTES))
                .problems())
        .isEmpty();
  }

  @Test
  void givenEnvFile_thenItsVariablesAreKnown() throws IOException {
    write("web.env", "export FROM_FILE=1\n");
    write("bad.env", "what is this\n");
    write(
        "pm.yaml",
        """
        programs:
          a: {command: "${FROM_FILE}", env_file: web.env}
          b: {command: "${OTHER}", env_file: web.env}
          c: {command: "${OTHER}", env_file: bad.env}
          d: {command: "${OTHER}", env_file: -none.env}
          e: {command: a, environment: {FROM_FILE: "${FROM_FILE}:x", SELF: "${SELF}"}, env_file: web.env}
        """);
    assertMessages(
        load(home + "/pm.yaml"),
        "pm.yaml:3:16: programs.b.command: the variable OTHER is not set; set it in environment, or"
            + " write ${OTHER:-default}",
        "pm.yaml:6:68: programs.e.environment.SELF: the variable SELF is not set; set it in"
            + " environment, or write ${SELF:-default}");
  }

  @Test
  void givenUnknownEnvironmentOfTheDaemon_thenInheritedVariablesAreNotMissed() {
    var loader = new ConfigurationLoader(folders(), 1000, Trust.ANYTHING, Optional.empty());
    assertThat(
            loader
                .loadText(
                    "x.yaml",
                    "programs: {a: {command: \"${X}\", inherit_environment: true}}".getBytes(UTF_8))
                .problems())
        .isEmpty();
  }

  @Test
  void commandsAreSplitAsAShellWould() {
    assertSplit("a  b\tc", "a", "b", "c");
    assertSplit("a 'b c' \"d e\" f\\ g", "a", "b c", "d e", "f g");
    assertSplit("a''b\"\"c '' \"\"", "abc", "", "");
    assertSplit("'a\\b' \"c\\\"d\\\\e\\f\" \\'", "a\\b", "c\"d\\e\\f", "'");
    assertSplit("a ${X:-b c} d", "a", "${X:-b c}", "d");
    assertSplit("a $X $$ '$${Y}' \\${Z} \"\\${Z}\"", "a", "$X", "$$", "$$$${Y}", "$${Z}", "$${Z}");
    assertSplit(
        "sh -c 'while :; do echo $i >> x; done | cat & wait'",
        "sh",
        "-c",
        "while :; do echo $i >> x; done | cat & wait");
    assertSplit("a http://h/?a=1&b=2 --x>y", "a", "http://h/?a=1&b=2", "--x>y");
    assertSplit("a \\\n b", "a", "b");
  }

  private void assertSplit(String line, String... words) {
    try {
      assertThat(CommandLine.split(line)).containsExactly(words);
    } catch (MalformedValueException refused) {
      throw new AssertionError(line, refused);
    }
  }

  private static ProgramSpec program(Configuration configuration, String name) {
    return Objects.requireNonNull(
        configuration.programs().get(name), () -> configuration.problems().toString());
  }

  private Configuration text(String yaml) {
    return loader().loadText("/srv/conf/pm.yaml", yaml.getBytes(UTF_8));
  }

  private Configuration load(String... paths) {
    return loader().load(List.of(paths));
  }

  private ConfigurationLoader loader() {
    return new ConfigurationLoader(folders(), 0, Trust.ANYTHING, Optional.of(Map.of()));
  }

  private Folders folders() {
    return new Folders(
        home.resolve("config"),
        home.resolve("run"),
        home.resolve("state"),
        home.resolve("log"),
        Optional.empty());
  }

  private void write(String file, String text) throws IOException {
    Path path = home.resolve(file);
    Files.createDirectories(path.resolveSibling("."));
    Files.writeString(path, text);
  }

  private void assertMessages(Configuration configuration, String... messages) {
    var lines = new ArrayList<String>();
    for (Problem problem : configuration.problems()) {
      String line = problem.toString();
      lines.add(line.startsWith(home + "/") ? line.substring(home.toString().length() + 1) : line);
    }
    assertThat(lines).containsExactly(messages);
  }
}
