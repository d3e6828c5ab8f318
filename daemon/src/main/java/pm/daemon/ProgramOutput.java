package pm.daemon;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.ProgramSpec;
import pm.config.Template;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.loop.EventLoop;
import pm.daemon.output.ChildEnds;
import pm.daemon.output.LogLimits;
import pm.daemon.output.LogPlan;
import pm.daemon.output.OutputException;
import pm.daemon.output.OutputPump;
import pm.daemon.output.OutputTarget;
import pm.daemon.posix.Stdio;
import pm.daemon.process.ChildOutput;
import pm.daemon.process.OutputRefusedException;

/** Gives children their output pipes, and knows into which files they lead. */
final class ProgramOutput implements ChildOutput {

  private final OutputPump pump;
  private final Path folder;
  private final EventLoop loop;

  /** Where the youngest invocation of an instance writes. */
  private final Map<InstanceName, LogPlan> plans = new ConcurrentHashMap<>();

  ProgramOutput(OutputPump pump, Path folder, EventLoop loop) {
    this.pump = pump;
    this.folder = folder;
    this.loop = loop;
  }

  @Override
  public Ends open(SpawnPlan plan) throws OutputRefusedException {
    LogPlan logs = plan(plan.instance(), plan.logs());
    try {
      ChildEnds ends =
          pump.open(
              plan.instance(), plan.invocation(), logs, plan.account().uid(), plan.account().gid());
      plans.put(plan.instance(), logs);
      return new PumpEnds(ends);
    } catch (OutputException refused) {
      throw new OutputRefusedException(
          String.valueOf(refused.getMessage()), refused.isShortage(), refused);
    }
  }

  @Override
  public void reattach(InstanceName instance, InvocationId invocation, LogSpec logs)
      throws OutputRefusedException {
    LogPlan plan = plan(instance, logs);
    try {
      pump.adopt(instance, invocation, plan);
      plans.put(instance, plan);
    } catch (OutputException refused) {
      throw new OutputRefusedException(
          String.valueOf(refused.getMessage()), refused.isShortage(), refused);
    }
  }

  @Override
  public void drain(InvocationId invocation, Runnable whenDone) {
    pump.drain(invocation, () -> loop.post(whenDone));
  }

  @Override
  public void release(InvocationId invocation) {
    pump.release(invocation);
  }

  /** The limits of an instance's files have changed. */
  void change(InstanceName instance, LogSpec logs) {
    pump.changeLimits(instance, limits(logs));
  }

  /**
   * Returns the file of one of an instance's outputs, empty if it has none. Any thread.
   *
   * @param errors the errors, where they have a file of their own; else the output
   */
  Optional<Path> file(InstanceName instance, ProgramSpec spec, boolean errors) {
    LogPlan known = plans.get(instance);
    if (known != null) {
      return path(errors ? known.stderr() : known.stdout());
    }
    LogTarget target = errors ? spec.logs().stderr() : spec.logs().file();
    return switch (target) {
      case LogTarget.Auto auto -> Optional.of(byDefault(instance));
      case LogTarget.None none -> Optional.empty();
      case LogTarget.Merge merge -> Optional.empty();
      case LogTarget.Inherit inherit -> Optional.empty();
      case LogTarget.File file ->
          switch (Template.expand(file.path(), name -> variable(instance, spec, name))) {
            case Template.Expansion.Expanded done -> Optional.of(folder.resolve(done.text()));
            // It depends on a file that is read when it starts, and it has not been started yet.
            case Template.Expansion.Unset unset -> Optional.empty();
            case Template.Expansion.TooLong tooLong -> Optional.empty();
          };
    };
  }

  private static Optional<String> variable(InstanceName instance, ProgramSpec spec, String name) {
    return switch (name) {
      case "PM_NAME" -> Optional.of(instance.toString());
      case "PM_PROGRAM" -> Optional.of(instance.program());
      case "PM_INSTANCE" -> Optional.of(Integer.toString(instance.number()));
      default -> Optional.ofNullable(spec.environment().get(name));
    };
  }

  private static Optional<Path> path(OutputTarget target) {
    return switch (target) {
      case OutputTarget.ToFile file -> Optional.of(file.path());
      case OutputTarget.Nowhere nowhere -> Optional.empty();
      case OutputTarget.WithStdout merged -> Optional.empty();
    };
  }

  private LogPlan plan(InstanceName instance, LogSpec logs) {
    return new LogPlan(
        target(instance, logs.file()), target(instance, logs.stderr()), limits(logs));
  }

  private OutputTarget target(InstanceName instance, LogTarget target) {
    return switch (target) {
      case LogTarget.Auto auto -> new OutputTarget.ToFile(byDefault(instance));
      case LogTarget.None none -> new OutputTarget.Nowhere();
      case LogTarget.Merge merge -> new OutputTarget.WithStdout();
      case LogTarget.Inherit inherit -> new OutputTarget.Nowhere();
      case LogTarget.File file -> new OutputTarget.ToFile(folder.resolve(file.path()));
    };
  }

  private Path byDefault(InstanceName instance) {
    return folder.resolve(instance + ".log");
  }

  private static LogLimits limits(LogSpec logs) {
    return new LogLimits(logs.maxSizeBytes(), logs.keep());
  }

  /** The pump's ends as those who spawn see them. */
  private record PumpEnds(ChildEnds ends) implements Ends {
    @Override
    public Stdio stdout() {
      return ends.stdout();
    }

    @Override
    public Stdio stderr() {
      return ends.stderr();
    }

    @Override
    public void close() {
      ends.close();
    }
  }
}
