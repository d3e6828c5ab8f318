package pm.daemon.core.instance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.config.LimitsSpec;
import pm.config.OnMemory;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Meter;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Run;

/**
 * What a reading of its use says about the limits that the host does not enforce.
 *
 * @param meter the meter after it
 * @param overMemory what to say of its memory, where that is over its limit
 * @param notes what to say at once: each excess when it begins
 */
record Usage(Meter meter, Optional<String> overMemory, List<Effect> notes) {

  Usage {
    notes = List.copyOf(notes);
  }

  static Usage read(Scene scene, Run run, Meter before, Report.Used used) {
    // What the kernel holds is not watched; others may ask for its use.
    LimitsSpec limits = run.isEnforced() ? LimitsSpec.NONE : scene.spec().limits();
    List<Effect> notes = new ArrayList<>();
    Optional<String> memory = Optional.empty();
    if (limits.memoryBytes().isPresent()
        && used.memoryBytes().orElse(0) > limits.memoryBytes().getAsLong()) {
      String excess =
          "memory "
              + Wording.bytes(used.memoryBytes().orElse(0))
              + " over its limit of "
              + Wording.bytes(limits.memoryBytes().getAsLong());
      memory = Optional.of(excess);
      // Where something is done about it, that says it.
      if (limits.onMemory() == OnMemory.REPORT) {
        say(scene, notes, before.overMemory(), excess);
      }
    }
    Optional<String> cpu = cpu(scene, limits, before, used);
    cpu.ifPresent(excess -> say(scene, notes, before.overCpu(), excess));
    boolean overTasks =
        limits.tasks().isPresent() && used.tasks().orElse(0) > limits.tasks().getAsInt();
    if (overTasks) {
      say(
          scene,
          notes,
          before.overTasks(),
          used.tasks().orElse(0) + " tasks over its limit of " + limits.tasks().getAsInt());
    }
    Meter after =
        new Meter(
            before.nextAt(),
            used.cpuNanosTotal().isPresent() ? scene.now().nanos() : Moment.NEVER,
            used.cpuNanosTotal().orElse(0),
            memory.isPresent(),
            cpu.isPresent(),
            overTasks);
    return new Usage(after, memory, notes);
  }

  private static void say(Scene scene, List<Effect> notes, boolean wasOver, String excess) {
    if (!wasOver) {
      notes.add(scene.note("over-limit", excess + ", which is only watched", true));
    }
  }

  private static Optional<String> cpu(
      Scene scene, LimitsSpec limits, Meter before, Report.Used used) {
    if (limits.cpuPercent().isEmpty()
        || used.cpuNanosTotal().isEmpty()
        || before.readAt() == Moment.NEVER
        || scene.now().nanos() <= before.readAt()) {
      return Optional.empty();
    }
    long percent =
        Math.round(
            100.0
                * (used.cpuNanosTotal().getAsLong() - before.cpuNanos())
                / (scene.now().nanos() - before.readAt()));
    int limit = limits.cpuPercent().getAsInt();
    return percent > limit
        ? Optional.of("cpu " + percent + "% of a core over its limit of " + limit + "%")
        : Optional.empty();
  }
}
