package pm.daemon.metrics;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Run;

/**
 * Counts what happens to programs, and makes text of that and of all that is measured when somebody
 * asks. Nothing is polled: while nobody asks, only the counters are kept. Loop thread only, but for
 * what {@link #gather} returns.
 */
public final class Metrics {
  private final Parts parts;
  private final OwnProcess own;
  private final SortedMap<String, ProgramCounts> programs = new TreeMap<>();

  /** Why the youngest invocation of an instance ended. */
  private final Map<InstanceName, ExitCause> ends = new HashMap<>();

  /**
   * Where the numbers come from.
   *
   * @param version of the daemon
   * @param startedAt when it was started
   * @param ticksPerSecond what the kernel counts processor time in
   * @param pageBytes size of a page of memory
   * @param supervisor what instances there are
   * @param pools what pools there are
   * @param usage measures processes
   * @param logBytes bytes that were moved to the logs of these programs since the daemon began; any
   *     thread
   * @param turns how long turns of the loop lasted
   * @param readings further numbers, shown in this order
   */
  public record Parts(
      String version,
      Moment startedAt,
      long ticksPerSecond,
      long pageBytes,
      Supervisor supervisor,
      Function<Moment, List<PoolView>> pools,
      ProcessUsage usage,
      Function<Set<String>, Map<String, Long>> logBytes,
      Supplier<PoolView.Histogram> turns,
      List<Reading> readings) {
    public Parts {
      readings = List.copyOf(readings);
    }
  }

  public Metrics(Parts parts) {
    this.parts = parts;
    own = new OwnProcess(parts.ticksPerSecond(), parts.pageBytes(), parts.startedAt().wall());
  }

  /** Something has happened. */
  public void happened(Happening happening) {
    if (happening instanceof Happening.StateChanged changed) {
      changed(changed);
    }
  }

  private void changed(Happening.StateChanged changed) {
    ProgramCounts counts =
        programs.computeIfAbsent(changed.instance().program(), name -> new ProgramCounts());
    if (changed.to() == InstanceState.STARTING) {
      counts.started();
      boolean isRestart =
          changed.actor().filter(by -> by.name().equals(Actor.POLICY.name())).isPresent();
      if (isRestart) {
        counts.restarted(ends.getOrDefault(changed.instance(), ExitCause.UNKNOWN).word());
      }
    }
    if (changed.to() == InstanceState.DEAD && changed.cause().isPresent()) {
      ends.put(changed.instance(), changed.cause().get());
      counts.exited(changed.cause().get().word());
    }
  }

  /** All that only the loop thread may look at. */
  private record Gathered(
      SortedMap<String, ProgramCounts.Snapshot> counts,
      SortedMap<String, Map<InstanceState, Integer>> states,
      List<Instance> instances,
      List<PoolView> pools,
      PoolView.Histogram turns,
      List<Long> readings) {}

  /**
   * Gathers what the loop thread knows. Loop thread only.
   *
   * @return what measures the rest and makes text of all; blocks, on any other thread
   */
  public Callable<String> gather(Moment now) {
    Gathered gathered = gathered(now);
    return () -> text(gathered);
  }

  private Gathered gathered(Moment now) {
    SortedSet<String> names = new TreeSet<>(parts.supervisor().configuration().programs().keySet());
    List<Instance> instances = new ArrayList<>(parts.supervisor().instances());
    instances.forEach(instance -> names.add(instance.name().program()));
    programs.keySet().retainAll(names);
    ends.keySet().removeIf(name -> !names.contains(name.program()));
    SortedMap<String, ProgramCounts.Snapshot> counts = new TreeMap<>();
    SortedMap<String, Map<InstanceState, Integer>> states = new TreeMap<>();
    for (String name : names) {
      counts.put(
          name,
          Optional.ofNullable(programs.get(name))
              .map(ProgramCounts::snapshot)
              .orElse(ProgramCounts.Snapshot.NONE));
      states.put(name, new EnumMap<>(InstanceState.class));
    }
    for (Instance instance : instances) {
      Map<InstanceState, Integer> ofProgram = states.get(instance.name().program());
      if (ofProgram != null) {
        ofProgram.merge(instance.state(), 1, Integer::sum);
      }
    }
    List<Long> readings = new ArrayList<>();
    parts.readings().forEach(reading -> readings.add(reading.value().getAsLong()));
    return new Gathered(
        counts, states, instances, parts.pools().apply(now), parts.turns().get(), readings);
  }

