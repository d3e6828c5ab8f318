package pm.daemon.simulation;

import static pm.daemon.simulation.TaskViolation.unless;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import pm.config.Configuration;
import pm.daemon.core.Transcript;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.store.TaskDisk;

/**
 * A machine: its clock, its processes, its disks, and a daemon as long as one runs. Daemons may be
 * killed before and after each thing that they do; the power may fail then.
 */
final class TaskWorld {

  private static final long SECOND = 1_000_000_000L;

  private record Happens(long at, long order, boolean isOfDaemon, Runnable what) {}

  final long seed;
  final SplittableRandom random;
  final TaskSabotage sabotage;
  final TaskWatch watch;
  final TaskDisk disk;
  final Transcript transcript = new Transcript();

  /** What daemons keep where it survives them, and no loss of power. */
  Journal records = new Journal();

  /** Nothing resists any more. */
  boolean isTame;

  /** What cores have handled. */
  long events;

  private final boolean isWritten;
  private final List<String> lines = new ArrayList<>();
  private final PriorityQueue<Happens> future =
      new PriorityQueue<>(Comparator.comparingLong(Happens::at).thenComparingLong(Happens::order));
  private final Map<InvocationId, SimulatedWorker> workers = new LinkedHashMap<>();
  private final Set<Long> open = new HashSet<>();
  private Optional<TaskDaemon> daemon = Optional.empty();
  private Configuration files;
  private Decisions safe = Decisions.NONE;
  private long time = 1_000_000 * SECOND;
  private long bootedAt = 1_000 * SECOND;
  private int boots = 1;
  private int daemons;
  private long order;
  private int pids = 100;
  private int ackedTurns;

  /** What is done until the daemon is killed; 0 for ever. */
  private int fuse;

  private boolean isPowerToFail;

  TaskWorld(long seed, TaskSabotage sabotage, boolean isWritten) {
    this.seed = seed;
    this.sabotage = sabotage;
    this.isWritten = isWritten;
    random = new SplittableRandom(seed);
    watch = new TaskWatch(sabotage);
    disk = new TaskDisk(seed, 3_000 + random.nextInt(60_000), sabotage::diskDrops);
    if (sabotage.diskLies()) {
      disk.lie();
    }
    files = PoolPrograms.draw(random, true);
  }

  List<String> lines() {
    return lines;
  }

  void tell(String line) {
    if (isWritten) {
      lines.add((time - bootedAt) / 1_000_000 + "ms " + line);
    }
  }

  void tell(Event event) {
    if (isWritten) {
      tell("> " + transcript.event(event));
    }
  }

  void tell(Decision decision) {
    if (isWritten) {
      transcript.lines(decision, now()).forEach(line -> tell("    " + line));
    }
  }

  /** Returns the nanoseconds since the machine was made. */
  long time() {
    return time;
  }

  Moment now() {
    return new Moment(time - bootedAt, Instant.EPOCH.plusNanos(time));
  }

  String boot() {
    return "boot" + boots;
  }

  Configuration files() {
    return files;
  }

  void edit(Configuration edited) {
    files = edited;
  }

  Optional<TaskDaemon> daemon() {
    return daemon;
  }

  // Time.

  /** Something of the daemon that runs, which is not done any more when that is gone. */
  void ofDaemon(long within, Runnable what) {
    future.add(new Happens(time + within, order++, true, what));
  }

  /** Something that happens whatever daemon there is. */
  void happens(long within, Runnable what) {
    future.add(new Happens(time + 1 + random.nextLong(within), order++, false, what));
  }

  void pass(long length) {
    long until = time + length;
    while (true) {
      long deadline = daemon.map(TaskDaemon::deadline).orElse(Moment.NEVER);
      long next = deadline == Moment.NEVER ? Long.MAX_VALUE : deadline + bootedAt;
      if (!future.isEmpty() && future.element().at() <= Math.min(until, next)) {
        Happens first = future.remove();
        time = Math.max(time, first.at());
        guarded(first.what());
      } else if (next <= until) {
        time = Math.max(time, next);
        guarded(() -> daemon.ifPresent(TaskDaemon::timePassed));
      } else {
        time = Math.max(time, until);
        return;
      }
    }
  }

  private void guarded(Runnable what) {
    try {
      what.run();
    } catch (Killed killed) {
      dies();
    }
  }

  // The daemon.

  /** Something asked of the daemon; waits until there is one. */
  void ask(long request, Event event) {
    for (int i = 0; daemon.isEmpty(); i++) {
      unless(i < 100, TaskLaw.CONVERGES, "no daemon comes");
      pass(SECOND);
    }
    open.add(request);
    daemon.get().hears(event);
  }

