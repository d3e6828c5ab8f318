package pm.daemon.core.pool;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import pm.config.PoolSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.pool.Dispatcher.Hold;
import pm.daemon.core.pool.Worker.Status;

/**
 * Which slots of a pool have a worker: at least {@code min}, at most {@code max}, and one more only
 * while it takes the place of another; as many between these as the {@link Autoscaler} says. Nobody
 * is stopped who has a task in hand.
 */
final class Staffing {

  /** One look at a pool, and what is wished of its slots with it. */
  private static final class Shift {
    final Pool pool;
    final PoolSpec spec;
    final Hold hold;
    final Moment now;
    final Turn turn;
    final Slots slots;

    /** How many slots have a worker, or one that comes or goes. */
    int there;

    /** How many of them stay or come. */
    int present;

    int coming;
    int startable;

    Shift(Pool pool, Hold hold, Moment now, Turn turn, Slots slots) {
      this.pool = pool;
      this.spec = pool.spec();
      this.hold = hold;
      this.now = now;
      this.turn = turn;
      this.slots = slots;
      for (Worker worker : pool.workers()) {
        boolean isPresent = worker.isPresent() && !pool.replacements.has(worker);
        there += worker.isThere() ? 1 : 0;
        present += isPresent ? 1 : 0;
        coming += isPresent && (worker.status == Status.COMING || worker.isAsked) ? 1 : 0;
        startable += isStartable(worker) ? 1 : 0;
      }
    }

    private boolean isStartable(Worker worker) {
      return worker.isStartable() && worker.slot() <= spec.slots();
    }

    /** How many there may be at once. */
    int most() {
      return spec.max() + (pool.replacements.isEmpty() ? 0 : 1);
    }

    /** Starts the lowest slot that can be started; only if there is one. */
    Worker start(String why) {
      for (Worker worker : pool.workers()) {
        if (isStartable(worker)) {
          worker.isAsked = true;
          there++;
          present++;
          coming++;
          startable--;
          slots.start(worker.name, why);
          return worker;
        }
      }
      throw new IllegalStateException("no slot of " + pool.name() + " can be started");
    }

    void stop(Worker worker, Slots.Reason reason, String why) {
      worker.isToEnd = true;
      worker.isAsked = true;
      pool.review(worker);
      slots.stop(worker.name, worker.invocation, reason, why);
    }
  }

  /**
   * Looks at a pool. Its deadline must be asked for by {@link #nextNanos} afterwards.
   *
   * @param hold what holds back its tasks
   */
  void look(Pool pool, Hold hold, Moment now, Turn turn, Slots slots) {
    for (Worker worker : pool.workers()) {
      busy(worker, slots);
    }
    if (hold == Hold.SHUTDOWN || hold == Hold.UNDEFINED) {
      return;
    }
    askMemory(pool, now, turn);
    Shift shift = new Shift(pool, hold, now, turn, slots);
    recycle(shift);
    payOwed(shift);
    keepLeast(shift);
    dropSurplus(shift);
    grow(shift);
    shrink(shift);
  }

  private static void busy(Worker worker, Slots slots) {
    boolean isBusy = worker.inHand() > 0;
    if (worker.status == Status.UP && isBusy != worker.isShownBusy) {
      worker.isShownBusy = isBusy;
      slots.busy(worker.name, worker.invocation, isBusy);
    }
  }

  private static void askMemory(Pool pool, Moment now, Turn turn) {
    if (pool.spec().recycle().maxMemoryBytes().isEmpty()) {
      return;
    }
    for (Worker worker : pool.workers()) {
      if (worker.status == Status.UP
          && Recycling.asksMemory(worker, pool.spec().recycle(), now.nanos())) {
        turn.run(new Effect.ReadUsage(worker.name, worker.invocation));
      }
    }
  }

  private static void recycle(Shift shift) {
    if (!shift.spec.recycle().isAny()) {
      return;
    }
    for (Worker worker : shift.pool.workers()) {
      if (worker.status == Status.UP && !worker.isToEnd) {
        replace(shift, worker);
      }
    }
  }

