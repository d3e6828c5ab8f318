package pm.config;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code campaigns/lines/fuzz-values} calls with each of its inputs: the first byte says which
 * of the small readers gets the others as its text.
 */
public final class ValueFuzzer {
  private ValueFuzzer() {}

  /** Judges one input; throws if something is wrong. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 1) {
      return;
    }
    String text = new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
    try {
      switch (input[0] & 7) {
        case 0 -> duration(text);
        case 1 -> size(text);
        case 2 -> command(text);
        case 3 -> template(text);
        case 4 -> variables(text);
        case 5 -> signal(text);
        case 6 -> glob(text);
        default -> names(text);
      }
    } catch (MalformedValueException refused) {
      if (refused.what().isEmpty()) {
        throw new AssertionError("no sentence for " + text, refused);
      }
    }
  }

  private static void mustBe(boolean holds, String text) {
    if (!holds) {
      throw new AssertionError(text);
    }
  }

  private static void duration(String text) throws MalformedValueException {
    var duration = Durations.parse(text);
    mustBe(!duration.isNegative() && duration.compareTo(Durations.LONGEST) <= 0, text);
    mustBe(Durations.parse(Durations.format(duration)).equals(duration), text);
  }

  private static void size(String text) throws MalformedValueException {
    long bytes = Sizes.parse(text);
    mustBe(bytes >= 0 && Sizes.parse(Sizes.format(bytes)) == bytes, text);
  }

  /** Each word in single quotes is the same command again. */
  private static void command(String text) throws MalformedValueException {
    for (String word : CommandLine.split(text)) {
      Template.references(word);
      String expanded = expanded(word);
      if (expanded.indexOf('\'') < 0) {
        var again = CommandLine.split("'" + expanded + "'");
        mustBe(again.size() == 1 && expanded(again.getFirst()).equals(expanded), text);
      }
    }
  }

  private static String expanded(String template) {
    return switch (Template.expand(template, name -> Optional.of("<" + name + ">"))) {
      case Template.Expansion.Expanded(String text) -> text;
      case Template.Expansion.Unset _, Template.Expansion.TooLong _ -> "";
    };
  }

  private static void template(String text) throws MalformedValueException {
    mustBe(expanded(Template.escape(text)).equals(text), text);
    for (Template.Reference each : Template.references(text)) {
      mustBe(Template.isName(each.name()), text);
      mustBe(text.startsWith("${" + each.name(), each.start()), text);
      mustBe(text.charAt(each.end() - 1) == '}', text);
    }
    expanded(text);
  }

  private static void variables(String text) throws MalformedValueException {
    for (Map.Entry<String, String> each : EnvFileText.parse(text).entrySet()) {
      mustBe(EnvFileText.isVariable(each.getKey()), text);
      mustBe(each.getValue().indexOf('\0') < 0, "a zero in the value of " + each.getKey());
    }
  }

  private static void signal(String text) throws MalformedValueException {
    String name = SignalName.parse(text);
    int number = SignalName.number(name).orElseThrow();
    mustBe(number >= 1 && number <= 64, text);
    mustBe(SignalName.number(SignalName.of(number)).orElse(0) == number, text);
  }

  private static void names(String text) {
    mustBe(!Names.isProgramName(text) || text.chars().allMatch(c -> c > ' ' && c < 0x7f), text);
    mustBe(!Names.isProgramName(text) || text.indexOf('/') < 0, text);
  }

  /** Against the plain way: which characters of the pattern may have been used up by then. */
  private static void glob(String text) {
    int zero = text.indexOf('\n');
    if (zero < 0) {
      return;
    }
    String pattern = text.substring(0, zero);
    String rest = text.substring(zero + 1);
    boolean[] may = new boolean[pattern.length() + 1];
    may[0] = true;
    skipStars(pattern, may);
    for (int t = 0; t < rest.length(); t++) {
      boolean[] next = new boolean[may.length];
      for (int p = 0; p < pattern.length(); p++) {
        char c = pattern.charAt(p);
        if (may[p] && c == '*') {
          next[p] = true;
        } else if (may[p] && (c == '?' || c == rest.charAt(t))) {
          next[p + 1] = true;
        }
      }
      skipStars(pattern, next);
      may = next;
    }
    mustBe(Glob.matches(pattern, rest) == may[pattern.length()], text);
  }

  private static void skipStars(String pattern, boolean[] may) {
    for (int p = 0; p < pattern.length(); p++) {
      may[p + 1] |= may[p] && pattern.charAt(p) == '*';
    }
  }
}
