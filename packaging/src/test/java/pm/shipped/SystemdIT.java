package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The unit files under a real systemd: a Debian that is booted in a container. The checks are those
 * of {@code src/test/systemd/checks.sh}.
 */
@Timeout(420)
class SystemdIT {

  private static final Path SOURCES = Path.of("src/test/systemd").toAbsolutePath();
  private static final String PACKAGES = "systemd,systemd-sysv,dbus,procps";

  @Test
  void keepsProgramsUnderSystemdWhateverHappensToTheDaemon() throws Exception {
    assumeTrue(
        System.getProperty("user.name").equals("root"),
        "only root can boot a system in a container");
    assumeTrue(isThere("systemd-nspawn"), "systemd-nspawn is missing (Debian: systemd-container)");
    assumeTrue(isThere("mmdebstrap"), "mmdebstrap is missing");
    Path root = Path.of("target/systemd-root").toAbsolutePath();
    run("rm", "-rf", root.toString());
    Files.createDirectories(root);
    try {
      run("tar", "-C", root.toString(), "-xf", debian().toString());
      Pmd.Outcome outcome =
          Pmd.Outcome.of(
              new ProcessBuilder(
                      SOURCES.resolve("boot.sh").toString(),
                      root.toString(),
                      Pmd.TREE.toString(),
                      System.getProperty("java.home"),
                      "300")
                  .redirectErrorStream(true));
      List<String> results = outcome.lines();
      assertThat(results).as("%s", outcome).contains("done");
      assertThat(results).filteredOn(line -> line.startsWith("not ok")).isEmpty();
      assertThat(results).filteredOn(line -> line.startsWith("ok ")).hasSizeGreaterThan(40);
    } finally {
      run("rm", "-rf", root.toString());
    }
  }

  /** A Debian with systemd, made once for all runs of this user. */
  private static Path debian() throws IOException, InterruptedException {
    Path cache =
        Files.createDirectories(Path.of(System.getProperty("user.home"), ".cache", "pm-test"));
    Path tar = cache.resolve("debian-systemd.tar");
    if (!Files.exists(tar)) {
      Path made = Files.createTempFile(cache, "making", ".tar");
      run(
          "mmdebstrap",
          "--quiet",
          "--variant=minbase",
          "--include=" + PACKAGES,
          "bookworm",
          made.toString());
      Files.move(made, tar, StandardCopyOption.ATOMIC_MOVE);
    }
    return tar;
  }

  private static boolean isThere(String command) throws IOException, InterruptedException {
    return Pmd.Outcome.of(new ProcessBuilder("sh", "-c", "command -v " + command)).exit() == 0;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Pmd.Outcome outcome = Pmd.Outcome.of(new ProcessBuilder(command));
    assertThat(outcome.exit()).as("%s: %s", String.join(" ", command), outcome).isZero();
  }
}
