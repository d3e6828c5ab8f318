package pm.daemon.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All that is known of one slot of a program.
 *
 * @param name its name
 * @param phase where it is in its life
 * @param window its automatic restarts
 * @param streak restarts in a row without a time of good health between them
 * @param restarts automatic restarts since an operator last started it
 * @param past its last invocations, youngest first, at most {@link #PAST_BOUND}
 */
public record Instance(
    InstanceName name,
    Phase phase,
    RestartWindow window,
    int streak,
    long restarts,
    List<PastInvocation> past) {

  /** The most past invocations that are remembered. */
  public static final int PAST_BOUND = 5;

  public Instance {
    past = List.copyOf(past);
  }

  /** Returns an instance that was never started. */
  public static Instance fresh(InstanceName name, Phase.Dead phase) {
    return new Instance(name, phase, RestartWindow.EMPTY, 0, 0, List.of());
  }

  /** Returns this instance in another phase. */
  public Instance in(Phase next) {
    return new Instance(name, next, window, streak, restarts, past);
  }

  /** Returns this instance as it is kept: without what a later daemon has to find out anew. */
  public Instance kept() {
    return in(phase.kept());
  }

  /** Returns this instance with its past forgiven: no restarts, no streak. */
  public Instance forgiven() {
    return new Instance(name, phase, RestartWindow.EMPTY, 0, 0, past);
  }

  /** Returns this instance with another restart history. */
  public Instance with(RestartWindow nextWindow, int nextStreak, long nextRestarts) {
    return new Instance(name, phase, nextWindow, nextStreak, nextRestarts, past);
  }

  /** Returns this instance with one more invocation behind it. */
  public Instance after(PastInvocation ended) {
    List<PastInvocation> longer = new ArrayList<>(PAST_BOUND);
    longer.add(ended);
    longer.addAll(past.subList(0, Math.min(past.size(), PAST_BOUND - 1)));
    return new Instance(name, phase, window, streak, restarts, longer);
  }

  /** Returns the invocation that lives, if any. */
  public Optional<Run> run() {
    return phase.run();
  }

  /** Returns the state that users see. */
  public InstanceState state() {
    return phase.state();
  }

  /** Returns the youngest invocation that is over, if any. */
  public Optional<PastInvocation> lastEnd() {
    return past.isEmpty() ? Optional.empty() : Optional.of(past.getFirst());
  }
}
