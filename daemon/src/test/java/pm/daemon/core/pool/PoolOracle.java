package pm.daemon.core.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/**
 * Knows from the entries alone how each task is, and holds against them what must be so. It shares
 * no code with what it watches.
 */
public final class PoolOracle {

  /** What must be so in every history. */
  public enum Law {
    /** A task ends once; nothing happens to it afterwards unless an operator puts it back. */
    ENDS_ONCE,
    /** What was acknowledged is kept. */
    NOTHING_LOST,
    /** Who succeeded has sent a result; who failed for good has used up what he had. */
    AT_LEAST_ONCE,
    /** What is said of another attempt than the current one changes nothing. */
    FENCED,
    /** No two living workers have the same task in hand. */
    EXCLUSIVE,
    /** The most urgent comes first, then who has waited longest. */
    IN_ORDER,
    /** Nobody works longer on an attempt than allowed without being killed. */
    TIME_LIMIT,
    /** An open breaker lets nothing through, a half-open one a single task. */
    BREAKER,
    /** There are as many workers as the bounds say, and nobody with a task is stopped for them. */
    POOL_SIZE,
    /** Who is replaced goes when another is up, unless it has done twice its share. */
    REPLACED_FIRST,
    /** The direction of scaling is reversed at most once in a while. */
    STEADY,
    /** No worker has more in hand than it may, and only one that is up gets anything. */
    CONCURRENCY,
    /** No more tasks wait than there is room for, but for those that come back. */
    CAPACITY,
    /** Who asks is answered once. */
    ANSWERED_ONCE,
    /** When all is settled no deadline lies in the past. */
    NO_PAST_DEADLINE,
    /** A later daemon knows what this one knew. */
    RECOVERY,
    /** When nothing resists any more every task comes to its end. */
    ENDS_AT_LAST,
    /** Nothing that can happen is refused as impossible. */
    NOTHING_IMPOSSIBLE
  }

  public static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;
    public final transient Law law;

