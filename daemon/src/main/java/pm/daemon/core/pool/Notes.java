package pm.daemon.core.pool;

import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Moment;

/** Tells the world what happens in pools. */
final class Notes {

  private Notes() {}

  /** Something that an operator may want to know. */
  static void tell(Pool pool, String type, String detail, Moment now, Turn turn) {
    publish(pool, "", type, detail, false, Actor.POOL, now, turn);
  }

  /** Something about which a person must act. */
  static void warn(Pool pool, String type, String detail, Moment now, Turn turn) {
    publish(pool, "", type, detail, true, Actor.POOL, now, turn);
  }

  static void publish(
      Pool pool,
      String task,
      String type,
      String detail,
      boolean isGrave,
      Actor actor,
      Moment now,
      Turn turn) {
    turn.run(
        new Effect.Publish(
            new Happening.PoolNote(now, pool.name(), task, type, detail, isGrave, actor)));
  }
}
