package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One mapping of a file, read by key. What is missing or null has its default; what is wrong
 * becomes a problem and has its default too, so that reading goes on.
 */
final class Section {
  private final String path;
  private final Node.Entries node;
  private final Problems problems;
  private final Map<String, Node.Entry> entries;

  private Section(String path, Node.Entries node, Problems problems) {
    this.path = path;
    this.node = node;
    this.problems = problems;
    entries = HashMap.newHashMap(node.entries().size());
    for (Node.Entry entry : node.entries()) {
      entries.put(entry.key(), entry);
    }
  }

  /**
   * Opens a mapping that may hold any of {@code keys}, and reports every other key and every one
   * that comes twice.
   */
  static Section of(String path, Node.Entries node, Keys keys, Problems problems) {
    var section = new Section(path, node, problems);
    reportDuplicates(path, node, problems);
    for (Node.Entry entry : node.entries()) {
      if (!keys.isKnown(entry.key())) {
        section.reportUnknown(entry, keys);
      }
    }
    return section;
  }

  static void reportDuplicates(String path, Node.Entries node, Problems problems) {
    for (Node.Duplicate duplicate : node.duplicates()) {
      Node.Entry entry = duplicate.entry();
      problems.add(
          entry,
          join(path, entry.key()),
          "this key is there already at line "
              + duplicate.first().line()
              + ", column "
              + duplicate.first().column(),
          "remove one of them");
    }
  }

  /** The path of a key below another. */
  static String join(String path, String key) {
    boolean ordinary = !key.isEmpty() && key.length() <= Names.LONGEST;
    for (int i = 0; ordinary && i < key.length(); i++) {
      char c = key.charAt(i);
      ordinary = c > ' ' && c < 0x7f && c != '\'';
    }
    String shown = ordinary ? key : Quoted.text(key);
    return path.isEmpty() ? shown : path + "." + shown;
  }

  String path() {
    return path;
  }

  String path(String key) {
    return join(path, key);
  }

  Problems problems() {
    return problems;
  }

  /** The value of a key; empty if the key is missing or null. */
  Optional<Node> value(String key) {
    return Optional.ofNullable(get(key));
  }

  /** Whether the key is there and not null. */
  boolean has(String key) {
    return get(key) != null;
  }

  /** Where the key stands; where the section begins if it is not there. */
  Location keyLocation(String key) {
    Node.Entry entry = entries.get(key);
    return entry == null ? problems.locate(node) : problems.locate(entry);
  }

  /** Where the value of the key stands; where the section begins if it is not there. */
  Location location(String key) {
    Node.Entry entry = entries.get(key);
    return problems.locate(entry == null ? node : entry.value());
  }

  void problem(String key, String message, String remedy) {
    problems.add(location(key), path(key), message, remedy);
  }

  /** The mapping below a key; empty if it is missing, null or no mapping. */
  Optional<Section> section(String key, Keys keys) {
    Node value = get(key);
    if (value instanceof Node.Entries below) {
      return Optional.of(of(path(key), below, keys, problems));
    }
    if (value != null) {
      problem(
          key,
          "a mapping is expected, not " + describe(value),
          "write " + key + ": {" + keys.known().getFirst() + ": …}");
    }
    return Optional.empty();
  }

