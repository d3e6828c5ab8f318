package pm.daemon.core.model;

/** What somebody waits for without asking for it. */
public sealed interface AwaitedState {

  /** Up and ready; a oneshot: ended with success. */
  AwaitedState READY = new Ready();

  /** No process. */
  AwaitedState DEAD = new In(InstanceState.DEAD);

  /** Up and ready; a oneshot: ended with success. */
  record Ready() implements AwaitedState {
    @Override
    public String toString() {
      return "ready";
    }
  }

  /** In exactly this state. */
  record In(InstanceState state) implements AwaitedState {
    @Override
    public String toString() {
      return state.toString();
    }
  }
}