  private static void replace(Shift shift, Worker worker) {
    Pool pool = shift.pool;
    String why = Recycling.due(worker, shift.spec.recycle(), shift.now.nanos());
    if (why.isEmpty()) {
      keep(shift, worker);
      return;
    }
    // One that has done all it may is of no more use: it does not wait for who takes its place.
    boolean isUseless = worker.isSpent();
    if (!pool.replacements.has(worker)) {
      boolean hasRoom = shift.startable > 0 && shift.there <= shift.spec.max();
      if (!hasRoom && !isUseless) {
        return;
      }
      shift.present--;
      pool.replacements.begin(
          worker,
          hasRoom
              ? shift.start("takes the place of " + worker.name + ": " + why).slot()
              : Replacements.NONE);
    }
    int successor = pool.replacements.successor(worker);
    if (!isUseless && successor != Replacements.NONE && !hasBegun(shift, worker, successor)) {
      return;
    }
    worker.isClosed = true;
    pool.review(worker);
    if (worker.inHand() == 0) {
      pool.replacements.owed += successor == Replacements.NONE ? 1 : 0;
      Notes.tell(pool, "recycle", worker.name + ": " + why, shift.now, shift.turn);
      shift.stop(worker, Slots.Reason.RECYCLED, why);
    }
  }

  /**
   * It is not replaced now: it has not done its time after all, since its last task could not be
   * sent or its rules changed; or nobody takes its place.
   */
  private static void keep(Shift shift, Worker worker) {
    if (shift.pool.replacements.has(worker)) {
      shift.pool.replacements.end(worker);
      shift.present++;
      worker.isClosed = false;
      shift.pool.review(worker);
    }
  }

  private static boolean hasBegun(Shift shift, Worker worker, int successor) {
    Worker next = shift.pool.worker(successor);
    boolean isGone = next.status == Status.DOWN && !next.isAsked;
    if (isGone || next.isToEnd) {
      // It could not be started, or goes itself; the old one stays until another can.
      keep(shift, worker);
      return false;
    }
    return next.status == Status.UP && next.canBeReached();
  }

  private static void payOwed(Shift shift) {
    Replacements replacements = shift.pool.replacements;
    while (replacements.owed > 0) {
      if (shift.present >= shift.spec.max()) {
        replacements.owed = 0;
      } else if (shift.startable == 0 || shift.there >= shift.most()) {
        return;
      } else {
        replacements.owed--;
        shift.start("takes the place of one that has done its work");
      }
    }
  }

  private static void keepLeast(Shift shift) {
    int least = shift.spec.min();
    while (shift.present < least && shift.startable > 0 && shift.there < shift.most()) {
      shift.start("pool.min is " + least);
    }
  }

  /** Where there are more than there may be, those go first that have nothing in hand. */
  private static void dropSurplus(Shift shift) {
    int surplus = shift.present - shift.spec.max();
    List<Worker> workers = shift.pool.workers();
    boolean wasAny = workers.stream().anyMatch(worker -> worker.isSurplus);
    if (surplus <= 0 && !wasAny) {
      return;
    }
    List<Worker> candidates =
        workers.stream()
            .filter(worker -> worker.hasInvocation && worker.isPresent() && !worker.isToEnd)
            .filter(worker -> !shift.pool.replacements.has(worker))
            .sorted(
                Comparator.comparing((Worker worker) -> worker.inHand() > 0)
                    .thenComparing(Worker::slot, Comparator.reverseOrder()))
            .toList();
    for (int i = 0; i < candidates.size(); i++) {
      Worker worker = candidates.get(i);
      worker.isSurplus = i < surplus;
      shift.pool.review(worker);
      if (worker.isSurplus && worker.inHand() == 0) {
        shift.present--;
        shift.stop(worker, Slots.Reason.SCALED_DOWN, "pool.max is " + shift.spec.max());
      }
    }
  }

  private static Autoscaler.Look look(Shift shift) {
    return new Autoscaler.Look(
        shift.pool.tasks.waiting().ready(),
        shift.pool.tasks.waiting().oldestSince(),
        shift.coming,
        shift.present,
        Math.max(0, Math.min(shift.startable, shift.spec.max() - shift.there)));
  }