  void answered(long request, Answer answer, int turns) {
    unless(open.remove(request), TaskLaw.ANSWERED, request, " is answered again: ", answer);
    tell("    reply " + request + " " + answer.getClass().getSimpleName());
    ackedTurns = Math.max(ackedTurns, turns);
    watch.answered(answer);
  }

  Set<Long> open() {
    return open;
  }

  /** Lets the daemon be killed after so many more things that it does. */
  void light(int things, boolean isPower) {
    fuse = things;
    isPowerToFail = isPower;
  }

  void mayDie() {
    if (fuse > 0 && --fuse == 0) {
      throw new Killed();
    }
  }

  void begin() {
    daemons++;
    begin(OptionalInt.empty(), false, 0);
  }

  private void begin(OptionalInt least, boolean isPowerLost, long shiftNanos) {
    TaskDaemon next = new TaskDaemon(this, daemons);
    daemon = Optional.of(next);
    ackedTurns = 0;
    next.begin(files, least, isPowerLost, shiftNanos);
  }

  /** It is killed, or the power fails. */
  private void dies() {
    boolean isPower = isPowerToFail;
    tell(isPower ? "-- the power fails" : "-- kill -9 of the daemon");
    daemon.ifPresent(gone -> gone.spawning().forEach(this::perhapsBorn));
    leave();
    long before = bootedAt;
    OptionalInt least = OptionalInt.empty();
    if (isPower) {
      least = OptionalInt.of(ackedTurns);
      workers.clear();
      future.clear();
      records = new Journal();
      disk.losePower();
      boots++;
      time += 1 + random.nextLong(100 * SECOND);
      bootedAt = time;
    }
    long shift = before - bootedAt;
    OptionalInt survive = least;
    daemons++;
    happens(
        random.nextInt(3) == 0 ? 20 * SECOND : SECOND / 2,
        () -> {
          if (!isTame && random.nextInt(6) == 0) {
            light(1 + random.nextInt(8), random.nextInt(6) == 0);
          }
          begin(survive, isPower, shift);
        });
  }

  private final Map<InvocationId, InstanceName> asked = new LinkedHashMap<>();

  void spawns(InstanceName slot, InvocationId invocation) {
    asked.put(invocation, slot);
  }

  private void perhapsBorn(InvocationId invocation) {
    InstanceName slot = asked.get(invocation);
    if (slot != null && random.nextBoolean()) {
      born(slot, invocation);
    }
  }

  private void leave() {
    fuse = 0;
    daemon = Optional.empty();
    watch.isGone();
    open.clear();
    asked.clear();
    future.removeIf(Happens::isOfDaemon);
    workers.values().forEach(worker -> worker.isEndTold = false);
  }

  /** It has stopped everything, and ended. */
  void ended() {
    tell("-- the daemon has ended");
    for (SimulatedWorker worker : workers.values()) {
      unless(!worker.isAlive, TaskLaw.ONE_PROCESS, worker, " outlives the shutdown");
    }
    safe = records.decisions();
    leave();
    daemons++;
    happens(2 * SECOND, () -> begin(OptionalInt.empty(), false, 0));
  }

  void decided(Decisions decisions) {
    safe = decisions;
  }

  Decisions decisions(boolean isPowerLost) {
    return isPowerLost ? safe.afterBoot() : safe;
  }

  // Processes.

  Optional<SimulatedWorker> worker(InvocationId invocation) {
    return Optional.ofNullable(workers.get(invocation));
  }

  List<SimulatedWorker> living() {
    return workers.values().stream().filter(worker -> worker.isAlive).toList();
  }

  SimulatedWorker born(InstanceName slot, InvocationId invocation) {
    asked.remove(invocation);
    for (SimulatedWorker other : workers.values()) {
      unless(
          !other.isAlive || !other.slot.equals(slot),
          TaskLaw.ONE_PROCESS,
          slot,
          " is started beside ",
          other);
    }
    SimulatedWorker worker = new SimulatedWorker(slot, invocation, pids++, random.nextInt(4) > 0);
    worker.isStubborn = !isTame && random.nextInt(6) == 0;
    worker.isDeaf = !isTame && random.nextInt(15) == 0;
    workers.put(invocation, worker);
    if (!isTame && random.nextInt(12) == 0) {
      happens(
          3 * SECOND,
          () -> {
            if (!isTame) {
              exit(worker, new ExitStatus.Code(random.nextInt(2)));
            }
          });
    } else if (!isTame && random.nextInt(25) == 0) {
      happens(5 * SECOND, () -> worker.hasClosedInput = !isTame);
    }
    return worker;
  }

