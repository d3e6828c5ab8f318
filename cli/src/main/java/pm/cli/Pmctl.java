package pm.cli;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.Arguments;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.PicocliParser;
import pm.cli.arguments.QuickParser;
import pm.cli.arguments.Similar;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.cli.command.Completion;
import pm.cli.command.Session;
import pm.cli.render.Output;
import pm.cli.render.Style;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

/**
 * One call of {@code pmctl}: finds the command, reads its arguments, runs it, and says what went
 * wrong.
 */
final class Pmctl {
  private final Map<String, String> environment;
  private final Duration answerLimit;
  private final InputStream in;
  private final Output out;
  private final Output err;

  /**
   * Makes one.
   *
   * @param environment of the process
   * @param answerLimit how long an answer may take that needs nothing but the daemon itself
   * @param in stdin
   * @param out stdout
   * @param err stderr
   */
  Pmctl(
      Map<String, String> environment,
      Duration answerLimit,
      InputStream in,
      Output out,
      Output err) {
    this.environment = environment;
    this.answerLimit = answerLimit;
    this.in = in;
    this.out = out;
    this.err = err;
  }

  /** Runs the command line, and returns what to exit with. Nothing is thrown, whatever happens. */
  int run(List<String> arguments) {
    try {
      int value = end(arguments);
      err.flush();
      out.flush();
      return value;
    } catch (IOException e) {
      return outputFailed(e).value();
    }
  }

  private int end(List<String> arguments) throws IOException {
    try {
      return dispatch(arguments).value();
    } catch (CommandFailure e) {
      if (!e.sentence().isEmpty()) {
        tell(e.sentence());
      }
      return e.exitValue();
    } catch (JsonException e) {
      tell(
          "the daemon's answer is not as its protocol says: "
              + e.sentence()
              + ". Compare the versions: pmctl version");
      return ExitCode.FAILED.value();
    } catch (RuntimeException e) {
      tell("this is a defect of pmctl: " + e + ". Please report it, with the command line.");
      return ExitCode.FAILED.value();
    }
  }

  private void tell(String sentence) throws IOException {
    out.flush();
    err.print("pmctl: ");
    err.foreign(sentence);
    err.print("\n");
  }

  /** Whoever read our output has had enough, or the disk is full. */
  private ExitCode outputFailed(IOException e) {
    if ("Broken pipe".equals(e.getMessage())) {
      return ExitCode.DONE;
    }
    try {
      err.line("pmctl: cannot write the output: " + e.getMessage() + ".");
      err.flush();
    } catch (IOException again) {
      // There is no place left to say it.
    }
    return ExitCode.FAILED;
  }

  private ExitCode dispatch(List<String> arguments)
      throws CommandFailure, JsonException, IOException {
    if (!arguments.isEmpty() && arguments.getFirst().equals(Completion.WORD)) {
      Completion.write(environment, arguments.subList(1, arguments.size()), out);
      return ExitCode.DONE;
    }
    Map<String, String> global = new HashMap<>();
    int at = 0;
    while (at < arguments.size() && arguments.get(at).startsWith("-")) {
      int used = QuickParser.option(arguments, at, GlobalOptions.EVERYWHERE, global);
      if (used == 0) {
        return dispatchSlowly(arguments);
      }
      at += used;
    }
    return dispatch(global, arguments.subList(at, arguments.size()));
  }

  private ExitCode dispatchSlowly(List<String> arguments)
      throws CommandFailure, JsonException, IOException {
    Arguments global = PicocliParser.parseGlobal(arguments);
    if (global.has(GlobalOptions.VERSION)) {
      out.line("pmctl " + Commands.version());
      return ExitCode.DONE;
    }
    return dispatch(global.options(), global.operands());
  }

  /** Runs the command that {@code words} begin with. */
  private ExitCode dispatch(Map<String, String> global, List<String> words)
      throws CommandFailure, JsonException, IOException {
    boolean help = global.containsKey(GlobalOptions.HELP.longName());
    List<String> rest = words;
    if (!rest.isEmpty() && rest.getFirst().equals("help")) {
      help = true;
      rest = rest.subList(1, rest.size());
    }
    if (rest.isEmpty()) {
      return overview("", Commands.NAMES, help);
    }
    String name = rest.getFirst();
    int length = 1;
    if (Commands.GROUPS.contains(name)) {
      if (rest.size() == 1 || rest.get(1).startsWith("-")) {
        return overview(
            name, Commands.inGroup(name), help || rest.contains("--help") || rest.contains("-h"));
      }
      name = name + " " + rest.get(1);
      length = 2;
    }
    if (Commands.isLater(name)) {
      throw new CommandFailure(ExitCode.USAGE, name + ": not supported yet by this version.");
    }
    Optional<Command> command = Commands.find(name);
    if (command.isEmpty()) {
      throw unknown(name);
    }
    return run(command.get(), global, help, rest.subList(length, rest.size()));
  }

  private ExitCode run(Command command, Map<String, String> global, boolean help, List<String> rest)
      throws CommandFailure, JsonException, IOException {
    Syntax syntax = command.syntax();
    if (help) {
      return help(syntax, global);
    }
    Optional<Arguments> quick = QuickParser.parse(global, rest, 0, syntax);
    Arguments arguments =
        quick.isPresent() ? quick.get() : PicocliParser.parse(global, rest, syntax);
    if (arguments.has(GlobalOptions.HELP)) {
      return help(syntax, arguments.options());
    }
    return command.run(Session.of(arguments, environment, answerLimit, in, out, err));
  }

  private ExitCode help(Syntax syntax, Map<String, String> options) throws IOException {
    out.print(PicocliParser.help(syntax, isColored(options)));
    return ExitCode.DONE;
  }

  private boolean isColored(Map<String, String> options) {
    String when = options.getOrDefault(GlobalOptions.COLOR.longName(), "auto");
    return Style.of(when, out.isTerminal(), environment) == Style.COLORED;
  }

  /** What there is, on stdout for who asked, on stderr for who did not know. */
  private ExitCode overview(String group, List<String> names, boolean asked) throws IOException {
    List<Syntax> syntaxes = new ArrayList<>();
    for (String name : names) {
      syntaxes.add(Commands.find(name).orElseThrow().syntax());
    }
    String overview = PicocliParser.overview(group, syntaxes, asked && isColored(Map.of()));
    (asked ? out : err).print(overview);
    return asked ? ExitCode.DONE : ExitCode.USAGE;
  }

  private static CommandFailure unknown(String name) {
    return new CommandFailure(
        ExitCode.USAGE,
        "unknown command "
            + name
            + ". "
            + Similar.hint(name, Commands.NAMES)
            + "See: pmctl --help");
  }
}
