package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import pm.config.PoolSpec.StallAction;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;
import pm.daemon.core.pool.Dispatcher.Hold;
import pm.daemon.core.task.PoolTasks;
import pm.daemon.core.task.Progress;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * All pools, their workers as far as tasks are concerned, and all tasks. It decides who gets which
 * task and how many workers there are to be; it does not decide about the life of an instance, but
 * says by {@link Slots} what it wants of it.
 *
 * <p>It is told what happens, in this order: {@link #begin}, {@link #define} for each pool, {@link
 * #replay} for what was kept, then {@link #changed} for each instance; later whatever comes. {@link
 * #settle} ends each batch of events: only there tasks are given out and workers asked for. Loop
 * thread only; pure but for its own state: the same calls give the same decisions.
 *
 * <p>This class finds the pool and the task that something is about; what becomes of them is
 * decided by its parts.
 */
public final class Pools {
  private final RandomGenerator random;
  private final Tasks tasks = new Tasks();
  private final List<Pool> pools = new ArrayList<>();
  private final Map<String, Pool> byName = new HashMap<>();
  private final Throttle throttle = new Throttle();
  private final Waits waits = new Waits(tasks);
  private final Attempts attempts;
  private final Limits limits;
  private final Roster roster;
  private final Staffing staffing = new Staffing();
  private final Dispatcher dispatcher;
  private final Admission admission;
  private final Operators operators;

  /** Results of tasks that are not known, and so of no pool. */
  private long strays;

  private boolean isOfThisBoot = true;
  private boolean isAttached;
  private boolean isBegun;
  private long throttleNanos = Moment.NEVER;
  private long deadline = Moment.NEVER;
  private @Nullable Moment last;

  /**
   * @param random draws jitter and the strategy {@code random}
   */
  public Pools(RandomGenerator random) {
    this.random = random;
    this.attempts = new Attempts(tasks, waits, random);
    this.limits = new Limits(tasks, attempts);
    this.roster = new Roster(attempts);
    this.dispatcher = new Dispatcher(attempts, throttle);
    this.admission = new Admission(tasks, waits, dispatcher, this::poolsThatAccept);
    this.operators =
        new Operators(tasks, waits, attempts, admission, dispatcher, task -> of(task.pool()));
  }

  /**
   * Takes what ids of tasks begin with, as the store says.
   *
   * @param lastTask the greatest number that was ever given to a task
   * @param isOfThisBoot whether what a daemon before us gave to workers was given in this boot, so
   *     that they may still have it
   */
  public void begin(String epoch, long lastTask, boolean isOfThisBoot, Moment now) {
    this.isOfThisBoot = isOfThisBoot;
    this.last = now;
    tasks.begin(epoch, lastTask);
  }

  /** Holds no data of tasks, for the store has them at hand. Before the first task. */
  public void leaveData() {
    tasks.leaveData();
  }

  /** Takes what was kept; its nanoseconds are those of this boot. */
  public void replay(TaskEntry entry) {
    tasks.replay(entry);
  }

  /**
   * There is a pool, or its rules have changed; a program without a pool is none, or none any more.
   */
  public void define(ProgramSpec spec, Moment now, Turn turn) {
    if (spec.pool().isEmpty()) {
      undefine(spec.name(), now, turn);
      return;
    }
    Pool pool = of(tasks.pool(spec.name()));
    pool.define(spec, spec.pool().get());
    pool.worker(spec.pool().get().slots());
  }

  /** There is no such program any more. Its tasks stay and are shown. */
  public void undefine(String program, Moment now, Turn turn) {
    Pool pool = byName.get(program);
    if (pool != null && pool.isDefined()) {
      pool.undefine();
    }
  }

  /** Returns whether there is a pool of this name. */
  public boolean isPool(String name) {
    Pool pool = byName.get(name);
    return pool != null && pool.isDefined();
  }

  /** Operators have decided whether a pool takes in and gives out; that is said elsewhere. */
  public void intake(String pool, PoolView.Intake intake, Moment now, Turn turn) {
    Pool named = of(tasks.pool(pool));
    named.intake = intake;
    named.isDirty = true;
  }

  /**
   * An instance of a pool is another than before. Between two calls it may have gone through
   * several states: where another invocation lives than before, or none, the one before is over,
   * and {@link Instance#past} tells how it ended.
   *
   * @param mayStart whether the pool may start it if it is down: nobody has stopped or disabled it,
   *     it has not failed for good, and the daemon does not shut down
   */
  public void changed(Instance instance, boolean mayStart, Moment now, Turn turn) {
    attach(now, turn);
    Pool pool = byName.get(instance.name().program());
    if (pool != null) {
      roster.changed(pool, instance, mayStart, !isBegun, now, turn);
    }
  }

  /** Gives the tasks to their workers that a daemon before us gave to them. */
  private void attach(Moment now, Turn turn) {
    last = now;
    if (isAttached) {
      return;
    }
    isAttached = true;
    tasks.replayed();
    List<Task> running = new ArrayList<>();
    tasks.forEach(
        task -> {
          if (task.state() == TaskState.RUNNING) {
            running.add(task);
          }
        });
    running.sort(Comparator.comparingLong(Task::sequence).thenComparingLong(Task::number));
    for (PoolTasks pool : tasks.pools()) {
      of(pool);
    }
    for (Task task : running) {
      roster.attach(of(task.pool()), task);
    }
    if (!isOfThisBoot) {
      loseUnheard(Loss.ANOTHER_BOOT, now, turn);
    }
  }

  /** What is in the hands of workers that nobody knows is lost. */
  private void loseUnheard(Loss loss, Moment now, Turn turn) {
    for (Pool pool : pools) {
      for (Worker worker : pool.workers()) {
        if (worker.hasInvocation && worker.status == Worker.Status.DOWN) {
          roster.unheard(pool, worker, loss, now, turn);
        }
      }
    }
  }

  /** The daemon ends: nothing is taken in, nothing given out. */
  public void shutDown(Moment now, Turn turn) {
    attach(now, turn);
    dispatcher.end();
    waits.end(turn);
    soil();
  }

  private void soil() {
    for (Pool pool : pools) {
      pool.isDirty = true;
    }
  }

  /**
   * Somebody asks for something. Pause, Resume and Drain are decided elsewhere and come as {@link
   * #intake}.
   */
  public void handle(TaskCommand command, Moment now, Turn turn) {
    attach(now, turn);
    switch (command) {
      case TaskCommand.Submit submit -> {
        Pool pool = byName.get(submit.pool());
        if (pool == null || !pool.isDefined()) {
          Waits.reply(submit.request(), new Answer.NoMatch(submit.pool()), turn);
        } else {
          admission.submit(pool, submit, now, turn);
        }
      }
      case TaskCommand.Await await -> operators.await(await, now, turn);
      case TaskCommand.Cancel cancel -> operators.cancel(cancel, now, turn);
      case TaskCommand.Retry retry -> operators.retry(retry, now, turn);
      case TaskCommand.Pause pause -> throw decidedElsewhere(pause);
      case TaskCommand.Resume resume -> throw decidedElsewhere(resume);
      case TaskCommand.Drain drain -> throw decidedElsewhere(drain);
    }
  }

  private static IllegalStateException decidedElsewhere(TaskCommand command) {
    return new IllegalStateException("this comes as an intake: " + command);
  }

  /** Something happened. */
  public void handle(TaskReport report, Moment now, Turn turn) {
    attach(now, turn);
    // Nearly all of them are results.
    if (report instanceof TaskReport.Succeeded succeeded) {
      Task task = find(succeeded.task(), succeeded.key());
      if (task != null && task.isHeldBy(succeeded.invocation(), succeeded.attempt())) {
        attempts.succeeded(of(task.pool()), task, succeeded.result(), now, turn);
      } else {
        stale(task);
      }
      return;
    }
    other(report, now, turn);
  }

  private void other(TaskReport report, Moment now, Turn turn) {
    switch (report) {
      case TaskReport.Succeeded succeeded ->
          throw new IllegalStateException("handled before: " + succeeded);
      case TaskReport.Failed failed -> {
        Task task = find(failed.task(), failed.key());
        if (task != null && task.isHeldBy(failed.invocation(), failed.attempt())) {
          attempts.failed(of(task.pool()), task, failed.message(), failed.mayRetry(), now, turn);
        } else {
          stale(task);
        }
      }
      case TaskReport.Progressed progressed -> {
        Task task = find(progressed.task(), progressed.key());
        if (task != null
            && task.isHeldBy(
                progressed.invocation(),
                progressed.attempt() == 0 ? task.attempts() : progressed.attempt())) {
          task.progress(new Progress(progressed.value(), progressed.message()));
          of(task.pool()).stall.moved(now.nanos());
        }
      }
      case TaskReport.NotSent notSent -> {
        Task task = tasks.find(notSent.task());
        if (task != null && task.isHeldBy(notSent.invocation(), notSent.attempt())) {
          attempts.notSent(of(task.pool()), task, notSent.why(), now, turn);
        }
      }
      case TaskReport.NoData none -> {
        Task task = tasks.find(none.task());
        if (task == null
            || !task.isHeldBy(none.invocation(), none.attempt())
            || attempts.noData(of(task.pool()), task, none.isDamage(), none.why(), now, turn)) {
          turn.run(new TaskEffect.Withdraw(none.invocation(), none.task(), none.attempt()));
        }
      }
      case TaskReport.SentThrough sent -> sentThrough(sent, now, turn);
      case TaskReport.Unreachable unreachable -> unreachable(unreachable, now);
      case TaskReport.Evidence evidence ->
          attempts.evidence(evidence.invocation(), evidence.lines(), turn);
      case TaskReport.Load load -> {
        throttle.looked(load, now);
        soil();
      }
      case TaskReport.Left left -> {
        waits.forget(left.request());
        byName.values().forEach(pool -> admission.forget(pool, left.request()));
      }
      case TaskReport.StoreFailed failed -> storeFailed(failed, now, turn);
      case TaskReport.StoreFull full -> storeFull(full, now, turn);
      case TaskReport.StoreWorks works -> {
        dispatcher.trouble("");
        turn.run(
            new Effect.Publish(
                new Happening.DaemonNote(
                    now, "store", "tasks can be kept again", false, Actor.POOL)));
        soil();
      }
    }
  }

  private @Nullable Task find(long number, String key) {
    return number > 0 ? tasks.find(number) : tasks.find(key);
  }

  private void stale(@Nullable Task task) {
    if (task == null) {
      strays++;
    } else {
      of(task.pool()).counts.stale++;
    }
  }

  private void sentThrough(TaskReport.SentThrough sent, Moment now, Turn turn) {
    for (Pool pool : pools) {
      for (Worker worker : pool.workers()) {
        if (worker.hasInvocation && worker.invocation.equals(sent.invocation())) {
          attempts.sentThrough(pool, worker, sent.sequence(), now, turn);
          pool.isDirty = true;
          return;
        }
      }
    }
  }

  private void unreachable(TaskReport.Unreachable report, Moment now) {
    for (Pool pool : pools) {
      for (Worker worker : pool.workers()) {
        if (worker.hasInvocation && worker.invocation.equals(report.invocation())) {
          Reach.lost(pool, worker, report, now);
          return;
        }
      }
    }
  }

  private void storeFailed(TaskReport.StoreFailed failed, Moment now, Turn turn) {
    dispatcher.trouble(failed.why());
    turn.run(
        new Effect.Publish(
            new Happening.DaemonNote(
                now, "store", "tasks cannot be kept: " + failed.why(), true, Actor.POOL)));
    for (String id : failed.ids()) {
      Task task = tasks.find(id);
      if (task != null && task.state() == TaskState.QUEUED && task.attempts() == 0) {
        if (task.isAwaited()) {
          waits.lost(task, "tasks cannot be kept: " + failed.why(), turn);
        }
        turn.keep(new TaskEntry.Forgotten(task.number()));
        tasks.forget(task);
      }
    }
    soil();
  }

  private void storeFull(TaskReport.StoreFull full, Moment now, Turn turn) {
    if (full.isFull() && !tasks.isStoreFull()) {
      turn.run(
          new Effect.Publish(
              new Happening.DaemonNote(
                  now,
                  "store",
                  full.why() + ": those that ended first are forgotten early",
                  false,
                  Actor.POOL)));
    }
    tasks.storeFull(full.isFull());
    if (full.isFull()) {
      Keeping.makeRoomInStore(pools, tasks, turn);
    }
    soil();
  }

  /** The memory of a worker was looked at; for {@code recycle.max_memory}. */
  public void used(Instance instance, long memoryBytes, Moment now, Turn turn) {
    attach(now, turn);
    Pool pool = byName.get(instance.name().program());
    if (pool == null || instance.run().isEmpty()) {
      return;
    }
    Worker worker = pool.worker(instance.name().number());
    if (worker.hasInvocation
        && worker.invocation.equals(instance.run().get().invocation())
        && Recycling.isUseless(worker, pool.spec().recycle(), memoryBytes)) {
      Notes.tell(
          pool,
          "recycle",
          worker.name
              + " is above recycle.max_memory before its first task, and another would be too: it"
              + " is not replaced for that",
          now,
          turn);
    }
    pool.isDirty = true;
  }

  /**
   * Ends a batch: acts on deadlines that are over, gives tasks out, and says what it wants of
   * instances. What comes of that is told by {@link #changed}, and another settle follows until it
   * wants nothing more.
   */
  public void settle(Moment now, Turn turn, Slots slots) {
    attach(now, turn);
    if (!isBegun) {
      isBegun = true;
      loseUnheard(Loss.UNSEEN, now, turn);
    }
    waits.expire(now.nanos(), turn);
    throttle(now, turn);
    if (tasks.isCrowded()) {
      Keeping.makeRoom(pools, tasks, turn);
    }
    long next = settleAll(now, turn, slots);
    while (isMemoryBack()) {
      // What one pool has forgotten makes room for who waits in another.
      next = settleAll(now, turn, slots);
    }
    deadline = Math.min(Math.min(next, throttleNanos), waits.nextDeadline());
  }

  private long settleAll(Moment now, Turn turn, Slots slots) {
    long next = Moment.NEVER;
    for (int i = 0; i < pools.size(); i++) {
      Pool pool = pools.get(i);
      if (pool.isDirty
          || now.nanos() >= pool.deadline
          || (pool.isShortOfMemory && tasks.hasRoom())) {
        settle(pool, now, turn, slots);
      }
      next = Math.min(next, pool.deadline);
    }
    return next;
  }

  private boolean isMemoryBack() {
    boolean isShort = false;
    for (int i = 0; i < pools.size(); i++) {
      isShort |= pools.get(i).isShortOfMemory;
    }
    return isShort && tasks.hasRoom();
  }

  /** Looks at the machine while tasks wait for which it matters. */
  private void throttle(Moment now, Turn turn) {
    boolean isWanted = false;
    for (int i = 0; i < pools.size(); i++) {
      Pool pool = pools.get(i);
      isWanted |= pool.spec().throttle().isAny() && pool.tasks.waiting().ready() > 0;
    }
    if (!isWanted) {
      throttleNanos = Moment.NEVER;
      return;
    }
    if (throttle.asks(now.nanos())) {
      turn.run(new TaskEffect.ReadLoad());
      soil();
    }
    throttleNanos = throttle.nextNanos();
  }

  private void settle(Pool pool, Moment now, Turn turn, Slots slots) {
    pool.isDirty = false;
    if (pool.breaker.passed(now.nanos())) {
      Notes.tell(pool, "breaker", "half-open: one task is tried", now, turn);
    }
    limits.look(pool, now, turn, slots);
    Reach.look(pool, now, turn, slots);
    do {
      pool.tasks.waiting().wake(now.nanos());
      dispatcher.dispatch(pool, now, turn);
    } while (admission.goOn(pool, now, turn));
    Keeping.forget(pool, tasks, now.nanos(), turn);
    Hold hold = dispatcher.hold(pool, now.nanos());
    notes(pool, hold, now, turn);
    stall(pool, hold, now, turn, slots);
    staffing.look(pool, hold, now, turn, slots);
    long given = pool.counts.attempts;
    dispatcher.dispatch(pool, now, turn);
    if (pool.counts.attempts > given) {
      // Who was one too many, or was to be replaced, is not any more.
      staffing.look(pool, hold, now, turn, slots);
    }
    pool.deadline = nextNanos(pool, hold, now, turn, slots);
  }

  private void notes(Pool pool, Hold hold, Moment now, Turn turn) {
    if (pool.isFullTold && pool.room() > pool.spec().queue().capacity() / 10) {
      pool.isFullTold = false;
    }
    boolean isThrottled = hold == Hold.THROTTLE && pool.tasks.waiting().ready() > 0;
    if (isThrottled != pool.isThrottled && (isThrottled || hold != Hold.THROTTLE)) {
      pool.isThrottled = isThrottled;
      String why =
          isThrottled
              ? "nothing is given out: " + throttle.inWords(pool.spec().throttle())
              : "the machine is well again";
      Notes.tell(pool, "throttle", why, now, turn);
    }
  }

  private static void stall(Pool pool, Hold hold, Moment now, Turn turn, Slots slots) {
    boolean isWaited = hold == Hold.NOTHING && pool.tasks.waiting().ready() > 0;
    if (!pool.stall.look(isWaited, pool.spec().stall(), now.nanos())) {
      return;
    }
    String why =
        pool.tasks.waiting().ready()
            + " tasks wait, and none of "
            + pool.tasks.running()
            + " in hand has ended for "
            + pool.spec().stall().after().map(after -> Durations.told(after.toNanos())).orElse("");
    Notes.warn(pool, "stall", why, now, turn);
    if (pool.spec().stall().action() == StallAction.RESTART) {
      for (Worker worker : pool.workers()) {
        if (worker.status == Worker.Status.UP && worker.inHand() > 0 && !worker.isToEnd) {
          worker.isToEnd = true;
          worker.isToReturn = true;
          worker.isAsked = true;
          pool.review(worker);
          slots.stop(worker.name, worker.invocation, Slots.Reason.STALLED, why);
        }
      }
    }
  }

  private long nextNanos(Pool pool, Hold hold, Moment now, Turn turn, Slots slots) {
    long next = Math.min(Limits.nextNanos(pool), pool.breaker.until());
    next = Math.min(next, pool.tasks.waiting().nextWake());
    next = Math.min(next, Reach.nextNanos(pool));
    next = Math.min(next, Admission.nextNanos(pool));
    next = Math.min(next, Keeping.nextNanos(pool));
    next = Math.min(next, pool.stall.nextNanos(pool.spec().stall()));
    return Math.min(next, staffing.nextNanos(pool, hold, now, turn, slots));
  }

  /**
   * Returns when time itself must act next, monotonic nanoseconds; {@link Moment#NEVER} for never.
   */
  public long nextDeadline() {
    return deadline;
  }

  private Pool of(PoolTasks named) {
    while (pools.size() <= named.index()) {
      Pool pool = new Pool(tasks.pools().get(pools.size()), random);
      pools.add(pool);
      byName.put(pool.name(), pool);
    }
    return pools.get(named.index());
  }

  private List<String> poolsThatAccept(String type) {
    List<String> names = new ArrayList<>();
    for (Pool pool : new TreeMap<>(byName).values()) {
      if (pool.isDefined() && pool.accepts(type)) {
        names.add(pool.name());
      }
    }
    return names;
  }

  /** Returns how many tasks the invocation of an instance has in hand; 0 for what is no worker. */
  public int inHand(Instance instance) {
    Pool pool = byName.get(instance.name().program());
    if (pool == null || pool.workers().size() < instance.name().number()) {
      return 0;
    }
    Worker worker = pool.worker(instance.name().number());
    return instance.run().isPresent() && worker.invocation.equals(instance.run().get().invocation())
        ? worker.inHand()
        : 0;
  }

  /** Returns how many tasks of a pool wait or are in hand; 0 for what is no pool. */
  public int unfinished(String pool) {
    Pool named = byName.get(pool);
    return named == null ? 0 : named.tasks.waiting().size() + named.tasks.running();
  }

  /** Returns all that is known of a task, for the store; empty if it is forgotten. */
  public Optional<TaskEntry.Whole> whole(long task) {
    Moment now = last;
    return now == null ? Optional.empty() : tasks.whole(task, now);
  }

  /** Returns how many tasks are known. */
  public int size() {
    return tasks.size();
  }

  /** Returns how many results were about tasks that are not known. */
  public long strays() {
    return strays;
  }

  /** Returns what is shown of pools, ascending; also of those that are gone and have tasks left. */
  public List<PoolView> pools(Moment now) {
    List<PoolView> views = new ArrayList<>();
    for (Pool pool : new TreeMap<>(byName).values()) {
      if (pool.isDefined() || !pool.isEmpty() || pool.tasks.ended() > 0) {
        views.add(PoolViews.of(pool, dispatcher, now));
      }
    }
    return views;
  }

  /** Returns what is shown of a task. */
  public Optional<TaskView> task(String id, Moment now) {
    Task task = tasks.find(id);
    return task == null ? Optional.empty() : Optional.of(view(task, now));
  }

  private TaskView view(Task task, Moment now) {
    return task.view(tasks.id(task), of(task.pool()).spec().task().retries(), now);
  }

  /**
   * Returns what is shown of tasks of a pool, oldest first.
   *
   * @param pool its name; empty for those of all pools
   * @param state only those in this state; empty for all
   * @param after only those with a greater number
   * @param most at most so many
   */
  public List<TaskView> tasks(
      String pool, Optional<TaskState> state, long after, int most, Moment now) {
    Predicate<Task> isAsked =
        task ->
            (pool.isEmpty() || task.pool().name().equals(pool))
                && (state.isEmpty() || task.state() == state.get());
    return tasks.page(after, most, isAsked).stream().map(task -> view(task, now)).toList();
  }
}