  void released(InvocationId invocation) {
    SimulatedWorker worker = workers.remove(invocation);
    unless(
        worker == null || !worker.isAlive, TaskLaw.ONE_PROCESS, worker + " is released and lives");
  }

  void terminate(SimulatedWorker worker) {
    if (!worker.isStubborn) {
      happens(SECOND, () -> exit(worker, new ExitStatus.Signalled("TERM", 15, false)));
    }
  }

  void exit(SimulatedWorker worker, ExitStatus status) {
    if (worker.isAlive && workers.get(worker.id) == worker) {
      tell("  " + worker + " ends: " + status);
      worker.isAlive = false;
      worker.hands.clear();
      daemon.ifPresent(running -> running.exited(worker, status));
    }
  }

  /** Everybody behaves from now on. */
  void tame() {
    isTame = true;
    for (SimulatedWorker worker : workers.values()) {
      worker.isStubborn = false;
      if (worker.isDeaf) {
        worker.isDeaf = false;
        happens(SECOND, () -> read(worker));
      }
    }
  }

  // What workers do.

  /** Frames are written to a worker. */
  void deliver(SimulatedWorker worker, List<SimulatedWorker.Frame> frames, List<byte[]> data) {
    for (int i = 0; i < frames.size(); i++) {
      if (frames.get(i) instanceof SimulatedWorker.Frame.Task task) {
        TaskEffect.Send send = task.send();
        watch.given(worker, send, data.get(i), disk.lease(send.task(), worker.id, send.attempt()));
        given(worker, send);
      }
      worker.input.add(frames.get(i));
    }
    happens(
        random.nextInt(5) == 0 ? SECOND : SECOND / 50,
        () -> {
          if (!worker.isDeaf) {
            read(worker);
          }
        });
  }

  private void given(SimulatedWorker worker, TaskEffect.Send send) {
    String id = id(send);
    for (SimulatedWorker other : workers.values()) {
      unless(
          other == worker || !other.isAlive || !other.hands.containsKey(id),
          TaskLaw.ONE_HAND,
          worker,
          " gets ",
          id,
          ", which ",
          other,
          " has in hand");
    }
    worker.hands.put(id, new SimulatedWorker.Hand(send, time, send.deadlineMillis() * 1_000_000));
  }

  private static String id(TaskEffect.Send send) {
    return send.key().isEmpty() ? "#" + send.task() : send.key();
  }

  private void read(SimulatedWorker worker) {
    if (!worker.isAlive) {
      return;
    }
    while (!worker.input.isEmpty()) {
      switch (worker.input.remove()) {
        case SimulatedWorker.Frame.Task task -> work(worker, task.send());
        case SimulatedWorker.Frame.GiveUp give -> giveUp(worker, give.id());
        case SimulatedWorker.Frame.Finish finish -> {
          if (isTame || random.nextBoolean()) {
            worker.isFinishing = true;
            finish(worker);
          }
        }
        case SimulatedWorker.Frame.Ping ping -> {
          if (isTame || random.nextInt(15) > 0) {
            happens(
                SECOND / 5,
                () -> say(worker, new SimulatedWorker.Message.Pong(ping.daemon(), ping.number())));
          }
        }
        case SimulatedWorker.Frame.Torn torn -> {}
      }
    }
    daemon.ifPresent(running -> running.hasRoom(worker));
  }

  private void finish(SimulatedWorker worker) {
    if (worker.isFinishing && worker.hands.isEmpty()) {
      happens(SECOND / 2, () -> exit(worker, new ExitStatus.Code(0)));
    }
  }

  private void work(SimulatedWorker worker, TaskEffect.Send send) {
    int fate = isTame ? 0 : random.nextInt(24);
    switch (fate) {
      case 10, 11, 12 -> happens(2 * SECOND, () -> fail(worker, send));
      case 13 -> happens(25 * SECOND, () -> fail(worker, send));
      case 14, 15 -> happens(25 * SECOND, () -> succeed(worker, send, send.attempt()));
      case 16 -> happens(SECOND, () -> exit(worker, new ExitStatus.Signalled("SEGV", 11, false)));
      case 17 -> {
        // It never answers.
      }
      case 18 -> {
        happens(2 * SECOND, () -> succeed(worker, send, send.attempt()));
        happens(9 * SECOND, () -> succeed(worker, send, send.attempt()));
      }
      case 19 -> {
        happens(SECOND, () -> succeed(worker, send, send.attempt() - 1));
        happens(4 * SECOND, () -> succeed(worker, send, send.attempt()));
      }
      case 20 -> {
        happens(SECOND, () -> babble(worker));
        happens(4 * SECOND, () -> succeed(worker, send, send.attempt()));
      }
      case 21 -> {
        happens(SECOND, () -> progress(worker, send));
        happens(9 * SECOND, () -> succeed(worker, send, send.attempt()));
      }
      case 22 -> {
        happens(2 * SECOND, () -> fail(worker, send));
        happens(4 * SECOND, () -> succeed(worker, send, send.attempt()));
      }
      default -> happens(2 * SECOND, () -> succeed(worker, send, send.attempt()));
    }
  }

