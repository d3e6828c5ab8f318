package pm.daemon;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.control.ControlServer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.metrics.Metrics;
import pm.daemon.notify.ServiceNotifier;
import pm.daemon.probe.Probes;
import pm.daemon.process.Processes;
import pm.daemon.store.DecisionStore;
import pm.daemon.store.EventLog;
import pm.daemon.worker.Workers;

/** Maps each effect to one call. Loop thread only. */
final class EffectInterpreter {

  private static final Logger LOG = LoggerFactory.getLogger("pmd");

  private final Processes processes;
  private final ProgramOutput output;
  private final Probes probes;
  private final OwnWords words;
  private final WorkerTalk talk;
  private final Workers workers;
  private final ServiceNotifier notifier;
  private final EventLog events;
  private final DecisionStore decisions;
  private final Answers answers;
  private final ControlServer control;
  private final Ending ending;
  private final Metrics metrics;

  private boolean published;

  EffectInterpreter(
      Processes processes,
      ProgramOutput output,
      Probes probes,
      OwnWords words,
      WorkerTalk talk,
      Workers workers,
      ServiceNotifier notifier,
      EventLog events,
      DecisionStore decisions,
      Answers answers,
      ControlServer control,
      Ending ending,
      Metrics metrics) {
    this.processes = processes;
    this.output = output;
    this.probes = probes;
    this.words = words;
    this.talk = talk;
    this.workers = workers;
    this.notifier = notifier;
    this.events = events;
    this.decisions = decisions;
    this.answers = answers;
    this.control = control;
    this.ending = ending;
    this.metrics = metrics;
  }

  /** What had to be kept is kept; what must also survive a loss of power begins to be flushed. */
  void kept(List<Entry> entries) {
    for (Entry entry : entries) {
      if (entry instanceof Entry.DecisionsKept decided) {
        decisions.flush(decided.decisions(), decided.number());
      }
    }
  }

  /**
   * Does all of them in their order, but for this: what a daemon before has started comes first,
   * because what it prints is lost if it ends before we hold its pipes; then starts, which other
   * threads go on with; and what happened is told only when all is done.
   */
  void run(List<Effect> effects) {
    for (Effect effect : effects) {
      if (effect instanceof Effect.Adopt) {
        run(effect);
      }
    }
    for (Effect effect : effects) {
      if (effect instanceof Effect.Spawn) {
        run(effect);
      }
    }
    for (Effect effect : effects) {
      boolean isDone = effect instanceof Effect.Adopt || effect instanceof Effect.Spawn;
      if (!isDone && !(effect instanceof Effect.Publish)) {
        run(effect);
      }
    }
    processes.continueSignalled();
    for (Effect effect : effects) {
      if (effect instanceof Effect.Publish publish) {
        publish(publish.happening());
      }
    }
  }

  private void run(Effect effect) {
    switch (effect) {
      case Effect.Spawn spawn -> {
        output.expect(spawn.invocation(), spawn.spec().readiness());
        processes.spawn(spawn);
      }
      case Effect.Signal signal -> processes.signal(signal);
      case Effect.KillRemains kill -> processes.killRemains(kill);
      case Effect.SignalRemains signal -> processes.signalRemains(signal);
      case Effect.Release release -> {
        probes.release(release.invocation());
        words.release(release.invocation());
        processes.release(release);
      }
      case Effect.Adopt adopt -> {
        words.adopt(adopt);
        output.expect(adopt.run().invocation(), adopt.spec().readiness());
        talk.adopt(adopt);
        processes.adopt(adopt);
      }
      case Effect.Follow follow -> processes.follow(follow);
      case Effect.Check check -> probes.check(check);
      case Effect.Ping ping -> talk.ping(ping);
      case Effect.RunHook hook -> probes.runHook(hook);
      case Effect.EndHooks end -> probes.endHooks(end);
      case Effect.ReadUsage read -> processes.readUsage(read);
      case Effect.ChangeLogs change -> output.change(change.instance(), change.logs());
      case Effect.Publish publish -> publish(publish.happening());
      case Effect.Reply reply -> answers.give(reply);
      case Effect.Exit exit -> ending.end(exit.code());
      case TaskEffect task -> throw new IllegalStateException("it waits for its entries: " + task);
    }
  }

  private void publish(Happening happening) {
    events.add(happening);
    metrics.happened(happening);
    published = true;
    if (EventText.isGrave(happening)) {
      LOG.warn("{}", EventText.of(happening));
    } else {
      LOG.info("{}", EventText.of(happening));
    }
  }

  /**
   * Everything of this turn is kept and done.
   *
   * @param areTasksBlocked but what workers have answered, which stays in their pipes
   */
  void endOfBatch(boolean areTasksBlocked) {
    workers.hold(areTasksBlocked);
    if (!areTasksBlocked) {
      workers.kept();
    }
    if (published) {
      published = false;
      control.eventsAdded();
      notifier.changed();
    }
    control.endOfBatch();
  }
}
