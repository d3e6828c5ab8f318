package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that writes a journal is killed at random moments: what it said it kept is there. */
final class JournalKillIT {
  private static final int KILLS = 20;

  @TempDir Path state;

  @Test
  void whatWasKeptSurvivesAKill() throws Exception {
    long seed = Long.getLong("store.seed", System.nanoTime());
    Random random = new Random(seed);
    Path folder = state.resolve(JournalStore.FOLDER);
    int cleaned = 0;
    for (int life = 0; life < KILLS; life++) {
      long history = random.nextLong();
      int turns = random.nextInt(500);
      Said said = run(folder, history, turns);
      RandomTasks tasks = JournalWriter.begin(history, said.lastTask);
      for (int turn = 0; turn < said.kept; turn++) {
        tasks.turn(20);
      }
      try (StoreLab lab =
          new StoreLab(TaskFolder.at(folder), "boot", JournalWriter.SEGMENT_BYTES)) {
        List<String> told = lab.told.lines();
        // It may have kept one more, and been killed before it said so.
        if (!told.equals(tasks.model.lines())) {
          tasks.turn(20);
        }
        assertThat(told).as("seed %d, life %d", seed, life).isEqualTo(tasks.model.lines());
        lab.assertReads(tasks);
        cleaned = lab.store.sizeBytes() > 0 ? life : cleaned;
      }
    }
    assertThat(folder.resolve(Segment.name(1))).as("cleaning went on meanwhile").doesNotExist();
    assertThat(cleaned).isPositive();
  }

  private static final class Said {
    private long lastTask;
    private int kept;
  }

  /** Lets it live for so many turns, kills it, and returns what it has said till then. */
  private static Said run(Path folder, long history, int turns)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                JournalWriter.class.getName(),
                folder.toString(),
                Long.toString(history))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Said said = new Said();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      boolean isKilled = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("begun ")) {
          said.lastTask = Long.parseLong(line.substring(6));
        } else if (line.matches("kept [0-9]+")) {
          said.kept = Integer.parseInt(line.substring(5));
        } else {
          // The last line may be torn by the kill.
          assertThat(isKilled).as(line).isTrue();
        }
        if (said.kept >= turns && said.lastTask >= 0 && !isKilled) {
          isKilled = true;
          // Not through the process itself, which would close what is to be read.
          process.toHandle().destroyForcibly();
        }
      }
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    return said;
  }
}
