package pm.cli.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.QuickParser;
import pm.cli.arguments.Syntax;
import pm.cli.client.Address;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.cli.render.Output;
import pm.cli.render.PoolTable;
import pm.config.KeyGuide;
import pm.config.RestartPolicy;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * Finds out what a command line can go on with. The scripts of the shells ask this, so that what
 * they offer is what the commands take.
 */
public final class Completion {
  /** The word in place of a command by which scripts ask; no command that people use. */
  public static final String WORD = "__complete";

  /** Nobody waits longer for a Tab. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  /** More than that nobody looks through. */
  private static final int MOST_TASKS = 200;

  private static final String FILES = ":files";
  private static final String COMMANDS = ":commands";
  private static final String FOLDERS = ":folders";

  private static final List<String> SIGNALS =
      List.of("HUP", "INT", "QUIT", "TERM", "KILL", "USR1", "USR2", "CONT", "STOP", "WINCH");

  private final Map<String, String> environment;
  private final String current;

  /** What stands before the value in the last word: {@code --output=}; mostly nothing. */
  private String prefix = "";

  private final Map<String, String> options = new HashMap<>();
  private final List<String> lines = new ArrayList<>();

  private Completion(Map<String, String> environment, String current) {
    this.environment = environment;
    this.current = current;
  }

  /**
   * Writes what can stand in place of the last word: a word a line, with a tab and what it is
   * behind it where that is known; {@code :files}, {@code :folders} or {@code :commands} alone for
   * the shell's own.
   *
   * @param words those behind {@code pmctl}, up to the cursor; the last may be empty
   */
  public static void write(Map<String, String> environment, List<String> words, Output out)
      throws IOException {
    String current = words.isEmpty() ? "" : words.getLast();
    Completion completion = new Completion(environment, current);
    completion.find(words.isEmpty() ? List.of() : words.subList(0, words.size() - 1));
    for (String line : completion.lines) {
      out.line(line);
    }
  }

  private void find(List<String> before) {
    int at = 0;
    while (at < before.size() && before.get(at).startsWith("-")) {
      int used = take(before, at, GlobalOptions.EVERYWHERE);
      if (used == 0) {
        return;
      }
      at += used;
    }
    if (at < before.size() && before.get(at).equals("help")) {
      at++;
    }
    if (at == before.size()) {
      if (!current.startsWith("-")) {
        offerCommands();
      } else {
        offerOptionsOrTheirValues(GlobalOptions.EVERYWHERE);
      }
      return;
    }
    String name = before.get(at);
    int length = 1;
    if (Commands.GROUPS.contains(name)) {
      if (at + 1 == before.size()) {
        for (String each : Commands.inGroup(name)) {
          offer(each.substring(name.length() + 1), summary(each));
        }
        return;
      }
      name = name + " " + before.get(at + 1);
      length = 2;
    }
    Optional<Command> command = Commands.find(name);
    if (command.isPresent()) {
      arguments(command.get().syntax(), before.subList(at + length, before.size()));
    }
  }

  private void arguments(Syntax syntax, List<String> before) {
    List<Option> known = new ArrayList<>(syntax.options());
    known.addAll(GlobalOptions.EVERYWHERE);
    int operands = 0;
    boolean onlyOperands = false;
    for (int at = 0; at < before.size(); at++) {
      String word = before.get(at);
      if (onlyOperands || !word.startsWith("-")) {
        operands++;
      } else if (word.equals("--")) {
        onlyOperands = true;
      } else {
        Optional<Option> open = at == before.size() - 1 ? valueOf(word, known) : Optional.empty();
        if (open.isPresent()) {
          offerValues(open.get());
          return;
        }
        int used = take(before, at, known);
        at += Math.max(used, 1) - 1;
      }
    }
    if (current.startsWith("-") && !onlyOperands) {
      offerOptionsOrTheirValues(known);
    } else if (operands < syntax.operands().max()) {
      offerOperands(syntax, operands);
    }
  }

  /** The option that is the last word before the cursor and has no value yet. */
  private static Optional<Option> valueOf(String word, List<Option> known) {
    for (Option option : known) {
      if (option.takesValue()
          && (word.equals(option.longName()) || word.equals(option.shortName()))) {
        return Optional.of(option);
      }
    }
    return Optional.empty();
  }

  private int take(List<String> before, int at, List<Option> known) {
    Optional<Option> option = valueOf(before.get(at), known);
    if (option.isPresent() && at + 1 == before.size()) {
      offerValues(option.get());
      return 0;
    }
    if (option.isPresent()) {
      options.put(option.get().longName(), before.get(at + 1));
      return 2;
    }
    return Math.max(1, QuickParser.option(before, at, known, options));
  }

  private void offerCommands() {
    for (String name : Commands.NAMES) {
      int space = name.indexOf(' ');
      if (space < 0) {
        offer(name, summary(name));
      } else if (!lines.contains(name.substring(0, space))) {
        offer(name.substring(0, space), "");
      }
    }
  }

  private static String summary(String name) {
    return Commands.find(name).map(command -> command.syntax().summary()).orElse("");
  }

  /** Options, or the values of the one that the last word names before an equals sign. */
  private void offerOptionsOrTheirValues(List<Option> known) {
    int equals = current.indexOf('=');
    for (Option option : known) {
      if (equals < 0) {
        offer(option.longName(), option.description());
      } else if (option.longName().equals(current.substring(0, equals))) {
        prefix = current.substring(0, equals + 1);
        offerValues(option);
      }
    }
  }

