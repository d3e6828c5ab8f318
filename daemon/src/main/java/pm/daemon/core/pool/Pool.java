package pm.daemon.core.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.StopSpec;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView.Intake;
import pm.daemon.core.task.PoolTasks;
import pm.daemon.core.task.Task;

/**
 * One pool: its rules, its tasks, its workers, and what is remembered about them. It decides
 * nothing; each rule has a class of its own that looks at it. A pool whose program is gone keeps
 * its tasks and has no rules but the defaults.
 */
final class Pool {
  final PoolTasks tasks;
  final Breaker breaker = new Breaker();
  final Stall stall = new Stall();
  final Autoscaler autoscaler = new Autoscaler();
  final Replacements replacements = new Replacements();
  final Counts counts = new Counts();
  final Meter waits = new Meter();
  final Meter runs = new Meter();
  final OpenWorkers open = new OpenWorkers();

  /** Submits that wait for room, first come, first served. */
  final ArrayDeque<Submission> forRoom = new ArrayDeque<>();

  /** Whether the first of them waits for memory that other pools have. */
  boolean isShortOfMemory;

  private final RandomGenerator random;
  private final List<Worker> workers = new ArrayList<>();
  private PoolSpec spec = PoolSpec.DEFAULT;
  private Strategy strategy;
  private boolean isDefined;
  private long agingNanos;
  private long timeoutNanos;
  private long keepNanos;
  private long graceNanos = Durations.nanos(StopSpec.DEFAULT.timeout());
  private boolean acceptsAll;
  private String acceptedType = "";

  Intake intake = Intake.OPEN;

  /** Whether it was said that its machine is too busy for it, or that its queue is full. */
  boolean isThrottled;

  boolean isFullTold;

  /** Whether something has happened that may lead to more. */
  boolean isDirty = true;

  /** When time itself must act on it. */
  long deadline = Moment.NEVER;

  Pool(PoolTasks tasks, RandomGenerator random) {
    this.tasks = tasks;
    this.random = random;
    this.strategy = Strategy.of(spec, random);
    derive();
  }

  String name() {
    return tasks.name();
  }

  PoolSpec spec() {
    return spec;
  }

  Strategy strategy() {
    return strategy;
  }

  boolean isDefined() {
    return isDefined;
  }

  /** Takes its rules. */
  void define(ProgramSpec program, PoolSpec rules) {
    if (!isDefined || !rules.equals(spec)) {
      spec = rules;
      strategy = Strategy.of(spec, random);
      workers.forEach(this::judgeAnew);
    }
    graceNanos = Durations.nanos(program.stop().timeout());
    isDefined = true;
    derive();
    workers.forEach(this::review);
    isDirty = true;
  }

  /** By other rules it may not have to be replaced, or not yet. */
  private void judgeAnew(Worker worker) {
    Recycling.draw(worker, spec.recycle(), random);
    if (!worker.isToEnd) {
      worker.isClosed = false;
      replacements.end(worker);
    }
  }

  /** Its program is gone, or no pool any more. */
  void undefine() {
    isDefined = false;
    isDirty = true;
  }

  private void derive() {
    agingNanos = Durations.nanos(spec.queue().aging());
    timeoutNanos = Durations.nanos(spec.task().timeout());
    keepNanos = Durations.nanos(spec.task().keep());
    acceptsAll = spec.accepts().contains("*");
    acceptedType = "";
  }

  long agingNanos() {
    return agingNanos;
  }

  long timeoutNanos() {
    return timeoutNanos;
  }

  long keepNanos() {
    return keepNanos;
  }

  /** Returns how long a worker may take to give a task up before it is killed. */
  long graceNanos() {
    return graceNanos;
  }

  /** Returns whether it takes tasks of a type. */
  boolean accepts(String type) {
    if (acceptsAll || type.equals(acceptedType)) {
      return true;
    }
    boolean accepts = spec.takes(type);
    if (accepts) {
      acceptedType = type;
    }
    return accepts;
  }

  /** Returns how many more tasks may wait. */
  int room() {
    return Math.max(0, spec.queue().capacity() - tasks.waiting().size());
  }

  /** Returns whether nothing waits and nothing is in hand. */
  boolean isEmpty() {
    return tasks.waiting().size() == 0 && tasks.running() == 0;
  }

  /** Returns its slots that were ever heard of, ascending without a gap. */
  List<Worker> workers() {
    return workers;
  }

  /** Returns a slot. */
  Worker worker(int slot) {
    while (workers.size() < slot) {
      workers.add(new Worker(new InstanceName(name(), workers.size() + 1)));
    }
    return workers.get(slot - 1);
  }

  /** Returns who has a task in hand. */
  Worker holder(Task task) {
    return workers.get(task.slot() - 1);
  }

  /** A worker begins: it draws its limits. */
  void begins(Worker worker) {
    Recycling.draw(worker, spec.recycle(), random);
  }

  /** A worker may have become one that can get a task, or one that cannot. */
  void review(Worker worker) {
    open.review(worker, spec.concurrency());
  }
}
