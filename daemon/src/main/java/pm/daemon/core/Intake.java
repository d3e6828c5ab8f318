package pm.daemon.core;

import java.util.ArrayList;
import java.util.List;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;

/** What operators decide about the intake of pools, and who waits until one is drained. */
final class Intake {

  private final Draft draft;

  Intake(Draft draft) {
    this.draft = draft;
  }

  /**
   * Somebody waits until pools have no task any more.
   *
   * @param deadline monotonic nanoseconds, {@link Moment#NEVER} for ever
   * @param afterDecision what must be flushed before the answer, 0 for nothing
   */
  record Wait(long request, List<String> pools, long deadline, long afterDecision) {
    Wait {
      pools = List.copyOf(pools);
    }
  }

  void pause(TaskCommand.Pause pause) {
    if (isPossible(pause, pause.pools())) {
      pause
          .pools()
          .forEach(
              pool -> hold(pool, PoolView.Intake.PAUSED, "paused", "gives out nothing", pause));
      answer(pause.request());
    }
  }

  void resume(TaskCommand.Resume resume) {
    if (isPossible(resume, resume.pools())) {
      for (String pool : resume.pools()) {
        if (draft.decided().intake(pool) != PoolView.Intake.OPEN) {
          draft.decide().resume(pool);
          note(pool, "resumed", "takes in and gives out", resume.actor());
        }
      }
      answer(resume.request());
    }
  }

  void drain(TaskCommand.Drain drain) {
    if (!isPossible(drain, drain.pools())) {
      return;
    }
    drain
        .pools()
        .forEach(
            pool -> hold(pool, PoolView.Intake.DRAINING, "draining", "takes in nothing", drain));
    if (drain.patience().untilDone() && drain.request() != Command.UNANSWERED) {
      long wait = drain.patience().timeoutNanos();
      draft.waits.add(
          new Wait(
              drain.request(),
              drain.pools(),
              wait >= Moment.NEVER - draft.now.nanos() ? Moment.NEVER : draft.now.nanos() + wait,
              decision()));
    } else {
      answer(drain.request());
    }
  }

  private boolean isPossible(TaskCommand command, List<String> pools) {
    if (draft.shuttingDown) {
      draft.requests.reply(command.request(), new Answer.Refused("the daemon is shutting down"), 0);
      return false;
    }
    for (String pool : pools) {
      if (!isPool(draft, pool)) {
        draft.requests.reply(command.request(), new Answer.NoMatch(pool), 0);
        return false;
      }
    }
    return true;
  }

  private static boolean isPool(Scene scene, String pool) {
    return Demand.isPool(scene, pool) && !scene.programOf(pool).map(Program::leaving).orElse(true);
  }

  private void hold(
      String pool, PoolView.Intake intake, String type, String what, TaskCommand command) {
    if (draft.decided().intake(pool) != intake) {
      draft.decide().hold(pool, new Decisions.Held(intake, command.actor().toString()));
      note(pool, type, what + " until it is resumed", command.actor());
    }
  }

  private void note(String pool, String type, String what, Actor actor) {
    draft.effects.add(
        new Effect.Publish(new Happening.PoolNote(draft.now, pool, "", type, what, false, actor)));
  }

  private void answer(long request) {
    draft.requests.reply(request, new Answer.Outcomes(List.of()), decision());
  }

  private long decision() {
    return draft.hasDecided() ? draft.base.decisionNumber + 1 : 0;
  }

  /** Returns when the first waits no longer. */
  static long deadline(List<Wait> waits) {
    long earliest = Moment.NEVER;
    for (Wait wait : waits) {
      earliest = Math.min(earliest, wait.deadline());
    }
    return earliest;
  }

  /** Answers those whose pools are drained, or that wait no longer; returns the others. */
  static List<Wait> answered(Supervisor core, List<Wait> waits, Moment now, Turn turn) {
    List<Wait> left = new ArrayList<>();
    for (Wait wait : waits) {
      String gone = "";
      boolean isDone = true;
      for (String pool : wait.pools()) {
        if (!isPool(core, pool)) {
          gone = pool;
        } else if (core.pools.unfinished(pool) > 0) {
          isDone = false;
        }
      }
      if (core.isShuttingDown()) {
        turn.run(
            new Effect.Reply(wait.request(), new Answer.Refused("the daemon is shutting down"), 0));
      } else if (!gone.isEmpty()) {
        turn.run(
            new Effect.Reply(
                wait.request(),
                new Answer.Refused("the pool " + gone + " was removed from the configuration"),
                0));
      } else if (isDone || wait.deadline() <= now.nanos()) {
        turn.run(
            new Effect.Reply(wait.request(), new Answer.Outcomes(List.of()), wait.afterDecision()));
      } else {
        left.add(wait);
      }
    }
    return left;
  }
}
