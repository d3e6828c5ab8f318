package pm.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Whatever a file holds, it is accepted or refused with its place, quickly and without an
 * exception. {@code -Dmutations.seed=N} plays one mutation again, {@code -Dmutations.count=N} tries
 * more.
 */
class HostileFilesTest {
  private static final int COUNT = Integer.getInteger("mutations.count", 10_000);
  private static final long ONLY = Long.getLong("mutations.seed", -1);

  /** Any file that takes longer could hold up the start of the daemon. */
  private static final long MOST_NANOS = Duration.ofSeconds(1).toNanos();

  private static final String[] TOKENS = {
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    ",",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">\n",
    "#",
    "%",
    "@",
    "?",
    "? ",
    "\t",
    "\n",
    "\r\n",
    "---\n",
    "...\n",
    "<<: ",
    "\\",
    "\\x",
    "\ufeff",
    "\0",
    "null",
    "~",
    "true",
    "yes",
    "0777",
    "1e999",
    "-1",
    "99999999999999999999",
    "5",
    "5s",
    "${",
    "}",
    "${A}",
    "$$",
    "programs:\n",
    "  ",
    "\u0085",
    "\u2028",
    "command: ",
    "restart: ",
    "env_file: ",
    "all: ",
    "\ud83d\ude00",
    "é"
  };

  @Test
  void mutationsOfGoodFilesAreAcceptedOrRefusedWithTheirPlace() throws IOException {
    List<byte[]> seeds = goodFiles();
    for (long seed = ONLY < 0 ? 0 : ONLY; seed < (ONLY < 0 ? COUNT : ONLY + 1); seed++) {
      assertJudged("mutations.seed=" + seed, mutate(new Random(seed), seeds));
    }
  }

  @Test
  void deepNestingIsRefused() {
    assertRefused("[".repeat(100_000), "nested more than 32 levels deep");
    assertRefused("{a:\n".repeat(100_000), "nested more than 32 levels deep");
    assertRefused("- ".repeat(60_000), "nested more than 32 levels deep");
    assertRefused("? ".repeat(60_000), "only text can be a key");
    assertRefused("[\n".repeat(100_000), "nested more than 32 levels deep");
    var steps = new StringBuilder();
    for (int depth = 0; depth < 1000; depth++) {
      steps.append(" ".repeat(depth)).append("a:\n");
    }
    assertRefused(steps.toString(), "nested more than 32 levels deep");
  }

  @Test
  void largeScalarsAreRefused() {
    String fourMebibytes = "x".repeat(4 << 20);
    assertRefused(
        "programs: {a: {command: " + fourMebibytes + "}}", "the file is larger than 1MiB");
    for (String scalar : new String[] {"%s", "\"%s\"", "'%s'"}) {
      String text = scalar.formatted("x".repeat((1 << 20) - 100));
      assertRefused(
          "programs:\n  a:\n    command: " + text, "the line is longer than 131072 characters");
    }
    assertRefused("#" + "x".repeat((1 << 20) - 100), "the line is longer");
    assertRefused(" ".repeat(1 << 20), "the line is longer");
    assertRefused("x".repeat(1 << 20), "the line is longer");
  }

  @Test
  void filesAtTheLimitOfTheirSizeAreJudgedQuickly() {
    int most = 1 << 20;
    assertJudgedQuickly(fill("x".repeat(131_000) + ": 1\n", most));
    assertJudgedQuickly(fill("\"" + "x".repeat(131_000) + "\": 1\n", most));
    assertJudgedQuickly("a: \"" + fill("x".repeat(131_000) + "\n ", most - 10) + "\"");
    assertJudgedQuickly("a: " + fill("x ".repeat(65_000) + "\n  ", most - 10));
    assertJudgedQuickly("a: |\n" + fill(" x\n", most - 10));
    assertJudgedQuickly("a: [" + fill("1,\n", most - 10) + "]");
    assertJudgedQuickly(fill("#" + "x".repeat(131_000) + "\n", most));
    assertJudgedQuickly(fill(" ".repeat(131_000) + "\n", most));
    assertJudgedQuickly("\n".repeat(most));
    assertJudgedQuickly(fill("'',\n", most));
    assertJudgedQuickly(fill("a: 1\n", most));
    assertJudgedQuickly(unique("k", ": 1\n", most));
    assertJudgedQuickly("programs:\n" + unique("  p", ": {command: a}\n", most - 10));
    assertJudgedQuickly("programs:\n" + unique("  p", ": {comand: a}\n", most - 10));
    assertJudgedQuickly("programs:\n  a:\n" + unique("    comand", ": x\n", most - 20));
    assertJudgedQuickly(
        "programs:\n  a:\n    environment:\n" + unique("      V", ": ${X}\n", most - 60));
    assertJudgedQuickly("programs:\n  a: {command: \"" + fill("${X}", 100_000) + "\"}");
    assertJudgedQuickly("programs:\n  a: {command: [" + fill("${X},\n", most - 100) + "]}");
    assertJudgedQuickly("include: [" + fill("'*a*a*a*a*a*b',\n", 100_000) + "]");
  }

  @Test
  void circlesAndChainsOfVariablesEnd() {
    var chain = new StringBuilder("programs:\n  a:\n    command: a\n    environment:\n");
    for (int i = 0; i < 1000; i++) {
      chain.append("      V").append(i).append(": \"${V").append((i + 1) % 1000).append("}\"\n");
    }
    assertRefused(chain.toString(), "its value refers to itself by way of others");
    assertThat(problems(chain.toString().replace("${V0}", "end"))).isEmpty();
  }

