package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** As the first process of a container it reaps what others leave, and only that. */
@Tag("alone")
@Timeout(180)
class FirstProcessIT {

  private static final List<String> CONTAINER =
      List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc");

  private static final String YAML =
      """
      programs:
        rain:
          command: |
            i=0
            while [ $i -lt 1000 ]; do
              i=$((i + 1))
              (: & : & : & : & : & : & : & : & : & : &)
            done
            echo done
            until [ -e @DIR@/go ]; do sleep 0.05; done
            exit 42
          shell: true
          essential: true
          readiness: {uptime: 0s}
          restart: never
        once:
          command: [/bin/sh, -c, "exit 5"]
          type: oneshot
          instances: 200
          success_exit_codes: [5]
          hooks: {post_stop: {command: [/bin/sh, -c, "exit 3"], ignore_failure: true}}
      """;

  @TempDir private Path folder;

  @Test
  void tenThousandOrphansAndTwoHundredHooks() throws Exception {
    boolean possible =
        Pmd.Outcome.of(
                    new ProcessBuilder(
                        Stream.concat(CONTAINER.stream(), Stream.of("true")).toList()))
                .exit()
            == 0;
    assumeTrue(possible, "only root may make a namespace of processes");
    String yaml = YAML.replace("@DIR@", folder.toString());
    try (Pmd pmd = new Pmd(CONTAINER, folder).with(yaml).start()) {
      long first =
          pmd.process()
              .children()
              .findFirst()
              .orElseThrow(() -> new AssertionError(pmd.said()))
              .pid();
      Await.until(
          "all orphans are made", () -> Texts.of(pmd.log("rain@1")).equals("done\n"), pmd::said);
      Await.until(
          "all have ended",
          () ->
              pmd.status().values().stream()
                      .filter(item -> Pmd.is(item, "DEAD/completed"))
                      .filter(item -> Wire.number(item, "exit_code") == 5)
                      .count()
                  == 200,
          pmd::said);
      Await.until("no zombie is left", () -> zombies(first) == 0, () -> zombies(first) + "");
      Path events = folder.resolve("state/events.jsonl");
      Await.until(
          "each hook's code is told",
          () ->
              Texts.of(events)
                      .lines()
                      .filter(line -> line.contains("\"hook\"") && line.contains("exit 3"))
                      .count()
                  == 200,
          () ->
              Texts.of(events).lines().filter(line -> line.contains("\"hook\"")).limit(3).toList()
                  + "");
      assertThat(Wire.number(pmd.ask("daemon.status"), "impossible_events")).isZero();
      assertThat(Wire.number(pmd.ask("daemon.status"), "loop_failures")).isZero();
      Files.createFile(folder.resolve("go"));
      assertThat(pmd.awaitEnd()).isEqualTo(42);
    }
  }

  private static long zombies(long parent) {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.filter(folder -> Character.isDigit(folder.getFileName().toString().charAt(0)))
          .map(folder -> Texts.of(folder.resolve("stat")))
          .filter(stat -> stat.contains(") Z " + parent + " "))
          .count();
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }
}