  String text(String key, String otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Node.Text text) {
      return text.text();
    }
    problem(key, "text is expected, not " + describe(value), "");
    return otherwise;
  }

  /** A text that is not empty. */
  Optional<String> name(String key) {
    String text = text(key, "");
    if (text.isEmpty() && get(key) instanceof Node.Text) {
      problem(key, "it is empty", "write a value, or leave the key out");
    }
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  boolean truth(String key, boolean otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Node.Text text) {
      String word = text.text();
      if (text.plain() && (word.equals("true") || word.equals("false"))) {
        return word.equals("true");
      }
      problem(key, Quoted.text(word) + " is neither true nor false", truthRemedy(text));
      return otherwise;
    }
    problem(key, "true or false is expected, not " + describe(value), "");
    return otherwise;
  }

  private static String truthRemedy(Node.Text text) {
    return switch (text.text().toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on", "y", "1" ->
          text.text().equals("true") ? "remove the quotes" : "write true";
      case "false", "no", "off", "n", "0" ->
          text.text().equals("false") ? "remove the quotes" : "write false";
      default -> "write true or false";
    };
  }

  int number(String key, int least, int most, int otherwise) {
    Node value = get(key);
    return value == null ? otherwise : number(value, path(key), least, most, otherwise);
  }

  private int number(Node value, String at, int least, int most, int otherwise) {
    if (!(value instanceof Node.Text text)) {
      problems.add(value, at, "a whole number is expected, not " + describe(value), "");
      return otherwise;
    }
    if (!isWholeNumber(text.text())) {
      problems.add(
          value,
          at,
          Quoted.text(text.text()) + " is not a whole number",
          "write a number from " + least + " to " + most);
      return otherwise;
    }
    if (!text.plain()) {
      problems.add(value, at, "a number is expected, not text", "remove the quotes");
      return otherwise;
    }
    int number = text.text().length() > 10 ? Integer.MAX_VALUE : clamp(Long.parseLong(text.text()));
    if (number < least || number > most) {
      problems.add(
          value,
          at,
          Quoted.cut(text.text()) + " is out of range",
          "write a number from " + least + " to " + most);
      return otherwise;
    }
    return number;
  }

  private static int clamp(long number) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number));
  }

  /** Digits without a leading zero, which some read as octal, and perhaps a minus. */
  private static boolean isWholeNumber(String text) {
    int start = text.startsWith("-") ? 1 : 0;
    if (text.length() == start || (text.charAt(start) == '0' && text.length() > start + 1)) {
      return false;
    }
    for (int i = start; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  /** A decimal number such as {@code 2} or {@code 0.25}. */
  double decimal(String key, double least, double most, double otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    String range = "write a number from " + shortest(least) + " to " + shortest(most);
    if (!(value instanceof Node.Text text)) {
      problem(key, "a number is expected, not " + describe(value), range);
      return otherwise;
    }
    if (!isDecimal(text.text())) {
      problem(key, Quoted.text(text.text()) + " is not a number", range);
      return otherwise;
    }
    if (!text.plain()) {
      problem(key, "a number is expected, not text", "remove the quotes");
      return otherwise;
    }
    double number = Double.parseDouble(text.text());
    if (number < least || number > most) {
      problem(key, text.text() + " is out of range", range);
      return otherwise;
    }
    return number;
  }

  private static boolean isDecimal(String text) {
    int start = text.startsWith("-") ? 1 : 0;
    int dot = text.indexOf('.');
    int whole = dot < 0 ? text.length() : dot;
    return text.length() <= 400
        && isDigits(text, start, whole)
        && (dot < 0 || isDigits(text, dot + 1, text.length()));
  }

  private static boolean isDigits(String text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return end > start;
  }

  static String shortest(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }

  Duration duration(String key, Duration otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Node.Text text)) {
      problem(key, "a duration is expected, not " + describe(value), "write for example 5s");
      return otherwise;
    }
    try {
      return Durations.parse(text.text());
    } catch (MalformedValueException malformed) {
      problem(key, malformed.what(), malformed.remedy());
      return otherwise;
    }
  }

  /** A duration that is not zero. */
  Duration positiveDuration(String key, Duration otherwise) {
    Duration duration = duration(key, otherwise);
    if (duration.isZero()) {
      problem(
          key,
          "it cannot be zero",
          "write for example "
              + Durations.format(otherwise.isZero() ? Duration.ofSeconds(1) : otherwise));
      return otherwise;
    }
    return duration;
  }

  /** The value of {@code max_delay}, which is not shorter than that of {@code delay}. */
  Duration maxDelay(Duration delay, Duration otherwise) {
    Duration maxDelay = duration("max_delay", otherwise);
    if (maxDelay.compareTo(delay) >= 0) {
      return maxDelay;
    }
    problem(
        has("max_delay") ? "max_delay" : "delay",
        "the delay "
            + Durations.format(delay)
            + " is longer than max_delay, which is "
            + Durations.format(maxDelay),
        "write max_delay: " + Durations.format(delay) + " or more");
    return delay;
  }

  long size(String key, long least, long most, long otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Node.Text text)) {
      problem(key, "a size is expected, not " + describe(value), "write for example 50MiB");
      return otherwise;
    }
    try {
      long size = Sizes.parse(text.text());
      if (size >= least && size <= most) {
        return size;
      }
      problem(
          key,
          Quoted.text(text.text()) + " is out of range",
          "write a size from " + Sizes.format(least) + " to " + Sizes.format(most));
    } catch (MalformedValueException malformed) {
      problem(key, malformed.what(), malformed.remedy());
    }
    return otherwise;
  }

  /**
   * Permission bits in quotes, for without them YAML and people do not agree which base they are
   * written in.
   */
  int octal(String key, int otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Node.Text text)) {
      problem(
          key,
          "octal digits in quotes are expected, not " + describe(value),
          "write \"" + octal(otherwise) + "\"");
      return otherwise;
    }
    String digits = text.text();
    boolean octal = !digits.isEmpty() && digits.length() <= 4;
    for (int i = 0; octal && i < digits.length(); i++) {
      octal = digits.charAt(i) >= '0' && digits.charAt(i) <= '7';
    }
    if (text.plain() && isDigits(digits, 0, digits.length())) {
      problem(
          key,
          "without quotes it is not clear whether " + Quoted.cut(digits) + " is octal",
          "write it in quotes: \""
              + (octal ? octal(Integer.parseInt(digits, 8)) : octal(otherwise))
              + "\"");
      return otherwise;
    }
    int bits = octal ? Integer.parseInt(digits, 8) : -1;
    if (bits < 0 || bits > 0777) {
      problem(
          key,
          Quoted.text(digits) + " is not a set of permission bits",
          "write octal digits from \"000\" to \"777\"");
      return otherwise;
    }
    return bits;
  }

  static String octal(int bits) {
    return bits < 0100
        ? (bits < 010 ? "00" : "0") + Integer.toOctalString(bits)
        : "0" + Integer.toOctalString(bits);
  }

  /** One of a few fixed words. */
  <W extends Word> W word(String key, W[] words, W otherwise) {
    Node value = get(key);
    return value == null ? otherwise : word(key, value, words, otherwise);
  }

  <W extends Word> W word(String key, Node value, W[] words, W otherwise) {
    if (!(value instanceof Node.Text text)) {
      problem(key, "a word is expected, not " + describe(value), "write " + listed(words));
      return otherwise;
    }
    for (W word : words) {
      if (word.word().equals(text.text())) {
        return word;
      }
    }
    problem(key, Quoted.text(text.text()) + " is not known here", wordRemedy(text.text(), words));
    return otherwise;
  }

  private static String wordRemedy(String text, Word[] words) {
    var candidates = new ArrayList<String>();
    for (Word word : words) {
      candidates.add(word.word());
    }
    String meant =
        switch (text) {
          case "unless-stopped", "true", "yes" -> "always";
          case "unexpected", "on_failure", "onfailure" -> "on-failure";
          case "no", "false", "none" -> "never";
          case "on-abort", "on-watchdog" -> "on-abnormal";
          case "control-group", "mixed" -> "tree";
          case "warning" -> "warn";
          case "forking", "notify", "exec", "daemon" -> "simple";
          case "service_started" -> "started";
          case "service_healthy" -> "healthy";
          case "service_completed_successfully" -> "completed";
          case "lsp" -> "content-length";
          case "least-conn", "least_conn", "leastconn" -> "least-connections";
          case "rr" -> "round-robin";
          case "weighted", "wrr" -> "weighted-round-robin";
          case "disk", "file", "journal" -> "auto";
          case "ram" -> "memory";
          case "fail", "refuse" -> "reject";
          case "wait", "queue" -> "hold";
          case "ndjson", "jsonl", "newline", "mcp" -> "line";
          case "text", "plain" -> "raw";
          default -> "";
        };
    if (!candidates.contains(meant)) {
      meant =
          text.length() > Names.LONGEST
              ? ""
              : UnknownKey.nearest(text.toLowerCase(Locale.ROOT), candidates);
    }
    return meant.isEmpty()
        ? "write " + listed(words)
        : "did you mean " + meant + "? Possible are " + listed(words);
  }

  private static String listed(Word[] words) {
    var text = new StringBuilder();
    for (int i = 0; i < words.length; i++) {
      text.append(i == 0 ? "" : i == words.length - 1 ? " or " : ", ").append(words[i].word());
    }
    return text.toString();
  }

  /** A list of texts; a null or a nested value in it is a problem. */
  List<Node.Text> texts(String key) {
    Node value = get(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof Node.Items list) {
      return texts(list, path(key));
    }
    problem(
        key,
        "a list is expected, not " + describe(value),
        value instanceof Node.Text text ? "write [" + Quoted.bare(text.text()) + "]" : "");
    return List.of();
  }

  List<Node.Text> texts(Node.Items list, String at) {
    var texts = new ArrayList<Node.Text>(list.items().size());
    for (int i = 0; i < list.items().size(); i++) {
      Node item = list.items().get(i);
      if (item instanceof Node.Text text && !text.isNull()) {
        texts.add(text);
      } else {
        problems.add(item, at + "[" + i + "]", "text is expected, not " + describe(item), "");
      }
    }
    return texts;
  }

  /** A list of whole numbers, none of them left out because it is there already. */
  List<Integer> numbers(String key, int least, int most) {
    Node value = get(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof Node.Items list)) {
      problem(
          key,
          "a list of numbers is expected, not " + describe(value),
          value instanceof Node.Text text && isWholeNumber(text.text())
              ? "write [" + text.text() + "]"
              : "write for example [" + least + ", " + most + "]");
      return List.of();
    }
    var numbers = new ArrayList<Integer>(list.items().size());
    for (int i = 0; i < list.items().size(); i++) {
      int number = number(list.items().get(i), path(key) + "[" + i + "]", least, most, least - 1);
      if (number >= least) {
        numbers.add(number);
      }
    }
    return numbers;
  }

  Set<Integer> exitCodes(String key, Set<Integer> otherwise) {
    Node value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!(value instanceof Node.Items list)) {
      problem(
          key,
          "a list of exit codes is expected, not " + describe(value),
          value instanceof Node.Text text && isWholeNumber(text.text())
              ? "write [" + text.text() + "]"
              : "write for example [0, 3]");
      return otherwise;
    }
    var codes = new TreeSet<Integer>();
    for (int i = 0; i < list.items().size(); i++) {
      int code = number(list.items().get(i), path(key) + "[" + i + "]", 0, 255, -1);
      if (code >= 0) {
        codes.add(code);
      }
    }
    return codes;
  }

  /** For a message: what there is instead of what is expected. */
  static String describe(Node node) {
    return switch (node) {
      case Node.Text text -> text.isNull() ? "null" : Quoted.text(text.text());
      case Node.Items items -> "a list";
      case Node.Entries mapping -> "a mapping";
    };
  }

  private @Nullable Node get(String key) {
    Node.Entry entry = entries.get(key);
    return entry == null || Node.isNull(entry.value()) ? null : entry.value();
  }

  private void reportUnknown(Node.Entry entry, Keys keys) {
    Optional<LaterKey> later = keys.later(entry.key());
    if (later.isPresent()) {
      later.get().check(entry, path(entry.key()), problems);
    } else if (entry.key().equals("<<")) {
      problems.add(
          entry, path("<<"), "<< takes a mapping or a list of mappings", "write <<: *NAME");
    } else if (!problems.isFull()) {
      problems.add(entry, path(entry.key()), "unknown key", UnknownKey.remedy(entry.key(), keys));
    }
  }
}
