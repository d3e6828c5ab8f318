package pm.daemon.core.instance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import pm.config.LimitsSpec;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Flight;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.Meter;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Run;

/** When a process is looked at, and what the answers add up to. */
final class Checks {

  /**
   * How much longer than its timeout a probe is waited for. It ends itself in time, and says better
   * than we could what it has seen.
   */
  private static final Duration PROBE_GRACE = Duration.ofMillis(250);

  /** How often the use of limits is read that are only watched. */
  static final Duration USAGE_PERIOD = Duration.ofSeconds(5);

  private Checks() {}

  /**
   * What a look at the clock yields.
   *
   * @param health the health after it
   * @param effects the checks that begin
   */
  record Look(Health health, List<Effect> effects) {
    Look {
      effects = List.copyOf(effects);
    }
  }

  // Beginning.

  /** Returns the health of a process that is not ready yet, from now on. */
  static Health untilReady(Scene scene, Run run, Health before) {
    return before
        .with(meter(scene, run, before.meter()))
        .anew(
            CheckPlan.ofReadiness(scene.spec()).isPresent() ? scene.now().nanos() : Moment.NEVER,
            Moment.NEVER);
  }

  /** Returns the health of a process that is ready, from now on. */
  static Health whileUp(Scene scene, Run run, Health before) {
    Duration delay = scene.spec().liveness().map(Liveness::initialDelay).orElse(Duration.ZERO);
    long first = scene.now().after(delay);
    return before
        .with(meter(scene, run, before.meter()))
        .anew(
            CheckPlan.ofLiveness(scene.spec()).isPresent() ? first : Moment.NEVER,
            beatDue(scene.spec(), run, first));
  }

  /**
   * The sign of life that is due when the last one came at {@code since}: a period later. Nothing
   * is asked, so {@code liveness.timeout}, the time for an answer, has no part in it.
   */
  static long beatDue(ProgramSpec spec, Run run, long since) {
    OptionalLong period = beat(spec, run);
    return period.isEmpty() || period.getAsLong() == 0
        ? Moment.NEVER
        : Moment.after(since, Duration.ofNanos(period.getAsLong()));
  }

  /**
   * Returns how often {@code WATCHDOG=1} is to come: 0 for never, empty where it is not awaited.
   */
  private static OptionalLong beat(ProgramSpec spec, Run run) {
    if (spec.type() == ProgramType.ONESHOT
        || spec.liveness().filter(of -> of.kind() instanceof LivenessKind.Watchdog).isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        run.told().watchdogNanos().orElse(spec.liveness().get().period().toNanos()));
  }

  private static Meter meter(Scene scene, Run run, Meter before) {
    LimitsSpec limits = scene.spec().limits();
    boolean isWatched =
        !run.isEnforced()
            && (limits.memoryBytes().isPresent()
                || limits.cpuPercent().isPresent()
                || limits.tasks().isPresent());
    if (!isWatched) {
      return Meter.OFF;
    }
    return before.nextAt() == Moment.NEVER ? Meter.from(scene.now().after(USAGE_PERIOD)) : before;
  }

  // Time.

  /**
   * Does what is due.
   *
   * @param plan what is asked; empty for nothing
   * @param isPaused whether it is not to be asked now, and what it was asked does not count
   */
  static Look look(
      Scene scene, Run run, Health before, Optional<CheckPlan> plan, boolean isPaused) {
    List<Effect> effects = new ArrayList<>();
    Health health = before;
    if (plan.isPresent() && isPaused) {
      health = paused(health);
    } else if (plan.isPresent()) {
      health = check(scene, run, overdue(scene, health, plan.get()), plan.get(), effects);
    } else if (health.nextAt() != Moment.NEVER || !health.flights().isEmpty()) {
      health = health.landed(Long.MAX_VALUE).next(Moment.NEVER);
    }
    if (health.meter().nextAt() <= scene.now().nanos()) {
      health = health.with(health.meter().next(scene.now().after(USAGE_PERIOD)));
      effects.add(new Effect.ReadUsage(scene.instance().name(), run.invocation()));
    }
    return new Look(health, effects);
  }

