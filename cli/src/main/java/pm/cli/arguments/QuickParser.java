package pm.cli.arguments;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads command lines that are plainly right: options by their full name with their value beside or
 * after {@code =}, operands, {@code --}. For anything else it has no answer, and picocli, which
 * takes far longer to start, finds out what was meant or what is wrong. What both read they read
 * alike; a test compares them.
 */
public final class QuickParser {
  private QuickParser() {}

  /**
   * Reads the arguments of a command.
   *
   * @param given global options that stood before the command, by their long names; none may stand
   *     twice
   * @param arguments those from {@code from} on are read
   * @param syntax what the command takes
   * @return empty if picocli has to look at it
   */
  public static Optional<Arguments> parse(
      Map<String, String> given, List<String> arguments, int from, Syntax syntax) {
    Map<String, String> options = new HashMap<>(given);
    List<String> operands = new ArrayList<>();
    boolean onlyOperands = false;
    for (int i = from; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (onlyOperands || !argument.startsWith("-") || argument.equals("-")) {
        operands.add(argument);
      } else if (argument.equals("--")) {
        onlyOperands = true;
      } else {
        int used = option(arguments, i, syntax.options(), options);
        if (used == 0) {
          used = option(arguments, i, GlobalOptions.EVERYWHERE, options);
        }
        if (used == 0) {
          return Optional.empty();
        }
        i += used - 1;
      }
    }
    boolean fits =
        operands.size() >= syntax.operands().min()
            && operands.size() <= syntax.operands().max()
            && !operands.contains("");
    return fits ? Optional.of(new Arguments(options, operands)) : Optional.empty();
  }

  /**
   * Reads one option into {@code options}.
   *
   * @return how many arguments it takes up; 0 if it is none of {@code known}, or is not plainly
   *     right
   */
  public static int option(
      List<String> arguments, int at, List<Option> known, Map<String, String> options) {
    String argument = arguments.get(at);
    int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
    String name = equals < 0 ? argument : argument.substring(0, equals);
    for (Option option : known) {
      if (!name.equals(option.longName()) && !name.equals(option.shortName())) {
        continue;
      }
      String before = options.getOrDefault(option.longName(), "");
      if (options.containsKey(option.longName()) && !option.repeated()) {
        return 0;
      }
      if (option.optional()) {
        String value = equals < 0 ? "" : argument.substring(equals + 1);
        options.put(option.longName(), value);
        return equals >= 0 && value.isEmpty() ? 0 : 1;
      }
      if (!option.takesValue()) {
        options.put(option.longName(), "");
        return equals < 0 ? 1 : 0;
      }
      String value =
          equals >= 0
              ? argument.substring(equals + 1)
              : at + 1 < arguments.size() ? arguments.get(at + 1) : "";
      if (value.isEmpty() || value.startsWith("-")) {
        return 0;
      }
      options.put(
          option.longName(), before.isEmpty() ? value : before + Arguments.SEPARATOR + value);
      return equals < 0 ? 2 : 1;
    }
    return 0;
  }
}
