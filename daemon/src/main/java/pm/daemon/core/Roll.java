package pm.daemon.core;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * A rolling restart under way: one instance after the other, each ready before the next.
 *
 * <p>It lives in memory only. If the daemon is killed meanwhile, the instance in hand comes up
 * again, for that is kept with it, and the others are left as they are.
 *
 * @param number under which the answer is awaited; {@link pm.daemon.core.event.Command#UNANSWERED}
 *     if by nobody
 * @param actor who asked for it
 * @param names all instances, in order
 * @param next index of the one that comes next
 * @param turn the one in hand
 * @param resumeAt when the next may begin, monotonic nanoseconds
 * @param pause how long to wait between two
 */
record Roll(
    long number,
    Actor actor,
    List<InstanceName> names,
    int next,
    Optional<Turn> turn,
    long resumeAt,
    Duration pause) {

  Roll {
    names = List.copyOf(names);
  }

  /**
   * The instance in hand.
   *
   * @param from the invocation that is to be replaced, if there is one
   * @param to the one that replaces it, once it has begun
   */
  record Turn(InstanceName name, Optional<InvocationId> from, Optional<InvocationId> to) {}

  Roll skip() {
    return new Roll(number, actor, names, next + 1, Optional.empty(), resumeAt, pause);
  }

  Roll with(Turn inHand) {
    return new Roll(number, actor, names, next, Optional.of(inHand), resumeAt, pause);
  }

  Roll done(long continueAt) {
    return new Roll(number, actor, names, next + 1, Optional.empty(), continueAt, pause);
  }

  boolean isAbout(String program) {
    return names.stream().anyMatch(name -> name.program().equals(program));
  }

  /** Returns those whose turn has not come. */
  List<InstanceName> untouched() {
    return names.subList(Math.min(names.size(), next + (turn.isPresent() ? 1 : 0)), names.size());
  }
}
