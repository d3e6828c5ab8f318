package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.YamlText;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class ConfigShowCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "config show",
        List.of(),
        "shows the configuration in force, with all defaults",
        "Shows the configuration that the daemon works with, with all defaults, as YAML. The files may be newer; pmctl apply makes them count.",
        new Operands("PROGRAM", 0, 1, "Only this program."),
        List.of(),
        List.of("pmctl config show", "pmctl config show web -o json"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Map<String, Object> params = new LinkedHashMap<>();
    if (!session.arguments().operands().isEmpty()) {
      params.put("program", session.arguments().operands().getFirst());
    }
    Map<String, Object> configuration;
    try (Connection connection = session.connect()) {
      configuration = Pages.readMembers(connection, Method.CONFIG_SHOW, params, "programs");
    }
    if (session.format().isForPeople()) {
      session.out().print(YamlText.document(configuration));
    } else {
      Results.value(session, configuration);
    }
    return ExitCode.DONE;
  }
}
