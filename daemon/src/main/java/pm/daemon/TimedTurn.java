package pm.daemon;

import pm.daemon.loop.Deadlines;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;

/** Adds the deadlines of what is under way outside the core to the turns of the loop. */
final class TimedTurn implements Turn {

  private final Turn turn;
  private final Deadlines deadlines;
  private final SystemTime time;

  TimedTurn(Turn turn, Deadlines deadlines, SystemTime time) {
    this.turn = turn;
    this.deadlines = deadlines;
    this.time = time;
  }

  @Override
  public void endOfBatch() {
    turn.endOfBatch();
  }

  @Override
  public long nextDeadlineNanos() {
    return Math.min(deadlines.next(), turn.nextDeadlineNanos());
  }

  @Override
  public void timePassed() {
    deadlines.pass(time.nanos());
    turn.timePassed();
  }
}
