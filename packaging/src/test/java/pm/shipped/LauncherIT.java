package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two launchers, mostly with a Java that only tells how it was called. */
class LauncherIT {

  private static final Path TREE = Path.of(System.getProperty("pm.tree"));

  /** Prints its pid, the variables that matter and its arguments, a line each. */
  private static final String TELLING_JAVA =
      """
      #!/bin/sh
      echo "pid $$"
      echo "options ${JAVA_TOOL_OPTIONS-unset} ${JDK_JAVA_OPTIONS-unset} ${_JAVA_OPTIONS-unset}"
      printf '%s\\n' "$@"
      """;

  @TempDir private Path folder;
  private Path javaHome;

  @BeforeEach
  void makeJava() throws IOException {
    javaHome = folder.resolve("java 25");
    Files.createDirectories(javaHome.resolve("bin"));
    Files.writeString(javaHome.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.3\"\n");
    script(javaHome.resolve("bin/java"), TELLING_JAVA);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd", "pmctl"})
  void itsPidIsThatOfJava(String program) throws Exception {
    Outcome outcome = run(folder, Map.of(), TREE.resolve("bin").resolve(program).toString());
    assertThat(outcome.lines()).contains("pid " + outcome.pid());
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd", "pmctl"})
  void argumentsArriveAsTheyAre(String program) throws Exception {
    String launcher = TREE.resolve("bin").resolve(program).toString();
    Outcome outcome = run(folder, Map.of(), launcher, "a b", "", "$HOME", "*", "ü");
    assertThat(outcome.lines()).endsWith("a b", "", "$HOME", "*", "ü");
  }

  @Test
  void findsItsLibrariesThroughLinksAndFromAnyFolder() throws Exception {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, TREE.resolve("bin/pmd"));
    Files.createSymbolicLink(folder.resolve("link to link"), Path.of("link"));
    for (Outcome outcome :
        List.of(
            run(folder, Map.of(), link.toString()),
            run(folder, Map.of(), "./link to link"),
            run(TREE, Map.of(), "bin/pmd"),
            run(TREE.resolve("bin"), Map.of(), "./pmd"),
            run(TREE.resolve("lib"), Map.of(), "../bin/pmd"),
            run(TREE.resolve("bin"), Map.of(), "/bin/sh", "pmd"))) {
      assertThat(outcome.lines())
          .filteredOn(line -> line.startsWith("-XX:SharedArchiveFile="))
          .singleElement()
          .satisfies(
              line ->
                  assertThat(Path.of(line.substring(line.indexOf('=') + 1)).toRealPath())
                      .isEqualTo(TREE.resolve("lib/pmd.jsa").toRealPath()));
      assertThat(outcome.lines())
          .filteredOn(line -> line.contains(".jar:"))
          .singleElement()
          .satisfies(line -> assertThat(line.split(":")).allMatch(jar -> jar.startsWith("/")))
          .satisfies(
              line -> assertThat(line.split(":")).allMatch(jar -> Files.exists(Path.of(jar))));
    }
    Files.delete(link);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd", "pmctl"})
  void whatIsClosedIsOpenedBeforeJavaOpensItsOwnFiles(String program) throws Exception {
    script(
        javaHome.resolve("bin/java"),
        "#!/bin/sh\nis=$(readlink /proc/$$/fd/[012])\necho \"$is\" > told\n");
    String line = "'" + TREE.resolve("bin").resolve(program) + "' <&- >&- 2>&-";
    assertThat(run(folder, Map.of(), "/bin/sh", "-c", line).exit()).isZero();
    assertThat(Files.readAllLines(folder.resolve("told"))).hasSize(3).containsOnly("/dev/null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd", "pmctl"})
  void startsInARemovedFolder(String program) throws Exception {
    script(javaHome.resolve("bin/java"), "#!/bin/sh\nreadlink /proc/$$/cwd\n");
    String line =
        "mkdir gone && cd gone && rmdir ../gone && exec '"
            + TREE.resolve("bin").resolve(program)
            + "'";
    assertThat(run(folder, Map.of(), "/bin/sh", "-c", line).lines()).contains("/");
  }

  @Test
  void optionsMeantForOtherJavaProgramsAreLeftOut() throws Exception {
    Outcome outcome =
        run(
            folder,
            Map.of("JAVA_TOOL_OPTIONS", "-Xmx1g", "JDK_JAVA_OPTIONS", "-ea", "_JAVA_OPTIONS", "-x"),
            TREE.resolve("bin/pmctl").toString());
    assertThat(outcome.lines()).contains("options unset unset unset");
  }

  @Test
  void optionsOfOnesOwnAreGivenOn() throws Exception {
    Outcome outcome =
        run(
            folder,
            Map.of("PMCTL_JAVA_OPTIONS", "-Xlog:gc -Da=b"),
            TREE.resolve("bin/pmctl").toString());
    assertThat(outcome.lines()).containsSubsequence("-Xlog:gc", "-Da=b", "pm.cli.Main");
  }

  @Test
  void takesJavaFromPathIfItIsA25() throws Exception {
    Path launcher = copyThatKnowsNoJava("pmctl");
    Outcome outcome =
        run(folder, Map.of("PM_JAVA_HOME", "", "PATH", pathWith("java 25")), launcher.toString());
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.lines()).contains("pm.cli.Main");
  }

  @Test
  void passesOverAnOlderJavaHome() throws Exception {
    Path old = folder.resolve("old");
    Files.createDirectories(old.resolve("bin"));
    Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
    script(old.resolve("bin/java"), "#!/bin/sh\necho old\n");
    Path launcher = copyThatKnowsNoJava("pmctl");
    Map<String, String> environment =
        Map.of("PM_JAVA_HOME", "", "JAVA_HOME", old.toString(), "PATH", pathWith("java 25"));
    assertThat(run(folder, environment, launcher.toString()).lines()).contains("pm.cli.Main");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd", "pmctl"})
  void withoutJavaItSaysWhatToDo(String program) throws Exception {
    Path launcher = copyThatKnowsNoJava(program);
    Outcome outcome =
        run(folder, Map.of("PM_JAVA_HOME", "", "PATH", pathWith("old")), launcher.toString());
    assertThat(outcome.exit()).isEqualTo(69);
    assertThat(outcome.lines())
        .singleElement()
        .asString()
        .startsWith(program + ": no Java 25 was found")
        .contains("PM_JAVA_HOME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd --version", "pmctl --version"})
  void runsFromItsArchive(String command) throws Exception {
    List<String> words = List.of(command.split(" "));
    Outcome outcome =
        run(
            folder,
            Map.of(
                "PM_JAVA_HOME", "",
                "PMD_JAVA_OPTIONS", "-Xshare:on",
                "PMCTL_JAVA_OPTIONS", "-Xshare:on"),
            TREE.resolve("bin").resolve(words.getFirst()).toString(),
            words.getLast());
    assertThat(outcome.exit()).as("%s", outcome.lines()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pmd --version", "pmctl --version"})
  void aStaleArchiveIsNotASubject(String command) throws Exception {
    // Copied files are younger than the archive says, which makes it stale.
    Path copy = folder.resolve("copy");
    try (Stream<Path> files = Files.walk(TREE)) {
      files.forEach(
          file -> {
            try {
              Files.copy(file, copy.resolve(TREE.relativize(file)));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    List<String> words = List.of(command.split(" "));
    Outcome original =
        run(
            folder,
            Map.of("PM_JAVA_HOME", ""),
            TREE.resolve("bin").resolve(words.getFirst()).toString(),
            words.getLast());
    Path launcher = copy.resolve("bin").resolve(words.getFirst());
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    Outcome outcome = run(folder, Map.of("PM_JAVA_HOME", ""), launcher.toString(), words.getLast());
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.lines()).isEqualTo(original.lines());
  }

  @Test
  void theTreeHoldsNothingTwiceAndNoDatabind() throws Exception {
    Map<String, Path> artifacts = new TreeMap<>();
    try (Stream<Path> jars = Files.list(TREE.resolve("lib"))) {
      jars.filter(file -> file.toString().endsWith(".jar"))
          .forEach(
              jar -> {
                String artifact = jar.getFileName().toString().replaceFirst("-[0-9.]+\\.jar$", "");
                assertThat(artifacts.put(artifact, jar)).as("a second %s", artifact).isNull();
              });
    }
    assertThat(artifacts)
        .containsKeys("pm-daemon", "pm-cli", "pm-protocol", "pm-config", "slf4j-api")
        .doesNotContainKeys("jackson-databind", "jackson-annotations");
    assertThat(TREE.resolve("lib/native/x86_64-Linux/libjffi-1.2.so")).isRegularFile();
    assertThat(TREE.resolve("lib/native/aarch64-Linux/libjffi-1.2.so")).isRegularFile();
  }

  private String pathWith(String java) {
    return folder.resolve(java).resolve("bin") + ":/usr/bin:/bin";
  }

  /** A launcher that knows neither the Java of the build nor the folder of the system's. */
  private Path copyThatKnowsNoJava(String program) throws IOException {
    String text = Files.readString(TREE.resolve("bin").resolve(program));
    UnaryOperator<String> nowhere =
        line ->
            line.contains("for java_home in")
                ? "for java_home in \"$PM_JAVA_HOME\" \"$JAVA_HOME\"; do"
                : line;
    Path launcher = folder.resolve(program);
    script(launcher, String.join("\n", text.lines().map(nowhere).toList()));
    return launcher;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Runs a command on the telling Java, unless the environment says otherwise. */
  private Outcome run(Path from, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(from.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("PM") || name.contains("JAVA"));
    builder.environment().put("PM_JAVA_HOME", javaHome.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Outcome(process.pid(), process.waitFor(), output.lines().toList());
  }

  private record Outcome(long pid, int exit, List<String> lines) {}
}
