package pm.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Takes back what {@link ConfigurationWriter#kept} wrote. Only what a file says by itself is
 * checked: who may write it, which variables are set and which logs meet was settled when it came
 * into force.
 */
public final class KeptConfiguration {
  private KeptConfiguration() {}

  /**
   * Reads one.
   *
   * @throws MalformedValueException if it is not what was written, or was written by a version that
   *     this one does not know
   */
  public static Configuration read(byte[] text) throws MalformedValueException {
    var problems = new Problems("");
    Section top = open(text, problems);
    int version = top.number("version", 0, Integer.MAX_VALUE, 0);
    if (version != ConfigurationWriter.VERSION) {
      throw new MalformedValueException(
          "its version is " + version + ", not " + ConfigurationWriter.VERSION, "");
    }
    var daemon = new DaemonReader();
    top.section("daemon", DaemonKeys.DAEMON).ifPresent(daemon::read);
    SortedMap<String, ProgramSpec> programs = programs(top, problems);
    var invalid = new TreeMap<String, List<Problem>>();
    var unread = new TreeMap<String, List<Problem>>();
    var all = new ArrayList<Problem>();
    if (top.value("problems").orElse(null) instanceof Node.Items items) {
      for (Node item : items.items()) {
        if (item instanceof Node.Entries entries) {
          Section section = Section.of("problems", entries, DaemonKeys.KEPT_PROBLEM, problems);
          problem(section, invalid, unread, all);
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new MalformedValueException(problems.sorted().getFirst().toString(), "");
    }
    try {
      return new Configuration(daemon.daemon(), programs, invalid, unread, all);
    } catch (IllegalArgumentException nonsense) {
      throw new MalformedValueException(String.valueOf(nonsense.getMessage()), "");
    }
  }

  private static Section open(byte[] text, Problems problems) throws MalformedValueException {
    try {
      Optional<Node> root = NodeReader.readJson("", new String(text, StandardCharsets.UTF_8));
      if (root.isPresent() && root.get() instanceof Node.Entries entries) {
        return Section.of("", entries, DaemonKeys.KEPT, problems);
      }
      throw new MalformedValueException("it is not a JSON object", "");
    } catch (UnreadableFileException unreadable) {
      throw new MalformedValueException(unreadable.problem().toString(), "");
    }
  }

  private static SortedMap<String, ProgramSpec> programs(Section top, Problems problems) {
    var rules = new ProgramReader.Rules(Path.of("/"), true, Optional.empty(), true);
    var programs = new TreeMap<String, ProgramSpec>();
    if (top.value("programs").orElse(null) instanceof Node.Entries mapping) {
      for (Node.Entry entry : mapping.entries()) {
        Optional<ProgramSpec> program =
            ProgramReader.read(entry, rules, problems, new Dependencies());
        if (program.isPresent()) {
          programs.put(
              entry.key(),
              new ProgramSpec.Builder(program.get()).location(origin(entry.value())).build());
        }
      }
    }
    return programs;
  }

  private static Location origin(Node definition) {
    if (definition instanceof Node.Entries entries) {
      for (Node.Entry entry : entries.entries()) {
        if (entry.key().equals("origin")
            && entry.value() instanceof Node.Items items
            && items.items().size() == 3
            && items.items().get(0) instanceof Node.Text file) {
          return new Location(
              file.text(), number(items.items().get(1)), number(items.items().get(2)));
        }
      }
    }
    return Location.NONE;
  }

  private static int number(Node node) {
    if (!(node instanceof Node.Text text) || text.text().length() > 9) {
      return 0;
    }
    int number = 0;
    for (int i = 0; i < text.text().length(); i++) {
      int digit = text.text().charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return 0;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  private static void problem(
      Section section,
      SortedMap<String, List<Problem>> invalid,
      SortedMap<String, List<Problem>> unread,
      List<Problem> all) {
    var location =
        new Location(
            section.text("file", ""),
            section.number("line", 0, Integer.MAX_VALUE, 0),
            section.number("column", 0, Integer.MAX_VALUE, 0));
    var problem =
        new Problem(
            location,
            section.text("path", ""),
            section.text("message", ""),
            section.text("remedy", ""));
    Optional<String> program = section.name("program");
    Optional<String> file = section.name("in");
    if (program.isPresent()) {
      invalid.computeIfAbsent(program.get(), name -> new ArrayList<>()).add(problem);
    } else if (file.isPresent()) {
      unread.computeIfAbsent(file.get(), name -> new ArrayList<>()).add(problem);
    } else {
      all.add(problem);
    }
  }
}
