package pm.cli.arguments;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;
import pm.protocol.ExitCode;

/**
 * Reads every command line, says what is wrong with one, and writes the help; all through picocli.
 */
public final class PicocliParser {
  private static final String PROGRAM = "pmctl";
  private static final int WIDTH = 100;

  /** More of them would not fit a line. */
  private static final int MOST_IN_SYNOPSIS = 8;

  private PicocliParser() {}

  /**
   * Reads the arguments of one command.
   *
   * @param given global options that stood before the command, by their long names
   * @throws CommandFailure with exit code 2 if they are wrong
   */
  public static Arguments parse(Map<String, String> given, List<String> arguments, Syntax syntax)
      throws CommandFailure {
    List<Option> known = new ArrayList<>(syntax.options());
    known.addAll(GlobalOptions.EVERYWHERE);
    CommandLine commandLine = new CommandLine(spec(syntax));
    commandLine.setSeparator("=");
    // An argument that begins with @ is for us, no file of arguments.
    commandLine.setExpandAtFiles(false);
    ParseResult result;
    try {
      result = commandLine.parseArgs(withoutNext(arguments, known));
    } catch (ParameterException e) {
      throw failure(e, syntax.name(), known);
    }
    Map<String, String> options = new HashMap<>(given);
    match(result, known, options);
    List<String> operands = new ArrayList<>();
    if (syntax.operands().max() > 0) {
      operands.addAll(result.matchedPositionalValue(0, List.<String>of()));
    }
    // Help is wanted most where the rest is not right yet.
    if (operands.size() < syntax.operands().min()
        && !options.containsKey(GlobalOptions.HELP.longName())) {
      throw usage(syntax.operands().label() + " is missing", syntax.name());
    }
    if (operands.size() > syntax.operands().max()) {
      throw usage(
          "there is one operand too many: " + operands.get(syntax.operands().max()), syntax.name());
    }
    if (operands.contains("")) {
      throw usage(syntax.operands().label() + " is empty", syntax.name());
    }
    return new Arguments(options, operands);
  }

  /** The arguments so that no option whose value may be left out takes the next one for it. */
  private static String[] withoutNext(List<String> arguments, List<Option> known) {
    String[] words = arguments.toArray(new String[0]);
    for (int i = 0; i < words.length && !words[i].equals("--"); i++) {
      for (Option option : known) {
        if (option.optional() && words[i].equals(option.longName())) {
          words[i] = option.longName() + "=";
        }
      }
    }
    return words;
  }

