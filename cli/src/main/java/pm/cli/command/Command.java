package pm.cli.command;

import java.io.IOException;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

/** One command of {@code pmctl}. */
public interface Command {
  /** What it takes, and its help. */
  Syntax syntax();

  /**
   * Does it.
   *
   * @return what {@code pmctl} exits with
   * @throws CommandFailure if it cannot be done; what went wrong for one of several is told and
   *     counted instead
   * @throws JsonException if the daemon's answer has not the shape that the protocol says
   * @throws IOException if our own output cannot be written
   */
  ExitCode run(Session session) throws CommandFailure, JsonException, IOException;
}
