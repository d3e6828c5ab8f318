package pm.daemon.control;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  /** Returns the tasks that these instances work on, at most so many of each. Loop thread only. */
  static Map<InstanceName, List<TaskView>> tasks(
      ControlPorts ports, List<Shown> instances, Moment now) {
    Map<InstanceName, List<TaskView>> all = new HashMap<>();
    for (Shown shown : instances) {
      if (shown.tasksInHand().orElse(0) > 0) {
        all.put(shown.name(), new ArrayList<>());
      }
    }
    if (all.isEmpty()) {
      return all;
    }
    // One look for all of them, for each goes through all tasks.
    List<TaskView> running =
        ports
            .tasks()
            .tasks(TaskSource.ALL_POOLS, Optional.of(TaskState.RUNNING), 0, Integer.MAX_VALUE, now);
    for (TaskView task : running) {
      InstanceName.parse(task.instance())
          .filter(all::containsKey)
          .ifPresent(
              name ->
                  all.computeIfPresent(
                      name,
                      (key, known) -> {
                        if (known.size() < MOST_LISTED) {
                          known.add(task);
                        }
                        return known;
                      }));
    }
    return all;
  }
}
