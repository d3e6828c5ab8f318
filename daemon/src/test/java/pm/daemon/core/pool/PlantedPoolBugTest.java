package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import pm.config.PoolSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.pool.PoolHistory.Bug;
import pm.daemon.core.pool.PoolOracle.Broken;
import pm.daemon.core.pool.PoolOracle.Law;

/** Each law is seen to be broken: a bug is planted between the pools and their world. */
@Tag("of-tests")
class PlantedPoolBugTest {
  private static final int MOST_SEEDS = 400;

  private static final Map<Law, Bug> BUGS = new EnumMap<>(Law.class);

  static {
    BUGS.put(Law.ENDS_ONCE, keeps(entry -> twice(entry, TaskEntry.Ended.class)));
    BUGS.put(Law.NOTHING_LOST, writes(entry -> entry instanceof TaskEntry.Queued));
    BUGS.put(Law.AT_LEAST_ONCE, rules(BentRules.against(Law.AT_LEAST_ONCE)));
    BUGS.put(Law.FENCED, hears(PlantedPoolBugTest::ofTheAttemptNow));
    BUGS.put(
        Law.EXCLUSIVE,
        new Bug() {
          @Override
          public boolean lies() {
            return true;
          }
        });
    BUGS.put(Law.IN_ORDER, rules(BentRules.against(Law.IN_ORDER)));
    BUGS.put(
        Law.TIME_LIMIT,
        new Bug() {
          @Override
          public boolean kills() {
            return false;
          }
        });
    BUGS.put(Law.BREAKER, rules(BentRules.against(Law.BREAKER)));
    BUGS.put(Law.POOL_SIZE, rules(BentRules.against(Law.POOL_SIZE)));
    BUGS.put(Law.REPLACED_FIRST, rules(BentRules.against(Law.REPLACED_FIRST)));
    BUGS.put(Law.STEADY, rules(BentRules.against(Law.STEADY)));
    BUGS.put(Law.CONCURRENCY, rules(BentRules.against(Law.CONCURRENCY)));
    BUGS.put(Law.CAPACITY, rules(BentRules.against(Law.CAPACITY)));
    BUGS.put(Law.ANSWERED_ONCE, runs(effect -> twice(effect, Effect.Reply.class)));
    BUGS.put(
        Law.NO_PAST_DEADLINE,
        new Bug() {
          @Override
          public long deadline(long deadline) {
            return deadline - Duration.ofSeconds(1).toNanos();
          }
        });
    BUGS.put(Law.RECOVERY, reads(entry -> entry instanceof TaskEntry.Cancelling));
    BUGS.put(
        Law.ENDS_AT_LAST,
        runs(effect -> effect instanceof TaskEffect.Send ? List.of() : List.of(effect)));
    BUGS.put(Law.NOTHING_IMPOSSIBLE, reads(entry -> entry instanceof TaskEntry.Returned));
  }

  @ParameterizedTest
  @EnumSource
  void aBugIsFound(Law law) {
    Bug bug = BUGS.get(law);
    assertThat(bug).as("a bug that breaks " + law).isNotNull();
    List<String> others = new ArrayList<>();
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      Optional<Broken> broken = PoolHistory.run(seed, bug, false).broken();
      if (broken.isPresent() && broken.get().law == law) {
        return;
      }
      broken.ifPresent(found -> others.add(found.getMessage()));
    }
    throw new AssertionError("nobody has noticed it; instead: " + others);
  }

  private static Bug keeps(Function<TaskEntry, List<TaskEntry>> bent) {
    return new Bug() {
      @Override
      public List<TaskEntry> keeps(TaskEntry entry) {
        return bent.apply(entry);
      }
    };
  }

  private static Bug runs(Function<Effect, List<Effect>> bent) {
    return new Bug() {
      @Override
      public List<Effect> runs(Effect effect) {
        return bent.apply(effect);
      }
    };
  }

  private static Bug writes(Function<TaskEntry, Boolean> isLost) {
    return new Bug() {
      @Override
      public boolean writes(TaskEntry entry) {
        return !isLost.apply(entry);
      }
    };
  }

  private static Bug reads(Function<TaskEntry, Boolean> isLost) {
    return new Bug() {
      @Override
      public boolean reads(TaskEntry entry) {
        return !isLost.apply(entry);
      }
    };
  }

  private static Bug rules(UnaryOperator<PoolSpec> bent) {
    return new Bug() {
      @Override
      public PoolSpec rules(PoolSpec rules) {
        return bent.apply(rules);
      }
    };
  }

  private interface Hearing {
    TaskReport bend(PoolHistory history, TaskReport report);
  }

  private static Bug hears(Hearing hearing) {
    return new Bug() {
      @Override
      public Optional<TaskReport> hears(PoolHistory history, TaskReport report) {
        return Optional.of(hearing.bend(history, report));
      }
    };
  }

  private static <T> List<T> twice(T thing, Class<? extends T> kind) {
    return kind.isInstance(thing) ? List.of(thing, thing) : List.of(thing);
  }

  /** A result is taken for one of the current attempt, whatever it says. */
  private static TaskReport ofTheAttemptNow(PoolHistory history, TaskReport report) {
    if (!(report instanceof TaskReport.Succeeded done)) {
      return report;
    }
    PoolOracle.Known task = history.known(done.task());
    InvocationId holder =
        task.state == TaskState.RUNNING ? task.lease.invocation() : done.invocation();
    return new TaskReport.Succeeded(holder, done.task(), "", task.attempt, done.result());
  }
}