  /** Returns health that is not looked at for a while; what was asked does not count. */
  static Health paused(Health health) {
    return health.flights().isEmpty() && health.nextAt() == Moment.NEVER
        ? health
        : health.landed(Long.MAX_VALUE).next(Moment.NEVER);
  }

  /** Returns health that is looked at again, a period from now. */
  static Health resumed(Scene scene, Health health) {
    return CheckPlan.ofLiveness(scene.spec())
        .map(plan -> health.next(scene.now().after(plan.period())))
        .orElse(health);
  }

  /** Takes those checks as failed whose time is over. */
  private static Health overdue(Scene scene, Health before, CheckPlan plan) {
    Health health = before;
    for (Flight flight : before.flights()) {
      if (flight.until() > scene.now().nanos()) {
        continue;
      }
      health = health.without(flight.number());
      if (Lateness.isLate(flight.until(), scene.now())) {
        health = health.next(scene.now().nanos());
      } else {
        health = afterFlight(scene, health.worse(plan.silence()), plan, flight);
      }
    }
    return health;
  }

  private static Health afterFlight(Scene scene, Health health, CheckPlan plan, Flight flight) {
    return plan.overlaps()
        ? health
        : health.next(Math.max(scene.now().nanos(), Moment.after(flight.sentAt(), plan.period())));
  }

  private static Health check(
      Scene scene, Run run, Health health, CheckPlan plan, List<Effect> effects) {
    Moment now = scene.now();
    if (health.nextAt() > now.nanos()) {
      return health;
    }
    if (health.flights().size() >= Health.MOST_FLIGHTS) {
      return health.next(now.after(plan.period()));
    }
    long regular = Moment.after(health.nextAt(), plan.period());
    long next =
        plan.overlaps()
            ? (regular <= now.nanos() ? now.after(plan.period()) : regular)
            : Moment.NEVER;
    long number = health.number() + 1;
    if (plan.probe().isPresent()) {
      effects.add(
          new Effect.Check(
              scene.instance().name(),
              run.invocation(),
              number,
              plan.probe().get(),
              plan.timeout(),
              scene.spec()));
      return health.sent(now.nanos(), Moment.after(now.after(plan.timeout()), PROBE_GRACE), next);
    }
    effects.add(new Effect.Ping(scene.instance().name(), run.invocation(), number, scene.spec()));
    return health.sent(now.nanos(), now.after(plan.timeout()), next);
  }

  /**
   * Returns the health after a sign of life is missing, or is looked for once more where it was us
   * who were late; empty if none is missing.
   */
  static Optional<Health> missing(Scene scene, Run run, Health health) {
    if (health.watchdogAt() > scene.now().nanos()) {
      return Optional.empty();
    }
    if (Lateness.isLate(health.watchdogAt(), scene.now())) {
      return Optional.of(health.watching(scene.now().after(Lateness.LOOK)));
    }
    long period = beat(scene.spec(), run).orElse(0);
    if (period == 0) {
      return Optional.of(health.watching(Moment.NEVER));
    }
    return Optional.of(
        health
            .worse(
                "watchdog: no WATCHDOG=1 for " + Wording.duration(period * (health.failures() + 1)))
            .watching(Moment.after(health.watchdogAt(), Duration.ofNanos(period))));
  }

  // Answers.

  /** Returns the health after an answer; empty if nobody waits for it. */
  static Optional<Health> answered(
      Scene scene, Health health, CheckPlan plan, Report.Checked answer) {
    Optional<Flight> flight = health.flight(answer.number());
    if (flight.isEmpty()) {
      return Optional.empty();
    }
    if (answer.passed()) {
      return Optional.of(
          afterFlight(scene, health.landed(answer.number()).better(), plan, flight.get()));
    }
    Health left = health.without(answer.number());
    // A probe that was frozen together with us has found its own time over when it woke up.
    return Optional.of(
        Lateness.isLate(flight.get().until(), scene.now())
            ? left.next(scene.now().nanos())
            : afterFlight(scene, left.worse(plan.failure(answer.detail())), plan, flight.get()));
  }
}
