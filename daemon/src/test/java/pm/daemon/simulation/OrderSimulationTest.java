package pm.daemon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import pm.config.Configuration;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.Phase;

/**
 * Many histories of programs that depend on each other, each from its seed; {@code -Dorder.seed=42}
 * lives one again, {@code -Dorder.seeds=5000} lives more, {@code -Dsimulation.steps=3000} longer
 * ones.
 */
class OrderSimulationTest {

  private static final int STEPS = Integer.getInteger("simulation.steps", 150);
  private static final long MOST_SEEDS_FOR_A_BUG = 400;

  @Test
  void eachRuleHoldsInEachHistory() {
    Optional<Long> only = Optional.ofNullable(Long.getLong("order.seed"));
    long seeds = Long.getLong("order.seeds", 500);
    long first = only.orElse(Long.getLong("order.first", 1));
    long events = 0;
    for (long seed = first; seed <= only.orElse(first + seeds - 1); seed++) {
      events += OrderSimulation.run(seed, STEPS, OrderSimulation.Bug.NONE);
    }
    assertThat(events).isGreaterThan(100);
  }

  @Tag("of-tests")
  @Test
  void theSameSeedIsTheSameHistory() {
    assertThat(OrderSimulation.run(7, STEPS, OrderSimulation.Bug.NONE))
        .isEqualTo(OrderSimulation.run(7, STEPS, OrderSimulation.Bug.NONE));
  }

  @Tag("of-tests")
  @Test
  void eachRuleHasABugThatBreaksIt() {
    Map<OrderSimulation.Rule, OrderSimulation.Bug> bugs = new EnumMap<>(OrderSimulation.Rule.class);
    bugs.put(OrderSimulation.Rule.START_ORDER, hears(OrderSimulationTest::withoutOrder));
    bugs.put(OrderSimulation.Rule.STOP_ORDER, hears(OrderSimulationTest::withoutOrder));
    bugs.put(
        OrderSimulation.Rule.MANUAL_STOP,
        hears(
            event ->
                event instanceof Command.Stop stop
                    ? new Command.Restart(
                        stop.request(), stop.actor(), stop.selectors(), stop.patience())
                    : event));
    bugs.put(OrderSimulation.Rule.NO_NEEDLESS_WAIT, hears(OrderSimulationTest::withMoreOrder));
    bugs.put(
        OrderSimulation.Rule.ROLL,
        hears(
            event ->
                event instanceof Command.RollingRestart roll
                    ? new Command.Restart(
                        roll.request(), roll.actor(), roll.selectors(), roll.patience())
                    : event));
    bugs.put(
        OrderSimulation.Rule.SCALE,
        hears(
            event ->
                event instanceof Command.Scale scale
                    ? new Command.Scale(
                        scale.request(), scale.actor(), more(scale.counts()), scale.patience())
                    : event));
    bugs.put(
        OrderSimulation.Rule.ANSWERED_ONCE,
        decides(
            decision -> {
              List<Effect> twice = new ArrayList<>(decision.effects());
              decision.effects().stream()
                  .filter(Effect.Reply.class::isInstance)
                  .forEach(twice::add);
              return new Decision(decision.entries(), twice);
            }));
    bugs.put(
        OrderSimulation.Rule.RECOVERY,
        keeps(
            entries ->
                entries.stream()
                    .filter(
                        entry ->
                            !(entry instanceof Entry.InstanceKept kept
                                && kept.instance().phase() instanceof Phase.Stopping stopping
                                && stopping.after() == AfterStop.START))
                    .toList()));
    bugs.put(
        OrderSimulation.Rule.ENDS,
        decides(
            decision ->
                new Decision(
                    decision.entries(),
                    decision.effects().stream()
                        .filter(effect -> !(effect instanceof Effect.Exit))
                        .toList())));
    assertThat(bugs.keySet()).containsExactly(OrderSimulation.Rule.values());
    bugs.forEach((rule, bug) -> assertThat(isFound(rule, bug)).as(rule + " is found").isTrue());
  }

  private static boolean isFound(OrderSimulation.Rule rule, OrderSimulation.Bug bug) {
    for (long seed = 1; seed <= MOST_SEEDS_FOR_A_BUG; seed++) {
      try {
        OrderSimulation.run(seed, STEPS, bug);
      } catch (OrderSimulation.Broken broken) {
        if (broken.rule() == rule) {
          return true;
        }
      } catch (IllegalStateException impossible) {
        // Another way in which the bug shows.
      }
    }
    return false;
  }

  private static OrderSimulation.Bug hears(UnaryOperator<Event> wrong) {
    return new OrderSimulation.Bug(wrong, UnaryOperator.identity(), UnaryOperator.identity());
  }

  private static OrderSimulation.Bug decides(UnaryOperator<Decision> wrong) {
    return new OrderSimulation.Bug(UnaryOperator.identity(), wrong, UnaryOperator.identity());
  }

  private static OrderSimulation.Bug keeps(UnaryOperator<List<Entry>> wrong) {
    return new OrderSimulation.Bug(UnaryOperator.identity(), UnaryOperator.identity(), wrong);
  }

  private static Event withoutOrder(Event event) {
    return switch (event) {
      case Command.Begin begin ->
          new Command.Begin(begin.actor(), withoutOrder(begin.configuration()), begin.decisions());
      case Command.Apply apply ->
          new Command.Apply(
              apply.request(),
              apply.actor(),
              withoutOrder(apply.configuration()),
              apply.dryRun(),
              apply.patience());
      default -> event;
    };
  }

  private static Configuration withoutOrder(Configuration files) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>(files.programs());
    programs.replaceAll(
        (name, spec) -> new ProgramSpec.Builder(spec).dependsOn(new TreeMap<>()).build());
    return new Configuration(files.daemon(), programs, files.invalid(), files.problems());
  }

  /** All that has another before it depends on the first. */
  private static Event withMoreOrder(Event event) {
    if (!(event instanceof Command.Begin begin) || begin.configuration().programs().isEmpty()) {
      return event;
    }
    TreeMap<String, ProgramSpec> programs = new TreeMap<>(begin.configuration().programs());
    String first = programs.firstKey();
    programs.replaceAll(
        (name, spec) ->
            name.equals(first)
                ? spec
                : new ProgramSpec.Builder(spec)
                    .dependsOn(
                        new TreeMap<>(Map.of(first, pm.config.DependencyCondition.COMPLETED)))
                    .build());
    return new Command.Begin(
        begin.actor(),
        new Configuration(
            begin.configuration().daemon(),
            programs,
            begin.configuration().invalid(),
            begin.configuration().problems()),
        begin.decisions());
  }

  private static java.util.SortedMap<String, InstanceBounds> more(
      Map<String, InstanceBounds> counts) {
    TreeMap<String, InstanceBounds> more = new TreeMap<>(counts);
    more.replaceAll((name, bounds) -> InstanceBounds.of(bounds.max() + 1));
    return more;
  }
}
