package pm.shipped;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What other users, programs, and what programs say can do to a daemon that root runs, and what
 * they cannot: tried as root and as two others. It was started without a umask and with an
 * environment that is not for its children.
 */
@Timeout(180)
class SecurityIT {
  private static final String NOBODY = "65534";

  /** One that every system has, by whatever name. */
  private static final String ANN = "2";

  /** A group that every system has; nobody is not in it. */
  private static final String GROUP = "daemon";

  /** Stands in everything that is secret here. */
  private static final String SECRET = "c4n4ry";

  /** What would clear a screen, and what would look like a line of the daemon's own. */
  private static final String RUDE = "a\\n2026-01-01 ERROR forged\\033[2J\\n";

  private static final String FACTS =
      """
      tr '\\0' '\\n' < /proc/$$$$/environ | sed 's/^/env /'
      find /proc/$$$$/fd -mindepth 1 -printf 'fd %f\\n'
      sed 's/^/is /' /proc/self/status
      exec sleep 1000
      """;

  private static final String WORKER =
      """
      import json, sys
      for line in sys.stdin:
          message = json.loads(line)
          if "id" in message:
              if message["method"] == "task":
                  answer = {"error": {"code": 1, "message": "bad \\u001b[2J\\nforged",
                            "data": {"retry": False}}}
              else:
                  answer = {"result": {}}
              print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
      """;

  @SuppressWarnings("InlineFormatString") // It is long.
  private static final String PROGRAMS =
      """
      programs:
        clean: &facts
          command: |
      %s
          shell: true
          user: "65534"
          group: "65534"
          umask: "027"
          readiness: {uptime: 0s}
          security: {no_new_privileges: true}
        inheriting:
          <<: *facts
          inherit_environment: true
        secretive:
          command: [sleep, "1000"]
          readiness: {uptime: 0s}
          environment: {DB_PASS: c4n4ry-pass, DATABASE_URL: "pg://web:c4n4ry@db/x"}
          env_file: [%s]
        broken:
          command: [sleep, "1000"]
          env_file: [%s]
          restart: never
        rude:
          command: [sleep, "1000"]
          readiness: {uptime: 0s}
          hooks: {pre_start: [printf, "%s"]}
        worker:
          type: worker
          command: [python3, %s]
          readiness: {uptime: 0s}
          pool: {min: 1}
      """;

  @TempDir private static Path folder;
  private static Pmd pmd = new Pmd(Path.of("/"));

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(DaemonIT.isRoot(), "only root can become somebody else");
    chmod(folder, "rwxr-xr-x");
    Path home = Files.createDirectory(folder.resolve("home"));
    chmod(home, "rwxr-xr-x");
    Path env = secret(folder.resolve("env"), "FROM_FILE=" + SECRET + "-file\n");
    Path broken = secret(folder.resolve("broken"), "A=1\n" + SECRET + "\n");
    Path worker = Files.writeString(folder.resolve("worker.py"), WORKER);
    Path config = Files.createDirectory(home.resolve("config"));
    Files.writeString(
        config.resolve("pmd.yaml"), "socket: {group: " + GROUP + "}\nlog: {level: debug}\n");
    List<String> before = new ArrayList<>(List.of("env"));
    for (String name :
        List.of("NOTIFY_SOCKET", "LISTEN_FDS", "CREDENTIALS_DIRECTORY", "WATCHDOG_USEC")) {
      before.add(name + "=/of/the/daemon");
    }
    before.add("EDITOR=of-the-daemon");
    before.addAll(List.of("sh", "-c", "umask 0; exec 9< /dev/zero; exec \"$@\"", "sh"));
    String facts = FACTS.indent(6).stripTrailing();
    pmd =
        new Pmd(before, home)
            .with(PROGRAMS.formatted(facts, env, broken, RUDE.replace("\\", "\\\\"), worker))
            .start();
    // What it made under that umask; the rest is of the test.
    for (Path each : List.of(config, config.resolve("programs.d"))) {
      chmod(each, "rwx------");
    }
    for (String each : List.of("clean", "inheriting", "secretive", "rude")) {
      pmd.await(each + "@1", "IDLE");
    }
    pmd.await("broken@1", "DEAD/failed");
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @Test
  void aProgramGetsWhatIsListedAndNothingOfTheDaemons() throws Exception {
    Map<String, String> environment = facts("clean@1", "env ", "=");
    assertThat(environment.keySet())
        .isSubsetOf(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "TZ",
            "PM_PROGRAM",
            "PM_INSTANCE",
            "PM_NAME",
            "PM_INVOCATION_ID",
            "PM_SOCKET");
    for (String instance : List.of("clean@1", "inheriting@1")) {
      assertThat(facts(instance, "fd ", "\n").keySet()).containsExactly("0", "1", "2");
      Map<String, String> status = facts(instance, "is ", ":\t");
      assertThat(status.get("Uid")).isEqualTo("65534\t65534\t65534\t65534");
      assertThat(status.get("Gid")).isEqualTo("65534\t65534\t65534\t65534");
      assertThat(status.getOrDefault("Groups", "none").strip()).isIn("", NOBODY);
      assertThat(status.get("Umask")).isEqualTo("0027");
      assertThat(status.get("NoNewPrivs")).isEqualTo("1");
      for (String zero : List.of("SigBlk", "SigIgn", "CapEff", "CapPrm", "CapInh", "CapAmb")) {
        assertThat(status.get(zero)).as(zero).matches("0+");
      }
    }
    assertThat(facts("inheriting@1", "env ", "="))
        .containsEntry("EDITOR", "of-the-daemon")
        .doesNotContainValue("/of/the/daemon");
  }

