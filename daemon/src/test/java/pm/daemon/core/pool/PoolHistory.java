package pm.daemon.core.pool;

import static pm.daemon.core.pool.PoolOracle.unless;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.StopSpec;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.pool.PoolOracle.Broken;
import pm.daemon.core.pool.PoolOracle.Law;

/**
 * One history of a pool in a hostile world, made from a seed: workers that answer late, twice, with
 * the wrong attempt or never, that die and come back; operators that change their minds; a daemon
 * that is killed with or without what it has just decided.
 */
final class PoolHistory implements Turn {

  /** Bends what goes in or out, to see that somebody notices. */
  interface Bug {
    default Optional<TaskReport> hears(PoolHistory history, TaskReport report) {
      return Optional.of(report);
    }

    default List<TaskEntry> keeps(TaskEntry entry) {
      return List.of(entry);
    }

    /** What of the entries is in the journal. */
    default boolean writes(TaskEntry entry) {
      return true;
    }

    /** What of the journal a later daemon reads. */
    default boolean reads(TaskEntry entry) {
      return true;
    }

    default List<Effect> runs(Effect effect) {
      return List.of(effect);
    }

    default boolean kills() {
      return true;
    }

    default PoolSpec rules(PoolSpec rules) {
      return rules;
    }

    /** Whether the daemon is told that a worker is gone that is not. */
    default boolean lies() {
      return false;
    }

    default long deadline(long deadline) {
      return deadline;
    }
  }

  static final Bug NONE = new Bug() {};

  record Outcome(Optional<Broken> broken, List<String> lines) {}

  /** A process that got tasks and has not answered them. */
  private static final class Hands {
    final List<TaskEffect.Send> open = new ArrayList<>();
    final List<TaskReport> said = new ArrayList<>();

    /** What it has sent and nobody has kept anything of. */
    final ArrayDeque<TaskReport> unread = new ArrayDeque<>();

    long sequence;

    /** Nothing can be told to it any more. */
    boolean isCut;

    /** What waits because the data of the first of it cannot be read. */
    final ArrayDeque<TaskEffect.Send> stuck = new ArrayDeque<>();

    /** Whether that is told, which it is once. */
    boolean isStuckTold;

    boolean isIdle() {
      return open.isEmpty() && (stuck.isEmpty() || isStuckTold);
    }
  }

  private static final Duration GRACE = StopSpec.DEFAULT.timeout();
  private static final int STEPS = 250;
  private static final Pattern SCALE = Pattern.compile("(\\d+) to (\\d+): ");

  private final SplittableRandom random;
  private final Bug bug;
  private final boolean isWritten;
  private final List<String> lines = new ArrayList<>();
  private final Fleet fleet;
  private final PoolOracle oracle;
  private final Map<InvocationId, Hands> hands = new HashMap<>();
  private final Set<Long> unanswered = new HashSet<>();
  private final List<TaskEntry> journal = new ArrayList<>();
  private final List<TaskEntry> written = new ArrayList<>();
  private final List<Effect> effects = new ArrayList<>();
  private final Set<String> acknowledged = new HashSet<>();
  private final List<TaskEffect.ReadEvidence> evidence = new ArrayList<>();
  private Pools pools;
  private final ProgramSpec first;
  private ProgramSpec program;
  private PoolView.Intake intake = PoolView.Intake.OPEN;
  private long nanos = Duration.ofDays(1).toNanos();
  private long requests;
  private boolean isLoadAsked;
  private boolean hasStore = true;
  private boolean isEnding;

  private PoolHistory(long seed, Bug bug, boolean isWritten) {
    this.random = new SplittableRandom(seed);
    this.bug = bug;
    this.isWritten = isWritten;
    this.first = Yard.program(Rules.drawn(random).build());
    this.program = first;
    this.fleet = new Fleet(program);
    this.oracle = new PoolOracle(program, () -> fleet.instances.values(), Yard.EPOCH);
    this.pools = begin(seed);
  }

