package pm.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class RunCommand implements Command {
  private static final Option NAME =
      Option.value("-n", "--name", "NAME", "Its name; without it one is made from the command's.");
  private static final Option DESCRIPTION =
      Option.value("", "--description", "TEXT", "What it is, for describe.");
  private static final Option USER =
      Option.value(
          "-u", "--user", "USER", "The user that it runs as: your own; another for root only.");
  private static final Option GROUP =
      Option.value("-g", "--group", "GROUP", "The group that it runs as; for root only.");
  private static final Option INSTANCES =
      Option.value("", "--instances", "N", "How many of it (1).");
  private static final Option FOLDER =
      Option.value("-C", "--working-dir", "DIR", "Where it runs; without it: here.");
  private static final Option ENVIRONMENT =
      Option.repeated(
          "-e", "--env", "K=V", "A variable; K alone takes your value. Others are not handed on.");
  private static final Option LABEL =
      Option.repeated("", "--label", "NAME", "A label, to be selected by group:NAME.");
  private static final Option RESTART =
      Option.value(
          "",
          "--restart",
          "POLICY",
          "always, on-failure, on-abnormal or never; on-failure, and with --wait or --follow: never.");
  private static final Option SHELL =
      Option.flag("", "--shell", "The command is one line for /bin/sh -c.");
  private static final Option UMASK = Option.value("", "--umask", "MODE", "Its umask (022).");
  private static final Option STOP_SIGNAL =
      Option.value("", "--stop-signal", "SIG", "What stops it (TERM).");
  private static final Option STOP_TIMEOUT =
      Option.value("", "--stop-timeout", "D", "How long it has to end after that (10s).");
  private static final Option WAIT =
      Option.flag("", "--wait", "Waits until it has ended, and exits with its exit code.");
  private static final Option FOLLOW =
      Option.flag("-f", "--follow", "As --wait, and shows what it prints.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "run",
        List.of(),
        "runs a command as a program that stands in no file",
        "Makes a program of a command, starts it, waits until it is ready and prints its name. It is supervised as any other, also across"
            + " a restart of pmd; it is gone once it has ended with success or was stopped. The command is taken as it is: what looks"
            + " like a variable is not expanded.",
        new Operands("CMD", 1, Integer.MAX_VALUE, "The command and its arguments, behind --."),
        List.of(
            NAME,
            DESCRIPTION,
            USER,
            GROUP,
            INSTANCES,
            FOLDER,
            ENVIRONMENT,
            LABEL,
            RESTART,
            SHELL,
            UMASK,
            STOP_SIGNAL,
            STOP_TIMEOUT,
            WAIT,
            FOLLOW,
            Action.NO_WAIT,
            Action.TIMEOUT),
        List.of(
            "pmctl run --name tunnel --restart always -- ssh -N -L 5432:db:5432 bastion",
            "pmctl run --follow -e RAILS_ENV=test -- bin/rails test",
            "pmctl run --shell -- 'make | tee build.log'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "it is ready; with --wait: it has ended with success"),
            new Syntax.Exit(
                ExitCode.FAILED,
                "it could not be started; with --wait its exit code, or 128 and its signal"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.TRY_AGAIN),
            new Syntax.Exit(
                ExitCode.NOT_PERMITTED, "it is to run as somebody else, and you are not root"),
            new Syntax.Exit(ExitCode.CONFIGURATION, "a value is wrong"),
            new Syntax.Exit(
                ExitCode.TIMED_OUT, "not ready within --timeout; with --wait: not ended"),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    boolean follows = session.arguments().has(FOLLOW);
    boolean awaitsEnd = follows || session.arguments().has(WAIT);
    if (awaitsEnd && session.arguments().has(Action.NO_WAIT)) {
      throw new CommandFailure(ExitCode.USAGE, "run: --no-wait and --wait exclude each other.");
    }
    Map<String, Object> params = new LinkedHashMap<>();
    Optional<String> name = session.arguments().value(NAME);
    if (name.isPresent()) {
      params.put("name", name.get());
    }
    params.put("definition", definition(session, awaitsEnd));
    if (awaitsEnd) {
      return RunToEnd.run(session, params, follows);
    }
    Optional<Duration> timeout = session.arguments().duration(Action.TIMEOUT);
    params.put("wait", !session.arguments().has(Action.NO_WAIT));
    if (timeout.isPresent()) {
      params.put("timeout_seconds", Action.seconds(timeout.get()));
    }
    Members answer;
    try (Connection connection = session.connect()) {
      answer =
          Members.of(
              Waiting.call(session, connection, Method.RUN, params, Map.of(), timeout),
              "the answer");
    }
    if (session.format().isForPeople()) {
      session.out().line(answer.string("program"));
    }
    return new Outcomes("run", "").tell(session, answer.list("outcomes"), timeout);
  }

  /** The definition in the keys of the files. */
  private static Map<String, Object> definition(Session session, boolean awaitsEnd)
      throws CommandFailure {
    Map<String, Object> definition = new LinkedHashMap<>();
    List<String> command = new ArrayList<>();
    for (String word : session.arguments().operands()) {
      command.add(literal(word));
    }
    if (session.arguments().has(SHELL)) {
      definition.put("command", String.join(" ", command));
      definition.put("shell", true);
    } else {
      definition.put("command", command);
    }
    put(definition, "description", session.arguments().value(DESCRIPTION));
    put(definition, "user", session.arguments().value(USER));
    put(definition, "group", session.arguments().value(GROUP));
    put(definition, "umask", session.arguments().value(UMASK));
    definition.put("working_dir", literal(folder(session)));
    OptionalLong instances = session.arguments().count(INSTANCES);
    if (instances.isPresent()) {
      definition.put("instances", instances.getAsLong());
    }
    Map<String, Object> environment = environment(session);
    if (!environment.isEmpty()) {
      definition.put("environment", environment);
    }
    List<String> labels = session.arguments().values(LABEL);
    if (!labels.isEmpty()) {
      definition.put("groups", labels);
    }
    Optional<String> restart = session.arguments().value(RESTART);
    if (restart.isPresent() || awaitsEnd) {
      definition.put("restart", restart.orElse("never"));
    }
    Map<String, Object> stop = new LinkedHashMap<>();
    put(stop, "signal", session.arguments().value(STOP_SIGNAL));
    put(stop, "timeout", session.arguments().value(STOP_TIMEOUT));
    if (!stop.isEmpty()) {
      definition.put("stop", stop);
    }
    return definition;
  }

  private static void put(Map<String, Object> map, String key, Optional<String> value) {
    if (value.isPresent()) {
      map.put(key, value.get());
    }
  }

  private static String folder(Session session) {
    Path here = Path.of(System.getProperty("user.dir", "/"));
    return here.resolve(session.arguments().value(FOLDER).orElse("")).normalize().toString();
  }

  private static Map<String, Object> environment(Session session) throws CommandFailure {
    Map<String, Object> environment = new LinkedHashMap<>();
    for (String variable : session.arguments().values(ENVIRONMENT)) {
      int equals = variable.indexOf('=');
      String name = equals < 0 ? variable : variable.substring(0, equals);
      if (name.isEmpty()) {
        throw new CommandFailure(
            ExitCode.USAGE, "--env: '" + variable + "' has no name. Write for example --env K=V.");
      }
      String value =
          equals >= 0
              ? variable.substring(equals + 1)
              : session.environment().getOrDefault(name, "");
      if (equals >= 0 || session.environment().containsKey(name)) {
        environment.put(name, literal(value));
      }
    }
    return environment;
  }

  /** A text that means itself where variables are expanded. */
  private static String literal(String text) {
    return text.replace("$", "$$");
  }
}
