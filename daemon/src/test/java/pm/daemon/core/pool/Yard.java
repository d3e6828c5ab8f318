package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import pm.config.Command;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskOutcome;

/**
 * One pool with a clock, a fleet, and nothing else: what it decides is told as lines, so that a
 * test reads as a story.
 */
final class Yard implements Turn {
  static final Actor ALICE = new Actor("alice", 1000, 7);
  static final String EPOCH = "k3f9";
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  final List<TaskEntry> entries = new ArrayList<>();
  final List<String> lines = new ArrayList<>();
  final List<TaskEffect.ReadEvidence> evidence = new ArrayList<>();

  /** Of which kinds the notes were that a person must see. */
  final List<String> grave = new ArrayList<>();

  Fleet fleet;
  Pools pools = new Pools(new SplittableRandom(1));
  ProgramSpec spec;
  private long nanos = Duration.ofHours(1).toNanos();
  private long requests;

  private Yard(ProgramSpec spec) {
    this.spec = spec;
    this.fleet = new Fleet(spec);
    pools.begin(EPOCH, 0, true, now());
    pools.define(spec, now(), this);
  }

  static ProgramSpec program(PoolSpec pool) {
    return program("p", pool);
  }

  static ProgramSpec program(String name, PoolSpec pool) {
    return new ProgramSpec.Builder(name, new Command(List.of("/bin/worker"), false))
        .type(ProgramType.WORKER)
        .pool(java.util.Optional.of(pool))
        .build();
  }

  /** A pool by its rules, whose workers are not up yet. */
  static Yard of(UnaryOperator<Rules> rules) {
    return new Yard(program(rules.apply(new Rules()).build()));
  }

  /** A pool by its rules, whose first {@code up} workers are up. */
  static Yard up(int up, UnaryOperator<Rules> rules) {
    Yard yard = of(rules);
    yard.settle();
    for (int slot = 1; slot <= up; slot++) {
      yard.fleet.up(slot);
    }
    yard.settle();
    yard.said();
    return yard;
  }

  Moment now() {
    return new Moment(nanos, START.plusNanos(nanos));
  }

  /** A daemon after this one, of the same boot, which knows what this one kept. */
  void crash() {
    crash(true);
  }

  void crash(boolean isOfThisBoot) {
    pools = new Pools(new SplittableRandom(2));
    pools.begin(EPOCH, 0, isOfThisBoot, now());
    pools.define(spec, now(), this);
    entries.forEach(pools::replay);
    fleet.at(now());
    fleet.tellAll();
    said();
  }

  void define(UnaryOperator<Rules> rules) {
    spec = program(rules.apply(new Rules()).build());
    pools.define(spec, now(), this);
    settle();
  }

  @Override
  public void keep(TaskEntry entry) {
    entries.add(entry);
    lines.add(line(entry));
  }

  @Override
  public void run(Effect effect) {
    if (effect instanceof TaskEffect.ReadEvidence read) {
      evidence.add(read);
    }
    if (effect instanceof Effect.Publish publish
        && publish.happening() instanceof Happening.PoolNote note
        && note.grave()) {
      grave.add(note.type());
    }
    line(effect).ifPresent(lines::add);
  }

  /** Ends a batch, as often as anything is wished. */
  void settle() {
    fleet.at(now());
    fleet.tell(pools, this);
    for (int i = 0; i < 100; i++) {
      pools.settle(now(), this, fleet);
      lines.addAll(fleet.wishes);
      fleet.wishes.clear();
      if (!fleet.tell(pools, this)) {
        return;
      }
    }
    throw new AssertionError("it wants something without end: " + lines);
  }

  /** Returns what was told since the last time. */
  List<String> said() {
    List<String> said = List.copyOf(lines);
    lines.clear();
    return said;
  }

  /** Returns what was told since the last time, but for what begins with one of those words. */
  List<String> saidBut(String... words) {
    return said().stream()
        .filter(line -> List.of(words).stream().noneMatch(line::startsWith))
        .toList();
  }

  void pass(String duration) {
    nanos += Duration.parse("PT" + duration).toNanos();
    settle();
  }

  /** Time passes up to the next deadline. */
  void passToDeadline() {
    assertThat(pools.nextDeadline()).as("the next deadline").isNotEqualTo(Moment.NEVER);
    nanos = Math.max(nanos, pools.nextDeadline());
    settle();
  }

  static NewTask task() {
    return task("", NewTask.DEFAULT_TYPE, Priority.NORMAL, Duration.ZERO);
  }

  static NewTask task(String key, String type, Priority priority, Duration delay) {
    return new NewTask(
        key, type, priority, NewTask.POOLS, NewTask.POOLS, delay.toNanos(), bytes("{}"));
  }

