package pm.daemon.probe;

import java.util.Map;
import java.util.function.Consumer;
import pm.config.Command;
import pm.config.Durations;
import pm.daemon.core.event.Effect;

/** Whether a command ends with exit code 0. Loop thread only. */
final class ExecProbe {
  /** Value of {@code PM_HOOK} in the environment of such a command. */
  static final String MARK = "probe";

  private static final int MOST_DETAIL = 200;

  private final CommandRunner runner;

  ExecProbe(CommandRunner runner) {
    this.runner = runner;
  }

  /** Begins; the command is killed when the check's time is over. */
  Attempt begin(Effect.Check check, Command command, Consumer<Verdict> verdict) {
    return runner.run(
        new CommandOrder(
            check.spec(),
            check.instance(),
            check.invocation(),
            command,
            MARK,
            Map.of(),
            check.timeout(),
            false,
            line -> {}),
        end -> verdict.accept(new Verdict(end.isSuccess(), detail(check, end))));
  }

  private static String detail(Effect.Check check, CommandEnd end) {
    String what;
    if (end.timedOut()) {
      what = "no answer within " + Durations.format(check.timeout());
    } else if (end.exitCode().isPresent()) {
      what = "exit " + end.exitCode().getAsInt();
    } else {
      what = end.problem();
    }
    String last = end.lastLine();
    if (last.length() > MOST_DETAIL) {
      last = last.substring(0, MOST_DETAIL) + "…";
    }
    return last.isEmpty() ? what : what + ": " + last;
  }
}
