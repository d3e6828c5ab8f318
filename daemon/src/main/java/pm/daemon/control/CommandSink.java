package pm.daemon.control;

import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;

/**
 * Where requests that change something go. Takes them in order; their answers come through {@link
 * ControlServer#reply}. Loop thread only.
 */
public interface CommandSink {
  /** Takes one about instances. */
  void submit(Command command);

  /** Takes one about tasks. */
  void submit(TaskCommand command);

  /** Whoever waits for the answer to this request has gone. */
  void left(long request);
}
