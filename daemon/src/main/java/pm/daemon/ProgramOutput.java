package pm.daemon;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import pm.config.LineFormat;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.config.Template;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.loop.EventLoop;
import pm.daemon.output.ChildEnds;
import pm.daemon.output.LineForm;
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

  /** What is looked for in the output of invocations that are not ready before it comes. */
  private final Map<InvocationId, Pattern> awaited = new ConcurrentHashMap<>();

  ProgramOutput(OutputPump pump, Path folder, EventLoop loop) {
    this.pump = pump;
    this.folder = folder;
    this.loop = loop;
  }

  @Override
  public Ends open(SpawnPlan plan) throws OutputRefusedException {
    LogPlan logs = plan(plan.instance(), plan.invocation(), plan.logs());
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
  public Runnable holdUnread(InstanceName instance, InvocationId invocation) {
    return pump.holdUnread(instance, invocation);
  }

  @Override
  public void reattach(
      InstanceName instance, InvocationId invocation, OptionalInt pid, LogSpec logs)
      throws OutputRefusedException {
    LogPlan plan = plan(instance, invocation, logs);
    try {
      pump.adopt(instance, invocation, pid, plan);
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
    awaited.remove(invocation);
    pump.release(invocation);
  }

  /**
   * An invocation is to be begun, or taken over: looks for what makes it ready in what it prints.
   */
  void expect(InvocationId invocation, Readiness readiness) {
    if (readiness instanceof Readiness.LogLine line) {
      awaited.put(invocation, Pattern.compile(line.pattern()));
    }
  }

  /** What is reported of processes; those that run are named by records of their output. */
  void hear(Report report) {
    if (report instanceof Report.Spawned spawned) {
      pump.began(spawned.invocation(), spawned.process().pid());
    } else if (report instanceof Report.Adopted adopted) {
      pump.began(adopted.invocation(), adopted.process().pid());
    } else if (report instanceof Report.SpawnFailed failed) {
      awaited.remove(failed.invocation());
    }
  }

  /**
   * Returns where one of an instance's outputs goes if that is no file, as the rest of a sentence;
   * empty if it is one. Any thread.
   */
  Optional<String> elsewhere(ProgramSpec spec, boolean errors) {
    LogTarget target = errors ? spec.logs().stderr() : spec.logs().file();
    String key = errors ? "logs.stderr" : "logs.file";
    return switch (target) {
      case LogTarget.Inherit inherit ->
          Optional.of("goes to the output of pmd itself (" + key + ": inherit)");
      case LogTarget.None none -> Optional.of("is not kept (" + key + ": none)");
      case LogTarget.Merge merge -> Optional.of("is with its stdout (" + key + ": merge)");
      case LogTarget.Auto auto -> Optional.empty();
      case LogTarget.File file -> Optional.empty();
    };
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
      case OutputTarget.Inherited inherited -> Optional.empty();
      case OutputTarget.Nowhere nowhere -> Optional.empty();
      case OutputTarget.WithStdout merged -> Optional.empty();
    };
  }

  private LogPlan plan(InstanceName instance, InvocationId invocation, LogSpec logs) {
    return new LogPlan(
        target(instance, logs.file(), OutputTarget.Own.STDOUT),
        target(instance, logs.stderr(), OutputTarget.Own.STDERR),
        limits(logs),
        form(logs.format()),
        Optional.ofNullable(awaited.get(invocation)));
  }

  private static LineForm form(LineFormat format) {
    return switch (format) {
      case RAW -> LineForm.RAW;
      case TIME -> LineForm.TIME;
      case JSON -> LineForm.JSON;
    };
  }

  private OutputTarget target(InstanceName instance, LogTarget target, OutputTarget.Own own) {
    return switch (target) {
      case LogTarget.Auto auto -> new OutputTarget.ToFile(byDefault(instance));
      case LogTarget.None none -> new OutputTarget.Nowhere();
      case LogTarget.Merge merge -> new OutputTarget.WithStdout();
      case LogTarget.Inherit inherit -> new OutputTarget.Inherited(own);
      case LogTarget.File file -> new OutputTarget.ToFile(folder.resolve(file.path()));
    };
  }

  private Path byDefault(InstanceName instance) {
    return folder.resolve(instance + ".log");
  }

  private static LogLimits limits(LogSpec logs) {
    return new LogLimits(logs.maxSizeBytes(), logs.keep(), logs.maxAge(), logs.compress());
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
