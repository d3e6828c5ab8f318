package pm.daemon.control;

import pm.daemon.core.event.Command;

/** Where requests that change something go. */
@FunctionalInterface
public interface CommandSink {
  /**
   * Takes a command, in order; its answer comes through {@link ControlServer#reply}. Called on the
   * loop thread.
   */
  void submit(Command command);
}