  private String text(Gathered gathered) throws Exception {
    Exposition text = new Exposition();
    text.family("pm_build_info", Exposition.Type.GAUGE, "The version of the daemon.")
        .sample(1, "version", parts.version());
    writeStates(text, gathered);
    writeInstances(text, gathered.instances());
    writeCounts(text, gathered);
    PoolMetrics.write(text, gathered.pools());
    for (int i = 0; i < gathered.readings().size(); i++) {
      Reading reading = parts.readings().get(i);
      text.family(reading.name(), reading.type(), reading.help())
          .sample(gathered.readings().get(i));
    }
    text.family(
            "pm_loop_turn_seconds",
            Exposition.Type.HISTOGRAM,
            "How long a turn of the daemon's loop took: what comes meanwhile waits as long.")
        .histogram(gathered.turns());
    own.write(text);
    return text.toString();
  }

  private static void writeStates(Exposition text, Gathered gathered) {
    text.family("pm_instances", Exposition.Type.GAUGE, "Instances by their state.");
    gathered
        .states()
        .forEach(
            (program, states) -> {
              for (InstanceState state : InstanceState.values()) {
                text.sample(
                    states.getOrDefault(state, 0), "program", program, "state", state.name());
              }
            });
  }

  private void writeInstances(Exposition text, List<Instance> instances) {
    writeEach(
        text,
        "pm_instance_up",
        "Whether it has a process.",
        instances,
        instance -> Optional.of(running(instance).isPresent() ? 1.0 : 0.0));
    writeEach(
        text,
        "pm_instance_ready",
        "Whether it is up and ready.",
        instances,
        instance -> Optional.of(instance.phase() instanceof Phase.Up ? 1.0 : 0.0));
    writeEach(
        text,
        "pm_instance_start_time_seconds",
        "When its process was started, in seconds since 1970.",
        instances,
        instance -> running(instance).map(run -> run.spawnedAt().toEpochMilli() / 1000.0));
    Map<InstanceName, ProcessUsage.Usage> measured = new HashMap<>();
    for (Instance instance : instances) {
      running(instance)
          .flatMap(Run::process)
          .flatMap(process -> parts.usage().of(process))
          .ifPresent(usage -> measured.put(instance.name(), usage));
    }
    writeEach(
        text,
        "pm_instance_cpu_seconds_total",
        "Processor time of its process.",
        instances,
        instance ->
            Optional.ofNullable(measured.get(instance.name())).map(ProcessUsage.Usage::cpuSeconds));
    writeEach(
        text,
        "pm_instance_resident_memory_bytes",
        "Resident memory of its process.",
        instances,
        instance ->
            Optional.ofNullable(measured.get(instance.name()))
                .map(usage -> (double) usage.memoryBytes()));
  }

  private static Optional<Run> running(Instance instance) {
    return instance.run().filter(run -> run.process().isPresent());
  }

  private static void writeEach(
      Exposition text,
      String family,
      String help,
      List<Instance> instances,
      Function<Instance, Optional<Double>> value) {
    text.family(
        family, family.endsWith("_total") ? Exposition.Type.COUNTER : Exposition.Type.GAUGE, help);
    for (Instance instance : instances) {
      Optional<Double> known = value.apply(instance);
      if (known.isPresent()) {
        text.sample(
            known.get(),
            "program",
            instance.name().program(),
            "number",
            Integer.toString(instance.name().number()));
      }
    }
  }

  private void writeCounts(Exposition text, Gathered gathered) {
    text.family(
        "pm_program_starts_total",
        Exposition.Type.COUNTER,
        "Starts of its instances, by whomever.");
    gathered
        .counts()
        .forEach((program, counts) -> text.sample(counts.starts(), "program", program));
    text.family(
        "pm_program_restarts_total",
        Exposition.Type.COUNTER,
        "Starts by the restart policy, by the cause of the end before.");
    gathered
        .counts()
        .forEach(
            (program, counts) ->
                counts
                    .restarts()
                    .forEach(
                        (reason, count) ->
                            text.sample(count, "program", program, "reason", reason)));
    text.family(
        "pm_program_exits_total",
        Exposition.Type.COUNTER,
        "Ends of its instances, by their cause.");
    gathered
        .counts()
        .forEach(
            (program, counts) ->
                counts
                    .exits()
                    .forEach(
                        (kind, count) -> text.sample(count, "program", program, "kind", kind)));
    text.family(
        "pm_log_bytes_total",
        Exposition.Type.COUNTER,
        "Bytes of its output that were moved to logs.");
    Map<String, Long> logBytes = parts.logBytes().apply(gathered.counts().keySet());
    for (String program : gathered.counts().keySet()) {
      text.sample(logBytes.getOrDefault(program, 0L), "program", program);
    }
  }
}
