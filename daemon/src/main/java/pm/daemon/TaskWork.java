package pm.daemon;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.ProgramSpec;
import pm.daemon.control.LogSource;
import pm.daemon.control.Output;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.process.HostLoad;
import pm.daemon.store.TaskStore;
import pm.daemon.worker.TaskData;
import pm.daemon.worker.Workers;

/**
 * Maps each effect about tasks to one call; what needs files is done off the loop. Loop thread
 * only.
 */
final class TaskWork implements TaskKeeper.Doer {

  private static final Logger LOG = LoggerFactory.getLogger(TaskWork.class);

  private final TaskStore store;
  private final Workers workers;
  private final BlockingPool pool;
  private final Output output;
  private final Function<String, Optional<ProgramSpec>> specs;
  private final HostLoad load = new HostLoad();
  private final Consumer<TaskReport> reports;
  private final Consumer<Effect.Reply> answers;

  TaskWork(
      TaskStore store,
      Workers workers,
      BlockingPool pool,
      Output output,
      Function<String, Optional<ProgramSpec>> specs,
      Consumer<TaskReport> reports,
      Consumer<Effect.Reply> answers) {
    this.store = store;
    this.workers = workers;
    this.pool = pool;
    this.output = output;
    this.specs = specs;
    this.reports = reports;
    this.answers = answers;
  }

  @Override
  public void act(TaskEffect effect) {
    if (effect instanceof TaskEffect.Send send) {
      workers.send(send.data().length > 0 ? send : withData(send));
      return;
    }
    switch (effect) {
      case TaskEffect.Send send -> workers.send(send);
      case TaskEffect.Cancel cancel -> workers.cancel(cancel.invocation(), cancel.id());
      case TaskEffect.Withdraw withdraw -> workers.withdraw(withdraw);
      case TaskEffect.Finish finish -> workers.shutdown(finish.invocation());
      case TaskEffect.ReadEvidence read -> readEvidence(read);
      case TaskEffect.ReadLoad _ -> readLoad();
    }
  }

  /** Adds data that nobody but the store holds, if that takes no reading. */
  private TaskEffect.Send withData(TaskEffect.Send send) {
    byte[] data = store.dataAtHand(send.task());
    return data.length == 0
        ? send
        : new TaskEffect.Send(
            send.invocation(),
            send.sequence(),
            send.task(),
            send.key(),
            send.attempt(),
            send.type(),
            data,
            send.deadlineMillis());
  }

  @Override
  public void answer(Effect.Reply reply) {
    answers.accept(reply);
  }

  private void readEvidence(TaskEffect.ReadEvidence read) {
    Optional<ProgramSpec> spec = specs.apply(read.instance().program());
    offLoop(
        () ->
            String.join(
                "\n",
                output.last(
                    read.instance(),
                    spec,
                    Optional.of(
                        new LogSource.Lifetime(
                            Instant.ofEpochMilli(read.beganMillis()),
                            Optional.of(Instant.ofEpochMilli(read.endedMillis())))))),
        lines -> new TaskReport.Evidence(read.task(), read.invocation(), lines),
        why -> new TaskReport.Evidence(read.task(), read.invocation(), "not read: " + why));
  }

  private void readLoad() {
    offLoop(
        load::look,
        seen -> new TaskReport.Load(seen.cpuPercent(), seen.memoryPercent()),
        _ -> new TaskReport.Load(HostLoad.UNKNOWN, HostLoad.UNKNOWN));
  }

  private <T> void offLoop(
      Callable<T> work, Function<T, TaskReport> done, Function<String, TaskReport> failed) {
    boolean begun =
        pool.submit(
            work,
            result -> reports.accept(done.apply(result)),
            thrown -> {
              LOG.warn("{}", reason(thrown));
              reports.accept(failed.apply(reason(thrown)));
            });
    if (!begun) {
      reports.accept(failed.apply("there is too much to read"));
    }
  }

  /** Returns what reads the data of tasks that are in the store only. */
  static TaskData dataOf(TaskStore store, BlockingPool pool, EventLoop loop) {
    return (task, reader) -> {
      boolean begun =
          pool.submit(
              () -> store.data(task),
              reader::read,
              thrown -> {
                LOG.error("the data of a task cannot be read: {}", reason(thrown));
                reader.failed(true, reason(thrown));
              });
      if (!begun) {
        loop.post(() -> reader.failed(false, "there is too much to read"));
      }
    };
  }

  private static String reason(Throwable thrown) {
    return thrown instanceof IOException refused ? OwnFolders.reason(refused) : thrown.toString();
  }
}
