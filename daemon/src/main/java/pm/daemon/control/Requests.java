package pm.daemon.control;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;

/** Calls that the core has to answer, by the numbers of their requests. Loop thread only. */
final class Requests {
  private final Map<Long, Pending> waiting = new HashMap<>();
  private final LongConsumer left;
  private long last = Command.UNANSWERED;

  /**
   * @param left told the number of a request whose client has gone
   */
  Requests(LongConsumer left) {
    this.left = left;
  }

  /**
   * A call that waits.
   *
   * @param then makes the answer of the core that to the client
   * @param tasks how many tasks it submits; 0 for any other call
   * @param bytes how many bytes of these may be held in memory meanwhile
   */
  private record Pending(Call call, BiConsumer<Call, Answer> then, int tasks, int bytes) {}

  /** Returns the number under which the answer to a call is awaited. */
  long await(Call call, BiConsumer<Call, Answer> then) {
    call.connection().begin();
    return add(new Pending(call, then, 0, 0));
  }

  /**
   * As {@link #await}, for one that submits so many tasks, of which more may be under way.
   *
   * @param bytes how many bytes of these may be held in memory meanwhile
   */
  long awaitSubmit(Call call, BiConsumer<Call, Answer> then, int tasks, int bytes) {
    call.connection().beginSubmit(tasks, bytes);
    return add(new Pending(call, then, tasks, bytes));
  }

  private long add(Pending pending) {
    last++;
    waiting.put(last, pending);
    return last;
  }

  /** Answers a request; nothing happens if who asked has gone. */
  void reply(long request, Answer answer) {
    Pending pending = waiting.remove(request);
    if (pending != null) {
      try {
        pending.then().accept(pending.call(), answer);
      } finally {
        done(pending);
      }
    }
  }

  private static void done(Pending pending) {
    if (pending.tasks() > 0) {
      pending.call().connection().doneSubmit(pending.tasks(), pending.bytes());
    } else {
      pending.call().connection().done();
    }
  }

  /** Forgets the requests of a connection that is closed. */
  void forget(Connection connection) {
    waiting
        .entrySet()
        .removeIf(
            entry -> {
              boolean isIts = entry.getValue().call().connection() == connection;
              if (isIts) {
                left.accept(entry.getKey());
              }
              return isIts;
            });
  }

  /** Forgets a call, which is answered otherwise. */
  void drop(Call call) {
    waiting
        .values()
        .removeIf(
            pending -> {
              boolean isIt = pending.call() == call;
              if (isIt) {
                done(pending);
              }
              return isIt;
            });
  }
}