  private void offerValues(Option option) {
    switch (option.label()) {
      case "PATH" -> lines.add(FILES);
      case "DIR" -> lines.add(FOLDERS);
      case "FORMAT" -> offerAll(Format.NAMES);
      case "WHEN" -> offerAll(List.of("auto", "always", "never"));
      case "STATE" -> offerAll(WaitCommand.AWAITED);
      case "POLICY" -> {
        for (RestartPolicy policy : RestartPolicy.values()) {
          offer(policy.word(), "");
        }
      }
      case "PROGRAM" -> offerPrograms("");
      case "POOL" -> offerPools();
      case "PRIORITY" -> offerAll(SubmitCommand.PRIORITIES);
      case "TASK-STATE" -> offerAll(TaskListCommand.STATES);
      case "PART" -> offerAll(TaskShowCommand.PARTS);
      case "SIG" -> offerAll(SIGNALS);
      case "USER" -> offerNames(Path.of("/etc/passwd"));
      case "GROUP" -> offerNames(Path.of("/etc/group"));
      case "K=V" -> offerAll(environment.keySet().stream().sorted().toList());
      default -> {
        // A number, a time, a name of one's own.
      }
    }
  }

  private void offerOperands(Syntax syntax, int before) {
    switch (syntax.operands().label()) {
      case "SEL" -> offerSelectors();
      case "SIG SEL" -> {
        if (before == 0) {
          offerAll(SIGNALS);
        } else {
          offerSelectors();
        }
      }
      case "PROGRAM" -> offerPrograms("");
      case "PROGRAM=N" -> offerPrograms("=");
      case "SHELL" -> offerAll(CompletionCommand.SHELLS);
      case "PATH", "FILE" -> lines.add(FILES);
      case "POOL" -> offerPools();
      case "POOL [DATA]" -> {
        if (before == 0) {
          offerPools();
        } else if (current.startsWith("@")) {
          lines.add(FILES);
        }
      }
      case "ID" -> offerTasks(syntax.name());
      case "KEY" -> offerAll(KeyGuide.paths());
      case "program|daemon" -> offerAll(List.of("program", "daemon"));
      case "CMD" -> lines.add(before == 0 ? COMMANDS : FILES);
      default -> {
        // Nothing that could be known.
      }
    }
  }

  /**
   * Programs and groups; instances once a program is named, or is the only one that can be meant.
   */
  private void offerSelectors() {
    List<String> names = names();
    List<String> programs = new ArrayList<>();
    for (String name : names) {
      if (name.indexOf('@') < 0) {
        programs.add(name);
        offer(name, "");
      }
    }
    programs.removeIf(name -> !name.startsWith(current));
    boolean one = programs.size() == 1 && !programs.getFirst().contains(":");
    for (String name : names) {
      if (name.indexOf('@') >= 0 && (current.indexOf('@') >= 0 || one)) {
        offer(name, "");
      }
    }
  }

  private void offerPools() {
    try (Connection connection = Connection.open(address(), LIMIT)) {
      for (Members pool : PoolNames.list(connection, List.of())) {
        offer(pool.string("name"), PoolTable.state(pool));
      }
    } catch (CommandFailure | JsonException e) {
      // No daemon, no names: a Tab is no place to complain.
    }
  }

  /** The tasks that a command is for, as far as one answer names them. */
  private void offerTasks(String command) {
    List<String> states =
        switch (command) {
          case "task cancel" -> List.of("RUNNING", "QUEUED");
          case "task retry" -> List.of("FAILED", "TIMED_OUT", "CANCELLED");
          default -> List.of("");
        };
    try (Connection connection = Connection.open(address(), LIMIT)) {
      for (String state : states) {
        Map<String, Object> params = state.isEmpty() ? Map.of() : Map.of("state", state);
        Members page = Members.of(connection.call(Method.TASK_LIST, params), "the answer");
        for (Members task : page.objects("tasks")) {
          if (lines.size() < MOST_TASKS) {
            offer(task.string("id"), task.string("pool") + ", " + task.string("state"));
          }
        }
      }
    } catch (CommandFailure | JsonException e) {
      // As above.
    }
  }

  private Address address() {
    return new Address(
        environment,
        Optional.ofNullable(options.get(GlobalOptions.HOME.longName())),
        Optional.ofNullable(options.get(GlobalOptions.SOCKET.longName())));
  }

  private void offerPrograms(String end) {
    for (String name : names()) {
      if (name.indexOf('@') < 0 && name.indexOf(':') < 0 && !name.equals("all")) {
        offer(name + end, "");
      }
    }
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    try (Connection connection = Connection.open(address(), LIMIT)) {
      for (Object item : Pages.read(connection, Method.NAMES, Map.of()).items()) {
        names.add(item.toString());
      }
    } catch (CommandFailure | JsonException e) {
      // No daemon, no names: a Tab is no place to complain.
    }
    return names;
  }

  /** The first field of each line, as of the files of users and groups. */
  private void offerNames(Path file) {
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          offer(line.substring(0, colon), "");
        }
      }
    } catch (IOException e) {
      // Without that file there are no names.
    }
  }

  private void offerAll(List<String> words) {
    for (String word : words) {
      offer(word, "");
    }
  }

  private void offer(String word, String description) {
    String whole = prefix + word;
    if (whole.startsWith(current)) {
      String what = Escapes.cell(description);
      lines.add(what.isEmpty() ? whole : whole + "\t" + what);
    }
  }
}
