package pm.daemon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pm.config.PoolSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.pool.BentRules;
import pm.daemon.core.pool.PoolOracle;
import pm.daemon.core.pool.PoolOracle.Law;

/** Each law is seen to be broken: a bug is planted between the daemon and its world. */
@Tag("of-tests")
class PlantedTaskBugTest {

  private static final int MOST_SEEDS = 300;

  record Bug(String name, Enum<?> law, TaskSabotage sabotage) {
    @Override
    public String toString() {
      return law + ": " + name;
    }
  }

  /** Laws of entries that have a counterpart in this world, under which it is found here. */
  private static final Set<Law> ELSEWHERE =
      Set.of(Law.POOL_SIZE, Law.ANSWERED_ONCE, Law.ENDS_AT_LAST, Law.NOTHING_IMPOSSIBLE);

  static Stream<Bug> bugs() {
    return Stream.of(
        new Bug("sends before it keeps", TaskLaw.KEPT_FIRST, new ActsFirst()),
        new Bug("sends out of order", TaskLaw.FRAMES, does(PlantedTaskBugTest::later)),
        new Bug("sends other data", TaskLaw.FRAMES, does(PlantedTaskBugTest::otherData)),
        new Bug("sends twice", TaskLaw.EXPLAINED, does(twice(TaskEffect.Send.class))),
        new Bug("resends what works", TaskLaw.ONE_HAND, tells(PlantedTaskBugTest::notSent)),
        new Bug("bends results", TaskLaw.TRUE_RESULT, tells(PlantedTaskBugTest::otherResult)),
        new Bug("kills nobody", TaskLaw.IN_TIME, does(never(Effect.KillRemains.class))),
        new Bug("writes no return", TaskLaw.SURVIVES_KILL, new Drops()),
        new Bug("flushes nothing", TaskLaw.SURVIVES_POWER, new Lies()),
        new Bug("answers before the flush", TaskLaw.SURVIVES_POWER, new Hasty()),
        new Bug("one key for all", TaskLaw.ONE_NAME, keeps(PlantedTaskBugTest::oneKey)),
        new Bug("pauses nothing", TaskLaw.HELD, new Opens()),
        new Bug("has one worker more", TaskLaw.BOUNDS, new Crowds()),
        new Bug("spawns twice", TaskLaw.ONE_PROCESS, does(twice(Effect.Spawn.class))),
        new Bug("answers twice", TaskLaw.ANSWERED, does(twice(Effect.Reply.class))),
        new Bug("answers nobody", TaskLaw.ANSWERED, does(never(Effect.Reply.class))),
        new Bug("lets time pass", TaskLaw.RESTS, hears(PlantedTaskBugTest::noTime)),
        new Bug("spawns nobody", TaskLaw.CONVERGES, does(never(Effect.Spawn.class))),
        new Bug("adopts the new", TaskLaw.POSSIBLE, hears(PlantedTaskBugTest::adopted)),
        new Bug("takes before it keeps", TaskLaw.RESULTS, new TakesFirst()),
        new Bug("marks before it writes", TaskLaw.FRAMES, new MarksFirst()),
        new Bug("ends twice", Law.ENDS_ONCE, keeps(PlantedTaskBugTest::endsTwice)),
        new Bug("forgets what runs", Law.NOTHING_LOST, keeps(PlantedTaskBugTest::forgets)),
        new Bug("retries for ever", Law.AT_LEAST_ONCE, rules(Law.AT_LEAST_ONCE)),
        new Bug("takes any result", Law.FENCED, new TakesAny()),
        new Bug("mishears", Law.EXCLUSIVE, hears((event, watch) -> Optional.of(notSent(event)))),
        new Bug("never ages", Law.IN_ORDER, rules(Law.IN_ORDER)),
        new Bug("tells nobody", Law.TIME_LIMIT, does(never(TaskEffect.Cancel.class))),
        new Bug("has no breaker", Law.BREAKER, rules(Law.BREAKER)),
        new Bug("replaces too early", Law.REPLACED_FIRST, rules(Law.REPLACED_FIRST)),
        new Bug("turns back at once", Law.STEADY, rules(Law.STEADY)),
        new Bug("one more in hand", Law.CONCURRENCY, rules(Law.CONCURRENCY)),
        new Bug("one more waits", Law.CAPACITY, rules(Law.CAPACITY)),
        new Bug("is late", Law.NO_PAST_DEADLINE, new Late()),
        new Bug("reads no cancel", Law.RECOVERY, new Forgetful()));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void aBugIsFound(Bug bug) {
    Map<String, Integer> others = new LinkedHashMap<>();
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      Optional<Enum<?>> law = TaskSimulation.run(seed, bug.sabotage(), false).law();
      if (law.filter(broken -> broken == bug.law()).isPresent()) {
        return;
      }
      law.ifPresent(broken -> others.merge(broken.name(), 1, Integer::sum));
    }
    throw new AssertionError("nobody has noticed it; instead: " + others);
  }

