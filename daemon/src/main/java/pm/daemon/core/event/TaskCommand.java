package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.NewTask;

/**
 * What somebody asks for about tasks and pools. Each is answered with one {@link Effect.Reply} of
 * the same request.
 */
public sealed interface TaskCommand extends TaskEvent {

  /** Returns who asks. */
  Actor actor();

  /**
   * Returns the number under which the answer is awaited; {@link Command#UNANSWERED} if by nobody.
   */
  long request();

  /**
   * Put tasks into the queue of a pool, in this order. Answered by {@link Answer.Tasks} with one
   * outcome for each; by {@link Answer.QueueFull} if there is not room for all within {@code
   * spaceNanos}: those for which there was are in.
   *
   * @param untilEnded whether the answer comes when all have ended, with their results
   * @param waitNanos the longest wait for that; when it is over, the answer tells the states by
   *     then
   * @param spaceNanos how long to wait for room; 0: not at all
   */
  record Submit(
      long request,
      Actor actor,
      String pool,
      List<NewTask> tasks,
      boolean untilEnded,
      long waitNanos,
      long spaceNanos)
      implements TaskCommand {
    public Submit {
      tasks = List.copyOf(tasks);
    }
  }

  /** Wait until tasks have ended; answered by {@link Answer.Tasks} with their results. */
  record Await(long request, Actor actor, List<String> ids, long waitNanos) implements TaskCommand {
    public Await {
      ids = List.copyOf(ids);
    }
  }

  /** Give tasks up; answered when they have ended. */
  record Cancel(long request, Actor actor, List<String> ids) implements TaskCommand {
    public Cancel {
      ids = List.copyOf(ids);
    }
  }

  /** Put tasks back that have ended without success. */
  record Retry(long request, Actor actor, List<String> ids) implements TaskCommand {
    public Retry {
      ids = List.copyOf(ids);
    }
  }

  /** Dispatch nothing any more; tasks in hand go on, and new ones are taken in. */
  record Pause(long request, Actor actor, List<String> pools) implements TaskCommand {
    public Pause {
      pools = List.copyOf(pools);
    }
  }

  /** Undo a pause and a drain. */
  record Resume(long request, Actor actor, List<String> pools) implements TaskCommand {
    public Resume {
      pools = List.copyOf(pools);
    }
  }

  /**
   * Take no more tasks in until it is resumed; answered when nothing waits and nothing is in hand.
   */
  record Drain(long request, Actor actor, List<String> pools, Command.Patience patience)
      implements TaskCommand {
    public Drain {
      pools = List.copyOf(pools);
    }
  }
}