    Broken(Law law, String what) {
      super(law + ": " + what);
      this.law = law;
    }
  }

  /** Whether the daemon ends, so that nothing is given out any more. */
  public boolean isEnding;

  /** Whether what is told now has been looked at before. */
  private boolean isReplaying;

  public static void unless(boolean isSo, Law law, Object... what) {
    if (!isSo) {
      StringBuilder text = new StringBuilder();
      for (Object part : what) {
        text.append(part);
      }
      throw new Broken(law, text.toString());
    }
  }

  /** A task as its entries tell. */
  public static final class Known {
    public static final Known STRANGER =
        new Known(new TaskEntry.Queued(0, "", Yard.task(), 0, 0, 0, ""));

    public final long number;
    public final NewTask content;
    long since;
    long notBefore;
    public TaskState state = TaskState.QUEUED;
    public int attempt;
    public int failures;
    public int deaths;
    public boolean isCancelling;
    boolean isNacked = true;
    TaskEntry.Started lease =
        new TaskEntry.Started(0, 0, new InvocationId("f".repeat(32)), 0, 0, 0, 0, 0);

    Known(TaskEntry.Queued queued) {
      number = queued.task();
      content = queued.content();
      since = queued.notBeforeNanos();
      notBefore = queued.notBeforeNanos();
    }

    /** As a journal tells it that has been tidied up. */
    Known(TaskEntry.Whole whole) {
      number = whole.task();
      content = whole.content();
      since = whole.enqueuedNanos() + whole.content().delayNanos();
      notBefore = whole.notBeforeNanos();
      state = whole.state();
      attempt = whole.attempts();
      failures = whole.failures();
      deaths = whole.deaths();
      isCancelling = whole.isCancelling();
      if (isRunning()) {
        isNacked = false;
        lease =
            new TaskEntry.Started(
                number,
                attempt,
                whole.invocation(),
                whole.slot(),
                whole.sequence(),
                whole.startedNanos(),
                whole.startedMillis(),
                whole.deadlineNanos());
      }
    }

    /** Returns who has it in hand, or had it last. */
    public InvocationId invocation() {
      return lease.invocation();
    }

    public boolean isRunning() {
      return state == TaskState.RUNNING;
    }
  }

  public static final String UNREAD = "its data cannot be read";

  private enum Gate {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  public final TreeMap<Long, Known> known = new TreeMap<>();
  final Set<Long> everQueued = new HashSet<>();
  private final Supplier<? extends Collection<Instance>> instances;
  private final String epoch;
  private ProgramSpec program;

  /** What was reported in this turn. */
  private final Set<String> results = new HashSet<>();

  private final Set<String> errors = new HashSet<>();
  private final Set<String> forbidden = new HashSet<>();
  private final Set<String> nacked = new HashSet<>();

  /** Attempts of workers that may have got the task before: not to get these says nothing. */
  private final Set<String> resent = new HashSet<>();

  /** How often data could not be read. */
  private final Map<Long, Integer> damaged = new HashMap<>();

  private final Set<Long> releases = new HashSet<>();

  private Gate gate = Gate.CLOSED;
  private int failuresInRow;
  private long gateUntil;
  private long trial;

  private int direction;
  private long turnedNanos = Long.MIN_VALUE / 2;

  /** Workers that were killed, which are said to be. */
  public final Set<InvocationId> killed = new HashSet<>();

  /** Workers of a daemon before, of which nothing has been told yet. */
  private final Set<InvocationId> unheard = new HashSet<>();

  /** Workers to which nothing can be told any more. */
  private final Set<InvocationId> unreachable = new HashSet<>();

  private final Set<InvocationId> blamed = new HashSet<>();

  /** How many attempts workers were given. */
  private final Map<InvocationId, Integer> given = new HashMap<>();

  /** When workers were told to give up which attempts. */
  private final Map<String, Long> told = new HashMap<>();

  /**
   * @param instances gives those of its pool, and perhaps others, as they are now
   * @param epoch what ids of tasks begin with
   */
  public PoolOracle(
      ProgramSpec program, Supplier<? extends Collection<Instance>> instances, String epoch) {
    this.program = program;
    this.instances = instances;
    this.epoch = epoch;
  }

  private void check(boolean isSo, Law law, Object... what) {
    unless(isReplaying || isSo, law, what);
  }

  public PoolSpec rules() {
    return program.pool().orElseThrow();
  }

  public void define(ProgramSpec other) {
    program = other;
  }

  /** Another daemon knows all of it. */
  public void mustBeKnownBy(Pools pools) {
    for (Known task : known.values()) {
      Optional<TaskEntry.Whole> whole = pools.whole(task.number);
      unless(whole.isPresent(), Law.RECOVERY, "task ", task.number, " is not known any more");
      unless(
          whole.get().state() == task.state
              && whole.get().attempts() == task.attempt
              && whole.get().failures() == task.failures
              && whole.get().deaths() == task.deaths
              && whole.get().isCancelling() == task.isCancelling,
          Law.RECOVERY,
          whole.get());
    }
  }

  /** A turn begins. */
  public void turn() {
    results.clear();
    errors.clear();
    forbidden.clear();
    releases.clear();
  }

  /** Another daemon begins with what was kept: it knows no breaker, nor how it has scaled. */
  public void replay(List<TaskEntry> journal) {
    known.clear();
    everQueued.clear();
    isReplaying = true;
    journal.forEach(entry -> kept(entry, 0));
    isReplaying = false;
    unheard.clear();
    resent.clear();
    for (Known task : known.values()) {
      if (task.isRunning()) {
        unheard.add(task.lease.invocation());
      }
    }
    gate = Gate.CLOSED;
    failuresInRow = 0;
    trial = 0;
    direction = 0;
    turnedNanos = Long.MIN_VALUE / 2;
    killed.clear();
    blamed.clear();
    told.clear();
  }

  private static String key(InvocationId invocation, long task, int attempt) {
    return invocation + " " + task + "/" + attempt;
  }

  /** The daemon is told this. */
  public void heard(TaskReport report) {
    switch (report) {
      case TaskReport.Succeeded done ->
          results.add(key(done.invocation(), done.task(), done.attempt()));
      case TaskReport.Failed failed -> {
        String key = key(failed.invocation(), failed.task(), failed.attempt());
        errors.add(key);
        if (!failed.mayRetry()) {
          forbidden.add(key);
        }
      }
      case TaskReport.NotSent not -> {
        String key = key(not.invocation(), not.task(), not.attempt());
        if (!resent.contains(key)) {
          errors.add(key);
        }
      }
      case TaskReport.SentThrough sent -> {
        unheard.remove(sent.invocation());
        for (Known task : known.values()) {
          if (task.isRunning() && task.lease.invocation().equals(sent.invocation())) {
            releases.add(task.number);
          }
        }
      }
      case TaskReport.NoData none -> {
        String key = key(none.invocation(), none.task(), none.attempt());
        if (!resent.contains(key)) {
          errors.add(key);
        }
        if (none.isDamage()) {
          damaged.merge(none.task(), 1, Integer::sum);
        }
      }
      case TaskReport.Unreachable cut -> {
        unreachable.add(cut.invocation());
        unheard.remove(cut.invocation());
      }
      case TaskReport.Progressed progressed -> {}
      case TaskReport.Evidence evidence -> {}
      case TaskReport.Load load -> {}
      case TaskReport.StoreFailed failed -> {}
      case TaskReport.StoreFull full -> {}
      case TaskReport.StoreWorks works -> {}
      case TaskReport.Left left -> {}
    }
  }

  /** The daemon decides this. */
  public void kept(TaskEntry entry, long now) {
    if (entry instanceof TaskEntry.Queued queued) {
      queued(queued);
      return;
    }
    if (isReplaying && entry instanceof TaskEntry.Whole whole) {
      everQueued.add(whole.task());
      known.put(whole.task(), new Known(whole));
      return;
    }
    Known task = known.get(entry.task());
    if (task == null && isReplaying) {
      return;
    }
    if (task == null) {
      throw new Broken(Law.ENDS_ONCE, "what is not known is said to be " + entry);
    }
    switch (entry) {
      case TaskEntry.Queued queued -> throw new IllegalStateException("seen before");
      case TaskEntry.Started started -> started(task, started, now);
      case TaskEntry.Cancelling cancelling -> {
        check(task.isRunning(), Law.ENDS_ONCE, entry, " while ", task.state);
        task.isCancelling = true;
      }
      case TaskEntry.Returned returned -> returned(task, returned, now);
      case TaskEntry.Ended ended -> ended(task, ended, now);
      case TaskEntry.Noted noted -> {}
      case TaskEntry.PutBack back -> {
        check(
            task.state.isEnd() && task.state != TaskState.SUCCEEDED,
            Law.ENDS_ONCE,
            entry,
            " while ",
            task.state);
        task.state = TaskState.QUEUED;
        task.since = back.enqueuedNanos();
        task.notBefore = task.since;
        task.failures = 0;
        task.deaths = 0;
        task.isCancelling = false;
      }
      case TaskEntry.Forgotten forgotten -> {
        check(
            task.state.isEnd() || task.attempt == 0,
            Law.NOTHING_LOST,
            "forgotten while ",
            task.state,
            ": ",
            entry);
        known.remove(task.number);
      }
      case TaskEntry.Whole whole -> throw new IllegalStateException("never kept: " + whole);
    }
  }

  private void queued(TaskEntry.Queued queued) {
    check(everQueued.add(queued.task()), Law.ENDS_ONCE, "a number twice: ", queued);
    check(waiting() < rules().queue().capacity(), Law.CAPACITY, "no room for ", queued);
    known.put(queued.task(), new Known(queued));
  }

  long waiting() {
    return known.values().stream().filter(task -> task.state == TaskState.QUEUED).count();
  }

  private void started(Known task, TaskEntry.Started started, long now) {
    check(task.state == TaskState.QUEUED, Law.ENDS_ONCE, started, " while ", task.state);
    check(started.attempt() == task.attempt + 1, Law.FENCED, "attempt ", started);
    boolean isRelease = releases.contains(task.number);
    check(
        task.isNacked
            || !isLive(task.lease.invocation())
            || (isRelease && task.lease.invocation().equals(started.invocation())),
        Law.EXCLUSIVE,
        started,
        " while its worker before lives");
    check(
        isLive(started.invocation())
            && instances.get().stream()
                .filter(instance -> instance.name().program().equals(program.name()))
                .filter(instance -> instance.name().number() == started.slot())
                .anyMatch(instance -> runs(instance, started.invocation())),
        Law.CONCURRENCY,
        "not a worker of that slot: ",
        started);
    long inHand =
        known.values().stream()
            .filter(other -> other.isRunning())
            .filter(other -> other.lease.invocation().equals(started.invocation()))
            .count();
    check(inHand < rules().concurrency() || isRelease, Law.CONCURRENCY, "too much: ", started);
    check(task.notBefore <= now || isRelease, Law.IN_ORDER, "too early: ", started);
    check(
        !unreachable.contains(started.invocation()),
        Law.CONCURRENCY,
        "a worker that cannot be reached gets ",
        started);
    if (!isRelease) {
      check(!isEnding, Law.CONCURRENCY, "the daemon ends: ", started);
      check(
          killed.stream().noneMatch(started.invocation()::equals),
          Law.CONCURRENCY,
          "a killed worker gets ",
          started);
      mustBeFirst(task, now);
      gate(task, now);
    }
    given.merge(started.invocation(), 1, Integer::sum);
    if (isRelease && !isReplaying) {
      resent.add(key(started.invocation(), started.task(), started.attempt()));
    }
    task.state = TaskState.RUNNING;
    task.attempt = started.attempt();
    task.lease = started;
    task.isNacked = false;
  }

  private boolean isLive(InvocationId invocation) {
    return instances.get().stream().anyMatch(instance -> runs(instance, invocation));
  }

  private static boolean runs(Instance instance, InvocationId invocation) {
    return instance.run().map(run -> run.invocation().equals(invocation)).orElse(false);
  }

  private void mustBeFirst(Known task, long now) {
    for (Known other : known.values()) {
      if (other != task && other.state == TaskState.QUEUED && other.notBefore <= now) {
        int mine = risen(task, now);
        int its = risen(other, now);
        check(
            mine < its
                || (mine == its
                    && (task.since < other.since
                        || (task.since == other.since && task.number < other.number))),
            Law.IN_ORDER,
            "task ",
            task.number,
            " goes before ",
            other.number);
      }
    }
  }

  private int risen(Known task, long now) {
    int level = List.of(Priority.values()).indexOf(task.content.priority());
    long steps = (now - task.since) / rules().queue().aging().toNanos();
    return (int) Math.max(0, level - Math.max(0, steps));
  }

  private void gate(Known task, long now) {
    if (gate == Gate.OPEN && now >= gateUntil) {
      gate = Gate.HALF_OPEN;
      trial = 0;
    }
    check(gate != Gate.OPEN, Law.BREAKER, "open, and task ", task.number, " goes through");
    if (gate == Gate.HALF_OPEN) {
      check(trial == 0, Law.BREAKER, "half-open, and task ", task.number, " goes beside ", trial);
      trial = task.number;
    }
  }

  private void failure(Known task, long now) {
    boolean opens =
        gate == Gate.CLOSED
            ? ++failuresInRow >= rules().breaker().failures()
            : gate == Gate.HALF_OPEN && task.number == trial;
    if (opens) {
      gate = Gate.OPEN;
      gateUntil = now + rules().breaker().resetAfter().toNanos();
      trial = 0;
    }
  }

  private void voided(Known task) {
    if (task.number == trial) {
      trial = 0;
    }
  }

  private void returned(Known task, TaskEntry.Returned returned, long now) {
    check(task.isRunning(), Law.ENDS_ONCE, returned, " while ", task.state);
    String key = key(task.lease.invocation(), task.number, task.attempt);
    boolean isError = errors.contains(key);
    boolean isGone = !isLive(task.lease.invocation());
    check(
        isError || isGone || releases.contains(task.number),
        Law.EXCLUSIVE,
        returned,
        " although its worker lives and has said nothing");
    check(!returned.isFailure() || isError, Law.FENCED, "a failure that nobody told: ", returned);
    check(
        returned.isFailure() ? !task.isCancelling : true,
        Law.AT_LEAST_ONCE,
        "tried again although it was cancelled: ",
        returned);
    if (returned.isFailure()) {
      task.failures++;
      failure(task, now);
      check(task.failures <= retries(task), Law.AT_LEAST_ONCE, "once too often: ", returned);
    } else if (returned.isDeath()) {
      task.deaths++;
      check(
          task.deaths < rules().task().poisonAfter(), Law.AT_LEAST_ONCE, "too deadly: ", returned);
      death(task, now);
    } else {
      voided(task);
    }
    task.isNacked = isNacked(key, isError || isGone);
    task.state = TaskState.QUEUED;
    task.notBefore = returned.notBeforeNanos();
  }

  /** Returns whether a worker has let go of an attempt, now or before a daemon was killed. */
  private boolean isNacked(String key, boolean isSo) {
    if (isSo && !isReplaying) {
      nacked.add(key);
    }
    return nacked.contains(key);
  }

  /** One worker that died is one failure. */
  private void death(Known task, long now) {
    if (blamed.add(task.lease.invocation())) {
      failure(task, now);
    } else {
      voided(task);
    }
  }

  int retries(Known task) {
    return task.content.retries() == NewTask.POOLS
        ? rules().task().retries()
        : task.content.retries();
  }

  private void ended(Known task, TaskEntry.Ended ended, long now) {
    check(!task.state.isEnd(), Law.ENDS_ONCE, ended, " while ", task.state);
    boolean wasRunning = task.isRunning();
    String key = key(task.lease.invocation(), task.number, task.attempt);
    switch (ended.state()) {
      case SUCCEEDED -> {
        check(wasRunning && results.contains(key), Law.FENCED, "no result for ", ended);
        success(task);
      }
      case FAILED -> {
        boolean isError = errors.contains(key);
        check(wasRunning, Law.ENDS_ONCE, ended, " while ", task.state);
        check(
            ended.error().startsWith(UNREAD)
                ? damaged.getOrDefault(task.number, 0) >= Unreadable.MOST_READS
                : isError
                    ? task.failures + 1 > retries(task) || forbidden.contains(key)
                    : ended.isDeath() && task.deaths + 1 >= rules().task().poisonAfter(),
            Law.AT_LEAST_ONCE,
            "given up too early: ",
            ended);
        task.failures += ended.isDeath() ? 0 : 1;
        if (ended.error().startsWith(UNREAD)) {
          voided(task);
        } else if (isError) {
          failure(task, now);
        } else {
          check(!isLive(task.lease.invocation()), Law.FENCED, "it lives: ", ended);
          death(task, now);
        }
      }
      case TIMED_OUT -> {
        check(
            wasRunning && now >= task.lease.deadlineNanos(),
            Law.TIME_LIMIT,
            "its time was not over: ",
            ended);
        failure(task, now);
      }
      case CANCELLED -> {
        check(!wasRunning || task.isCancelling, Law.ENDS_ONCE, "nobody cancelled it: ", ended);
        voided(task);
      }
      case QUEUED, RUNNING -> throw new Broken(Law.ENDS_ONCE, "no end: " + ended);
    }
    task.state = ended.state();
    task.deaths += ended.isDeath() ? 1 : 0;
    task.isNacked = true;
  }

  private void success(Known task) {
    if (gate == Gate.CLOSED) {
      failuresInRow = 0;
    } else if (gate == Gate.HALF_OPEN && task.number == trial) {
      gate = Gate.CLOSED;
      failuresInRow = 0;
      trial = 0;
    }
  }

  /** A worker is to be stopped for the sake of the pool. */
  public void stops(int slot, Slots.Reason reason, InvocationId invocation) {
    long inHand = inHand(invocation).size();
    check(
        reason == Slots.Reason.STALLED || reason == Slots.Reason.UNREACHABLE || inHand == 0,
        Law.POOL_SIZE,
        "slot ",
        slot,
        " is stopped with ",
        inHand,
        " tasks in hand: ",
        reason);
    long share = rules().recycle().maxTasks().orElse(Long.MAX_VALUE / 2);
    long least = Math.max(1, (long) (share * (1 - rules().recycle().jitter())));
    check(
        reason != Slots.Reason.RECYCLED
            || given.getOrDefault(invocation, 0) >= 2 * least
            || isAnotherUp(slot),
        Law.REPLACED_FIRST,
        "slot ",
        slot,
        " goes and nobody is up in its place");
  }

  private boolean isAnotherUp(int slot) {
    return instances.get().stream()
        .filter(other -> other.name().program().equals(program.name()))
        .anyMatch(other -> other.name().number() != slot && other.phase() instanceof Phase.Up);
  }

  List<Known> inHand(InvocationId invocation) {
    List<Known> hand = new ArrayList<>();
    for (Known task : known.values()) {
      if (task.isRunning() && task.lease.invocation().equals(invocation)) {
        hand.add(task);
      }
    }
    return hand;
  }

  /** There are more or fewer now. */
  public void scaled(int from, int to, long now) {
    int next = Integer.signum(to - from);
    if (from > 0 && direction != 0 && next != direction) {
      check(
          now - turnedNanos >= rules().scaleDownIdle().toNanos(),
          Law.STEADY,
          from,
          " to ",
          to,
          " so soon after the last turn");
      turnedNanos = now;
    }
    if (from > 0) {
      direction = next;
    }
  }

  /** A worker is told to give a task up. */
  public void cancels(InvocationId invocation, String id, long now) {
    for (Known task : inHand(invocation)) {
      if (id.equals(id(task))) {
        told.putIfAbsent(key(invocation, task.number, task.attempt), now);
      }
    }
  }

  private String id(Known task) {
    return task.content.key().isEmpty() ? epoch + "-" + task.number : task.content.key();
  }

  /** All is settled. */
  public void settled(long now, long deadline, Duration grace) {
    check(deadline > now, Law.NO_PAST_DEADLINE, deadline, " at ", now);
    for (Known task : known.values()) {
      InvocationId holder = task.lease.invocation();
      if (!task.isRunning()
          || !isLive(holder)
          || killed.contains(holder)
          || unheard.contains(holder)) {
        continue;
      }
      Long since = told.get(key(holder, task.number, task.attempt));
      check(
          since != null
              || unreachable.contains(holder)
              || (now < task.lease.deadlineNanos() && !task.isCancelling),
          Law.TIME_LIMIT,
          "nobody is told to give up task ",
          task.number);
      check(
          since == null || now < since + grace.toNanos(),
          Law.TIME_LIMIT,
          "task ",
          task.number,
          " runs and runs");
    }
  }
}
