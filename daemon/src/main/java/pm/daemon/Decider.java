package pm.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.Gatherer;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Moment;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.store.KeepException;
import pm.daemon.store.RunRecords;

/**
 * Takes events to the supervisor, keeps what it decides, then has it done: all decisions of a turn
 * are kept with one write, and no effect is run before. Loop thread only.
 *
 * <p>What cannot be kept is not done: its effects wait, and so do those after it, until the runtime
 * folder takes entries again; meanwhile every process goes on. Only the end of the daemon does not
 * wait for that.
 */
final class Decider implements Turn {

  private static final Logger LOG = LoggerFactory.getLogger(Decider.class);
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final EventQueue events;
  private final Supervisor supervisor;
  private final SystemTime time;
  private final RunRecords records;
  private final RuntimeFolder folder;
  private final EffectInterpreter interpreter;

  /** When a batch must end for others, although there is nothing to decide. */
  private final LongSupplier others;

  private final Runnable afterwards;

  private final TaskKeeper tasks;

  /** What is decided about tasks is added to that of the turn. */
  private final Gatherer ofTasks =
      new Gatherer() {
        @Override
        public void keep(TaskEntry entry) {
          tasks.add(entry);
        }

        @Override
        public void run(Effect effect) {
          Decider.this.add(effect);
        }

        @Override
        public void add(Decision decision) {
          Decider.this.add(decision);
        }
      };

  private List<Entry> entries = new ArrayList<>();
  private List<Effect> effects = new ArrayList<>();
  private boolean blocked;
  private boolean isEndUnkept;
  private long retryAt = Long.MAX_VALUE;
  private long impossible;

  Decider(
      EventQueue events,
      Supervisor supervisor,
      SystemTime time,
      RunRecords records,
      RuntimeFolder folder,
      EffectInterpreter interpreter,
      TaskKeeper tasks,
      LongSupplier others,
      Runnable afterwards) {
    this.events = events;
    this.supervisor = supervisor;
    this.time = time;
    this.records = records;
    this.folder = folder;
    this.interpreter = interpreter;
    this.tasks = tasks;
    this.others = others;
    this.afterwards = afterwards;
  }

  private void decideAll() {
    Moment now = time.now();
    boolean any = false;
    for (Event event = events.poll(); event != null; event = events.poll()) {
      decide(event, now);
      any = true;
    }
    if (any) {
      settle(now);
    }
  }

  private void decide(Event event, Moment now) {
    try {
      if (event instanceof TaskReport.Succeeded succeeded) {
        supervisor.take(succeeded, now, ofTasks);
      } else if (event instanceof TaskReport report) {
        supervisor.take(report, now, ofTasks);
      } else if (event instanceof TaskCommand.Submit submit) {
        supervisor.take(submit, now, ofTasks);
      } else {
        add(supervisor.handle(event, now));
      }
    } catch (RuntimeException wrong) {
      // Whatever is wrong in a transition: it has changed nothing, and the others must go on.
      impossible++;
      LOG.error("dropped {}", event, wrong);
      long request =
          switch (event) {
            case Command command -> command.request();
            case TaskCommand command -> command.request();
            case Report _, TaskReport _, TimePassed _ -> Command.UNANSWERED;
          };
      if (request != Command.UNANSWERED) {
        effects.add(
            new Effect.Reply(
                request,
                new Answer.Refused(
                    "pmd made a mistake and has changed nothing; its own log says more"),
                0));
      }
    }
  }

  /** All that has happened is known: tasks are given out, workers asked for. */
  private void settle(Moment now) {
    try {
      supervisor.settle(now, ofTasks);
    } catch (RuntimeException wrong) {
      impossible++;
      LOG.error("tasks are not given out", wrong);
    }
  }

  private void add(Decision decision) {
    entries.addAll(decision.entries());
    for (TaskEntry entry : decision.taskEntries()) {
      tasks.add(entry);
    }
    for (Effect effect : decision.effects()) {
      add(effect);
    }
  }

  private void add(Effect effect) {
    if (TaskKeeper.isOurs(effect)) {
      tasks.add(effect);
    } else {
      effects.add(effect);
    }
  }

  /** Something happened that nobody decided; it is told with the effects of this turn. */
  void publish(Happening happening) {
    effects.add(new Effect.Publish(happening));
  }

  /** Returns how many events could not be handled, which should be none. */
  long impossible() {
    return impossible;
  }

  @Override
  public void endOfBatch() {
    decideAll();
    while (!effects.isEmpty() || !entries.isEmpty() || tasks.hasWork()) {
      if (blocked && time.nanos() < retryAt) {
        return;
      }
      if (!keep()) {
        return;
      }
      if (!effects.isEmpty()) {
        List<Effect> now = effects;
        effects = new ArrayList<>();
        interpreter.run(now);
      }
      if (tasks.hasWork()) {
        tasks.keep();
      }
      decideAll();
    }
    interpreter.endOfBatch(tasks.isBlocked());
    afterwards.run();
  }

  /** Returns whether something waits to be kept that cannot be. */
  boolean isBlocked() {
    return blocked;
  }

  private boolean keep() {
    if (entries.isEmpty()) {
      return true;
    }
    try {
      folder.makeWhole();
      keepEntries();
    } catch (KeepException failed) {
      if (supervisor.isShuttingDown()) {
        return endUnkept(failed);
      }
      if (!blocked) {
        LOG.error(
            "{}; nothing is started or stopped until it can be kept, processes go on",
            failed.getMessage());
      }
      blocked = true;
      retryAt = time.nanos() + RETRY_NANOS;
      return false;
    }
    if (blocked) {
      LOG.info("records can be kept again");
      blocked = false;
      retryAt = Long.MAX_VALUE;
    }
    interpreter.kept(entries);
    entries = new ArrayList<>();
    return true;
  }

  private void keepEntries() throws KeepException {
    try {
      records.keep(entries);
    } catch (KeepException failed) {
      folder.suspect();
      if (!folder.makeWhole()) {
        throw failed;
      }
      records.keep(entries);
    }
  }

  /**
   * Whoever ends a daemon whose folder is full or gone wants it to end. A daemon after it that
   * finds older records finds their processes gone, and starts anew what should run.
   */
  private boolean endUnkept(KeepException failed) {
    if (!isEndUnkept) {
      isEndUnkept = true;
      LOG.error("{}; everything is stopped all the same", failed.getMessage());
    }
    blocked = false;
    retryAt = Long.MAX_VALUE;
    interpreter.kept(entries);
    entries = new ArrayList<>();
    return true;
  }

  @Override
  public long nextDeadlineNanos() {
    // While nothing can be kept, deadlines would only make more that cannot be.
    return Math.min(
        Math.min(others.getAsLong(), tasks.nextDeadlineNanos()),
        blocked ? retryAt : supervisor.nextDeadline());
  }

  @Override
  public void timePassed() {
    if (!blocked && supervisor.nextDeadline() <= time.nanos()) {
      events.add(new TimePassed());
    }
  }
}