  @Test
  void doublingVariablesAreNoBomb() {
    var bomb =
        new StringBuilder(
            "programs:\n  a:\n    command: a\n    logs: {file: \"${V0}\"}\n    environment:\n");
    for (int i = 0; i < 100; i++) {
      bomb.append("      V")
          .append(i)
          .append(": \"${V")
          .append(i + 1)
          .append("}${V")
          .append(i + 1)
          .append("}\"\n");
    }
    assertRefused(bomb + "      V100: x\n", "");
  }

  @Test
  void mergesAreNoBomb() {
    var bomb = new StringBuilder("programs:\n  p0: &p0\n    command: a\n");
    for (int i = 0; i < 40_000; i++) {
      bomb.append("    k").append(i).append(": 1\n");
    }
    for (int i = 1; i <= 20; i++) {
      bomb.append("  p")
          .append(i)
          .append(": &p")
          .append(i)
          .append(" {<<: *p")
          .append(i - 1)
          .append("}\n");
    }
    assertRefused(bomb.toString(), "more than 50000 values in one file");
  }

  private static void assertJudged(String description, byte[] text) {
    long start = System.nanoTime();
    List<Problem> problems;
    try {
      problems = loader().loadText("/etc/pm/pm.yaml", text).problems();
    } catch (RuntimeException | StackOverflowError failed) {
      throw new AssertionError(description + ":\n" + new String(text, UTF_8), failed);
    }
    assertThat(System.nanoTime() - start).as(description).isLessThan(MOST_NANOS);
    for (Problem problem : problems) {
      assertThat(problem.location().file()).isEqualTo("/etc/pm/pm.yaml");
      assertThat(problem.location().line()).as("%s: %s", description, problem).isPositive();
      assertThat(problem.location().column()).as("%s: %s", description, problem).isPositive();
      assertThat(problem.message()).as(description).isNotBlank();
      assertThat(problem.toString())
          .as(description)
          .doesNotContain("\n", "\u001b", "snakeyaml", "Exception");
    }
  }

  private static void assertJudgedQuickly(String text) {
    // The parser is warm in a daemon that applies a file, and cold only once; a second try is fair
    // to a busy machine.
    long start = System.nanoTime();
    problems(text);
    if (System.nanoTime() - start >= MOST_NANOS) {
      start = System.nanoTime();
      problems(text);
    }
    assertThat(System.nanoTime() - start)
        .as(text.substring(0, Math.min(60, text.length())))
        .isLessThan(MOST_NANOS);
  }

  private static void assertRefused(String text, String message) {
    assertJudgedQuickly(text);
    assertThat(problems(text)).isNotEmpty();
    assertThat(problems(text).getFirst().message()).contains(message);
  }

  private static List<Problem> problems(String text) {
    return loader().loadText("/etc/pm/pm.yaml", text.getBytes(UTF_8)).problems();
  }

  private static ConfigurationLoader loader() {
    var folders =
        new Folders(
            Path.of("/c"), Path.of("/run"), Path.of("/state"), Path.of("/log"), Optional.empty());
    return new ConfigurationLoader(folders, 1000, Trust.ANYTHING, Optional.of(Map.of()));
  }

  private static String fill(String piece, int most) {
    return piece.repeat(most / piece.length());
  }

  private static String unique(String before, String after, int most) {
    var text = new StringBuilder();
    for (int i = 0; text.length() + before.length() + after.length() + 10 < most; i++) {
      text.append(before).append(i).append(after);
    }
    return text.toString();
  }

  private static List<byte[]> goodFiles() throws IOException {
    var files = new ArrayList<byte[]>();
    try (Stream<Path> accepted = Files.list(Path.of("src/test/resources/accepted"))) {
      for (Path file : accepted.sorted().toList()) {
        files.add(Files.readAllBytes(file));
      }
    }
    for (long seed = 0; seed < 5; seed++) {
      files.add(
          ConfigurationWriter.yaml(new RandomConfigurations(seed).configuration()).getBytes(UTF_8));
    }
    return files;
  }

  private static byte[] mutate(Random random, List<byte[]> files) {
    byte[] text = files.get(random.nextInt(files.size()));
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      text = mutateOnce(random, text, files);
    }
    return text;
  }

  private static byte[] mutateOnce(Random random, byte[] text, List<byte[]> files) {
    int at = random.nextInt(text.length + 1);
    int end = Math.min(text.length, at + random.nextInt(1, random.nextInt(10) == 0 ? 200 : 8));
    var mutated = new ByteArrayOutputStream(text.length + 64);
    mutated.write(text, 0, at);
    switch (random.nextInt(8)) {
      case 0 -> mutated.write(text, end, text.length - end);
      case 1 -> {
        mutated.write(random.nextInt(256));
        mutated.write(text, at, text.length - at);
      }
      case 2, 3, 4 -> {
        mutated.writeBytes(TOKENS[random.nextInt(TOKENS.length)].getBytes(UTF_8));
        mutated.write(text, at, text.length - at);
      }
      case 5 -> {
        mutated.write(text, at, end - at);
        mutated.write(text, at, text.length - at);
      }
      case 6 -> {
        byte[] other = files.get(random.nextInt(files.size()));
        int from = random.nextInt(other.length + 1);
        mutated.write(other, from, Math.min(other.length - from, random.nextInt(200)));
        mutated.write(text, at, text.length - at);
      }
      default -> {
        mutated.writeBytes(TOKENS[random.nextInt(TOKENS.length)].getBytes(UTF_8));
        mutated.write(text, end, text.length - end);
      }
    }
    return mutated.toByteArray();
  }
}