  static NewTask[] tasks(int count) {
    NewTask[] tasks = new NewTask[count];
    Arrays.setAll(tasks, index -> task());
    return tasks;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  void submit(NewTask... tasks) {
    submit(false, 0, tasks);
  }

  void submit(boolean untilEnded, long spaceNanos, NewTask... tasks) {
    submitTo("p", untilEnded, spaceNanos, tasks);
  }

  void submitTo(String pool, boolean untilEnded, long spaceNanos, NewTask... tasks) {
    handle(
        new TaskCommand.Submit(
            ++requests,
            ALICE,
            pool,
            List.of(tasks),
            untilEnded,
            Duration.ofHours(1).toNanos(),
            spaceNanos));
  }

  long request() {
    return ++requests;
  }

  void handle(TaskCommand command) {
    pools.handle(command, now(), this);
    settle();
  }

  void report(TaskReport report) {
    pools.handle(report, now(), this);
    settle();
  }

  void succeeded(int slot, long task, int attempt) {
    succeeded(slot, task, attempt, bytes("7"));
  }

  void succeeded(int slot, long task, int attempt, byte[] result) {
    report(new TaskReport.Succeeded(fleet.invocation(slot), task, "", attempt, result));
  }

  /** A worker is killed by a signal, and comes back later. */
  void died(int slot) {
    fleet.gone(slot, ExitCause.SIGNAL, "killed by SIGSEGV", DeadReason.BACKOFF);
    settle();
  }

  void failed(int slot, long task, int attempt) {
    report(new TaskReport.Failed(fleet.invocation(slot), task, "", attempt, "no", true));
  }

  private static String line(TaskEntry entry) {
    return switch (entry) {
      case TaskEntry.Queued queued -> "queued " + queued.task();
      case TaskEntry.Started started ->
          "started " + started.task() + "/" + started.attempt() + " @" + started.slot();
      case TaskEntry.Cancelling cancelling -> "cancelling " + cancelling.task();
      case TaskEntry.Returned returned ->
          "returned "
              + returned.task()
              + (returned.isFailure() ? " failure" : "")
              + (returned.isDeath() ? " death" : "")
              + ": "
              + returned.end();
      case TaskEntry.Ended ended ->
          "ended "
              + ended.task()
              + " "
              + ended.state()
              + (ended.isDeath() ? " death" : "")
              + (ended.error().isEmpty() ? "" : ": " + ended.error());
      case TaskEntry.Noted noted ->
          "noted " + noted.task() + "/" + noted.attempt() + ": " + noted.evidence();
      case TaskEntry.PutBack back -> "put-back " + back.task();
      case TaskEntry.Forgotten forgotten -> "forgotten " + forgotten.task();
      case TaskEntry.Whole whole -> "whole " + whole.task();
    };
  }

  private static java.util.Optional<String> line(Effect effect) {
    if (effect instanceof Effect.Reply reply) {
      return java.util.Optional.of("reply " + reply.request() + " " + line(reply.answer()));
    }
    if (effect instanceof Effect.Publish publish) {
      if (publish.happening() instanceof Happening.PoolNote note) {
        return java.util.Optional.of(
            note.type() + (note.task().isEmpty() ? "" : " " + note.task()) + ": " + note.detail());
      }
      return java.util.Optional.of("note " + publish.happening());
    }
    if (effect instanceof TaskEffect.Send send) {
      return java.util.Optional.of(
          "send "
              + last(send.invocation())
              + " "
              + send.task()
              + "/"
              + send.attempt()
              + " #"
              + send.sequence());
    }
    if (effect instanceof TaskEffect.Cancel cancel) {
      return java.util.Optional.of("cancel " + last(cancel.invocation()) + " " + cancel.id());
    }
    if (effect instanceof TaskEffect.ReadEvidence read) {
      return java.util.Optional.of("read-evidence " + read.instance() + " " + read.task());
    }
    if (effect instanceof TaskEffect.ReadLoad) {
      return java.util.Optional.of("read-load");
    }
    if (effect instanceof Effect.ReadUsage read) {
      return java.util.Optional.of("read-usage " + read.instance());
    }
    return java.util.Optional.of(effect.toString());
  }

  private static String last(InvocationId invocation) {
    return "i" + Long.parseLong(invocation.hex().substring(16), 16);
  }

  private static String line(Answer answer) {
    return switch (answer) {
      case Answer.Tasks tasks -> outcomes(tasks.outcomes());
      case Answer.QueueFull full -> "full " + outcomes(full.accepted()) + " of " + full.asked();
      case Answer.TryAgain again -> "try again: " + again.why();
      case Answer.NoMatch none -> "no match: " + none.selector();
      case Answer.Refused refused -> "refused: " + refused.why();
      case Answer.Outcomes outcomes -> outcomes.toString();
      case Answer.Applied applied -> applied.toString();
    };
  }

  private static String outcomes(List<TaskOutcome> outcomes) {
    return outcomes.stream().map(Yard::outcome).toList().toString();
  }

  private static String outcome(TaskOutcome outcome) {
    return outcome.id()
        + " "
        + outcome.state()
        + (outcome.isNew() ? " new" : "")
        + (outcome.isRefused() ? " refused" : "")
        + (outcome.detail().isEmpty() ? "" : ": " + outcome.detail())
        + (outcome.result().length == 0
            ? ""
            : " = " + new String(outcome.result(), StandardCharsets.UTF_8));
  }
}