  @Test
  void whatItMakesHasItsModesWhateverTheUmaskIs() throws IOException {
    Path run = pmd.home().resolve("run");
    Path state = pmd.home().resolve("state");
    assertThat(mode(run)).isEqualTo("rwxr-xr-x root");
    assertThat(mode(run.resolve("pmd.sock"))).isEqualTo("rw-rw---- " + GROUP);
    for (String file : List.of("pmd.lock", "records")) {
      assertThat(mode(run.resolve(file))).isEqualTo("rw------- root");
    }
    assertThat(mode(state)).isEqualTo("rwx------ root");
    assertThat(mode(pmd.home().resolve("log"))).isEqualTo("rwxr-x--- root");
    assertThat(mode(pmd.log("clean@1"))).isEqualTo("rw-r----- root");
    // Nobody but root and the socket's group can do anything with anything that it has made, but
    // for its programs with their own pipes.
    List<String> open = new ArrayList<>();
    for (Path each : List.of(run, state, pmd.home().resolve("log"))) {
      try (var all = Files.walk(each)) {
        for (Path file : all.filter(path -> !path.equals(run)).toList()) {
          String mode = mode(file);
          if (!mode.substring(6, 8).equals("--") || (mode.charAt(4) == 'w' && !isSocket(file))) {
            open.add(mode + " " + file);
          }
        }
      }
    }
    assertThat(open).isEmpty();
  }

  @Test
  void othersReadAndLockNothing() throws Exception {
    for (String user : List.of(NOBODY, ANN)) {
      List<String> find = new ArrayList<>(List.of("find"));
      List.of("run", "state", "log").forEach(name -> find.add(pmd.home().resolve(name).toString()));
      find.addAll(List.of("!", "-type", "d", "(", "-readable", "-o", "-writable", ")", "-print"));
      assertThat(as(user, "", find).out()).isEmpty();
      String lock = pmd.home().resolve("run/pmd.lock").toString();
      Pmd.Outcome held = as(user, "", List.of("flock", "-n", lock, "true"));
      assertThat(held.exit()).as("%s", held).isNotZero();
      assertThat(held.err()).contains("Permission denied");
      Pmd.Outcome second =
          as(
              user,
              "",
              List.of(
                  Pmd.treeForAll().resolve("bin/pmd").toString(), "--home", pmd.home().toString()));
      assertThat(second.exit()).as("%s", second).isEqualTo(73);
    }
  }

  @Test
  void membersOfTheGroupRunProgramsAsThemselvesOnly() throws Exception {
    String group = groupId();
    assertThat(pmctl(ANN, "", "status").exit()).isEqualTo(77);
    Pmd.Outcome own = pmctl(ANN, group, "run", "--follow", "--", "/usr/bin/id", "-u");
    assertThat(own.out().strip()).as("%s", own).isEqualTo(ANN);
    for (String user : List.of("root", NOBODY)) {
      Pmd.Outcome other = pmctl(ANN, group, "run", "--user", user, "--", "/usr/bin/id", "-u");
      assertThat(other.exit()).as("%s", other).isEqualTo(77);
    }
    for (String command : List.of("status", "shutdown", "upgrade")) {
      assertThat(pmctl(ANN, group, "daemon", command).exit()).as(command).isEqualTo(77);
    }
  }