  /** Reads the options before the command; the command and all behind it are the operands. */
  public static Arguments parseGlobal(List<String> arguments) throws CommandFailure {
    CommandSpec spec = CommandSpec.create().name(PROGRAM);
    List<Option> known = new ArrayList<>(GlobalOptions.EVERYWHERE);
    known.add(GlobalOptions.VERSION);
    for (Option option : known) {
      spec.addOption(spec(option));
    }
    CommandLine commandLine = new CommandLine(spec);
    commandLine.setSeparator("=");
    // An argument that begins with @ is for us, no file of arguments.
    commandLine.setExpandAtFiles(false);
    commandLine.setStopAtPositional(true);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build());
    ParseResult result;
    try {
      result = commandLine.parseArgs(arguments.toArray(new String[0]));
    } catch (ParameterException e) {
      throw failure(e, "", known);
    }
    Map<String, String> options = new HashMap<>();
    match(result, known, options);
    return new Arguments(options, result.matchedPositionalValue(0, List.<String>of()));
  }

  private static void match(ParseResult result, List<Option> known, Map<String, String> options)
      throws CommandFailure {
    for (Option option : known) {
      if (result.hasMatchedOption(option.longName())) {
        String value =
            option.repeated()
                ? String.join(
                    String.valueOf(Arguments.SEPARATOR),
                    result.matchedOptionValue(option.longName(), List.<String>of()))
                : !option.label().isEmpty() ? result.matchedOptionValue(option.longName(), "") : "";
        if (options.put(option.longName(), value) != null) {
          throw usage(option.longName() + " stands before and after the command", "");
        }
      }
    }
  }

  /** The help of one command. */
  public static String help(Syntax syntax, boolean colored) {
    CommandSpec spec = spec(syntax);
    spec.usageMessage()
        .customSynopsis(escaped(synopsis(syntax)))
        .description(wrapped(syntax.description()))
        .sortOptions(false)
        .sortSynopsis(false)
        .width(WIDTH)
        .footer(footer(syntax));
    CommandLine commandLine = new CommandLine(spec);
    commandLine.setSeparator(" ");
    String help = commandLine.getUsageMessage(ansi(colored));
    for (Option option : syntax.options()) {
      if (option.optional()) {
        String value = option.valueSyntax();
        help = help.replace(option.longName() + " " + value, option.longName() + value + " ");
      }
    }
    return help;
  }

  /** What a call looks like: {@code pmctl start [--no-wait] [--timeout D] SEL...}. */
  public static String synopsis(Syntax syntax) {
    StringBuilder synopsis = new StringBuilder(PROGRAM).append(' ').append(syntax.name());
    if (syntax.options().size() > MOST_IN_SYNOPSIS) {
      synopsis.append(" [OPTION]...");
      return withOperands(synopsis, syntax.operands());
    }
    for (Option option : syntax.options()) {
      synopsis
          .append(" [")
          .append(option.shortName().isEmpty() ? option.longName() : option.shortName());
      synopsis.append(option.valueSyntax()).append(']');
      synopsis.append(option.repeated() ? "..." : "");
    }
    return withOperands(synopsis, syntax.operands());
  }

  private static String withOperands(StringBuilder synopsis, Operands operands) {
    if (operands.max() > 0) {
      String label = operands.label() + (operands.max() == Integer.MAX_VALUE ? "..." : "");
      synopsis.append(' ').append(operands.min() == 0 ? "[" + label + "]" : label);
    }
    return synopsis.toString();
  }

  /**
   * The help of {@code pmctl} itself.
   *
   * @param group the first word that all of {@code commands} have; empty for all there are
   */
  public static String overview(String group, List<Syntax> commands, boolean colored) {
    CommandSpec root = CommandSpec.create().name(PROGRAM);
    for (Option option : GlobalOptions.EVERYWHERE) {
      root.addOption(spec(option));
    }
    root.addOption(spec(GlobalOptions.VERSION));
    for (Syntax command : commands) {
      CommandSpec sub = CommandSpec.create().name(command.name());
      sub.usageMessage().description(command.summary() + ".");
      sub.aliases(command.aliases().toArray(new String[0]));
      root.addSubcommand(command.name(), sub);
    }
    root.usageMessage()
        .customSynopsis(
            "pmctl " + (group.isEmpty() ? "" : group + " ") + "COMMAND [OPTION]... [OPERAND]...")
        .description("Controls pmd, the supervisor: what runs, why it does not, and its output.")
        .optionListHeading("%nOptions, before or after the command:%n")
        .commandListHeading("%nCommands:%n")
        .sortOptions(false)
        .width(WIDTH)
        .footer(
            "%nEach command has its own help with examples: pmctl "
                + commands.getFirst().name()
                + " --help");
    CommandLine commandLine = new CommandLine(root);
    commandLine.setSeparator(" ");
    return commandLine.getUsageMessage(ansi(colored));
  }

  /** The text in lines that picocli has no reason to break, and an empty one. */
  private static String[] wrapped(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : escaped(text).split(" ", -1)) {
      if (line.length() + word.length() >= WIDTH - 1) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    lines.add("");
    return lines.toArray(new String[0]);
  }

  private static CommandLine.Help.Ansi ansi(boolean colored) {
    return colored ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF;
  }

  private static CommandSpec spec(Syntax syntax) {
    CommandSpec spec = CommandSpec.create().name(PROGRAM + " " + syntax.name());
    for (Option option : syntax.options()) {
      spec.addOption(spec(option));
    }
    for (Option option : GlobalOptions.EVERYWHERE) {
      spec.addOption(spec(option));
    }
    Operands operands = syntax.operands();
    if (operands.max() > 0) {
      // The number is checked by us, with a better sentence.
      spec.addPositional(
          PositionalParamSpec.builder()
              .index("0..*")
              .arity("0..*")
              .paramLabel(operands.label())
              .description(escaped(operands.description()))
              .type(List.class)
              .auxiliaryTypes(String.class)
              .hideParamSyntax(true)
              .build());
    }
    return spec;
  }

  private static OptionSpec spec(Option option) {
    OptionSpec.Builder builder =
        option.shortName().isEmpty()
            ? OptionSpec.builder(option.longName())
            : OptionSpec.builder(option.shortName(), option.longName());
    if (option.repeated()) {
      builder
          .type(List.class)
          .auxiliaryTypes(String.class)
          .arity("1")
          .paramLabel(option.label())
          .hideParamSyntax(true);
    } else if (option.optional()) {
      builder.type(String.class).arity("1").paramLabel(option.valueSyntax()).hideParamSyntax(true);
    } else if (option.takesValue()) {
      builder.type(String.class).arity("1").paramLabel(option.label());
    } else {
      builder.type(boolean.class).arity("0");
    }
    return builder.description(escaped(option.description())).build();
  }

  private static String[] footer(Syntax syntax) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(syntax.examples().size() == 1 ? "Example:" : "Examples:");
    for (String example : syntax.examples()) {
      lines.add("  " + escaped(example));
    }
    lines.add("");
    lines.add("Exit codes:");
    for (Syntax.Exit exit : exits(syntax)) {
      String number = Integer.toString(exit.code().value());
      lines.add("  " + " ".repeat(3 - number.length()) + number + "  " + escaped(exit.meaning()));
    }
    return lines.toArray(new String[0]);
  }

  /** All exit codes of a command, in the order of the numbers. */
  public static List<Syntax.Exit> exits(Syntax syntax) {
    List<Syntax.Exit> exits = new ArrayList<>(syntax.exits());
    exits.add(Syntax.Exit.of(ExitCode.USAGE));
    exits.sort((one, two) -> Integer.compare(one.code().value(), two.code().value()));
    return exits;
  }

  private static CommandFailure failure(ParameterException e, String command, List<Option> known) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      String argument = unmatched.getUnmatched().getFirst();
      if (!argument.startsWith("-")) {
        return usage("there is one operand too many: " + argument, command);
      }
      List<String> names = new ArrayList<>();
      for (Option option : known) {
        names.add(option.longName());
      }
      String hint = Similar.hint(argument, names).strip();
      return usage("unknown option " + argument + (hint.isEmpty() ? "" : ". " + hint), command);
    }
    return usage(lowerCase(e.getMessage()), command);
  }

  private static String lowerCase(@Nullable String message) {
    return message == null || message.isEmpty()
        ? "the arguments are wrong"
        : Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }

  private static CommandFailure usage(String what, String command) {
    String stop = what.endsWith("?") || what.endsWith(".") ? " " : ". ";
    String help = command.isEmpty() ? PROGRAM + " --help" : PROGRAM + " " + command + " --help";
    return new CommandFailure(
        ExitCode.USAGE, (command.isEmpty() ? "" : command + ": ") + what + stop + "See: " + help);
  }

  /** Picocli formats descriptions, and reads {@code @|} as markup. */
  private static String escaped(String text) {
    return text.replace("%", "%%").replace("@|", "@ |");
  }
}