  @Test
  void eachLawHasABug() {
    Set<String> laws = new TreeSet<>();
    bugs().forEach(bug -> laws.add(bug.law().name()));
    for (TaskLaw law : TaskLaw.values()) {
      assertThat(laws).contains(law.name());
    }
    for (Law law : Law.values()) {
      if (!ELSEWHERE.contains(law)) {
        assertThat(laws).contains(law.name());
      }
    }
  }

  // Kinds of bugs.

  private static TaskSabotage does(Function<Effect, List<Effect>> bent) {
    return new TaskSabotage() {
      @Override
      public List<Effect> does(Effect effect) {
        return bent.apply(effect);
      }
    };
  }

  private static TaskSabotage keeps(Function<TaskEntry, List<TaskEntry>> bent) {
    return new TaskSabotage() {
      @Override
      public List<TaskEntry> keeps(TaskEntry entry) {
        return bent.apply(entry);
      }
    };
  }

  private static TaskSabotage tells(UnaryOperator<Event> bent) {
    return new TaskSabotage() {
      @Override
      public Event tells(Event event) {
        return bent.apply(event);
      }
    };
  }

  private interface Hearing {
    Optional<Event> bend(Event event, TaskWatch watch);
  }

  private static TaskSabotage hears(Hearing hearing) {
    return new TaskSabotage() {
      @Override
      public Optional<Event> hears(Event event, TaskWatch watch) {
        return hearing.bend(event, watch);
      }
    };
  }

  private static TaskSabotage rules(Law law) {
    UnaryOperator<PoolSpec> bent = BentRules.against(law);
    return new TaskSabotage() {
      @Override
      public PoolSpec rules(PoolSpec rules) {
        return bent.apply(rules);
      }
    };
  }

  private static Function<Effect, List<Effect>> twice(Class<? extends Effect> kind) {
    return effect -> kind.isInstance(effect) ? List.of(effect, effect) : List.of(effect);
  }

  private static Function<Effect, List<Effect>> never(Class<? extends Effect> kind) {
    return effect -> kind.isInstance(effect) ? List.of() : List.of(effect);
  }

  private static List<TaskEntry> endsTwice(TaskEntry entry) {
    return entry instanceof TaskEntry.Ended ? List.of(entry, entry) : List.of(entry);
  }

  // Bugs.

  private static List<Effect> later(Effect effect) {
    return effect instanceof TaskEffect.Send send
        ? List.of(
            new TaskEffect.Send(
                send.invocation(),
                send.sequence() + 1,
                send.task(),
                send.key(),
                send.attempt(),
                send.type(),
                send.data(),
                send.deadlineMillis()))
        : List.of(effect);
  }

  private static List<Effect> otherData(Effect effect) {
    return effect instanceof TaskEffect.Send send
        ? List.of(
            new TaskEffect.Send(
                send.invocation(),
                send.sequence(),
                send.task(),
                send.key(),
                send.attempt(),
                send.type(),
                "{}".getBytes(StandardCharsets.UTF_8),
                send.deadlineMillis()))
        : List.of(effect);
  }

