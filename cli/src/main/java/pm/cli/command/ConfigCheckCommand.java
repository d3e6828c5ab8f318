package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Address;
import pm.cli.render.Format;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.Trust;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class ConfigCheckCommand implements Command {
  private static final int ROOT = 0;
  private static final String EXPLAIN = "--explain";

  @Override
  public Syntax syntax() {
    return new Syntax(
        "config check",
        List.of(),
        "finds all errors in configuration files; needs no daemon",
        "Reads configuration files as pmd would and tells all that is wrong in all of them. Needs no daemon and changes nothing.",
        new Operands(
            "PATH",
            0,
            Integer.MAX_VALUE,
            "Files and folders, as for pmd --config. Without one: the configuration of this user."),
        List.of(
            Option.value(
                "",
                EXPLAIN,
                "PROGRAM",
                "Say what the numbers of this program mean: when it is restarted and given up, how it is stopped, how soon it is UNHEALTHY.")),
        List.of(
            "pmctl config check",
            "pmctl config check web.yaml -o json",
            "pmctl config check --explain web"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "nothing is wrong"),
            new Syntax.Exit(
                ExitCode.CONFIGURATION, "the configuration has errors; they are on stderr"),
            new Syntax.Exit(ExitCode.NO_MATCH, "there is no such program to explain")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.format() == Format.NAME) {
      throw Results.noNames();
    }
    List<String> paths = session.arguments().operands();
    Address address = session.address();
    Configuration configuration = load(address, paths);
    List<Problem> problems = configuration.problems();
    if (session.arguments().options().containsKey(EXPLAIN)) {
      String name = session.arguments().options().getOrDefault(EXPLAIN, "");
      return explain(session, configuration, name);
    }
    if (!session.format().isForPeople()) {
      Results.list(session, values(problems), "path");
    } else if (problems.isEmpty()) {
      int programs = configuration.programs().size();
      String where = paths.isEmpty() ? " in " + address.folders().config() : "";
      session.out().line("nothing is wrong; programs" + where + ": " + programs);
    } else {
      tell(session, problems);
    }
    return problems.isEmpty() ? ExitCode.DONE : ExitCode.CONFIGURATION;
  }

  private static void tell(Session session, List<Problem> problems) throws IOException {
    for (Problem problem : problems) {
      session.err().foreign(problem.toString());
      session.err().print("\n");
    }
    session.notice(problems.size() == 1 ? "1 error." : problems.size() + " errors.");
  }

  private static ExitCode explain(Session session, Configuration configuration, String name)
      throws CommandFailure, IOException {
    ProgramSpec program = configuration.programs().get(name);
    if (program == null) {
      List<Problem> own = configuration.invalid().getOrDefault(name, List.of());
      if (own.isEmpty()) {
        throw new CommandFailure(
            ExitCode.NO_MATCH,
            "config check: no program is called "
                + name
                + ". Those that are: "
                + String.join(", ", configuration.programs().keySet()));
      }
      tell(session, own);
      return ExitCode.CONFIGURATION;
    }
    var explanation = new ProgramExplanation(program);
    if (!session.format().isForPeople()) {
      Results.value(session, explanation.value());
    } else {
      for (String line : explanation.lines()) {
        session.out().foreign(line);
        session.out().print("\n");
      }
    }
    return configuration.isValid() ? ExitCode.DONE : ExitCode.CONFIGURATION;
  }

  private static Configuration load(Address address, List<String> paths) throws CommandFailure {
    // Whoever names files may check them for a daemon that runs as root, as one does before they
    // are installed.
    int uid = paths.isEmpty() ? address.uid() : ROOT;
    Trust trust = Trust.ofUser(address.uid());
    return new ConfigurationLoader(address.folders(), uid, trust, Optional.empty()).load(paths);
  }

  private static List<Object> values(List<Problem> problems) {
    List<Object> values = new ArrayList<>();
    for (Problem problem : problems) {
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("file", problem.location().file());
      value.put("line", problem.location().line());
      value.put("column", problem.location().column());
      value.put("path", problem.path());
      value.put("message", problem.message());
      value.put("remedy", problem.remedy());
      values.add(value);
    }
    return values;
  }
}
