package pm.daemon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;

/** Each invariant is seen to fail: a bug is planted between the daemon and its core. */
@Tag("of-tests")
class PlantedBugTest {

  private static final int MOST_SEEDS = 600;
  private static final Actor GHOST = new Actor("ghost", 0, 1);

  private static final Map<Invariant, List<Sabotage>> BUGS = new EnumMap<>(Invariant.class);

  private static void plant(Invariant invariant, Sabotage bug) {
    BUGS.computeIfAbsent(invariant, key -> new ArrayList<>()).add(bug);
  }

  static {
    plant(Invariant.SINGLE_INSTANCE, twice(effect -> effect instanceof Effect.Spawn));
    plant(
        Invariant.NO_LOST_CHILD,
        hears(
            event ->
                event instanceof Report.Exited exited
                    ? new Report.Exited(exited.invocation(), exited.status(), false)
                    : event));
    plant(Invariant.NO_STRANGER_SIGNALLED, does(PlantedBugTest::toTheNextPid));
    plant(Invariant.RELEASED_ONCE, never(effect -> effect instanceof Effect.Release));
    plant(Invariant.RELEASED_ONCE, twice(effect -> effect instanceof Effect.Release));
    plant(
        Invariant.LEGAL_TRANSITIONS,
        does(effect -> publishes(effect, InstanceState.STARTING, InstanceState.IDLE)));
    plant(
        Invariant.LEGAL_TRANSITIONS,
        never(
            effect ->
                effect instanceof Effect.Publish publish
                    && publish.happening() instanceof Happening.StateChanged change
                    && change.to() == InstanceState.DEAD));
    plant(Invariant.STOP_BOUND, never(effect -> effect instanceof Effect.KillRemains));
    plant(Invariant.STOP_BOUND, never(effect -> effect instanceof Effect.Signal));
    plant(
        Invariant.STATUS_TRUTH,
        hears(
            event ->
                event instanceof Report.Exited exited
                    ? new Report.Exited(
                        exited.invocation(), new ExitStatus.Code(0), exited.remains())
                    : event));
    plant(Invariant.RESTART_WINDOW, new ForgetsRestarts());
    plant(Invariant.BACKOFF_BOUNDS, new ForgetsRestarts());
    plant(Invariant.POLICY, does(PlantedBugTest::restartsWhatIsComplete));
    plant(Invariant.NO_START_AFTER_STOP, new StartsWhatIsStopped());
    plant(Invariant.SHUTDOWN_IS_NO_STOP, replays(PlantedBugTest::everythingStopped));
    plant(Invariant.RECOVERY, replays(PlantedBugTest::withoutTheLast));
    plant(
        Invariant.KEPT_BEFORE_VISIBLE,
        keeps(
            entry ->
                !(entry instanceof Entry.InstanceKept kept
                    && kept.instance().state() == InstanceState.STARTING)));
    plant(
        Invariant.KEPT_BEFORE_VISIBLE,
        keeps(
            entry ->
                !(entry instanceof Entry.InstanceKept kept
                    && kept.instance().state() == InstanceState.DEAD)));
    plant(Invariant.CONFIGURATION, hears(PlantedBugTest::appliesNothing));
    plant(Invariant.CONFIGURATION, new TouchesTheUnchanged());
    plant(Invariant.ANSWERED_ONCE, twice(effect -> effect instanceof Effect.Reply));
    plant(Invariant.ANSWERED_ONCE, never(effect -> effect instanceof Effect.Reply));
    plant(Invariant.START_SLOTS, hears(PlantedBugTest::withManyStarts));
    plant(
        Invariant.NO_PAST_DEADLINE,
        hears(
            event ->
                event instanceof TimePassed
                    ? new Report.OutputFlows(new InstanceName("web", 1), "web@1.log")
                    : event));
    plant(Invariant.STALE_IS_DROPPED, new TakesWhatIsStale());
    plant(Invariant.ENDS_ONCE, twice(effect -> effect instanceof Effect.Exit));
    plant(Invariant.ENDS_ONCE, keeps(entry -> !(entry instanceof Entry.CleanEnd)));
    plant(Invariant.HOOKS, twice(effect -> effect instanceof Effect.RunHook));
    plant(
        Invariant.HOOKS,
        never(
            effect -> effect instanceof Effect.RunHook hook && hook.kind() == HookKind.POST_STOP));
    plant(Invariant.LATE_IS_NOBODYS_FAULT, new BlamesWhenTimePasses());
    plant(
        Invariant.NOTHING_IMPOSSIBLE,
        hears(
            event ->
                event instanceof Report.Spawned spawned
                    ? new Report.Adopted(spawned.invocation(), spawned.process())
                    : event));
  }

