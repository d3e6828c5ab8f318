package pm.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.control.ControlServer;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.store.DecisionStore;

/**
 * Answers those who asked: at once, or when the decision that they asked for survives a loss of
 * power. Only its own answer waits for a decision. Loop thread only.
 */
final class Answers implements DecisionStore.Listener {

  private static final Logger LOG = LoggerFactory.getLogger("pmd");

  private final ControlServer control;

  /** Answers that wait until a decision is safe, by its number. */
  private final TreeMap<Long, List<Effect.Reply>> waiting = new TreeMap<>();

  private long safe;

  /** The last decision that could not be made safe, and why. */
  private long unsafe;

  private String reason = "";

  Answers(ControlServer control) {
    this.control = control;
  }

  void give(Effect.Reply reply) {
    if (reply.afterDecision() <= safe) {
      control.reply(reply.request(), reply.answer());
    } else if (reply.afterDecision() <= unsafe) {
      refuse(reply);
    } else {
      waiting.computeIfAbsent(reply.afterDecision(), number -> new ArrayList<>()).add(reply);
    }
  }

  /** The decision of this number, and all before it, survive a loss of power. */
  @Override
  public void flushed(long number) {
    safe = Math.max(safe, number);
    var ready = waiting.headMap(number, true);
    ready.values().forEach(replies -> replies.forEach(this::give));
    ready.clear();
  }

  /** What was decided holds for now and may be forgotten; those who asked must know. */
  @Override
  public void failed(long number, String why) {
    unsafe = Math.max(unsafe, number);
    reason = why;
    LOG.error("{}: what operators decided is not safe from a loss of power", why);
    var late = waiting.headMap(number, true);
    late.values().forEach(replies -> replies.forEach(this::refuse));
    late.clear();
  }

  private void refuse(Effect.Reply reply) {
    control.reply(
        reply.request(),
        new Answer.Refused("it is done, but will be forgotten when the daemon ends: " + reason));
  }
}