  private static void grow(Shift shift) {
    if (shift.hold != Hold.NOTHING || shift.pool.tasks.waiting().ready() == 0) {
      return;
    }
    int before = shift.present;
    Autoscaler.Look look = look(shift);
    int more = shift.pool.autoscaler.more(look, shift.spec, shift.now.nanos());
    if (more == 0) {
      return;
    }
    String why =
        before == 0
            ? "a task waits"
            : "oldest task waited " + Durations.told(shift.now.nanos() - look.oldestSince());
    for (int i = 0; i < more; i++) {
      shift.start(why);
    }
    if (before > 0) {
      shift.pool.autoscaler.grew(shift.now.nanos());
    }
    tell(shift, before, why);
  }

  private static void shrink(Shift shift) {
    Pool pool = shift.pool;
    if (pool.autoscaler.nextShrink(shift.spec) > shift.now.nanos()) {
      return;
    }
    int before = shift.present;
    String why = "";
    Optional<Worker> next = spare(shift);
    while (next.isPresent()) {
      Worker worker = next.get();
      boolean isThrottled = shift.hold == Hold.THROTTLE;
      String cause =
          isThrottled
              ? "the machine is too busy"
              : "idle for " + Durations.told(shift.now.nanos() - worker.idleSinceNanos);
      why = isThrottled ? cause : worker.name + " " + cause;
      shift.present--;
      shift.stop(worker, Slots.Reason.SCALED_DOWN, cause);
      next = spare(shift);
    }
    if (shift.present < before) {
      pool.autoscaler.shrank(shift.now.nanos());
      tell(shift, before, why);
    }
  }

  /** Returns the highest slot that can be done without by now. */
  private static Optional<Worker> spare(Shift shift) {
    if (shift.present <= shift.spec.min()) {
      return Optional.empty();
    }
    for (Worker worker : shift.pool.workers().reversed()) {
      if (canGo(shift.pool, worker)
          && (shift.hold == Hold.THROTTLE || idleUntil(shift.pool, worker) <= shift.now.nanos())) {
        return Optional.of(worker);
      }
    }
    return Optional.empty();
  }

  private static boolean canGo(Pool pool, Worker worker) {
    return worker.isIdle() && !pool.replacements.has(worker);
  }

  private static long idleUntil(Pool pool, Worker worker) {
    return Durations.after(worker.idleSinceNanos, Durations.nanos(pool.spec().scaleDownIdle()));
  }

  private static void tell(Shift shift, int before, String why) {
    Notes.tell(
        shift.pool, "scale", before + " to " + shift.present + ": " + why, shift.now, shift.turn);
  }

  /** Returns when to look again; {@link Moment#NEVER} while only events can change anything. */
  long nextNanos(Pool pool, Hold hold, Moment now, Turn turn, Slots slots) {
    if (hold == Hold.SHUTDOWN || hold == Hold.UNDEFINED) {
      return Moment.NEVER;
    }
    Shift shift = new Shift(pool, hold, now, turn, slots);
    long next = Moment.NEVER;
    if (hold == Hold.NOTHING) {
      next = pool.autoscaler.nextGrowth(look(shift), shift.spec);
    }
    for (Worker worker : pool.workers()) {
      if (worker.status != Status.UP || worker.isToEnd) {
        continue;
      }
      if (shift.present > shift.spec.min() && canGo(pool, worker)) {
        next =
            Math.min(
                next, Math.max(idleUntil(pool, worker), pool.autoscaler.nextShrink(shift.spec)));
      }
      next = Math.min(next, recycleNanos(pool, worker, now.nanos()));
    }
    return next;
  }

  private static long recycleNanos(Pool pool, Worker worker, long nowNanos) {
    if (pool.replacements.has(worker)) {
      return Moment.NEVER;
    }
    long memory = Recycling.nextMemoryNanos(worker, pool.spec().recycle());
    long age = Recycling.ageNanos(worker);
    // Who is too old already waits for a slot, not for time.
    return Math.min(memory, age > nowNanos ? age : Moment.NEVER);
  }
}
