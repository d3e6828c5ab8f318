package pm.cli.arguments;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.config.Durations;
import pm.config.MalformedValueException;
import pm.protocol.ExitCode;

/**
 * What was on a command line, read but not yet understood.
 *
 * @param options the values of those that were given, by their long names; a flag has an empty one;
 *     several values of one option are joined by {@link #SEPARATOR}
 * @param operands the rest, in order
 */
public record Arguments(Map<String, String> options, List<String> operands) {

  /** What no argument can contain. */
  static final char SEPARATOR = '\0';

  public boolean has(Option option) {
    return options.containsKey(option.longName());
  }

  public Optional<String> value(Option option) {
    return Optional.ofNullable(options.get(option.longName()));
  }

  /** All values of an option that may be given several times, in order. */
  public List<String> values(Option option) {
    String text = options.get(option.longName());
    if (text == null) {
      return List.of();
    }
    List<String> values = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(SEPARATOR); at >= 0; at = text.indexOf(SEPARATOR, from)) {
      values.add(text.substring(from, at));
      from = at + 1;
    }
    values.add(text.substring(from));
    return values;
  }

  /** The value as a duration such as {@code 1m30s}. */
  public Optional<Duration> duration(Option option) throws CommandFailure {
    String text = options.get(option.longName());
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Durations.parse(text));
    } catch (MalformedValueException e) {
      throw wrong(option, e.what() + ". " + sentence(e.remedy()));
    }
  }

  /** The value as a whole number of at least 0. */
  public OptionalLong count(Option option) throws CommandFailure {
    String text = options.get(option.longName());
    if (text == null) {
      return OptionalLong.empty();
    }
    try {
      long count = Long.parseLong(text);
      if (count >= 0) {
        return OptionalLong.of(count);
      }
    } catch (NumberFormatException e) {
      // Answered below, with the negative numbers.
    }
    throw wrong(
        option,
        "'" + text + "' is not a whole number. Write for example " + option.longName() + " 100.");
  }

  /** The one of {@code words} that the value is, or the first if the option was not given. */
  public String oneOf(Option option, List<String> words) throws CommandFailure {
    String text = options.getOrDefault(option.longName(), words.getFirst());
    if (!words.contains(text)) {
      throw wrong(
          option, "'" + text + "' is not known. Write one of " + String.join(", ", words) + ".");
    }
    return text;
  }

  private static CommandFailure wrong(Option option, String why) {
    return new CommandFailure(ExitCode.USAGE, option.longName() + ": " + why);
  }

  private static String sentence(String remedy) {
    return remedy.isEmpty()
        ? ""
        : Character.toUpperCase(remedy.charAt(0)) + remedy.substring(1) + ".";
  }
}