  /** Without XDG_RUNTIME_DIR a user's daemon is below /tmp, where anybody could have been first. */
  @Test
  void aClientTellsNothingToADaemonInAnothersFolder() throws Exception {
    Path planted = Path.of("/tmp/pm-" + ANN);
    assumeTrue(Files.notExists(planted, LinkOption.NOFOLLOW_LINKS), "this user has no daemon");
    Files.createDirectory(planted);
    try {
      Files.setAttribute(planted, "unix:uid", Integer.valueOf(NOBODY));
      ProcessBuilder client = pmd.client("ping");
      client.environment().keySet().removeAll(List.of("PM_HOME", "XDG_RUNTIME_DIR"));
      client.command(becoming(ANN, "", client.command()));
      Pmd.Outcome outcome = Pmd.Outcome.of(client);
      assertThat(outcome.exit()).as("%s", outcome).isEqualTo(77);
      assertThat(outcome.err()).contains(planted + " belongs to user " + NOBODY);
    } finally {
      Files.delete(planted);
    }
  }

  @Test
  void secretsAreShownNowhere() throws Exception {
    assertThat(pmd.pmctl("submit", "worker", "{\"x\":\"" + SECRET + "\"}", "--wait").exit())
        .isEqualTo(1);
    assertThat(
            pmd.pmctl("run", "-n", "hidden", "-e", "API_TOKEN=" + SECRET, "--", "sleep", "1000")
                .exit())
        .isZero();
    Path programs = pmd.home().resolve("config/programs.d/programs.yaml");
    String before = Files.readString(programs);
    Files.writeString(programs, before.replace("c4n4ry-pass", "c4n4ry-other"));
    try {
      for (String line :
          List.of(
              "status -o json",
              "status -o wide",
              "describe all",
              "describe all -o json",
              "why all",
              "events -n 1000 -o json",
              "config show",
              "config show secretive -o json",
              "apply --dry-run",
              "apply --dry-run -o json",
              "metrics",
              "logs all",
              "daemon status")) {
        Pmd.Outcome outcome = pmd.pmctl(line.split(" ", -1));
        assertThat(outcome.out()).as(line).isNotEmpty();
        assertThat(outcome.out() + outcome.err()).as(line).doesNotContain(SECRET);
      }
    } finally {
      Files.writeString(programs, before);
    }
    assertThat(pmd.status("broken@1").string("detail"))
        .contains("env_file: " + folder.resolve("broken") + ": line 2: ");
    String said = Files.readString(pmd.ownLog());
    assertThat(said).contains("DEBUG", " run ").doesNotContain(SECRET);
    // The words of a command are for all to read.
    try (var all = Files.list(Path.of("/proc"))) {
      for (Path process : all.filter(each -> each.toString().matches("/proc/\\d+")).toList()) {
        assertThat(commandLine(process)).as("%s", process).doesNotContain(SECRET);
      }
    }
    assertThat(Path.of("/tmp/hsperfdata_root/" + pmd.pid())).doesNotExist();
  }

  @Test
  void whatProgramsSayIsHarmlessWhereverItIsShown() throws Exception {
    String id = pmd.pmctl("submit", "worker", "1", "--id", "\u001b[2Jx").out();
    assertThat(id).doesNotContain("\u001b");
    assertThat(pmd.pmctl("submit", "worker", "1", "--id", "rude", "--wait").err()).contains("bad");
    for (String line :
        List.of(
            "task show rude",
            "task show rude -o json",
            "task list worker",
            "pool show worker",
            "describe rude",
            "why rude",
            "events -n 1000",
            "status")) {
      String shown = pmd.pmctl(line.split(" ", -1)).out();
      assertThat(shown).as(line).isNotEmpty().doesNotContain("\u001b", "\nforged", "\n2026-01-01");
    }
    Await.until("it was said", () -> said().contains("forged"), pmd::said);
    assertThat(said().lines())
        .noneMatch(line -> line.startsWith("2026-01-01") || line.startsWith("forged"))
        .noneMatch(line -> line.contains("\u001b"));
  }

