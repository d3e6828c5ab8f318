package pm.daemon.notify;

import java.util.Optional;
import java.util.function.Consumer;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;

/** Knows which process belongs to which invocation. Loop thread only. */
public interface Senders {
  /** What can be told of the sender of a message. */
  enum Standing {
    /** It belongs to the invocation. */
    OWN,
    /** It does not. */
    STRANGER,
    /** It has ended and is reaped, so that nothing can be told. */
    GONE
  }

  /**
   * Asks about a process.
   *
   * @param then gets the answer on the loop thread, at once or later
   */
  void ask(InvocationId invocation, int pid, Consumer<Standing> then);

  /** Returns what tells a living process from any other; empty if it is gone. */
  Optional<ProcessIdentity> identity(int pid);
}