  @Test
  void eachInvariantHasABug() {
    assertThat(BUGS.keySet()).containsExactly(Invariant.values());
  }

  @Test
  void eachBugIsFound() {
    BUGS.forEach(
        (invariant, bugs) -> {
          for (Sabotage bug : bugs) {
            assertThat(isFound(invariant, bug))
                .as(invariant + " fails for bug " + (bugs.indexOf(bug) + 1))
                .isTrue();
          }
        });
  }

  private static boolean isFound(Invariant invariant, Sabotage bug) {
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      Optional<Violation> violation =
          Simulation.run(seed, SimulationTest.steps(), bug, false).violation();
      if (violation.isPresent() && violation.get().invariant() == invariant) {
        return true;
      }
    }
    return false;
  }

  // Kinds of bugs.

  private static Sabotage hears(Function<Event, Event> wrong) {
    return new Sabotage() {
      @Override
      public Event told(Event event) {
        return wrong.apply(event);
      }
    };
  }

  private static Sabotage does(Function<Effect, Effect> wrong) {
    return new Sabotage() {
      @Override
      public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
        return new Decision(decision.entries(), decision.effects().stream().map(wrong).toList());
      }
    };
  }

  private static Sabotage twice(Predicate<Effect> which) {
    return new Sabotage() {
      @Override
      public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
        List<Effect> effects = new ArrayList<>();
        for (Effect effect : decision.effects()) {
          effects.add(effect);
          if (which.test(effect)) {
            effects.add(effect);
          }
        }
        return new Decision(decision.entries(), effects);
      }
    };
  }

  private static Sabotage never(Predicate<Effect> which) {
    return new Sabotage() {
      @Override
      public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
        return new Decision(
            decision.entries(), decision.effects().stream().filter(which.negate()).toList());
      }
    };
  }

  private static Sabotage keeps(Predicate<Entry> which) {
    return new Sabotage() {
      @Override
      public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
        return new Decision(decision.entries().stream().filter(which).toList(), decision.effects());
      }
    };
  }

  private static Sabotage replays(Function<List<Entry>, List<Entry>> wrong) {
    return new Sabotage() {
      @Override
      public List<Entry> replayed(List<Entry> entries) {
        return wrong.apply(entries);
      }
    };
  }

  /** Lets a command slip in after the event, as if the core had done more than it was asked. */
  private static Decision also(Supervisor core, Event event, Moment now, Decision decision) {
    Decision more = core.handle(event, now);
    List<Entry> entries = new ArrayList<>(decision.entries());
    entries.addAll(more.entries());
    List<Effect> effects = new ArrayList<>(decision.effects());
    effects.addAll(more.effects());
    return new Decision(entries, effects);
  }

  // Bugs.

  private static Effect toTheNextPid(Effect effect) {
    return effect instanceof Effect.Signal signal
        ? new Effect.Signal(
            signal.invocation(),
            new ProcessIdentity(
                signal.process().pid() + 1,
                signal.process().startTicks(),
                signal.process().inode()),
            signal.signal(),
            signal.scope(),
            signal.thenContinue())
        : effect;
  }

  private static Effect publishes(Effect effect, InstanceState to, InstanceState instead) {
    return effect instanceof Effect.Publish publish
            && publish.happening() instanceof Happening.StateChanged change
            && change.to() == to
        ? published(change, instead, change.reason())
        : effect;
  }

  private static Effect restartsWhatIsComplete(Effect effect) {
    return effect instanceof Effect.Publish publish
            && publish.happening() instanceof Happening.StateChanged change
            && change.reason().equals(Optional.of(DeadReason.COMPLETED))
        ? published(change, change.to(), Optional.of(DeadReason.BACKOFF))
        : effect;
  }

  private static Effect published(
      Happening.StateChanged change, InstanceState to, Optional<DeadReason> reason) {
    return new Effect.Publish(
        new Happening.StateChanged(
            change.at(),
            change.instance(),
            change.from(),
            change.fromReason(),
            to,
            reason,
            change.detail(),
            change.invocation(),
            change.pid(),
            change.cause(),
            change.status(),
            change.actor()));
  }

  private static List<Entry> everythingStopped(List<Entry> entries) {
    TreeMap<InstanceName, String> stopped = new TreeMap<>();
    for (Entry entry : entries) {
      if (entry instanceof Entry.InstanceKept kept) {
        stopped.put(kept.instance().name(), "nobody");
      }
    }
    List<Entry> more = new ArrayList<>(entries);
    more.add(new Entry.DecisionsKept(new Decisions(stopped), 1_000));
    return more;
  }

  private static List<Entry> withoutTheLast(List<Entry> entries) {
    return entries.subList(0, entries.size() - 1);
  }

  private static Event appliesNothing(Event event) {
    return event instanceof Command.Apply apply
        ? new Command.Apply(
            apply.request(), apply.actor(), apply.configuration(), true, apply.patience())
        : event;
  }

  private static Event withManyStarts(Event event) {
    if (!(event instanceof Command.Begin begin)) {
      return event;
    }
    Configuration files = begin.configuration();
    DaemonSpec daemon = files.daemon();
    return new Command.Begin(
        begin.actor(),
        new Configuration(
            new DaemonSpec(
                daemon.socket(),
                daemon.level(),
                daemon.format(),
                daemon.shutdownTimeout(),
                OptionalInt.of(1_000),
                daemon.tasks(),
                daemon.include()),
            files.programs(),
            files.invalid(),
            files.problems()),
        begin.decisions());
  }

  /** Its window and its streak are empty whenever a process has been spawned. */
  private static final class ForgetsRestarts implements Sabotage {
    @Override
    public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
      if (event instanceof Report.Spawned spawned && !core.isShuttingDown()) {
        for (Instance instance : List.copyOf(core.instances())) {
          if (instance.run().isPresent()
              && instance.run().get().invocation().equals(spawned.invocation())) {
            return also(
                core,
                new Command.Reset(Command.UNANSWERED, GHOST, List.of(instance.name().toString())),
                now,
                decision);
          }
        }
      }
      return decision;
    }
  }

  private static final class StartsWhatIsStopped implements Sabotage {
    @Override
    public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
      return event instanceof Command.Stop stop
          ? also(
              core,
              new Command.Start(Command.UNANSWERED, GHOST, stop.selectors(), Command.Patience.NONE),
              now,
              decision)
          : decision;
    }
  }

  private static final class TouchesTheUnchanged implements Sabotage {
    @Override
    public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
      if (event instanceof Command.Apply apply && !apply.dryRun()) {
        for (Instance instance : List.copyOf(core.instances())) {
          if (instance.phase() instanceof Phase.Up) {
            return also(
                core,
                new Command.Restart(
                    Command.UNANSWERED,
                    GHOST,
                    List.of(instance.name().toString()),
                    Command.Patience.NONE),
                now,
                decision);
          }
        }
      }
      return decision;
    }
  }

  /** Whoever is watched is lost as soon as some deadline is over, whoever missed it. */
  private static final class BlamesWhenTimePasses implements Sabotage {
    @Override
    public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
      Decision all = decision;
      if (event instanceof TimePassed) {
        for (Instance instance : List.copyOf(core.instances())) {
          if (instance.phase() instanceof Phase.Up up && up.health().watchdogAt() != Moment.NEVER) {
            Notification lost =
                new Notification(
                    false,
                    false,
                    false,
                    false,
                    true,
                    Optional.empty(),
                    Optional.empty(),
                    OptionalLong.empty(),
                    OptionalLong.empty());
            all = also(core, new Report.Notified(up.current().invocation(), lost), now, all);
          }
        }
      }
      return all;
    }
  }

  private static final class TakesWhatIsStale implements Sabotage {
    @Override
    public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
      boolean dropped = decision.effects().isEmpty() && decision.entries().isEmpty();
      return event instanceof Report.OfInvocation && dropped
          ? new Decision(
              List.of(),
              List.of(
                  new Effect.Publish(
                      new Happening.DaemonNote(now, "command", "late", false, GHOST))))
          : decision;
    }
  }
}
