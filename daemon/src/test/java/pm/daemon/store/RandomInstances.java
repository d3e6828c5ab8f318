package pm.daemon.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StartStep;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.model.Told;

/** Draws instances of every shape, sensible or not: what is kept must come back as it was. */
final class RandomInstances {
  private final RandomGenerator random;

  RandomInstances(RandomGenerator random) {
    this.random = random;
  }

  Entry entry() {
    return switch (random.nextInt(8)) {
      case 0 -> new Entry.InstanceForgotten(name());
      case 1 -> new Entry.DecisionsKept(decisions(), number());
      default -> new Entry.InstanceKept(instance());
    };
  }

  InstanceName name() {
    return new InstanceName("p" + random.nextInt(20), 1 + random.nextInt(3));
  }

  Instance instance() {
    return new Instance(
        name(),
        phase(),
        new RestartWindow(list(40, this::number)),
        random.nextInt(),
        number(),
        list(Instance.PAST_BOUND, this::past));
  }

  Decisions decisions() {
    TreeMap<String, Decisions.Scaled> scaled = new TreeMap<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      scaled.put(name().program(), new Decisions.Scaled(bounds(), bounds(), text()));
    }
    TreeMap<String, Decisions.Held> held = new TreeMap<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      held.put(
          name().program(),
          new Decisions.Held(
              random.nextBoolean() ? PoolView.Intake.PAUSED : PoolView.Intake.DRAINING, text()));
    }
    return new Decisions(who(), who(), who(), scaled, held);
  }

  private InstanceBounds bounds() {
    int min = random.nextInt(9);
    return new InstanceBounds(min, min + random.nextInt(3));
  }

  private java.util.SortedMap<InstanceName, String> who() {
    TreeMap<InstanceName, String> who = new TreeMap<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      who.put(name(), text());
    }
    return who;
  }

  private Phase phase() {
    return switch (random.nextInt(4)) {
      case 0 ->
          new Phase.Dead(
              of(DeadReason.values()), text(), number(), of(StartKind.values()), actor());
      case 1 ->
          new Phase.Starting(
              run(), of(StartStep.values()), text(), number(), number(), Health.NONE);
      case 2 ->
          new Phase.Up(
              run(),
              of(InstanceState.IDLE, InstanceState.BUSY, InstanceState.UNHEALTHY),
              number(),
              text(),
              Health.NONE);
      default ->
          new Phase.Stopping(
              run(),
              of(StopCause.values()),
              text(),
              actor(),
              of(StopStep.values()),
              number(),
              status(),
              of(AfterStop.values()),
              number(),
              list(5, () -> random.nextInt(1, 1 << 22)),
              random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(256)));
    };
  }

  private Run run() {
    return new Run(
        InvocationId.draw(random),
        number(),
        random.nextBoolean()
            ? Optional.of(new ProcessIdentity(random.nextInt(), number(), number()))
            : Optional.empty(),
        number(),
        instant(),
        text(),
        random.nextBoolean(),
        random.nextBoolean()
            ? Optional.of(new ProcessIdentity(random.nextInt(), number(), number()))
            : Optional.empty(),
        list(3, this::text),
        random.nextBoolean(),
        new Told(
            random.nextBoolean(),
            text(),
            random.nextBoolean(),
            random.nextBoolean() ? OptionalLong.of(number()) : OptionalLong.empty()),
        number());
  }

  private PastInvocation past() {
    return new PastInvocation(
        InvocationId.draw(random),
        random.nextInt(),
        instant(),
        instant(),
        number(),
        random.nextBoolean(),
        status(),
        of(ExitCause.values()),
        text());
  }

  private Optional<ExitStatus> status() {
    return switch (random.nextInt(4)) {
      case 0 -> Optional.of(new ExitStatus.Code(random.nextInt(256)));
      case 1 ->
          Optional.of(
              new ExitStatus.Signalled(text(), random.nextInt(1, 65), random.nextBoolean()));
      case 2 -> Optional.of(new ExitStatus.Unknown());
      default -> Optional.empty();
    };
  }

  private Actor actor() {
    return new Actor(text(), random.nextInt(-1, Integer.MAX_VALUE), random.nextInt(1 << 22));
  }

  private Instant instant() {
    return random.nextInt(5) == 0
        ? Instant.EPOCH
        : Instant.ofEpochSecond(random.nextLong(0, 1L << 33), random.nextInt(1_000_000_000));
  }

  private long number() {
    return switch (random.nextInt(4)) {
      case 0 -> Moment.NEVER;
      case 1 -> random.nextInt(100);
      default -> random.nextLong();
    };
  }

  private String text() {
    String[] texts = {
      "",
      "exit 1 after 0.3s",
      "\"quoted\\\" \n\r\t\0",
      "Zürich 東京 \uD83D\uDE80",
      "}],{\"more\":true}"
    };
    return texts[random.nextInt(texts.length)];
  }

  private <T> List<T> list(int most, Supplier<T> draw) {
    List<T> drawn = new ArrayList<>();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      drawn.add(draw.get());
    }
    return drawn;
  }

  @SafeVarargs
  private <T> T of(T... values) {
    return values[random.nextInt(values.length)];
  }
}
