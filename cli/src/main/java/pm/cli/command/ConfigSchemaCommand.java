package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.config.ConfigurationSchema;
import pm.protocol.ExitCode;

final class ConfigSchemaCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "config schema",
        List.of(),
        "prints the JSON Schema of the configuration",
        "Prints the JSON Schema of a file of programs, or of pmd.yaml, for editors that complete and check YAML. Needs no daemon.",
        new Operands("program|daemon", 0, 1, "Which of the two; program if it is not said."),
        List.of(),
        List.of("pmctl config schema > program.json", "pmctl config schema daemon"),
        List.of(new Syntax.Exit(ExitCode.DONE, "printed")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, IOException {
    List<String> operands = session.arguments().operands();
    String which = operands.isEmpty() ? "program" : operands.getFirst();
    switch (which) {
      case "program" -> session.out().print(ConfigurationSchema.program());
      case "daemon" -> session.out().print(ConfigurationSchema.daemon());
      default ->
          throw new CommandFailure(
              ExitCode.USAGE,
              "config schema: there are schemas of program and daemon, not of "
                  + which
                  + ". Run: pmctl config schema program");
    }
    return ExitCode.DONE;
  }
}