  /** A user has all that he can do to the names in his own folder, as fast as he can. */
  @Test
  void whoOwnsTheFolderOfALogLeadsItNowhere() throws Exception {
    Path home = Files.createDirectory(folder.resolve("ann"));
    Path logs = Files.createDirectory(home.resolve("logs"));
    Path target = Files.createDirectory(folder.resolve("target"));
    Path precious = secret(target.resolve("web.log"), "precious\n");
    for (Path each : List.of(home, logs)) {
      Files.setAttribute(each, "unix:uid", Integer.valueOf(ANN));
    }
    Path other = folder.resolve("other");
    try (Pmd own =
        new Pmd(other)
            .with(
                """
                programs:
                  web:
                    command: "while :; do echo 0123456789012345678901234567890123456789; done"
                    shell: true
                    user: "2"
                    group: "2"
                    readiness: {uptime: 0s}
                    logs: {file: %s, max_size: 64KiB, keep: 3}
                """
                    .formatted(logs.resolve("web.log")))
            .start()) {
      own.await("web@1", "IDLE");
      String race =
          """
          cd "$0"; i=0
          while [ $i -lt 150 ]; do
            i=$((i + 1))
            rm -rf logs/web.log logs/web.log.1 logs/web.log.2
            ln -s "$1/web.log" logs/web.log; ln -s "$1/web.log" logs/web.log.1
            ln "$1/web.log" logs/web.log.2; rm -f logs/web.log
            ln "$1/web.log" logs/web.log; rm -f logs/web.log; mkfifo logs/web.log
            mv logs kept; ln -s "$1" logs; rm logs; ln -s kept/../../target logs; rm logs
            mv kept logs
          done 2> /dev/null
          rm -rf logs/web.log
          """;
      Pmd.Outcome raced =
          as(ANN, "", List.of("sh", "-c", race, home.toString(), target.toString()));
      assertThat(raced.exit()).as("%s", raced).isZero();
      assertThat(own.pmctl("logs", "web", "-n", "3").out()).doesNotContain("precious");
      assertThat(precious).hasContent("precious\n");
      assertThat(mode(precious)).isEqualTo("rw------- root");
      try (var in = Files.list(target)) {
        assertThat(in).containsExactly(precious);
      }
      // And it goes on as soon as it is let.
      Await.until("the log grows", () -> sizeOf(logs.resolve("web.log")) > 0, own::said);
      assertThat(own.pmctl("stop", "web").exit()).isZero();
    }
  }

  /** What begins with a prefix in the log of an instance, as names and values. */
  private static Map<String, String> facts(String instance, String prefix, String separator) {
    Await.until("all is said", () -> text(pmd.log(instance)).contains("is NoNewPrivs"), pmd::said);
    Map<String, String> facts = new TreeMap<>();
    for (String line : text(pmd.log(instance)).lines().toList()) {
      if (line.startsWith(prefix)) {
        String[] parts = line.substring(prefix.length()).split(separator, 2);
        facts.put(parts[0], parts.length < 2 ? "" : parts[1]);
      }
    }
    return facts;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException notYet) {
      return "";
    }
  }

  private static String said() {
    return text(pmd.ownLog());
  }

  private static long sizeOf(Path file) {
    try {
      return Files.size(file);
    } catch (IOException gone) {
      return 0;
    }
  }

  private static String commandLine(Path process) {
    try {
      return new String(Files.readAllBytes(process.resolve("cmdline")), ISO_8859_1);
    } catch (IOException gone) {
      return "";
    }
  }

  /** Permissions and group. */
  private static String mode(Path path) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return PosixFilePermissions.toString(attributes.permissions())
        + " "
        + attributes.group().getName();
  }

  private static boolean isSocket(Path path) {
    return path.getFileName().toString().equals("pmd.sock");
  }

  private static Path secret(Path file, String text) throws IOException {
    Files.writeString(file, text);
    chmod(file, "rw-------");
    return file;
  }

  private static void chmod(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static Pmd.Outcome pmctl(String uid, String group, String... words) throws Exception {
    ProcessBuilder client = pmd.clientForAll(words);
    client.command(becoming(uid, group, client.command()));
    return Pmd.Outcome.of(client);
  }

  private static Pmd.Outcome as(String uid, String group, List<String> command) throws Exception {
    return Pmd.Outcome.of(new ProcessBuilder(becoming(uid, group, command)));
  }

  private static List<String> becoming(String uid, String group, List<String> command) {
    List<String> all = new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid));
    all.add(group.isEmpty() ? "--clear-groups" : "--groups=" + group);
    all.addAll(command);
    return all;
  }

  private static String groupId() throws IOException {
    Optional<String> line =
        Files.readAllLines(Path.of("/etc/group")).stream()
            .filter(each -> each.startsWith(GROUP + ":"))
            .findFirst();
    assumeTrue(line.isPresent(), "there is a group " + GROUP);
    return line.orElseThrow().split(":", -1)[2];
  }
}
