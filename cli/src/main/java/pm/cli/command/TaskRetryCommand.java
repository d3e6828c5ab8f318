package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class TaskRetryCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "task retry",
        List.of(),
        "puts tasks back that have ended without success",
        "Puts back into the queue what has failed, timed out or was cancelled, under its id and as if it had never been tried.",
        TaskChange.TASKS,
        List.of(TaskListCommand.STATE, TaskChange.POOL),
        List.of("pmctl task retry k3f9-7", "pmctl task retry --state failed --pool thumbnails"),
        TaskChange.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return new TaskChange(Method.TASK_RETRY, "retry", "queued again").run(session);
  }
}
