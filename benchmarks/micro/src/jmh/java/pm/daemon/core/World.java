package pm.daemon.core;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Folders;
import pm.config.Trust;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;

/** A supervisor, and processes that do at once what they are told. */
final class World {
  static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final ExitStatus TERMINATED = new ExitStatus.Signalled("TERM", 15, false);

  final Supervisor supervisor = new Supervisor(new SplittableRandom(1), 4);
  private final ArrayDeque<Report> reports = new ArrayDeque<>();
  private long nanos = 1_000_000_000_000L;
  private int pids = 100;

  /** Everything of this file runs. */
  World(String yaml) {
    Path folder = Path.of("/srv/pm");
    Configuration configuration =
        new ConfigurationLoader(
                new Folders(folder, folder, folder, folder, Optional.empty()),
                1000,
                Trust.ANYTHING,
                Optional.of(Map.of()))
            .loadText("/srv/pm/pm.yaml", yaml.getBytes(StandardCharsets.UTF_8));
    if (!configuration.problems().isEmpty()) {
      throw new IllegalArgumentException(configuration.problems().toString());
    }
    supervisor.beginTasks("k3f9", 0, true, now());
    handle(new Command.Begin(Actor.AUTOSTART, configuration, Decisions.NONE));
  }

  Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos));
  }

  /** Lets time pass. */
  void later(long more) {
    nanos += more;
  }

  /** Lets time pass until something is due, and that happen. */
  void due() {
    nanos = Math.max(nanos, supervisor.nextDeadline());
    handle(new TimePassed());
  }

  InvocationId invocation(String program, int number) {
    Instance instance = supervisor.instances.get(new InstanceName(program, number));
    if (instance == null) {
      throw new IllegalArgumentException("no instance " + number);
    }
    return instance.run().orElseThrow().invocation();
  }

  /** Handles an event, and all that comes of it until nothing is left to be done at this time. */
  void handle(Event event) {
    step(event);
    catchUp();
  }

  /** Handles what came of effects, until nothing is left to be done at this time. */
  void catchUp() {
    boolean isDue = true;
    while (isDue) {
      Report report = reports.poll();
      while (report != null) {
        step(report);
        report = reports.poll();
      }
      isDue = supervisor.nextDeadline() <= nanos;
      if (isDue) {
        step(new TimePassed());
      }
    }
  }

  private void step(Event event) {
    List<Effect> effects = supervisor.handle(event, now()).effects();
    for (int i = 0; i < effects.size(); i++) {
      act(effects.get(i));
    }
  }

  /** Does what processes do. */
  void act(Effect effect) {
    if (effect instanceof Effect.Spawn spawn) {
      reports.add(new Report.Spawned(spawn.invocation(), new ProcessIdentity(++pids, 5, 5)));
    } else if (effect instanceof Effect.Signal signal && signal.thenContinue()) {
      reports.add(new Report.Exited(signal.invocation(), TERMINATED, false));
    } else if (effect instanceof Effect.KillRemains kill) {
      reports.add(new Report.RemainsGone(kill.invocation()));
    } else if (effect instanceof Effect.Ping ping) {
      reports.add(new Report.Checked(ping.invocation(), ping.number(), true, "answered"));
    }
  }
}
