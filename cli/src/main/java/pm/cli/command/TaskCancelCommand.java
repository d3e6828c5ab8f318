package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class TaskCancelCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "task cancel",
        List.of(),
        "gives tasks up",
        "Gives tasks up and waits until they have ended. One that waits is not begun; a worker that has one in hand is told, and killed if it"
            + " has not stopped within its stop.timeout. A result that is quicker counts.",
        TaskChange.TASKS,
        List.of(TaskListCommand.STATE, TaskChange.POOL),
        List.of("pmctl task cancel k3f9-7", "pmctl task cancel --pool thumbnails --state queued"),
        TaskChange.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return new TaskChange(Method.TASK_CANCEL, "cancel", "cancelled").run(session);
  }
}
