package pm.daemon.simulation;

import java.util.Collection;
import pm.daemon.core.Supervisor;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;

/**
 * Watches what the core decides and knows from a history of its own what may happen. It shares no
 * rule with the core but the plan of an apply.
 */
final class Oracle {

  private final World world;
  private final Wishes wishes;
  private final Restarts restarts;
  private final Truth truth;
  private final Announcements announcements;

  /**
   * An oracle of nothing yet.
   *
   * @param cores processors of the machine
   */
  Oracle(World world, int cores) {
    this(world, new Wishes(cores), new Restarts(), new Truth(world), new Announcements());
  }

  private Oracle(
      World world, Wishes wishes, Restarts restarts, Truth truth, Announcements announcements) {
    this.world = world;
    this.wishes = wishes;
    this.restarts = restarts;
    this.truth = truth;
    this.announcements = announcements;
  }

  /** Returns what is known now, in case that what follows is never kept. */
  Oracle copy() {
    return new Oracle(world, wishes.copy(), restarts.copy(), truth.copy(), announcements.copy());
  }

  /** A daemon begins anew and knows nothing of what restarted when. */
  void beginsAnew() {
    restarts.forget();
    announcements.forget();
  }

  /** A daemon has replayed what another kept. What that one had told beyond is lost. */
  void replayed(Collection<Instance> instances) {
    announcements.replayed(instances);
  }

  /** Looks at a decision. */
  void decided(Turn turn) {
    wishes.commanded(turn);
    restarts.commanded(turn, wishes);
    truth.decided(turn, wishes);
    restarts.decided(turn, wishes);
    announcements.decided(turn);
    wishes.decided(turn);
  }

  /**
   * Looks at the whole when all that was decided has been carried out.
   *
   * @param resuming whether the daemon has just gone on after one that was killed
   */
  void atRest(Supervisor core, Moment now, boolean resuming) {
    new AtRest(core, world, wishes, now, resuming).look();
  }
}
