package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.protocol.Members;

/** What cannot be started says where it failed and why, and the daemon lives on. */
@Timeout(180)
class FailedStartIT {

  private static final String PROGRAMS =
      """
      programs:
        missing: {command: [/opt/x]}
        not-in-path: {command: [no-such-command]}
        not-executable: {command: [@FOLDER@/text]}
        folder: {command: [@FOLDER@/home]}
        interpreter: {command: [@FOLDER@/script]}
        format: {command: [@FOLDER@/garbage]}
        user: {command: [/bin/true], user: wwww}
        group: {command: [/bin/true], group: wwwg}
        dir: {command: [/bin/true], working_dir: /no/such}
        dir-is-file: {command: [/bin/true], working_dir: @FOLDER@/text}
        dir-closed: {command: [/bin/true], user: "65534", working_dir: @FOLDER@/home}
        env: {command: [/bin/true], env_file: [@FOLDER@/no-env]}
        env-is-folder: {command: [/bin/true], env_file: [@FOLDER@/home]}
        env-is-broken: {command: [/bin/true], env_file: [@FOLDER@/garbage]}
        unset: {command: [/bin/true, "${NOT_SET_ANYWHERE}"], env_file: [-@FOLDER@/no-env]}
        log-is-folder: {command: [/bin/true], logs: {file: @FOLDER@/home}}
        log-is-link: {command: [/bin/true], logs: {file: @FOLDER@/link}}
        log-has-two-names: {command: [/bin/true], logs: {file: @FOLDER@/second}}
        log-is-pipe: {command: [/bin/true], logs: {file: @FOLDER@/pipe}}
        log-nowhere: {command: [/bin/true], logs: {file: @FOLDER@/none/x.log}}
        dies: {command: "seq 1 15; exit 7", autostart: false, shell: true, restart: {delay: 1h, max_delay: 1h}}
        dies-for-good: {command: "seq 1 3; exit 7", autostart: false, shell: true, restart: {prevent: [7]}}
        crashes: {command: "kill -SEGV $$$$", shell: true, restart: never}
        well: {command: [/bin/sleep, "1000"], env_file: [-@FOLDER@/no-env]}
      """;

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws Exception {
    Files.createFile(folder.resolve("text"));
    script("script", "#!/no/such/interpreter\n");
    script("garbage", "garbage\n");
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("text"));
    Files.createFile(folder.resolve("first"));
    Files.createLink(folder.resolve("second"), folder.resolve("first"));
    assertThat(new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start().waitFor())
        .isZero();
    Path home = folder.resolve("home");
    Files.createDirectories(
        home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    pmd = new Pmd(home).with(PROGRAMS.replace("@FOLDER@", folder.toString())).start();
  }

  private static void script(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          missing           | cannot run /opt/x: No such file or directory
          not-in-path       | cannot run no-such-command: not found in PATH (*)
          not-executable    | cannot run @/text: Permission denied
          folder            | cannot run @/home: Is a directory
          interpreter       | cannot run @/script: its interpreter /no/such/interpreter: No such file or directory
          format            | cannot run @/garbage: Exec format error
          user              | user: no such user: wwww
          group             | group: no such group: wwwg
          dir               | working_dir: /no/such: No such file or directory
          dir-is-file       | working_dir: @/text: Not a directory
          dir-closed        | working_dir: @/home: Permission denied
          env               | env_file: @/no-env: No such file or directory
          env-is-folder     | env_file: @/home: is a directory
          env-is-broken     | env_file: @/garbage: line 1: there is no '=' after its first word
          unset             | command: ${NOT_SET_ANYWHERE} is not set; write ${NOT_SET_ANYWHERE:-} if it may be
          log-is-folder     | log: @/home: Is a directory
          log-is-link       | log: @/link: is a symbolic link, not a file
          log-has-two-names | log: @/second: has 2 names (hard links); a log file must have one
          log-is-pipe       | log: @/pipe: is a named pipe, not a file
          log-nowhere       | log: @/none: No such file or directory
          """)
  void saysAtWhichStageAndWhy(String program, String pattern) throws Exception {
    assumeTrue(
        ProcessHandle.current().info().user().filter("root"::equals).isPresent()
            || !List.of("user", "group", "dir-closed").contains(program),
        "only root may set a user");
    Pmd.Outcome started = pmd.pmctl("start", program);
    assertThat(started.exit()).as("%s", started).isEqualTo(1);
    Members item = pmd.status(program + "@1");
    assertThat(Pmd.is(item, "DEAD/failed")).as("%s", item).isTrue();
    String sentence = pattern.replace("@", folder.toString());
    String detail = Wire.text(item, "detail");
    if (sentence.contains("*")) {
      assertThat(detail).startsWith(sentence.substring(0, sentence.indexOf('*')));
    } else {
      assertThat(detail).isEqualTo(sentence);
    }
    assertThat(started.err())
        .isEqualTo(
            "pmctl: cannot start %s@1: %s. See: pmctl why %s@1%n"
                .formatted(program, detail, program));
    assertThat(pmd.process().isAlive()).isTrue();
  }

  @Test
  void aProcessThatDiesIsShownWithItsCauseAndItsLastTenLines() throws Exception {
    Pmd.Outcome started = pmd.pmctl("start", "dies");
    assertThat(started.exit()).as("%s", started).isEqualTo(1);
    assertThat(started.err().lines().findFirst().orElseThrow())
        .matches("pmctl: cannot start dies@1: exit 7 after [0-9.]+m?s; restart 1 of 3. See: .*");
    assertThat(started.err().lines().skip(1))
        .containsExactlyElementsOf(IntStream.rangeClosed(6, 15).mapToObj(i -> "  | " + i).toList());
    Members item = pmd.status("dies@1");
    assertThat(Pmd.is(item, "DEAD/backoff")).as("%s", item).isTrue();
    assertThat(Wire.number(item, "exit_code")).isEqualTo(7);
    assertThat(Wire.text(item, "exit_cause")).isEqualTo("exit");
    assertThat(item.has("next_start_at")).isTrue();
  }

  @Test
  void anExitCodeThatPreventsARestartIsFinal() throws Exception {
    Pmd.Outcome started = pmd.pmctl("start", "dies-for-good");
    assertThat(started.exit()).isEqualTo(1);
    assertThat(started.err().lines().skip(1)).containsExactly("  | 1", "  | 2", "  | 3");
    assertThat(Pmd.is(pmd.status("dies-for-good@1"), "DEAD/failed")).isTrue();
  }

  @Test
  void aSignalIsNamed() throws Exception {
    Pmd.Outcome started = pmd.pmctl("start", "crashes");
    assertThat(started.exit()).isEqualTo(1);
    assertThat(started.err()).contains("killed by SIGSEGV");
    Members item = pmd.status("crashes@1");
    assertThat(Wire.text(item, "exit_signal")).isEqualTo("SEGV");
    assertThat(item.has("exit_code")).isFalse();
  }

  @Test
  void theOthersRun() {
    pmd.await("well@1", "IDLE");
  }
}
