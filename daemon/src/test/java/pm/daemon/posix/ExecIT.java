package pm.daemon.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ExecIT {

  /** Becomes a shell that tells what it has. */
  static final class Becoming {
    private Becoming() {}

    public static void main(String[] arguments) throws ErrnoException {
      int kept = Fd.open("/etc/hostname", OpenFlags.RDONLY, 0);
      int closed = Fd.open("/etc/hostname", OpenFlags.RDONLY, 0);
      Thread other =
          new Thread(
              () -> {
                while (true) {
                  java.util.concurrent.locks.LockSupport.park();
                }
              });
      other.setDaemon(true);
      other.start();
      if (arguments[0].equals("fail")) {
        try {
          Exec.exec("/no/such/program", List.of("x"), Map.of(), Set.of(kept));
        } catch (ErrnoException refused) {
          System.out.println(refused.getMessage());
          System.exit(3);
        }
      }
      Exec.exec(
          "/bin/sh",
          List.of(
              "sh",
              "-c",
              "echo $$ $NAME; [ -e /proc/$$/fd/"
                  + kept
                  + " ] && echo kept; [ -e /proc/$$/fd/"
                  + closed
                  + " ] || echo closed; i=0; n=0; while [ $i -lt 500 ]; do"
                  + " [ -e /proc/$$/fd/$i ] && n=$((n + 1)); i=$((i + 1)); done; echo $n;"
                  + " grep -E 'SigBlk|Threads' /proc/$$/status | tr -d '\\t'"),
          Map.of("NAME", "grüße", "PATH", "/usr/bin:/bin"),
          Set.of(kept));
    }
  }

  private static Process run(String argument) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Becoming.class.getName(),
            argument)
        .redirectErrorStream(true)
        .start();
  }

  @Test
  void becomesAnotherProgramWithTheSamePidAndOnlyWhatWasKept() throws Exception {
    Process process = run("shell");
    List<String> said = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(said)
        .containsExactly(
            process.pid() + " grüße",
            "kept",
            "closed",
            "4",
            "Threads:1",
            "SigBlk:0000000000000000");
  }

  @Test
  void goesOnIfThatIsNotPossible() throws Exception {
    Process process = run("fail");
    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8).strip())
        .isEqualTo("execve /no/such/program: No such file or directory");
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(3);
  }
}
