package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The scripts that complete command lines, in the shells that they are for. */
@Timeout(120)
class CompletionIT {
  private static final String PROGRAMS =
      """
      programs:
        web:
          command: [/bin/sleep, "1000"]
          instances: 2
          groups: [front]
        worker-with-long-name:
          command: [/bin/sleep, "1000"]
          autostart: false
        jobs:
          type: worker
          command: [/bin/sh, WORKER]
          readiness: {uptime: 0s}
          pool: {}
      """;

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    Path worker =
        Path.of("..", "config-examples", "workers", "worker.sh").toAbsolutePath().normalize();
    pmd = new Pmd(folder).with(PROGRAMS.replace("WORKER", worker.toString())).start();
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  private static Pmd.Outcome run(String... command) throws Exception {
    ProcessBuilder builder = pmd.client();
    builder.environment().merge("PATH", Pmd.BIN.toString(), (path, bin) -> bin + ":" + path);
    return Pmd.Outcome.of(builder.command(List.of(command)));
  }

  private static Path shell(String name) {
    Path shell = Path.of("/usr/bin/" + name);
    assumeTrue(Files.isExecutable(shell), name + " is there");
    return shell;
  }

  /** What bash would offer; {@code compopt} works only while somebody types. */
  private static List<String> bash(String line) throws Exception {
    Pmd.Outcome outcome =
        run(
            shell("bash").toString(),
            "-c",
            """
            set -u
            source <(pmctl completion bash)
            compopt() { :; }
            COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMPREPLY=()
            _pmctl
            printf '%s\\n' "${COMPREPLY[@]}"
            """,
            "bash",
            line);
    assertThat(outcome.err()).as(line).isEmpty();
    return outcome.lines();
  }

  @Test
  void bash() throws Exception {
    assertThat(bash("pmctl ")).contains("status", "run", "daemon").doesNotContain("daemon status");
    assertThat(bash("pmctl sta")).containsExactly("status", "start");
    assertThat(bash("pmctl daemon ")).containsExactly("status", "upgrade", "shutdown");
    assertThat(bash("pmctl start w")).containsExactly("web", "worker-with-long-name");
    assertThat(bash("pmctl start we")).containsExactly("web", "web@1", "web@2");
    // Bash replaces only what is behind the last @, : or =.
    assertThat(bash("pmctl start web@")).containsExactly("1", "2");
    assertThat(bash("pmctl start group:")).containsExactly("front");
    assertThat(bash("pmctl --color never start web@1 we")).contains("web@2");
    assertThat(bash("pmctl status --")).contains("--watch", "--output", "--home");
    assertThat(bash("pmctl status -o j")).containsExactly("json", "jsonl");
    assertThat(bash("pmctl wait web --for d")).containsExactly("dead");
    assertThat(bash("pmctl run --restart on-")).containsExactly("on-failure", "on-abnormal");
    assertThat(bash("pmctl signal US")).containsExactly("USR1", "USR2");
    assertThat(bash("pmctl signal USR1 we")).contains("web@1");
    assertThat(bash("pmctl scale we")).containsExactly("web=");
    assertThat(bash("pmctl config show wo")).containsExactly("worker-with-long-name");
    assertThat(bash("pmctl config check /etc/host")).contains("/etc/hosts");
    assertThat(bash("pmctl config explain restart.f")).containsExactly("restart.factor");
    assertThat(bash("pmctl config schema ")).containsExactly("program", "daemon");
    // What stands behind an equals sign is a value.
    assertThat(bash("pmctl status --output=y")).containsExactly("yaml");
    assertThat(bash("pmctl --home=/etc/apt/pref")).containsExactly("/etc/apt/preferences.d");
    assertThat(bash("pmctl run --stop-signal=US")).containsExactly("USR1", "USR2");
    assertThat(bash("pmctl run --user=roo")).containsExactly("root");
    assertThat(bash("pmctl run -e PM_HO")).containsExactly("PM_HOME");
    assertThat(bash("pmctl run -- slee")).contains("sleep");
    assertThat(bash("pmctl run -- cat /etc/host")).contains("/etc/hosts");
    assertThat(bash("pmctl task ")).containsExactly("list", "show", "cancel", "retry");
    assertThat(bash("pmctl submit j")).containsExactly("jobs");
    assertThat(bash("pmctl submit jobs @/etc/host")).contains("/etc/hosts");
    assertThat(bash("pmctl submit jobs 1 --priority n")).containsExactly("normal");
    assertThat(bash("pmctl submit jobs --wait ")).containsExactly("");
    assertThat(bash("pmctl pool pause ")).containsExactly("jobs");
    assertThat(bash("pmctl task list --state f")).containsExactly("failed");
    assertThat(pmd.pmctl("submit", "jobs", "1", "--id", "order", "--wait=30s").exit()).isZero();
    assertThat(bash("pmctl task show o")).containsExactly("order");
    assertThat(bash("pmctl task retry o")).containsExactly("");
    assertThat(bash("pmctl nonsense x")).containsExactly("");
    // Without a daemon there are no names, and no complaints.
    assertThat(bash("pmctl --home /nonexistent start w")).containsExactly("");
  }

