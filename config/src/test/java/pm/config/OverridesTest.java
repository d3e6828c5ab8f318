package pm.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverridesTest {
  @TempDir private Path home;
  private Path programs;

  @BeforeEach
  void makeFolders() throws IOException {
    programs = Files.createDirectories(home.resolve("config/programs.d"));
  }

  @Test
  void mappingsAreMergedAndTheRestIsReplaced() throws IOException {
    write(
        "web.yaml",
        """
        programs:
          web:
            command: [node, server.js]
            instances: 2
            environment: {A: 1, B: 2}
            groups: [one, two]
            restart: {delay: 5s, max_delay: 1m}
            start_timeout: 5m
          other:
            command: other
        """);
    write(
        "web.override.yaml",
        """
        programs:
          web:
            instances: 4
            environment: {B: 3, C: 4}
            groups: [three]
            restart: {delay: 2s}
            start_timeout: null
          more:
            command: more
        """);
    Configuration configuration = load();
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.programs()).containsOnlyKeys("web", "other", "more");
    ProgramSpec web = Objects.requireNonNull(configuration.programs().get("web"));
    assertThat(web.command().argv()).containsExactly("node", "server.js");
    assertThat(web.instances()).isEqualTo(4);
    assertThat(web.environment()).isEqualTo(Map.of("A", "1", "B", "3", "C", "4"));
    assertThat(web.groups()).containsExactly("three");
    assertThat(web.restart().delay()).hasSeconds(2);
    assertThat(web.restart().maxDelay()).hasSeconds(60);
    assertThat(web.startTimeout()).hasSeconds(60);
    assertThat(web.location().file()).endsWith("programs.d/web.yaml");
  }

  @Test
  void aPoolIsMergedKeyByKey() throws IOException {
    write(
        "mail.yaml",
        """
        programs:
          mail:
            command: ./mail
            type: worker
            pool: {min: 2, max: 4, task: {timeout: 1m, retries: 5}, accepts: [mail, sms]}
          plain:
            command: ./plain
            type: worker
            instances: 3
        """);
    write(
        "mail.override.yaml",
        """
        programs:
          mail:
            pool: {max: 8, task: {retries: 1}, accepts: [mail]}
          plain:
            instances: null
            pool: {max: 3}
        """);
    Configuration configuration = load();
    assertThat(configuration.problems()).isEmpty();
    PoolSpec mail =
        Objects.requireNonNull(configuration.programs().get("mail")).pool().orElseThrow();
    assertThat(mail.min()).isEqualTo(2);
    assertThat(mail.max()).isEqualTo(8);
    assertThat(mail.accepts()).containsExactly("mail");
    assertThat(mail.task().timeout()).hasSeconds(60);
    assertThat(mail.task().retries()).isEqualTo(1);
    assertThat(Objects.requireNonNull(configuration.programs().get("plain")).instances())
        .isEqualTo(3);
  }

  @Test
  void aProblemPointsToTheFileItStandsIn() throws IOException {
    write("web.yaml", "programs:\n  web:\n    command: a\n    instances: x\n    umask: \"9\"\n");
    write(
        "web.override.yaml",
        "programs:\n  web:\n    # here\n    instances: many\n    restart: {dely: 1s}\n");
    String folder = home + "/config/programs.d/";
    assertThat(problems())
        .containsExactly(
            folder
                + "web.override.yaml:4:16: programs.web.instances: 'many' is not a whole number; write a number from 0 to 1000",
            folder
                + "web.override.yaml:5:15: programs.web.restart.dely: unknown key; did you mean delay?",
            folder
                + "web.yaml:5:12: programs.web.umask: '9' is not a set of permission bits; write octal digits from \"000\" to \"777\"");
    assertThat(load().invalid()).containsOnlyKeys("web");
  }

  @Test
  void givenAnOverrideThatCannotBeRead_thenTheProgramsOfBothFilesGoOnAsTheyWere()
      throws IOException {
    write("web.yaml", "programs: {web: {command: a}}\n");
    write("web.override.yaml", "programs: {more: {command: b}}\n");
    Configuration before = load();
    write("web.override.yaml", "programs: [\n");
    Configuration after = load();
    assertThat(after.programs()).isEmpty();
    assertThat(after.daemonProblems()).isEmpty();
    for (ProgramSpec program : before.programs().values()) {
      assertThat(after.problemsOf(program))
          .singleElement()
          .asString()
          .contains("web.override.yaml:2:1");
    }
  }

  @Test
  void anOverrideAloneIsAnError() throws IOException {
    write("web.override.yaml", "programs: {web: {command: a}}\n");
    assertThat(problems())
        .containsExactly(
            home
                + "/config/programs.d/web.override.yaml: there is no web.yaml beside it that it could override; rename it to web.yaml");
    Files.writeString(home.resolve("config/pmd.override.yaml"), "log: {level: debug}\n");
    assertThat(problems())
        .anyMatch(each -> each.contains("there is no pmd.yaml beside it that it could override"));
  }

  @Test
  void anOverrideIsNotReadByItself() throws IOException {
    write("web.yaml", "programs: {web: {command: a}}\n");
    write("web.override.yaml", "programs: {web: {command: b}}\n");
    String override = programs.resolve("web.override.yaml").toString();
    assertThat(loader().load(List.of(override)).problems())
        .singleElement()
        .asString()
        .contains("it is merged over another file and not read by itself; name ");
    // Beside a file that is named it counts as well.
    Configuration named = loader().load(List.of(programs.resolve("web.yaml").toString()));
    assertThat(Objects.requireNonNull(named.programs().get("web")).command().argv())
        .containsExactly("b");
  }

  @Test
  void theDaemonsFileCanBeOverridden() throws IOException {
    Files.writeString(
        home.resolve("config/pmd.yaml"),
        "log: {level: error, format: json}\nshutdown: {timeout: 5s}\n");
    Files.writeString(home.resolve("config/pmd.override.yaml"), "log: {level: debug}\n");
    Configuration configuration = load();
    assertThat(configuration.problems()).isEmpty();
    assertThat(configuration.daemon().level()).isEqualTo(LogLevel.DEBUG);
    assertThat(configuration.daemon().format()).isEqualTo(LogFormat.JSON);
    assertThat(configuration.daemon().shutdownTimeout()).hasSeconds(5);
  }

  @Test
  void whatWasLookedAtTellsWhenAReadingWouldSeeSomethingElse() throws IOException {
    write("web.yaml", "programs: {web: {command: a}}\n");
    assertChangedBy(() -> write("api.yaml", "programs: {api: {command: a}}\n"));
    assertChangedBy(() -> write("web.yaml", "programs: {web: {command: b}}\n"));
    assertChangedBy(() -> write("web.override.yaml", "programs: {web: {instances: 3}}\n"));
    assertChangedBy(() -> write("web.override.yaml", "programs: {web: {instances: 5}}\n"));
    assertChangedBy(() -> Files.delete(programs.resolve("web.override.yaml")));
    assertChangedBy(() -> Files.delete(programs.resolve("api.yaml")));
    assertChangedBy(
        () -> Files.writeString(home.resolve("config/pmd.yaml"), "log: {level: debug}\n"));
    assertChangedBy(() -> Files.delete(home.resolve("config/pmd.yaml")));
    assertChangedBy(() -> Files.move(programs, home.resolve("config/gone.d")));
    SourceFiles sources = loader().read(List.of()).sources();
    Files.writeString(home.resolve("config/README"), "nothing to do with it");
    assertThat(sources.haveChanged()).isFalse();
  }

  private interface Step {
    void run() throws IOException;
  }

  private void assertChangedBy(Step change) throws IOException {
    SourceFiles sources = loader().read(List.of()).sources();
    SourceFiles looked = SourceFiles.lookFor(folders(), List.of(), DaemonSpec.DEFAULT.include());
    assertThat(sources.haveChanged()).isFalse();
    assertThat(looked.haveChanged()).isFalse();
    assertThat(looked.files()).isEqualTo(sources.files());
    change.run();
    assertThat(sources.haveChanged()).isTrue();
    assertThat(looked.haveChanged()).isTrue();
  }

  private List<String> problems() {
    return load().problems().stream().map(Problem::toString).toList();
  }

  private Configuration load() {
    return loader().load(List.of());
  }

  private ConfigurationLoader loader() {
    return new ConfigurationLoader(folders(), 1000, Trust.ANYTHING, Optional.of(Map.of()));
  }

  private Folders folders() {
    return new Folders(
        home.resolve("config"),
        home.resolve("run"),
        home.resolve("state"),
        home.resolve("log"),
        Optional.empty());
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(programs.resolve(name), text);
  }
}
