package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pm.protocol.Json;
import pm.protocol.Members;

/** What people and scripts do with the client, against the daemon. */
@Timeout(180)
class ClientIT {

  private static final String PROGRAMS =
      """
      programs:
        web:
          command: [/bin/sleep, "1000"]
          instances: 2
          groups: [front]
          readiness: {uptime: 0s}
        webhook: {command: [/bin/sleep, "1000"], groups: [front], readiness: {uptime: 0s}}
        db: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
        slow:
          command: [/bin/sleep, "1000"]
          autostart: false
          readiness: {uptime: 30m}
          start_timeout: 1h
        count:
          command: "i=0; while :; do i=$((i + 1)); printf '%0200d\\n' $i; sleep 0.001; done"
          shell: true
          autostart: false
          readiness: {uptime: 0s}
          logs: {max_size: 64KiB, keep: 1000}
        colourful:
          command: [/bin/sh, -c, 'printf "a\\\\033[31mred\\\\033[0m\\\\007 \\\\033]0;title\\\\007b\\\\n"; exec sleep 1000']
          readiness: {uptime: 0s}
        stuck: {command: [/no/such/file], enabled: false}
      """;

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    pmd = new Pmd(folder).with(PROGRAMS.replace("\\\\", "\\")).start();
    for (String instance : List.of("web@1", "web@2", "webhook@1", "db@1", "colourful@1")) {
      pmd.await(instance, "IDLE");
    }
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          web             | web@1 web@2
          web@2           | web@2
          web*            | web@1 web@2 webhook@1
          web@*           | web@1 web@2
          *b*@1           | db@1 web@1 webhook@1
          group:front     | web@1 web@2 webhook@1
          db web@1 db     | db@1 web@1
          all             | colourful@1 count@1 db@1 slow@1 stuck@1 web@1 web@2 webhook@1
          """)
  void aSelectorNamesInstances(String selectors, String expected) throws Exception {
    List<String> words = new ArrayList<>(List.of("status", "-o", "name"));
    words.addAll(List.of(selectors.split(" ")));
    Pmd.Outcome outcome = pmd.pmctl(words.toArray(String[]::new));
    assertThat(outcome.lines()).containsExactlyInAnyOrder(expected.split(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"wbe", "web@3", "group:none", "x*"})
  void aSelectorThatMatchesNothingIsAnErrorAndNothingIsDone(String selector) throws Exception {
    for (String command : List.of("status", "stop", "logs", "why", "describe", "reset")) {
      Pmd.Outcome outcome =
          command.equals("why")
              ? pmd.pmctl(command, selector)
              : pmd.pmctl(command, "web@1", selector);
      assertThat(outcome.exit()).as("%s %s: %s", command, selector, outcome).isEqualTo(4);
      assertThat(outcome.err()).startsWith("pmctl: " + selector);
    }
    assertThat(Pmd.is(pmd.status("web@1"), "IDLE")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status",
        "describe web",
        "why all",
        "events",
        "daemon status",
        "config show",
        "ping",
        "version",
        "apply --dry-run",
        "start db"
      })
  void everyAnswerComesInEveryForm(String line) throws Exception {
    List<String> words = List.of(line.split(" "));
    for (String form : List.of("json", "jsonl", "yaml", "name", "wide", "table")) {
      List<String> all = new ArrayList<>(List.of("-o", form));
      all.addAll(words);
      Pmd.Outcome outcome = pmd.pmctl(all.toArray(String[]::new));
      String what = line + " -o " + form + ": " + outcome;
      if (outcome.exit() == 2) {
        assertThat(outcome.err()).as(what).contains(form);
        continue;
      }
      assertThat(outcome.exit()).as(what).isIn(0, 3);
      assertThat(outcome.out()).as(what).doesNotContain("\u001b");
      // No program changes, so there is none to name.
      assertThat(outcome.out().isBlank())
          .as(what)
          .isEqualTo(line.startsWith("apply") && form.equals("name"));
      if (form.equals("json")) {
        assertThat(Json.parse(outcome.out())).as(what).isInstanceOfAny(Map.class, List.class);
      }
      if (form.equals("jsonl")) {
        for (String each : outcome.lines()) {
          assertThat(Json.parse(each)).as(what).isInstanceOf(Map.class);
        }
      }
    }
  }

  /** The names that scripts rely on. */
  @Test
  void statusHasItsMembers() throws Exception {
    Pmd.Outcome outcome = pmd.pmctl("status", "web@1", "stuck", "-o", "json");
    List<?> items = (List<?>) Json.parse(outcome.out());
    assertThat(items).hasSize(2);
    for (Object item : items) {
      assertThat(Wire.members(item).values())
          .containsKeys(
              ("name program instance state reason detail pid started_at uptime_seconds restarts"
                      + " restarts_in_window max_restarts next_start_at exit_code exit_signal"
                      + " exit_cause ready healthy tasks_in_hand cpu_percent memory_bytes"
                      + " invocation_id enabled")
                  .split(" "));
    }
    Members stuck = Wire.members(items.getFirst());
    assertThat(stuck.values())
        .containsEntry("state", "DEAD")
        .containsEntry("reason", "disabled")
        .containsEntry("enabled", false)
        .containsEntry("pid", Json.NULL);
  }

  @Test
  void alreadySoIsSuccess() throws Exception {
    Pmd.Outcome started = pmd.pmctl("start", "db");
    assertThat(started.exit()).isZero();
    assertThat(started.out()).startsWith("db@1: unchanged");
    long pid = Wire.number(pmd.status("db@1"), "pid");
    assertThat(pmd.pmctl("restart", "db").exit()).isZero();
    assertThat(Wire.number(pmd.status("db@1"), "pid")).isNotEqualTo(pid);
    assertThat(pmd.pmctl("stop", "db").exit()).isZero();
    assertThat(pmd.pmctl("stop", "db").out()).startsWith("db@1: unchanged");
    // What is stopped because somebody said so is as it should be.
    assertThat(pmd.pmctl("status", "db").exit()).isZero();
    assertThat(pmd.pmctl("start", "db").exit()).isZero();
  }

  @Test
  void aWaitEndsWhenItsTimeIsOverAndWhatWasBegunGoesOn() throws Exception {
    Pmd.Outcome late = pmd.pmctl("start", "slow", "--timeout", "200ms");
    assertThat(late.exit()).as("%s", late).isEqualTo(124);
    assertThat(Pmd.is(pmd.status("slow@1"), "STARTING")).isTrue();
    Pmd.Outcome stopped = pmd.pmctl("stop", "slow", "--no-wait");
    assertThat(stopped.exit()).as("%s", stopped).isZero();
    pmd.await("slow@1", "DEAD/stopped");
    assertThat(pmd.pmctl("start", "slow", "--no-wait").exit()).isZero();
    assertThat(pmd.pmctl("stop", "slow").exit()).isZero();
  }

  @Test
  void mistakesAreMetWithWhatWasMeant() throws Exception {
    assertThat(pmd.pmctl("stauts").err()).contains("Did you mean status?");
    assertThat(pmd.pmctl("stauts").exit()).isEqualTo(2);
    assertThat(pmd.pmctl("status", "--outptu", "json").exit()).isEqualTo(2);
    assertThat(pmd.pmctl("status", "-o", "xml").exit()).isEqualTo(2);
    assertThat(pmd.pmctl("start").exit()).isEqualTo(2);
    assertThat(pmd.pmctl("signal", "HUPP", "web").exit()).isEqualTo(2);
    assertThat(pmd.pmctl("stop", "web", "--timeout", "5").err()).contains("5s");
    assertThat(pmd.pmctl("status", "wbe").err()).contains("web");
    Pmd.Outcome later = pmd.pmctl("import", "supervisord.conf");
    assertThat(later.exit()).isEqualTo(2);
    assertThat(later.err()).contains("not supported yet");
  }

  /** On a terminal what programs print cannot do anything to it; in a pipe it is what it was. */
  @Test
  void controlCharactersAreEscapedOnTerminals() throws Exception {
    Pmd.Outcome piped = pmd.pmctl("logs", "colourful", "--no-prefix");
    assertThat(piped.out()).isEqualTo("a\u001b[31mred\u001b[0m\u0007 \u001b]0;title\u0007b\n");
    String seen = onTerminal("logs", "colourful", "--no-prefix", "--color", "never");
    assertThat(seen)
        .doesNotContain("\u001b", "\u0007")
        .contains("a\\x1b[31mred\\x1b[0m\\x07 \\x1b]0;title\\x07b");
    assertThat(onTerminal("logs", "colourful", "--no-prefix", "--raw")).contains("\u001b]0;title");
    assertThat(onTerminal("describe", "colourful", "--color", "never")).doesNotContain("\u001b");
    assertThat(pmd.pmctl("describe", "colourful").exit()).isZero();
  }

  @Test
  void colourIsForTerminalsOnly() throws Exception {
    String escape = "\u001b[";
    assertThat(pmd.pmctl("status", "web").out()).doesNotContain(escape);
    assertThat(pmd.pmctl("status", "web", "--color", "always").out()).contains(escape);
    assertThat(onTerminal("status", "web")).contains(escape);
    assertThat(onTerminal("status", "web", "--color", "never")).doesNotContain(escape);
    ProcessBuilder plain = terminal("status", "web");
    plain.environment().put("NO_COLOR", "1");
    assertThat(Pmd.Outcome.of(plain).out()).doesNotContain(escape);
  }

  /** Follows a log over its rotations: nothing twice, nothing left out. */
  @Test
  void logsAreFollowedOverRotations() throws Exception {
    long connections = connections();
    assertThat(pmd.pmctl("start", "count").exit()).isZero();
    Process follower = pmd.client("logs", "-f", "-n", "1", "count", "--no-prefix").start();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(follower.getInputStream(), UTF_8))) {
      long first = Long.parseLong(lines.readLine());
      for (long next = first + 1; next < first + 1_200; next++) {
        assertThat(lines.readLine()).isEqualTo("%0200d".formatted(next));
      }
      assertThat(folder.resolve("log/count@1.log.3")).exists();
      assertThat(pmd.pmctl("restart", "count").exit()).isZero();
      String line = lines.readLine();
      while (!line.equals("%0200d".formatted(1))) {
        line = lines.readLine();
      }
      for (long next = 2; next < 500; next++) {
        assertThat(lines.readLine()).isEqualTo("%0200d".formatted(next));
      }
      // Killed in the middle; the daemon and the program do not mind.
      follower.destroyForcibly();
      follower.waitFor();
    }
    Await.until("the connection is gone", () -> connections() <= connections, pmd::said);
    assertThat(Pmd.is(pmd.status("count@1"), "IDLE")).isTrue();
    assertThat(pmd.pmctl("stop", "count").exit()).isZero();
    assertThat(pmd.pmctl("logs", "count", "-n", "2", "--since", "1h").lines()).hasSize(2);
  }

  /** Who remembers the last number that it saw misses nothing over a crash of the daemon. */
  @Test
  void eventsAreResumedOverACrash() throws Exception {
    List<Long> seen = new ArrayList<>();
    Process follower = pmd.client("events", "-f", "--since", "0", "-o", "jsonl").start();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(follower.getInputStream(), UTF_8))) {
      assertThat(pmd.pmctl("restart", "webhook").exit()).isZero();
      long last = allEvents().getLast();
      while (seen.isEmpty() || seen.getLast() < last) {
        seen.add(Wire.number(Wire.parse(lines.readLine()), "seq"));
      }
      pmd.crash();
      assertThat(follower.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(follower.exitValue()).isEqualTo(69);
      assertThat(new String(follower.getErrorStream().readAllBytes(), UTF_8))
          .startsWith("pmctl: ")
          .doesNotContain("\tat ");
    }
    pmd.start();
    pmd.await("webhook@1", "IDLE");
    assertThat(pmd.pmctl("restart", "webhook").exit()).isZero();
    Pmd.Outcome resumed = pmd.pmctl("events", "--since", seen.getLast().toString(), "-o", "jsonl");
    assertThat(resumed.exit()).isZero();
    List<String> kinds = new ArrayList<>();
    for (String line : resumed.lines()) {
      Members event = Wire.parse(line);
      seen.add(Wire.number(event, "seq"));
      kinds.add(Wire.text(event, "kind"));
    }
    assertThat(kinds).contains("resumed", "adopted", "state");
    assertThat(seen).isSorted().doesNotHaveDuplicates().isEqualTo(allEvents());
    assertThat(pmd.pmctl("events", "--since", "0", "webhook").lines())
        .allMatch(line -> line.contains("webhook@1"))
        .anyMatch(line -> line.contains("IDLE") && line.contains("STOPPING"));
  }

  private static List<Long> allEvents() throws Exception {
    List<Long> numbers = new ArrayList<>();
    for (String line : pmd.pmctl("events", "--since", "0", "-o", "jsonl").lines()) {
      numbers.add(Wire.number(Wire.parse(line), "seq"));
    }
    return numbers;
  }

  private static long connections() {
    try {
      return Wire.number(pmd.ask("daemon.status"), "connections");
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  private static String onTerminal(String... words) throws Exception {
    return Pmd.Outcome.of(terminal(words)).out();
  }

  /** The client with a terminal around it. */
  private static ProcessBuilder terminal(String... words) {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "there is script(1)");
    ProcessBuilder client = pmd.client(words);
    List<String> quoted = client.command().stream().map(word -> "'" + word + "'").toList();
    return client.command(
        "/usr/bin/script", "-q", "-e", "-c", String.join(" ", quoted), "/dev/null");
  }
}
