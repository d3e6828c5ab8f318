package pm.daemon;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import pm.config.LogSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.WorkerSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.posix.Stdio;
import pm.daemon.process.ChildOutput;
import pm.daemon.process.OutputRefusedException;
import pm.daemon.process.Provider;
import pm.daemon.process.Provision;
import pm.daemon.process.ProvisionRefusedException;
import pm.daemon.worker.WorkerEnds;
import pm.daemon.worker.WorkerException;
import pm.daemon.worker.WorkerListener;
import pm.daemon.worker.Workers;

/**
 * Gives workers the pipes that they talk through. What they have written last is read before it is
 * told that they have ended, and before the rest of their output, for a part of it goes there.
 */
final class WorkerTalk implements Provider, ChildOutput {

  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int IN = 3;
  private static final int OUT = 4;

  private final Workers workers;
  private final ChildOutput output;
  private final BiFunction<InstanceName, InvocationId, Path> logs;

  /** How the workers that are being taken over are spoken to. */
  private final Map<InvocationId, WorkerSpec> adopted = new ConcurrentHashMap<>();

  /**
   * @param output what all children have
   * @param logs the named pipe to the log of an invocation
   */
  WorkerTalk(
      Workers workers, ChildOutput output, BiFunction<InstanceName, InvocationId, Path> logs) {
    this.workers = workers;
    this.output = output;
    this.logs = logs;
  }

  /** Passes on what comes of talking with workers. */
  record Heard(Consumer<Event> events) implements WorkerListener {
    @Override
    public void checked(InvocationId invocation, long number, boolean passed, String detail) {
      events.accept(new Report.Checked(invocation, number, passed, detail));
    }

    @Override
    public void ready(InvocationId invocation) {
      events.accept(new Report.BecameReady(invocation, "a ready message"));
    }

    @Override
    public void remarked(InstanceName instance, String type, String detail) {
      events.accept(new Report.Remarked(instance, type, detail));
    }

    @Override
    public void task(TaskReport report) {
      events.accept(report);
    }
  }

  @Override
  public Provision provide(ProgramSpec spec, SpawnPlan plan) throws ProvisionRefusedException {
    if (spec.type() != ProgramType.WORKER) {
      return new Given(Optional.empty(), Map.of());
    }
    try {
      WorkerEnds ends =
          workers.open(
              plan.instance(),
              plan.invocation(),
              spec.worker(),
              logs.apply(plan.instance(), plan.invocation()),
              plan.account().uid(),
              plan.account().gid());
      Map<Integer, Stdio> descriptors = new HashMap<>();
      switch (spec.worker().transport()) {
        case STDIO -> {
          descriptors.put(STDIN, ends.in());
          descriptors.put(STDOUT, ends.out());
        }
        case FD -> {
          descriptors.put(IN, ends.in());
          descriptors.put(OUT, ends.out());
        }
      }
      return new Given(Optional.of(ends), descriptors);
    } catch (WorkerException refused) {
      throw new ProvisionRefusedException(
          "worker", String.valueOf(refused.getMessage()), refused.isShortage(), refused);
    }
  }

  /** What one child is given. */
  private record Given(Optional<WorkerEnds> ends, Map<Integer, Stdio> descriptors)
      implements Provision {
    @Override
    public void close() {
      ends.ifPresent(WorkerEnds::close);
    }
  }

  /** A process of a daemon before us is looked for. */
  void adopt(Effect.Adopt adopt) {
    if (adopt.spec().type() == ProgramType.WORKER) {
      adopted.put(adopt.run().invocation(), adopt.spec().worker());
    }
  }

  /** Asks a worker whether it lives. */
  void ping(Effect.Ping ping) {
    workers.ping(ping.invocation(), ping.number());
  }

  /** Hears what happens to processes: one that was not started is not released later. */
  void observe(Report report) {
    if (report instanceof Report.SpawnFailed failed) {
      workers.release(failed.invocation());
    } else if (report instanceof Report.NeverSpawned never) {
      workers.release(never.invocation());
    }
  }

  @Override
  public Ends open(SpawnPlan plan) throws OutputRefusedException {
    return output.open(plan);
  }

  @Override
  public Runnable holdUnread(InstanceName instance, InvocationId invocation) {
    return output.holdUnread(instance, invocation);
  }

  @Override
  public void reattach(
      InstanceName instance, InvocationId invocation, OptionalInt pid, LogSpec spec)
      throws OutputRefusedException {
    try {
      output.reattach(instance, invocation, pid, spec);
    } catch (OutputRefusedException refused) {
      // What it says to us does not depend on its log.
      goOn(instance, invocation);
      throw refused;
    }
    goOn(instance, invocation);
  }

  @Override
  public void unlogged(InstanceName instance, InvocationId invocation)
      throws OutputRefusedException {
    goOn(instance, invocation);
  }

  private void goOn(InstanceName instance, InvocationId invocation) throws OutputRefusedException {
    WorkerSpec worker = adopted.remove(invocation);
    if (worker != null) {
      try {
        workers.adopt(instance, invocation, worker, logs.apply(instance, invocation));
      } catch (WorkerException refused) {
        throw new OutputRefusedException(
            String.valueOf(refused.getMessage()), refused.isShortage(), refused);
      }
    }
  }

  @Override
  public void drain(InvocationId invocation, Runnable whenDone) {
    workers.drain(invocation, () -> output.drain(invocation, whenDone));
  }

  @Override
  public void release(InvocationId invocation) {
    workers.release(invocation);
    output.release(invocation);
  }
}
