package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each rule of {@code docs/security.md} has a number, and names tests that there are. */
class SecurityDocumentTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern RULE = Pattern.compile("^(\\d+)\\. \\*\\*");
  private static final Pattern NAMED = Pattern.compile("`(\\w+(?:Test|IT))#(\\w+)`");
  private static final Pattern MARK =
      Pattern.compile("^  @(?:Test|ParameterizedTest|TestFactory)\\b");
  private static final Pattern METHOD = Pattern.compile("^  [\\w<>]+ (\\w+)\\(");

  @Test
  void eachRuleIsHeldByTestsThatThereAre() throws IOException {
    Map<String, Set<String>> tests = tests();
    List<String> missing = new ArrayList<>();
    int number = 0;
    List<String> rule = new ArrayList<>();
    List<String> lines = new ArrayList<>(Files.readAllLines(ROOT.resolve("docs/security.md")));
    lines.add("end. **");
    for (String line : lines) {
      Matcher begin = RULE.matcher(line);
      if (begin.find() || line.equals("end. **")) {
        if (number > 0 && rule.stream().noneMatch(each -> NAMED.matcher(each).find())) {
          missing.add("rule " + number + " names no test");
        }
        rule.clear();
        number++;
        if (!line.equals("end. **")) {
          assertThat(Integer.parseInt(begin.group(1))).as(line).isEqualTo(number);
        }
      }
      rule.add(line);
      Matcher named = NAMED.matcher(line);
      while (named.find()) {
        if (!tests.getOrDefault(named.group(1), Set.of()).contains(named.group(2))) {
          missing.add("rule " + number + ": there is no test " + named.group());
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(number).as("rules").isGreaterThan(30);
  }

  /** All methods that are tests, by the simple name of their class. */
  private static Map<String, Set<String>> tests() throws IOException {
    Map<String, Set<String>> tests = new HashMap<>();
    for (String module : List.of("protocol", "config", "daemon", "cli", "packaging")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          String name = file.getFileName().toString().replace(".java", "");
          boolean isTest = false;
          for (String line : Files.readAllLines(file)) {
            isTest |= MARK.matcher(line).find();
            Matcher method = METHOD.matcher(line);
            if (method.find()) {
              if (isTest) {
                tests.computeIfAbsent(name, key -> new HashSet<>()).add(method.group(1));
              }
              isTest = false;
            }
          }
        }
      }
    }
    return tests;
  }
}