  private void giveUp(SimulatedWorker worker, String id) {
    SimulatedWorker.Hand hand =
        worker.hands.values().stream()
            .filter(each -> id.equals(each.send().key()) || id.endsWith("-" + each.send().task()))
            .findFirst()
            .orElse(null);
    if (hand == null) {
      return;
    }
    switch (isTame ? 0 : random.nextInt(4)) {
      case 0, 1 -> happens(SECOND, () -> fail(worker, hand.send()));
      case 2 -> happens(3 * SECOND, () -> succeed(worker, hand.send(), hand.send().attempt()));
      default -> {
        // It does not listen.
      }
    }
  }

  private static boolean isNumbered(TaskEffect.Send send) {
    return send.key().isEmpty();
  }

  private void succeed(SimulatedWorker worker, TaskEffect.Send send, int attempt) {
    String result = "\"" + worker.id.hex().substring(0, 8) + " " + order++ + "\"";
    if (random.nextInt(30) == 0) {
      result = "\"" + "long ".repeat(1_000) + order++ + "\"";
    }
    answer(
        worker,
        send,
        attempt,
        result,
        new TaskReport.Succeeded(
            worker.id,
            isNumbered(send) ? send.task() : 0,
            send.key(),
            attempt,
            result.getBytes(StandardCharsets.UTF_8)));
  }

  private void fail(SimulatedWorker worker, TaskEffect.Send send) {
    answer(
        worker,
        send,
        send.attempt(),
        "",
        new TaskReport.Failed(
            worker.id,
            isNumbered(send) ? send.task() : 0,
            send.key(),
            send.attempt(),
            "no",
            random.nextInt(5) > 0));
  }

  private void answer(
      SimulatedWorker worker, TaskEffect.Send send, int attempt, String result, TaskReport report) {
    if (!worker.isAlive) {
      return;
    }
    SimulatedWorker.Hand hand = worker.hands.get(id(send));
    if (hand != null && hand.send().attempt() == attempt) {
      worker.hands.remove(id(send));
    }
    watch.says(worker, id(send), attempt, result);
    say(worker, new SimulatedWorker.Message.Told(report));
    finish(worker);
  }

  private void babble(SimulatedWorker worker) {
    if (worker.isAlive) {
      byte[] nonsense = "0".getBytes(StandardCharsets.UTF_8);
      watch.says(worker, "nobody", 1, "0");
      say(
          worker,
          new SimulatedWorker.Message.Told(
              new TaskReport.Succeeded(worker.id, 1_000_000, "", 1, nonsense)));
    }
  }

  private void progress(SimulatedWorker worker, TaskEffect.Send send) {
    say(
        worker,
        new SimulatedWorker.Message.Told(
            new TaskReport.Progressed(worker.id, send.task(), "", send.attempt(), 0.5, "half")));
  }

  private void say(SimulatedWorker worker, SimulatedWorker.Message message) {
    if (worker.isAlive) {
      worker.output.add(message);
      daemon.ifPresent(running -> running.said(worker));
    }
  }

  /** Looks at everybody who has had a task for longer than it may. */
  void looksForTheSlow(long daemonSince) {
    for (SimulatedWorker worker : workers.values()) {
      for (SimulatedWorker.Hand hand : worker.hands.values()) {
        unless(
            !worker.isAlive || time <= Math.max(hand.deadline(), daemonSince) + MOST_LATE,
            TaskLaw.IN_TIME,
            worker,
            " goes on with ",
            hand);
      }
    }
  }

  private static final long MOST_LATE = 2 * PoolPrograms.GRACE.toNanos() + 14 * SECOND;

  // For the story.

  void tellEntry(Entry entry) {
    if (isWritten) {
      tell(new Decision(List.of(entry), List.of()));
    }
  }

  void tellEntry(TaskEntry entry) {
    if (isWritten) {
      tell(new Decision(List.of(), List.of(entry), List.of()));
    }
  }

  void tellEffect(Effect effect) {
    if (isWritten) {
      tell(new Decision(List.of(), List.of(effect)));
    }
  }
}
