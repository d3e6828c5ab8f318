package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pm.protocol.Json;

/**
 * The guides do what they say. A block {@code yaml} is accepted by {@code pmd --check}; with {@code
 * yaml run} a daemon works with it, and the blocks {@code console} that follow are typed: what
 * comes back matches, where an ellipsis stands for anything, and alone on a line for any lines. A
 * block {@code python write NAME} is a file beside the next definition that is run, {@code json} is
 * JSON, of {@code sh} only the syntax is looked at, and a block that names a file of the repository
 * is a part of it.
 */
@Timeout(240)
class GuidesIT {

  private static final Pattern BLOCK =
      Pattern.compile("^```([^\\n]+)\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern WRITTEN = Pattern.compile("\\w+ write (\\S+)");

  /** What only looks, and may therefore look again until it sees what is awaited. */
  private static final Pattern LOOKS =
      Pattern.compile(
          "(pmctl (status|why|describe|logs|events|is-active|is-failed|daemon status)|ls|cat|grep)\\b.*");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "running",
        "readiness-and-health",
        "limits-and-security",
        "logs",
        "writing-workers",
        "containers",
        "install",
        "upgrading"
      })
  void aGuideDoesWhatItSays(String page, @TempDir Path folder) throws Exception {
    Matcher block = BLOCK.matcher(Markdown.read("docs/" + page + ".md").text());
    Optional<Pmd> running = Optional.empty();
    Map<String, String> files = new LinkedHashMap<>();
    int tried = 0;
    try {
      while (block.find()) {
        tried++;
        String kind = block.group(1).strip();
        String text = block.group(2);
        switch (kind) {
          case "yaml" -> check(folder, text);
          case "yaml run" -> {
            end(running);
            Path home = Files.createDirectory(folder.resolve("home" + tried));
            running = Optional.of(new Pmd(home).with(text));
            for (Map.Entry<String, String> file : files.entrySet()) {
              Files.writeString(
                  home.resolve("config/programs.d").resolve(file.getKey()), file.getValue());
            }
            running.get().start();
          }
          case "sh" -> {
            // It changes the machine, or needs packages: the tests of packages do it.
            Pmd.Outcome outcome = Pmd.Outcome.of(new ProcessBuilder("/bin/sh", "-n", "-c", text));
            assertThat(outcome.exit()).as("%s: %s", text, outcome).isZero();
          }
          case "console" -> type(running.orElseThrow(), text);
          case "json" -> Json.parse(text.strip().getBytes(UTF_8));
          default -> {
            Matcher written = WRITTEN.matcher(kind);
            if (written.matches()) {
              files.put(written.group(1), text);
              continue;
            }
            String path = kind.substring(kind.indexOf(' ') + 1);
            assertThat(Markdown.read(path).text()).as(path).contains(text);
          }
        }
      }
    } finally {
      end(running);
    }
    assertThat(tried).isPositive();
  }

  /** Ends the daemon, whichever of its lives it is in. */
  private static void end(Optional<Pmd> running) throws IOException, InterruptedException {
    if (running.isPresent()) {
      running.get().pmctl("daemon", "shutdown", "--timeout", "20s");
      running.get().close();
    }
  }

  private static void check(Path folder, String yaml) throws IOException, InterruptedException {
    Path file = folder.resolve("pm.yaml");
    Files.writeString(file, yaml, UTF_8);
    Pmd.Outcome outcome =
        Pmd.Outcome.of(
            new ProcessBuilder(
                Pmd.BIN.resolve("pmd").toString(), "--check", "--config", file.toString()));
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
  }

  private static void type(Pmd pmd, String text) throws IOException, InterruptedException {
    List<String> expected = new ArrayList<>();
    Optional<String> command = Optional.empty();
    for (String line : (text + "$ ").lines().toList()) {
      if (!line.startsWith("$ ")) {
        expected.add(line);
        continue;
      }
      if (command.isPresent()) {
        run(pmd, command.get(), expected);
      }
      command = Optional.of(line.substring(2));
      expected = new ArrayList<>();
    }
  }

  private static void run(Pmd pmd, String command, List<String> expected)
      throws IOException, InterruptedException {
    Pattern wanted = pattern(expected);
    List<Pmd.Outcome> seen = new ArrayList<>(List.of(shell(pmd, command)));
    if (LOOKS.matcher(command).matches()) {
      Await.until(
          "`" + command + "` prints " + expected,
          () -> {
            if (wanted.matcher(printed(seen.getFirst())).matches()) {
              return true;
            }
            try {
              seen.set(0, shell(pmd, command));
            } catch (IOException broken) {
              throw new AssertionError(broken);
            } catch (InterruptedException interrupted) {
              Thread.currentThread().interrupt();
            }
            return false;
          },
          () -> "It prints " + printed(seen.getFirst()) + "; pmd said: " + pmd.said());
    }
    assertThat(printed(seen.getFirst())).as(command).matches(wanted);
  }

  private static String printed(Pmd.Outcome outcome) {
    return outcome.out() + outcome.err();
  }

  private static Pattern pattern(List<String> lines) {
    StringBuilder regex = new StringBuilder();
    for (String line : lines) {
      if (line.strip().equals("…")) {
        regex.append("(?s:.*)");
        continue;
      }
      StringBuilder words = new StringBuilder();
      for (String word : line.strip().split("\\s+", -1)) {
        words.append(words.isEmpty() ? "" : "\\h+");
        words.append("\\Q").append(word.replace("…", "\\E.*\\Q")).append("\\E");
      }
      // A line is tried once: what does not match would else be tried in more ways than end.
      regex.append("(?>\\h*").append(words).append("\\h*\\n)");
    }
    return Pattern.compile(regex.toString());
  }

  private static Pmd.Outcome shell(Pmd pmd, String command)
      throws IOException, InterruptedException {
    ProcessBuilder client = pmd.client();
    client.command("/bin/sh", "-c", command);
    client.environment().merge("PATH", "", (path, none) -> Pmd.BIN + ":" + path);
    client.environment().put("PMD", Long.toString(pmd.pid()));
    client.directory(pmd.home().toFile());
    client.redirectErrorStream(true);
    return Pmd.Outcome.of(client);
  }
}