  /** A worker that says how far it is has not been given its task. */
  private static Event notSent(Event event) {
    return event instanceof TaskReport.Progressed progressed
        ? new TaskReport.NotSent(
            progressed.invocation(), progressed.task(), progressed.attempt(), "it was")
        : event;
  }

  private static Event otherResult(Event event) {
    return event instanceof TaskReport.Succeeded done
        ? new TaskReport.Succeeded(
            done.invocation(),
            done.task(),
            done.key(),
            done.attempt(),
            "other".getBytes(StandardCharsets.UTF_8))
        : event;
  }

  private static List<TaskEntry> oneKey(TaskEntry entry) {
    if (!(entry instanceof TaskEntry.Queued queued)) {
      return List.of(entry);
    }
    NewTask content = queued.content();
    return List.of(
        new TaskEntry.Queued(
            queued.task(),
            queued.pool(),
            new NewTask(
                "key",
                content.type(),
                content.priority(),
                content.timeoutNanos(),
                content.retries(),
                content.delayNanos(),
                content.data()),
            queued.enqueuedNanos(),
            queued.enqueuedMillis(),
            queued.notBeforeNanos(),
            queued.by()));
  }

  private static List<TaskEntry> forgets(TaskEntry entry) {
    return entry instanceof TaskEntry.Started started && started.attempt() > 1
        ? List.of(entry, new TaskEntry.Forgotten(entry.task()))
        : List.of(entry);
  }

  private static Optional<Event> noTime(Event event, TaskWatch watch) {
    return event instanceof TimePassed ? Optional.empty() : Optional.of(event);
  }

  private static Optional<Event> adopted(Event event, TaskWatch watch) {
    return Optional.of(
        event instanceof Report.Spawned spawned
            ? new Report.Adopted(spawned.invocation(), spawned.process())
            : event);
  }

  private static final class ActsFirst implements TaskSabotage {
    @Override
    public boolean actsFirst() {
      return true;
    }
  }

  private static final class Drops implements TaskSabotage {
    @Override
    public boolean diskDrops(TaskEntry entry) {
      return entry instanceof TaskEntry.Returned;
    }
  }

  private static final class Lies implements TaskSabotage {
    @Override
    public boolean diskLies() {
      return true;
    }
  }

  private static final class Hasty implements TaskSabotage {
    @Override
    public boolean isHasty() {
      return true;
    }
  }

  /** Whatever is decided of their intake, pools are open. */
  private static final class Opens implements TaskSabotage {
    @Override
    public void meddles(Supervisor core, Moment now, Turn turn) {
      for (String pool : PoolPrograms.POOLS) {
        if (core.pools().isPool(pool)) {
          core.pools().intake(pool, PoolView.Intake.OPEN, now, turn);
        }
      }
    }
  }

  private static final class Crowds implements TaskSabotage {
    @Override
    public int bound(int most) {
      return most - 1;
    }
  }

  private static final class TakesFirst implements TaskSabotage {
    @Override
    public boolean takesFirst() {
      return true;
    }
  }

  private static final class MarksFirst implements TaskSabotage {
    @Override
    public boolean marksFirst() {
      return true;
    }
  }

  /** A result is taken for one of the current attempt, whatever it says. */
  private static final class TakesAny implements TaskSabotage {
    @Override
    public Optional<Event> hears(Event event, TaskWatch watch) {
      if (!(event instanceof TaskReport.Succeeded done)) {
        return Optional.of(event);
      }
      PoolOracle.Known task = watch.known(done.task(), done.key());
      InvocationId holder = task.isRunning() ? task.invocation() : done.invocation();
      return Optional.of(
          new TaskReport.Succeeded(
              holder, done.task(), done.key(), Math.max(1, task.attempt), done.result()));
    }
  }

  private static final class Late implements TaskSabotage {
    @Override
    public long deadline(long deadline) {
      return deadline - Duration.ofSeconds(1).toNanos();
    }
  }

  private static final class Forgetful implements TaskSabotage {
    @Override
    public Optional<TaskEntry> reads(TaskEntry entry) {
      return entry instanceof TaskEntry.Cancelling ? Optional.empty() : Optional.of(entry);
    }
  }
}
