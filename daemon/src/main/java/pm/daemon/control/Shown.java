package pm.daemon.control;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * What is shown of an instance.
 *
 * @param view what is known of it
 * @param tasksInHand how many tasks it works on; empty for one that takes none
 */
record Shown(InstanceView view, OptionalInt tasksInHand) {
  /** The most tasks in hand that are listed. */
  private static final int MOST_LISTED = 100;

  /** Of an instance as it is now. Loop thread only. */
  static Shown of(ControlPorts ports, InstanceName name, Moment now) {
    InstanceView view = ports.supervisor().view(name, now);
    return new Shown(
        view,
        isWorker(view)
            ? OptionalInt.of(ports.tasks().inHand(view.instance()))
            : OptionalInt.empty());
  }

  private static boolean isWorker(InstanceView view) {
    return view.spec().flatMap(ProgramSpec::pool).isPresent();
  }

  InstanceName name() {
    return view.instance().name();
  }

  /** Returns the tasks that it works on. Loop thread only. */
  List<TaskView> tasks(ControlPorts ports, Moment now) {
    if (tasksInHand.orElse(0) == 0) {
      return List.of();
    }
    String instance = name().toString();
    return ports
        .tasks()
        .tasks(name().program(), Optional.of(TaskState.RUNNING), 0, Integer.MAX_VALUE, now)
        .stream()
        .filter(task -> task.instance().equals(instance))
        .limit(MOST_LISTED)
        .toList();
  }
}
