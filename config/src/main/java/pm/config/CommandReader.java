package pm.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads commands: of a program, of its hooks, and wherever else one may stand. */
final class CommandReader {
  /** Linux refuses a longer word or variable (MAX_ARG_STRLEN, execve(2)). */
  static final int MOST_WORD_BYTES = 131_071;

  /** Stands in for a command that has a problem, so that the rest can be read too. */
  static final Command NO_COMMAND = new Command(List.of("true"), false);

  private static final String EXAMPLE = "write command: [PROGRAM, ARGUMENT]";

  private final VariableCheck variables;

  CommandReader(VariableCheck variables) {
    this.variables = variables;
  }

  /** The command of a program. */
  Command read(Section section) {
    return read(section, false);
  }

  /** The command of a mapping that has the keys {@code command} and {@code shell}. */
  private Command read(Section section, boolean ofHook) {
    boolean shell = section.truth("shell", false);
    Optional<Node> value = section.value("command");
    if (value.isEmpty()) {
      section
          .problems()
          .add(
              section.keyLocation("command"),
              section.path("command"),
              "the command is missing",
              EXAMPLE);
      return NO_COMMAND;
    }
    if (value.get() instanceof Node.Entries) {
      section.problem("command", "a list or text is expected, not a mapping", EXAMPLE);
      return NO_COMMAND;
    }
    return words(section, "command", value.get(), shell, ofHook, EXAMPLE);
  }

  /**
   * A command that stands below a key as text, as a list, or as a mapping with more keys.
   *
   * @param ofHook whether it is told how the instance is, as a hook is
   */
  Optional<Command> below(Section section, String key, boolean ofHook) {
    Optional<Node> value = section.value(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.get() instanceof Node.Entries mapping) {
      return Optional.of(
          read(
              Section.of(section.path(key), mapping, ProgramKeys.COMMAND, section.problems()),
              ofHook));
    }
    return Optional.of(words(section, key, value.get(), false, ofHook, example(key)));
  }

  /** A hook, likewise. */
  Optional<Hook> hook(Section section, String key) {
    Optional<Node> value = section.value(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.get() instanceof Node.Entries mapping) {
      Section hook = Section.of(section.path(key), mapping, ProgramKeys.HOOK, section.problems());
      return Optional.of(
          new Hook(
              read(hook, true),
              hook.positiveDuration("timeout", Hook.USUAL_TIMEOUT),
              hook.truth("ignore_failure", false)));
    }
    return Optional.of(new Hook(words(section, key, value.get(), false, true, example(key))));
  }

  private static String example(String key) {
    return "write " + key + ": [PROGRAM, ARGUMENT]";
  }

  private Command words(
      Section section, String key, Node value, boolean shell, boolean ofHook, String example) {
    boolean reported = false;
    List<String> words = List.of();
    switch (value) {
      case Node.Text text when shell -> words = List.of(text.text());
      case Node.Text text -> {
        try {
          words = CommandLine.split(text.text());
        } catch (MalformedValueException malformed) {
          section.problem(key, malformed.what(), malformed.remedy());
          reported = true;
        }
      }
      case Node.Items list when shell -> {
        section.problem(
            key,
            "a shell takes one text, not a list",
            "write the line as one text, or remove shell: true");
        reported = true;
      }
      case Node.Items list -> {
        var found = new ArrayList<String>(list.items().size());
        for (Node.Text text : section.texts(list, section.path(key))) {
          found.add(text.text());
        }
        reported = found.size() < list.items().size();
        words = found;
      }
      case Node.Entries mapping -> throw new IllegalStateException("a mapping has no words");
    }
    for (String word : words) {
      checkLength(section, key, word);
      if (ofHook) {
        variables.addOfHook(word, section.location(key), section.path(key));
      } else {
        variables.add(word, section.location(key), section.path(key));
      }
    }
    if (words.isEmpty()) {
      if (!reported) {
        section.problem(key, "the command is empty", example);
      }
      return NO_COMMAND;
    }
    if (words.getFirst().isBlank()) {
      section.problem(key, "the first word of the command is empty", "write the program to run");
      return NO_COMMAND;
    }
    return new Command(words, shell);
  }

  static void checkLength(Section section, String key, String text) {
    if (text.length() > MOST_WORD_BYTES / 4
        && text.getBytes(StandardCharsets.UTF_8).length > MOST_WORD_BYTES) {
      section.problem(
          key,
          "one of its texts is longer than " + MOST_WORD_BYTES + " bytes",
          "Linux starts no process with it; pass a file");
    }
  }
}
