package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class ScaleCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "scale",
        List.of(),
        "changes how many instances programs have",
        "Starts or stops instances until each program has so many, and waits. It holds until the files say another number than they do now.",
        new Operands("PROGRAM=N", 1, Integer.MAX_VALUE, "A program and its number of instances."),
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl scale web=4", "pmctl scale web=2 worker=0 --timeout 1m"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Map<String, Object> counts = new LinkedHashMap<>();
    for (String operand : session.arguments().operands()) {
      int equals = operand.lastIndexOf('=');
      String program = operand.substring(0, Math.max(equals, 0));
      if (program.isEmpty()) {
        throw wrong(operand, "is no PROGRAM=N");
      }
      try {
        long count = Long.parseLong(operand, equals + 1, operand.length(), 10);
        if (count < 0) {
          throw wrong(operand, "has a negative number");
        }
        if (counts.put(program, count) != null) {
          throw wrong(operand, "names " + program + " once more");
        }
      } catch (NumberFormatException e) {
        throw wrong(operand, "has no whole number");
      }
    }
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("counts", counts);
    Map<String, Object> selectors = new LinkedHashMap<>();
    selectors.put("selectors", List.copyOf(counts.keySet()));
    return Action.run(session, Method.SCALE, params, selectors, new Outcomes("scale", "scaled"));
  }

  private static CommandFailure wrong(String operand, String why) {
    return new CommandFailure(
        ExitCode.USAGE, "scale: '" + operand + "' " + why + ". Write for example web=4.");
  }
}