  @Test
  void fish() throws Exception {
    Path script = Files.writeString(folder.resolve("try.fish"), "pmctl completion fish | source\n");
    for (String line :
        List.of(
            "pmctl sta",
            "pmctl start web@",
            "pmctl daemon ",
            "pmctl config check /etc/host",
            "pmctl --home=/etc/apt/pref",
            "pmctl run -- slee")) {
      Files.writeString(
          script, Files.readString(script) + "complete -C '" + line + "'\necho ====\n", UTF_8);
    }
    Pmd.Outcome outcome = run(shell("fish").toString(), "--no-config", script.toString());
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out().split("====\n"))
        .satisfiesExactly(
            commands ->
                assertThat(commands.lines())
                    .anyMatch(line -> line.startsWith("status\tshows all instances"))
                    .anyMatch(line -> line.startsWith("start\t")),
            names -> assertThat(names.lines()).containsExactly("web@1", "web@2"),
            daemon ->
                assertThat(daemon.lines().map(line -> line.split("\t", 2)[0]))
                    .containsExactly("status", "upgrade", "shutdown"),
            files -> assertThat(words(files)).contains("/etc/hosts"),
            folders -> assertThat(words(folders)).contains("--home=/etc/apt/preferences.d/"),
            commands -> assertThat(words(commands)).contains("sleep"));
  }

  private static List<String> words(String offered) {
    return offered.lines().map(line -> line.split("\t", 2)[0]).toList();
  }

  /** Where the packages put them, the shells find the scripts by themselves. */
  @Test
  void theShellsLoadTheInstalledScripts() throws Exception {
    Path completions = folder.resolve("installed");
    Path bash = Files.createDirectories(completions.resolve("completions")).resolve("pmctl");
    Path zsh = Files.createDirectories(folder.resolve("zsh")).resolve("_pmctl");
    Path fish = Files.createDirectories(folder.resolve("fish")).resolve("pmctl.fish");
    Files.writeString(bash, pmd.pmctl("completion", "bash").out());
    Files.writeString(zsh, pmd.pmctl("completion", "zsh").out());
    Files.writeString(fish, pmd.pmctl("completion", "fish").out());

    Pmd.Outcome offered =
        run(
            shell("fish").toString(),
            "--no-config",
            "-c",
            "set -p fish_complete_path " + fish.getParent() + "; complete -C 'pmctl pool d'");
    assertThat(words(offered.out())).containsExactly("drain");

    try (Typed shell =
        Typed.start(pmd, "TERM=dumb PS1='> ' PATH=" + Pmd.BIN + ":$PATH zsh -f -i")) {
      shell.type(
          "fpath=("
              + zsh.getParent()
              + " $fpath); autoload -Uz compinit; compinit -u -D; echo o''k\n");
      shell.await("ok");
      shell.type("pmctl scale we\t\u0001echo :\n");
      shell.await("\n:pmctl scale web=");
      shell.type("\u0015pmctl status --output=y\t\u0001echo :\n");
      shell.await("\n:pmctl status --output=yaml");
      shell.type("\u0015exit\n");
    }

    Path loader = Path.of("/usr/share/bash-completion/bash_completion");
    assumeTrue(Files.exists(loader), "bash-completion is there");
    try (Typed shell =
        Typed.start(pmd, "TERM=dumb PS1='> ' PATH=" + Pmd.BIN + ":$PATH bash --norc -i")) {
      shell.type(
          "BASH_COMPLETION_USER_DIR=" + completions + "; source " + loader + "; echo o''k\n");
      shell.await("ok");
      shell.type("pmctl start wor\t\u0001echo :\n");
      shell.await("\n:pmctl start worker-with-long-name");
      shell.type("pmctl status --output=y\t\u0001echo :\n");
      shell.await("\n:pmctl status --output=yaml");
      shell.type("exit\n");
    }
  }

  @Test
  void zsh() throws Exception {
    shell("zsh");
    try (Typed zsh = Typed.start(pmd, "TERM=dumb PS1='> ' PATH=" + Pmd.BIN + ":$PATH zsh -f -i")) {
      zsh.type(
          "autoload -Uz compinit; compinit -u -D; source <(pmctl completion zsh); echo o''k\n");
      zsh.await("ok");
      zsh.type("pmctl start wor\t");
      zsh.await("worker-with-long-name");
      // Ctrl-A and a word in front of it: the line is printed as it was completed.
      zsh.type("\u0015pmctl scale we\t\u0001echo :\n");
      zsh.await("\n:pmctl scale web=");
      zsh.type("\u0015pmctl daemon \t");
      // Which comes first is zsh's own business.
      Await.until(
          "subcommands and what they do",
          () ->
              zsh.shown().contains("shutdown")
                  && zsh.shown().contains("has the installed version take over"),
          zsh::shown);
      zsh.type("\u0015exit\n");
    }
  }
}