  static Outcome run(long seed, Bug bug, boolean isWritten) {
    PoolHistory history = new PoolHistory(seed, bug, isWritten);
    try {
      history.fleet.tellAll();
      history.settle();
      for (int i = 0; i < STEPS; i++) {
        history.step();
      }
      history.calm();
    } catch (Broken broken) {
      return new Outcome(Optional.of(broken), history.lines);
    } catch (IllegalStateException | IndexOutOfBoundsException impossible) {
      Broken broken = new Broken(Law.NOTHING_IMPOSSIBLE, impossible.toString());
      broken.addSuppressed(impossible);
      return new Outcome(Optional.of(broken), history.lines);
    }
    return new Outcome(Optional.empty(), history.lines);
  }

  private void tell(Object line) {
    if (isWritten) {
      lines.add((nanos / 1_000_000) + " " + line);
    }
  }

  private <T> T any(T[] values) {
    return values[random.nextInt(values.length)];
  }

  /** Returns what the oracle knows of a task; one that never was where it knows nothing. */
  PoolOracle.Known known(long task) {
    PoolOracle.Known known = oracle.known.get(task);
    return known != null ? known : PoolOracle.Known.STRANGER;
  }

  private Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos));
  }

  private Pools begin(long seed) {
    Pools next = new Pools(new SplittableRandom(seed));
    next.begin(Yard.EPOCH, 0, true, now());
    next.define(bent(), now(), this);
    next.intake("p", intake, now(), this);
    return next;
  }

  private ProgramSpec bent() {
    return Yard.program(bug.rules(program.pool().orElseThrow()));
  }

  // What the daemon decides.

  @Override
  public void keep(TaskEntry entry) {
    for (TaskEntry kept : bug.keeps(entry)) {
      tell("  entry " + kept);
      written.add(kept);
      oracle.kept(kept, nanos);
    }
  }

  @Override
  public void run(Effect effect) {
    for (Effect bent : bug.runs(effect)) {
      tell("  effect " + bent);
      effects.add(bent);
      if (bent instanceof TaskEffect.Cancel cancel) {
        oracle.cancels(cancel.invocation(), cancel.id(), nanos);
      }
    }
  }

  /** Wishes go through to the fleet, once they have been looked at. */
  private final class Watched implements Slots {
    @Override
    public void start(InstanceName slot, String why) {
      tell("  wish start " + slot + ": " + why);
      unless(
          fleet.instance(slot.number()).phase() instanceof Phase.Dead,
          Law.POOL_SIZE,
          slot,
          " is there already");
      unless(!fleet.barred.contains(slot.number()), Law.POOL_SIZE, slot, " must not be started");
      fleet.start(slot, why);
      notTooMany();
    }

    @Override
    public void stop(InstanceName slot, InvocationId invocation, Reason reason, String why) {
      tell("  wish stop " + slot + " " + reason + ": " + why);
      oracle.stops(slot.number(), reason, invocation);
      fleet.stop(slot, invocation, reason, why);
    }

    @Override
    public void kill(InstanceName slot, InvocationId invocation, String why) {
      if (bug.kills()) {
        tell("  wish kill " + slot + ": " + why);
        oracle.killed.add(invocation);
        fleet.kill(slot, invocation, why);
      }
    }

    @Override
    public void busy(InstanceName slot, InvocationId invocation, boolean isBusy) {
      fleet.busy(slot, invocation, isBusy);
    }
  }

  private void settle() {
    fleet.at(now());
    fleet.tell(pools, this);
    for (int i = 0; i < 100; i++) {
      int before = written.size() + effects.size();
      pools.settle(now(), this, new Watched());
      fleet.wishes.clear();
      boolean isAny = fleet.tell(pools, this);
      if (!isAny && written.size() + effects.size() == before) {
        notTooFew();
        oracle.settled(nanos, bug.deadline(pools.nextDeadline()), GRACE);
        return;
      }
    }
    throw new Broken(Law.NO_PAST_DEADLINE, "it wants something without end");
  }

  private void notTooMany() {
    PoolSpec rules = oracle.rules();
    long there = fleet.instances.values().stream().filter(PoolHistory::isThere).count();
    int most = rules.max() + (rules.recycle().isAny() ? 1 : 0);
    unless(there <= most, Law.POOL_SIZE, there, " are there, and at most ", most, " may be");
  }

  private void notTooFew() {
    PoolSpec rules = oracle.rules();
    int present = 0;
    int there = 0;
    boolean canStart = false;
    for (Instance instance : fleet.instances.values()) {
      boolean leaves =
          instance.phase() instanceof Phase.Stopping stopping && stopping.after() == AfterStop.STAY;
      present += isThere(instance) && !leaves ? 1 : 0;
      there += isThere(instance) ? 1 : 0;
      int slot = instance.name().number();
      canStart |= !isThere(instance) && slot <= rules.slots() && !fleet.barred.contains(slot);
    }
    unless(
        present >= rules.min() || !canStart || there >= rules.max() || isEnding,
        Law.POOL_SIZE,
        present,
        " are there, and at least ",
        rules.min(),
        " must be");
  }

  private static boolean isThere(Instance instance) {
    return instance.run().isPresent()
        || (instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.BACKOFF);
  }

  /** The batch ends: its entries are kept, then its effects run. */
  private void commit() {
    settle();
    for (TaskEntry entry : written) {
      if (bug.writes(entry)) {
        journal.add(entry);
      }
    }
    written.clear();
    List<Effect> now = List.copyOf(effects);
    effects.clear();
    for (Effect effect : now) {
      done(effect);
    }
    hands.values().forEach(hand -> hand.unread.clear());
    oracle.turn();
  }

  private void done(Effect effect) {
    if (effect instanceof TaskEffect.Send send) {
      Hands hand = hands.computeIfAbsent(send.invocation(), key -> new Hands());
      unless(hand.sequence < send.sequence(), Law.FENCED, "sequences go back: ", send);
      if (!hand.stuck.isEmpty() || random.nextInt(25) == 0) {
        hand.stuck.add(send);
      } else {
        sent(hand, send);
      }
    } else if (effect instanceof TaskEffect.Withdraw withdraw) {
      Hands hand = hands.get(withdraw.invocation());
      if (hand != null && !hand.stuck.isEmpty()) {
        TaskEffect.Send first = hand.stuck.remove();
        hand.isStuckTold = false;
        unless(
            first.task() == withdraw.task() && first.attempt() == withdraw.attempt(),
            Law.FENCED,
            "not the first: ",
            withdraw);
        hand.stuck.forEach(next -> sent(hand, next));
        hand.stuck.clear();
      }
    } else if (effect instanceof TaskEffect.ReadLoad) {
      isLoadAsked = true;
    } else if (effect instanceof TaskEffect.ReadEvidence read) {
      evidence.add(read);
    } else if (effect instanceof Effect.Reply reply) {
      unless(
          unanswered.remove(reply.request()),
          Law.ANSWERED_ONCE,
          "an answer that nobody waits for: ",
          reply);
      acknowledge(reply.answer());
    } else if (effect instanceof Effect.Publish publish
        && publish.happening() instanceof Happening.PoolNote note
        && note.type().equals("scale")) {
      Matcher sizes = SCALE.matcher(note.detail());
      unless(sizes.lookingAt(), Law.STEADY, "it does not say how many: ", note.detail());
      oracle.scaled(Integer.parseInt(sizes.group(1)), Integer.parseInt(sizes.group(2)), nanos);
    }
  }

  private static void sent(Hands hand, TaskEffect.Send send) {
    hand.sequence = send.sequence();
    hand.open.add(send);
  }

  private void acknowledge(Answer answer) {
    List<TaskOutcome> outcomes =
        answer instanceof Answer.Tasks tasks
            ? tasks.outcomes()
            : answer instanceof Answer.QueueFull full ? full.accepted() : List.of();
    for (TaskOutcome outcome : outcomes) {
      if (outcome.isNew()) {
        acknowledged.add(outcome.id());
      }
    }
    mustKnow();
  }

  /** What was acknowledged is in the journal, and known as long as it is not forgotten. */
  private void mustKnow() {
    for (String id : acknowledged) {
      if (id.startsWith(Yard.EPOCH)) {
        long number = Long.parseLong(id.substring(Yard.EPOCH.length() + 1));
        unless(
            journal.stream()
                .anyMatch(
                    entry -> entry instanceof TaskEntry.Queued queued && queued.task() == number),
            Law.NOTHING_LOST,
            id,
            " was acknowledged and is not kept");
      }
    }
    acknowledged.clear();
  }

  // What happens.

  private void step() {
    int dice = random.nextInt(100);
    if (dice < 18) {
      submit();
    } else if (dice < 50) {
      work();
    } else if (dice < 65) {
      live();
    } else if (dice < 88) {
      pass();
    } else if (dice < 94) {
      operate();
    } else if (dice < 97) {
      remark();
    } else {
      crash();
      return;
    }
    if (random.nextInt(3) > 0) {
      commit();
    }
  }

  private void command(TaskCommand command) {
    tell("command " + command);
    if (command.request() != Command.UNANSWERED) {
      unanswered.add(command.request());
    }
    pools.handle(command, now(), this);
  }

  private void report(TaskReport report) {
    tell("report " + report);
    oracle.heard(report);
    bug.hears(this, report).ifPresent(bent -> pools.handle(bent, now(), this));
  }

  private long request() {
    return random.nextInt(8) == 0 ? Command.UNANSWERED : ++requests;
  }

  private void submit() {
    List<NewTask> tasks = new ArrayList<>();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      tasks.add(
          new NewTask(
              random.nextInt(6) == 0 ? "key" + random.nextInt(20) : "",
              NewTask.DEFAULT_TYPE,
              any(Priority.values()),
              random.nextInt(4) == 0 ? Duration.ofSeconds(1 + random.nextInt(5)).toNanos() : -1,
              random.nextInt(4) == 0 ? random.nextInt(3) : -1,
              random.nextInt(5) == 0 ? Duration.ofMillis(random.nextInt(9000)).toNanos() : 0,
              Yard.bytes("{}")));
    }
    command(
        new TaskCommand.Submit(
            request(),
            Yard.ALICE,
            "p",
            tasks,
            random.nextInt(3) == 0,
            Duration.ofSeconds(random.nextInt(60)).toNanos(),
            random.nextInt(3) == 0 ? Duration.ofSeconds(random.nextInt(20)).toNanos() : 0));
  }

  /** A worker says something, or has something to say again. */
  private void work() {
    List<InvocationId> living = living();
    if (living.isEmpty()) {
      return;
    }
    InvocationId invocation = living.get(random.nextInt(living.size()));
    Hands hand = hands.computeIfAbsent(invocation, key -> new Hands());
    int dice = random.nextInt(20);
    if (random.nextInt(60) == 0) {
      hand.isCut = true;
      fleet.tell(pools, this);
      report(new TaskReport.Unreachable(invocation, random.nextBoolean(), "it is lost"));
    } else if (!hand.stuck.isEmpty()) {
      noData(hand);
    } else if (dice < 2 && !hand.said.isEmpty()) {
      report(hand.said.get(random.nextInt(hand.said.size())));
    } else if (dice < 3) {
      report(
          new TaskReport.Succeeded(
              invocation, 1 + random.nextInt(30), "", 1 + random.nextInt(3), Yard.bytes("1")));
    } else if (!hand.open.isEmpty()) {
      TaskEffect.Send send = hand.open.get(random.nextInt(hand.open.size()));
      if (dice < 5) {
        report(
            new TaskReport.Progressed(
                invocation, send.task(), "", random.nextInt(2) * send.attempt(), 0.5, "half"));
      } else if (dice < 6) {
        hand.open.remove(send);
        report(new TaskReport.NotSent(invocation, send.task(), send.attempt(), "no room"));
      } else {
        hand.open.remove(send);
        TaskReport said =
            dice < 12
                ? new TaskReport.Failed(
                    invocation, send.task(), "", send.attempt(), "no", random.nextInt(6) > 0)
                : new TaskReport.Succeeded(
                    invocation, send.task(), "", send.attempt(), Yard.bytes("1"));
        hand.said.add(said);
        hand.unread.add(said);
        report(said);
      }
    }
  }

  private void noData(Hands hand) {
    if (hand.isStuckTold) {
      return;
    }
    hand.isStuckTold = true;
    TaskEffect.Send first = hand.stuck.element();
    report(
        new TaskReport.NoData(
            first.invocation(),
            first.task(),
            first.attempt(),
            random.nextInt(8) > 0,
            PoolOracle.UNREAD));
    commit();
  }

  List<InvocationId> living() {
    List<InvocationId> living = new ArrayList<>();
    for (Instance instance : fleet.instances.values()) {
      if (!(instance.phase() instanceof Phase.Starting)) {
        instance.run().ifPresent(run -> living.add(run.invocation()));
      }
    }
    return living;
  }

  /** Something happens to a process. */
  private void live() {
    List<Integer> slots = List.copyOf(fleet.instances.keySet());
    int slot = slots.get(random.nextInt(slots.size()));
    fleet.at(now());
    tell("slot " + slot + " " + fleet.instance(slot).phase().state());
    switch (fleet.instance(slot).phase()) {
      case Phase.Starting starting -> {
        if (random.nextInt(6) > 0) {
          fleet.ready(slot);
        } else {
          gone(slot, ExitCause.START_TIMEOUT);
        }
      }
      case Phase.Up up -> {
        switch (random.nextInt(8)) {
          case 0 -> gone(slot, ExitCause.EXIT);
          case 1 -> gone(slot, ExitCause.SIGNAL);
          case 2 -> fleet.state(slot, InstanceState.UNHEALTHY);
          case 3 -> {
            if (up.state() == InstanceState.UNHEALTHY) {
              fleet.state(slot, InstanceState.IDLE);
            }
          }
          case 4 -> pools.used(fleet.instance(slot), random.nextInt(2000), now(), this);
          default -> {}
        }
      }
      case Phase.Stopping stopping -> gone(slot, stoppedBy(stopping));
      case Phase.Dead dead -> {
        if (dead.reason() == DeadReason.BACKOFF) {
          fleet.starting(slot);
        }
      }
    }
    if (bug.lies() && random.nextInt(4) == 0 && fleet.instance(slot).run().isPresent()) {
      Instance alive = fleet.instance(slot);
      Instance said = alive.in(Phase.Dead.lasting(DeadReason.NEW, "it is not true", Actor.POLICY));
      pools.changed(said, false, now(), this);
    }
  }

  private static ExitCause stoppedBy(Phase.Stopping stopping) {
    return switch (stopping.after()) {
      case START, POLICY -> ExitCause.TIME_LIMIT;
      case STAY, FORGET -> ExitCause.REQUESTED;
    };
  }

  private void gone(int slot, ExitCause cause) {
    boolean isStopped =
        fleet.instance(slot).phase() instanceof Phase.Stopping && cause == ExitCause.REQUESTED;
    InvocationId invocation = fleet.invocation(slot);
    fleet.gone(slot, cause, "ended", isStopped ? DeadReason.STOPPED : DeadReason.BACKOFF);
    hands.remove(invocation);
    fleet.at(now());
    fleet.tell(pools, this);
  }

  private void pass() {
    commit();
    long next = pools.nextDeadline();
    long toNext = next == Moment.NEVER ? 0 : next - nanos;
    nanos +=
        switch (random.nextInt(4)) {
          case 0 -> random.nextLong(Duration.ofMillis(300).toNanos());
          case 1 -> random.nextLong(Duration.ofSeconds(20).toNanos());
          case 2 -> Math.min(toNext, Duration.ofMinutes(5).toNanos());
          default ->
              Math.min(toNext, Duration.ofMinutes(5).toNanos())
                  + random.nextLong(Duration.ofMillis(50).toNanos());
        };
    tell("time");
    settle();
  }

  private List<String> ids() {
    List<String> ids = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      ids.add(
          random.nextInt(5) == 0
              ? "key" + random.nextInt(20)
              : Yard.EPOCH + "-" + (1 + random.nextLong(Math.max(1, oracle.everQueued.size()))));
    }
    return ids;
  }

  private void operate() {
    switch (random.nextInt(9)) {
      case 0, 1 -> command(new TaskCommand.Cancel(request(), Yard.ALICE, ids()));
      case 2, 3 -> command(new TaskCommand.Retry(request(), Yard.ALICE, ids()));
      case 4 ->
          command(
              new TaskCommand.Await(
                  request(), Yard.ALICE, ids(), Duration.ofSeconds(random.nextInt(30)).toNanos()));
      case 5 -> {
        intake = any(PoolView.Intake.values());
        tell("intake " + intake);
        pools.intake("p", intake, now(), this);
      }
      case 6 -> {
        int most = 1 + random.nextInt(first.pool().orElseThrow().max());
        int least = random.nextInt(most + 1);
        define(Yard.program(first.pool().orElseThrow().withBounds(least, most)));
      }
      case 7 -> {
        if (random.nextInt(4) == 0) {
          tell("shutdown");
          isEnding = true;
          oracle.isEnding = true;
          pools.shutDown(now(), this);
        }
      }
      default -> {
        int slot = 1 + random.nextInt(fleet.instances.size());
        if (!fleet.barred.remove(slot) && random.nextInt(3) == 0) {
          fleet.barred.add(slot);
        }
        tell("barred " + fleet.barred);
        fleet.touch(slot);
      }
    }
  }

  /** Its rules change; slots that are no more are stopped, whatever they have in hand. */
  private void define(ProgramSpec other) {
    tell("define " + other.pool());
    program = other;
    oracle.define(other);
    fleet.at(now());
    for (int slot : fleet.instances.keySet()) {
      if (slot > other.pool().orElseThrow().slots()) {
        fleet.barred.add(slot);
        fleet.remove(slot);
      }
    }
    pools.define(bent(), now(), this);
    fleet.tell(pools, this);
  }

  private void remark() {
    switch (random.nextInt(5)) {
      case 4 -> report(new TaskReport.StoreFull(random.nextBoolean(), "it holds much"));
      case 0 -> {
        if (isLoadAsked) {
          isLoadAsked = false;
          report(new TaskReport.Load(random.nextInt(120), -1));
        }
      }
      case 1 -> {
        if (!evidence.isEmpty()) {
          TaskEffect.ReadEvidence read = evidence.removeLast();
          report(new TaskReport.Evidence(read.task(), read.invocation(), "last words"));
        }
      }
      default -> {
        hasStore = !hasStore || random.nextInt(3) > 0;
        report(
            hasStore
                ? new TaskReport.StoreWorks()
                : new TaskReport.StoreFailed("disk full", List.of()));
      }
    }
  }

  /** The daemon is killed, perhaps before what it has decided is kept, or done. */
  private void crash() {
    if (random.nextBoolean()) {
      commit();
    } else if (random.nextBoolean()) {
      settle();
      tell("-- its effects are lost");
      written.forEach(
          entry -> {
            if (bug.writes(entry)) {
              journal.add(entry);
            }
          });
    } else {
      tell("-- what it has decided is lost");
    }
    written.clear();
    effects.clear();
    tell("-- crash");
    restart();
    if (random.nextBoolean()) {
      nanos += random.nextLong(Duration.ofSeconds(30).toNanos());
    }
    succeed();
  }

  private void restart() {
    unanswered.clear();
    acknowledged.clear();
    isLoadAsked = false;
    hasStore = true;
    isEnding = false;
    oracle.isEnding = false;
    evidence.clear();
    for (Hands hand : hands.values()) {
      hand.stuck.clear();
      hand.isStuckTold = false;
    }
  }

  private void succeed() {
    // What was heard in a turn that is lost was not heard.
    oracle.turn();
    oracle.replay(journal);
    pools = begin(random.nextLong());
    journal.stream().filter(bug::reads).forEach(pools::replay);
    unless(
        pools.size() == oracle.known.size(),
        Law.RECOVERY,
        pools.size(),
        " tasks are known, not ",
        oracle.known.size());
    oracle.mustBeKnownBy(pools);
    fleet.at(now());
    fleet.tellAll();
    fleet.tell(pools, this);
    oracle.turn();
    for (InvocationId invocation : living()) {
      Hands hand = hands.computeIfAbsent(invocation, key -> new Hands());
      if (hand.isCut || random.nextInt(12) == 0) {
        hand.isCut = true;
        report(new TaskReport.Unreachable(invocation, random.nextBoolean(), "it is lost"));
      }
      if (!hand.isCut || random.nextBoolean()) {
        report(new TaskReport.SentThrough(invocation, hand.sequence));
      }
      // What it has sent is still in its pipe, unless something of it was kept.
      List.copyOf(hand.unread).forEach(this::report);
    }
    commit();
  }

  /** Nothing resists any more: everybody comes up, answers well, and time passes. */
  private void calm() {
    tell("-- calm");
    if (isEnding) {
      commit();
      restart();
      succeed();
    }
    fleet.instances.keySet().forEach(fleet::touch);
    fleet.barred.clear();
    define(first);
    if (!hasStore) {
      report(new TaskReport.StoreWorks());
    }
    report(new TaskReport.StoreFull(false, ""));
    intake = PoolView.Intake.OPEN;
    pools.intake("p", intake, now(), this);
    for (int round = 0; round < 2000; round++) {
      commit();
      isLoadAsked = false;
      if (oracle.known.values().stream().allMatch(task -> task.state.isEnd())) {
        commit();
        unless(unanswered.isEmpty(), Law.ANSWERED_ONCE, "nobody answers ", unanswered);
        return;
      }
      calmRound();
    }
    throw new Broken(
        Law.ENDS_AT_LAST, "still not at its end: " + new TreeMap<>(oracle.known).firstEntry());
  }

  /** Returns whether nobody has anything to say, and only time can change anything. */
  private boolean isQuiet() {
    for (Instance instance : fleet.instances.values()) {
      boolean isIdle =
          instance.phase() instanceof Phase.Up up
              && hands.computeIfAbsent(up.current().invocation(), key -> new Hands()).isIdle();
      if (instance.run().isPresent() && !isIdle) {
        return false;
      }
    }
    return true;
  }

  private void calmRound() {
    fleet.at(now());
    for (int slot : List.copyOf(fleet.instances.keySet())) {
      // What was said of one before may have led to something.
      switch (fleet.instance(slot).phase()) {
        case Phase.Starting starting -> fleet.ready(slot);
        case Phase.Up up -> {
          if (up.state() == InstanceState.UNHEALTHY) {
            fleet.state(slot, InstanceState.IDLE);
          }
          Hands hand = hands.computeIfAbsent(up.current().invocation(), key -> new Hands());
          if (!hand.stuck.isEmpty()) {
            noData(hand);
          }
          for (TaskEffect.Send send : List.copyOf(hand.open)) {
            hand.open.remove(send);
            report(
                new TaskReport.Succeeded(
                    send.invocation(), send.task(), "", send.attempt(), Yard.bytes("1")));
          }
        }
        case Phase.Stopping stopping -> gone(slot, stoppedBy(stopping));
        case Phase.Dead dead -> {
          if (dead.reason() == DeadReason.BACKOFF) {
            fleet.starting(slot);
          }
        }
      }
    }
    commit();
    long next = pools.nextDeadline();
    if (next != Moment.NEVER && isQuiet()) {
      nanos = Math.max(nanos, Math.min(next, nanos + Duration.ofMinutes(10).toNanos()));
    }
  }
}
