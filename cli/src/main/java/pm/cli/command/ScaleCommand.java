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
        "changes how many instances programs have, or the bounds of pools",
        "Starts or stops instances until each program has so many, and waits. Of a pool it sets the bounds between which it has workers as"
            + " they are needed. It holds until the files say another number than they do now.",
        new Operands(
            "PROGRAM=N",
            1,
            Integer.MAX_VALUE,
            "A program and its number of instances; a pool and its bounds, 2..8 or 4."),
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of(
            "pmctl scale web=4",
            "pmctl scale web=2 worker=0 --timeout 1m",
            "pmctl scale thumbnails=2..8"),
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
      if (counts.put(program, count(operand, equals + 1)) != null) {
        throw wrong(operand, "names " + program + " once more");
      }
    }
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("counts", counts);
    Map<String, Object> selectors = new LinkedHashMap<>();
    selectors.put("selectors", List.copyOf(counts.keySet()));
    return Action.run(session, Method.SCALE, params, selectors, new Outcomes("scale", "scaled"));
  }

  /** A number, or the bounds of a pool. */
  private static Object count(String operand, int from) throws CommandFailure {
    int dots = operand.indexOf("..", from);
    if (dots < 0) {
      return number(operand, from, operand.length());
    }
    long min = number(operand, from, dots);
    long max = number(operand, dots + 2, operand.length());
    if (min > max) {
      throw wrong(operand, "has its bounds the wrong way round");
    }
    Map<String, Object> bounds = new LinkedHashMap<>();
    bounds.put("min", min);
    bounds.put("max", max);
    return bounds;
  }

  private static long number(String operand, int from, int to) throws CommandFailure {
    try {
      long number = Long.parseLong(operand, from, to, 10);
      if (number < 0) {
        throw wrong(operand, "has a negative number");
      }
      return number;
    } catch (NumberFormatException e) {
      throw wrong(operand, "has no whole number");
    }
  }

  private static CommandFailure wrong(String operand, String why) {
    return new CommandFailure(
        ExitCode.USAGE,
        "scale: '" + operand + "' " + why + ". Write for example web=4, or for a pool web=2..8.");
  }
}
