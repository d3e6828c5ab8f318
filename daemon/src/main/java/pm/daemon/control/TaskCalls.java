package pm.daemon.control;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;
import pm.protocol.ErrorCode;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/** Calls about tasks. Loop thread only, but for reading what is in files. */
final class TaskCalls {
  private static final Logger LOG = LoggerFactory.getLogger(TaskCalls.class);

  private static final Members NO_MEMBERS = new Members(Map.of());
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] NOTHING = {};

  /** Bytes of what {@code task.show} says beside data and result, mostly. */
  private static final int SHOWN_BYTES = 2_048;

  /** Bytes of what it says behind data and result, at most. */
  private static final int SHOWN_END_BYTES = 128;

  private final ControlPorts ports;
  private final Queries queries;
  private final Answers answers;
  private final Requests requests;
  private final Actors actors;
  private final PoolNames pools;

  private final BiConsumer<Call, Answer> submitted = this::submitted;
  private final BiConsumer<Call, Answer> ended = this::ended;
  private final BiConsumer<Call, Answer> awaited = this::awaited;
  private final BiConsumer<Call, Answer> changed = this::changed;

  TaskCalls(
      ControlPorts ports,
      Queries queries,
      Answers answers,
      Requests requests,
      Actors actors,
      PoolNames pools) {
    this.ports = ports;
    this.queries = queries;
    this.answers = answers;
    this.requests = requests;
    this.actors = actors;
    this.pools = pools;
  }

  /** Puts tasks in. */
  void submit(Connection connection, Submission submission) {
    Call call = new Call(connection, submission.id(), Method.SUBMIT, NO_MEMBERS);
    if (!pools.isPool(submission.pool())) {
      pools.noPool(call, submission.pool());
      return;
    }
    if (connection.isTooMuchToWait(submission.waitingBytes())) {
      call.error(ErrorCode.BUSY, "too much waits for room already; try again later");
      return;
    }
    Optional<Actor> known = actors.known(connection.peer());
    if (known.isPresent()) {
      submit(call, submission, known.get());
    } else {
      actors.with(call, requests, actor -> submit(call, submission, actor));
    }
  }

  private void submit(Call call, Submission submission, Actor actor) {
    long request =
        call.id().isPresent()
            ? requests.awaitSubmit(
                call,
                submission.untilEnded() ? ended : submitted,
                submission.tasks().size(),
                submission.waitingBytes())
            : Command.UNANSWERED;
    ports
        .commands()
        .submit(
            new TaskCommand.Submit(
                request,
                actor,
                submission.pool(),
                submission.tasks(),
                submission.untilEnded(),
                submission.waitNanos(),
                submission.spaceNanos()));
  }

  private void submitted(Call call, Answer answer) {
    if (answer instanceof Answer.Tasks tasks) {
      call.id()
          .ifPresent(
              id ->
                  call.connection()
                      .sendSoon(
                          OutcomeLine.ofSubmit(id, tasks.outcomes(), OutcomeLine.Results.NONE)));
    } else {
      notSubmitted(call, answer);
    }
  }

  private void ended(Call call, Answer answer) {
    if (answer instanceof Answer.Tasks tasks) {
      withResults(call, tasks.outcomes(), OutcomeLine::ofSubmit);
    } else {
      notSubmitted(call, answer);
    }
  }

  private void notSubmitted(Call call, Answer answer) {
    switch (answer) {
      case Answer.QueueFull full -> queueFull(call, full);
      case Answer.TryAgain later -> call.error(ErrorCode.BUSY, later.why());
      case Answer.NoMatch noMatch -> pools.noPool(call, noMatch.selector());
      case Answer.Refused refused -> answers.refused(call, refused);
      case Answer.Tasks _, Answer.Outcomes _, Answer.Applied _ -> throw impossible(answer);
    }
  }

  /** Makes the line of an answer. */
  private interface Maker {
    byte[] line(Id id, List<TaskOutcome> outcomes, OutcomeLine.Results results);
  }

  /** A result that only the store has. */
  private record Stored(String id, long number, int bytes) {}

  /** Answers with results; those that the core has not at hand are read off the loop. */
  private void withResults(Call call, List<TaskOutcome> outcomes, Maker maker) {
    if (call.id().isEmpty()) {
      return;
    }
    Id id = call.id().get();
    Moment now = ports.time().now();
    List<Stored> stored = new ArrayList<>();
    for (TaskOutcome outcome : outcomes) {
      if (outcome.state() == TaskState.SUCCEEDED && outcome.result().length == 0) {
        ports
            .tasks()
            .task(outcome.id(), now)
            .map(
                task ->
                    new Stored(task.id(), task.number(), ports.tasks().resultBytes(task.number())))
            .filter(task -> task.bytes() > 0)
            .ifPresent(stored::add);
      }
    }
    if (stored.isEmpty()) {
      call.connection().send(maker.line(id, outcomes, OutcomeLine.Results.NONE));
    } else {
      queries.onPool(call, () -> read(id, outcomes, stored, maker), call.connection()::send);
    }
  }

  /** On the pool. Reads no more than has room in a line. */
  private byte[] read(Id id, List<TaskOutcome> outcomes, List<Stored> stored, Maker maker) {
    Map<String, byte[]> results = new HashMap<>();
    Set<String> unread = new HashSet<>();
    long bytes = 0;
    for (Stored result : stored) {
      bytes += result.bytes();
      if (bytes > Bounds.LINE_BYTES && !results.isEmpty()) {
        unread.add(result.id());
        continue;
      }
      try {
        results.put(result.id(), ports.tasks().result(result.number()));
      } catch (IOException e) {
        if (ports.tasks().resultBytes(result.number()) == 0) {
          // It is forgotten meanwhile. Whoever asks for what is left out is told so.
          unread.add(result.id());
          continue;
        }
        LOG.warn("the result of task {} cannot be read: {}", result.id(), e.getMessage());
        return Wire.error(
            Optional.of(id),
            ErrorCode.REFUSED,
            "the result of task " + result.id() + " cannot be read: " + e.getMessage());
      }
    }
    return maker.line(id, outcomes, new OutcomeLine.Results(results, unread));
  }

  private static void queueFull(Call call, Answer.QueueFull full) {
    List<Object> accepted = new ArrayList<>();
    for (TaskOutcome outcome : full.accepted()) {
      Map<String, Object> task = new LinkedHashMap<>();
      task.put("id", outcome.id());
      task.put("state", outcome.state().name());
      task.put("new", outcome.isNew());
      accepted.add(task);
    }
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("pool", full.pool());
    data.put("capacity", (long) full.capacity());
    data.put("accepted", accepted);
    String much =
        full.accepted().isEmpty()
            ? "none of " + full.asked() + (full.asked() == 1 ? " task" : " tasks") + " is in"
            : full.accepted().size() + " of " + full.asked() + " tasks are in";
    call.error(
        ErrorCode.QUEUE_FULL,
        "the queue of "
            + full.pool()
            + " is full, it holds "
            + full.capacity()
            + ": "
            + much
            + "; try again later, or wait for room with space_seconds",
        data);
  }

  /** Waits for the end of tasks. */
  void await(Call call) throws JsonException {
    List<String> ids = TaskIds.of(call.params());
    long wait =
        Params.seconds(call.params(), "wait_seconds").map(Duration::toNanos).orElse(Long.MAX_VALUE);
    command(call, awaited, (request, actor) -> new TaskCommand.Await(request, actor, ids, wait));
  }

  private void awaited(Call call, Answer answer) {
    if (answer instanceof Answer.Tasks tasks) {
      withResults(call, tasks.outcomes(), OutcomeLine::ofAwait);
    } else {
      refused(call, answer);
    }
  }

  /** Gives tasks up. */
  void cancel(Call call) throws JsonException {
    List<String> ids = TaskIds.of(call.params());
    command(call, changed, (request, actor) -> new TaskCommand.Cancel(request, actor, ids));
  }

  /** Puts tasks back. */
  void retry(Call call) throws JsonException {
    List<String> ids = TaskIds.of(call.params());
    command(call, changed, (request, actor) -> new TaskCommand.Retry(request, actor, ids));
  }

  private void changed(Call call, Answer answer) {
    if (!(answer instanceof Answer.Tasks tasks)) {
      refused(call, answer);
      return;
    }
    List<Object> outcomes = new ArrayList<>();
    for (TaskOutcome outcome : tasks.outcomes()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("id", outcome.id());
      json.put("state", outcome.state().name());
      json.put("result", result(outcome));
      json.put("detail", outcome.detail().isEmpty() ? Json.NULL : outcome.detail());
      outcomes.add(json);
    }
    call.result(Map.of("outcomes", outcomes));
  }

  /** What was so already is said in words, and is not refused. */
  private static String result(TaskOutcome outcome) {
    return outcome.isRefused() ? "failed" : outcome.detail().isEmpty() ? "done" : "unchanged";
  }

  private void refused(Call call, Answer answer) {
    switch (answer) {
      case Answer.NoMatch noMatch -> noTask(call, noMatch.selector());
      case Answer.TryAgain later -> call.error(ErrorCode.BUSY, later.why());
      case Answer.Refused refused -> answers.refused(call, refused);
      case Answer.Tasks _, Answer.QueueFull _, Answer.Outcomes _, Answer.Applied _ ->
          throw impossible(answer);
    }
  }

  private void command(
      Call call, BiConsumer<Call, Answer> then, BiFunction<Long, Actor, TaskCommand> maker) {
    actors.with(
        call,
        requests,
        actor -> ports.commands().submit(maker.apply(requests.await(call, then), actor)));
  }

  static IllegalStateException impossible(Answer answer) {
    return new IllegalStateException("nobody has asked for " + answer);
  }

  private static void noTask(Call call, String id) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("selector", id);
    data.put("similar", List.of());
    call.error(
        ErrorCode.NO_MATCH,
        "there is no task "
            + Params.shortened(id)
            + ", or no longer: what has ended is forgotten after task.keep; pmctl task list POOL"
            + " shows all",
        data);
  }

  /** A page of tasks: those of a pool, or of all. */
  void list(Call call) throws JsonException {
    Optional<String> pool = call.params().optionalString("pool");
    Optional<String> word = call.params().optionalString("state");
    Optional<TaskState> state =
        word.isPresent() ? Optional.of(state(word.get())) : Optional.empty();
    long after = cursor(call.params().optionalString("cursor").orElse("0"));
    Moment now = ports.time().now();
    if (pool.isPresent() && !pools.isKnown(pool.get(), now)) {
      pools.noPool(call, pool.get());
      return;
    }
    List<TaskView> found =
        ports
            .tasks()
            .tasks(pool.orElse(TaskSource.ALL_POOLS), state, after, Bounds.TASKS_OF_PAGE, now);
    queries.answer(
        call,
        () -> {
          Page page = new Page("tasks");
          boolean hasRoom = true;
          for (TaskView task : found) {
            hasRoom = page.add(Long.toString(task.number()), TaskJson.task(task, ports.tasks()));
            if (!hasRoom) {
              break;
            }
          }
          if (found.size() >= Bounds.TASKS_OF_PAGE) {
            page.cut();
          }
          return page.end(Optional.empty());
        });
  }

  private static TaskState state(String word) throws JsonException {
    for (TaskState state : TaskState.values()) {
      if (state.name().equalsIgnoreCase(word)) {
        return state;
      }
    }
    throw new JsonException(
        "state must be QUEUED, RUNNING, SUCCEEDED, FAILED, TIMED_OUT or CANCELLED");
  }

  /** Where a page ended: the number of its last task. */
  private static long cursor(String text) throws JsonException {
    if (!text.matches("[0-9]{1,18}")) {
      throw new JsonException("cursor is not one that was given");
    }
    return Long.parseLong(text);
  }

  /** Everything about a task. */
  void show(Call call) throws JsonException {
    String id = call.params().string("id");
    Only only = only(call.params().optionalString("only").orElse(""));
    show(call, id, only);
  }

  private void show(Call call, String id, Only only) {
    Optional<TaskView> found = ports.tasks().task(id, ports.time().now());
    if (found.isEmpty()) {
      noTask(call, id);
      return;
    }
    TaskView task = found.get();
    queries.onPool(call, () -> shown(call, task, only), Runnable::run);
  }

  private void unread(Call call, TaskView task, Only only, IOException why) {
    boolean isThere =
        ports
            .tasks()
            .task(task.id(), ports.time().now())
            .filter(now -> now.number() == task.number())
            .isPresent();
    if (isThere) {
      LOG.warn("task {} cannot be read: {}", task.id(), why.getMessage());
      call.error(
          ErrorCode.REFUSED,
          "the data of task " + task.id() + " cannot be read: " + why.getMessage());
    } else {
      // It was forgotten meanwhile, and another one may have its id.
      show(call, task.id(), only);
    }
  }

  /** What of a task is wanted. */
  private enum Only {
    ALL,
    DATA,
    RESULT
  }

  private static Only only(String word) throws JsonException {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "" -> Only.ALL;
      case "data" -> Only.DATA;
      case "result" -> Only.RESULT;
      default -> throw new JsonException("only must be data or result");
    };
  }

  /** On the pool. Returns what is then to be done on the loop. */
  private Runnable shown(Call call, TaskView task, Only only) {
    if (call.id().isEmpty()) {
      return () -> {};
    }
    byte[] data;
    byte[] result;
    try {
      data = only == Only.RESULT ? NOTHING : ports.tasks().data(task.number());
      result = only == Only.DATA ? NOTHING : ports.tasks().result(task.number());
    } catch (IOException e) {
      return () -> unread(call, task, only, e);
    }
    LineBuilder line =
        LineBuilder.result(call.id().get(), data.length + result.length + SHOWN_BYTES);
    if (only == Only.ALL) {
      StringBuilder text = new StringBuilder(SHOWN_BYTES);
      Json.write(TaskJson.task(task, ports.tasks()), text);
      text.setLength(text.length() - 1);
      text.append(",\"events\":");
      Json.write(TaskJson.events(task), text);
      line.text(text);
    } else {
      line.plain("{\"id\":").quoted(task.id());
    }
    String leftOut = "";
    if (only != Only.DATA) {
      leftOut += add(line, "result", result) ? "" : "\"result\"";
    }
    if (only != Only.RESULT) {
      leftOut += add(line, "data", data) ? "" : (leftOut.isEmpty() ? "" : ",") + "\"data\"";
    }
    byte[] answer = line.plain(",\"left_out\":[").plain(leftOut).plain("]}").end();
    return () -> call.connection().send(answer);
  }

  /** Adds a member; returns false if there is no room for its value. */
  private static boolean add(LineBuilder line, String name, byte[] value) {
    boolean fits = value.length + SHOWN_END_BYTES <= line.room();
    line.plain(",\"").plain(name).plain("\":").raw(fits && value.length > 0 ? value : NULL);
    return fits;
  }
}
