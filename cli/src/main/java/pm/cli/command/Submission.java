package pm.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.cli.render.TaskTable;
import pm.config.Durations;
import pm.protocol.ErrorCode;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;

/**
 * Puts tasks in, one or a whole input, and collects their results if they are wanted.
 *
 * <p>One submit is under way at a time, while the input is read and checked on another thread: what
 * is in is always the beginning of the input, so that it can be gone on with where a queue was
 * full. Results are asked for in the order of the input: all that there are of the next few
 * hundred, and if the first of them has not ended, that one alone, whose end the daemon tells. Of
 * neither more than a bounded number is held.
 */
final class Submission implements Waiting.Subject {

  /** Ids in one question for results. */
  private static final int MOST_ASKED = 500;

  /** How long the daemon waits for room before we ask again, so that we know what is in. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  /** What is given to the daemon to say what is in when the user has ended us. */
  private static final Duration LAST_ANSWER = Duration.ofMillis(1_500);

  private final Session session;
  private final Connection connection;
  private final Plan plan;
  private final Waiting waiting;
  private final SubmitOutput output;
  private final byte[] head;

  private Optional<TaskLines> input = Optional.empty();
  private Optional<TaskChunk> chunk = Optional.empty();
  private Optional<Id> submit = Optional.empty();

  /** When the last submit was sent, in nanoseconds of {@link Waiting#elapsedNanos}. */
  private long sentAt;

  /** When the queue began to have no room, in nanoseconds of {@link Waiting#elapsedNanos}. */
  private long fullSince = Long.MAX_VALUE;

  private final ArrayDeque<Open> open = new ArrayDeque<>();
  private Optional<Id> question = Optional.empty();
  private boolean firstIsAwaited;

  /** Whether the question is for the result of the first one alone. */
  private boolean onlyResult;

  private int mostAsked = MOST_ASKED;

  /** When all was in. */
  private long allInAt = Long.MAX_VALUE;

  private long accepted;
  private long lastLine;
  private long ended;
  private ExitCode worst = ExitCode.DONE;
  private boolean inputIsOver;

  private volatile boolean interrupted;
  private final CountDownLatch told = new CountDownLatch(1);

  /**
   * What the user wants.
   *
   * @param pool the pool
   * @param options what stands behind the data of each task, up to the end of its object
   * @param isBatch whether there may be many
   * @param window how many tasks may be in whose results have not been shown; so many more may
   *     follow with one submit
   * @param space how long to wait for room
   * @param waits whether results are wanted
   * @param waitLimit how long to wait for them
   */
  record Plan(
      String pool,
      String options,
      boolean isBatch,
      int window,
      Optional<Duration> space,
      boolean waits,
      Optional<Duration> waitLimit) {}

  /** A task that is in and whose result was not shown yet. */
  private record Open(String id, boolean isNew) {}

  private Submission(Session session, Connection connection, Plan plan) {
    this.session = session;
    this.connection = connection;
    this.plan = plan;
    this.waiting = new Waiting(session, connection, this);
    this.output = new SubmitOutput(session, plan.isBatch(), plan.waits());
    StringBuilder begin = new StringBuilder("{\"pool\":");
    Json.quote(plan.pool(), begin);
    this.head = begin.append(",\"tasks\":").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Puts one task in. */
  static ExitCode one(Session session, Connection connection, Plan plan, byte[] data)
      throws CommandFailure, JsonException, IOException {
    Submission submission = new Submission(session, connection, plan);
    TaskChunk task = new TaskChunk(plan.options(), 1);
    task.add(data, 1);
    submission.chunk = Optional.of(task);
    submission.inputIsOver = true;
    return submission.run();
  }

  /** Puts in what the lines of an input say. */
  static ExitCode all(Session session, Connection connection, Plan plan, TaskLines lines)
      throws CommandFailure, JsonException, IOException {
    Submission submission = new Submission(session, connection, plan);
    submission.input = Optional.of(lines);
    lines.start();
    try {
      return submission.run();
    } finally {
      lines.interrupt();
    }
  }

  private ExitCode run() throws CommandFailure, JsonException, IOException {
    Thread farewell = new Farewell();
    Runtime.getRuntime().addShutdownHook(farewell);
    try {
      work();
      waiting.eraseLine();
      output.end();
      if (interrupted) {
        session.notice("interrupted. " + whatIsIn() + " See: pmctl " + whereToSee());
        return ExitCode.INTERRUPTED;
      }
      return worst;
    } catch (CommandFailure e) {
      // Part of it may be done, and whoever goes on has to know which.
      if (accepted == 0 && !plan.isBatch()) {
        throw e;
      }
      waiting.eraseLine();
      output.end();
      session.notice(withWhatIsIn(e));
      return e.exitCode();
    } finally {
      waiting.eraseLine();
      session.out().flush();
      told.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(farewell);
      } catch (IllegalStateException e) {
        // It runs already.
      }
    }
  }

  private void work() throws CommandFailure, JsonException, IOException {
    while (true) {
      submitNext();
      ask();
      if (isOver()) {
        return;
      }
      session.out().flush();
      long deadline = deadline();
      Optional<Message> message = waiting.nextOrWoken(deadline);
      if (message.isPresent()) {
        take(message.get());
      } else if (waiting.elapsedNanos() >= deadline) {
        timedOut();
        return;
      }
    }
  }

  private boolean isOver() {
    return submit.isEmpty()
        && (interrupted
            || (inputIsOver && chunk.isEmpty() && open.isEmpty() && question.isEmpty()));
  }

  private long deadline() {
    boolean isLimited = allInAt < Long.MAX_VALUE && plan.waitLimit().isPresent();
    return isLimited ? allInAt + plan.waitLimit().get().toNanos() : Long.MAX_VALUE;
  }

  // Putting in.

  private void submitNext() throws CommandFailure, IOException {
    if (submit.isPresent() || interrupted) {
      return;
    }
    if (chunk.isEmpty() && !inputIsOver && input.isPresent() && open.size() < plan.window()) {
      chunk = input.get().take();
      if (chunk.isEmpty() && input.get().hasEnded()) {
        inputIsOver = true;
        Optional<CommandFailure> failure = input.get().failure();
        if (failure.isPresent()) {
          stop(failure.get());
        }
      }
    }
    if (chunk.isPresent()) {
      sentAt = waiting.elapsedNanos();
      submit = Optional.of(connection.send(Method.SUBMIT, chunk.get().params(head, tail())));
    } else if (inputIsOver && allInAt == Long.MAX_VALUE) {
      allInAt = sentAt;
    }
  }

  /** The parameters of a submit behind its tasks. */
  private byte[] tail() {
    Map<String, Object> tail = new LinkedHashMap<>();
    if (plan.waits() && !plan.isBatch()) {
      // Most tasks end soon, and what is told at once cannot be forgotten before it is asked for.
      tail.put("wait", true);
      tail.put("wait_seconds", Action.seconds(shorter(SLICE, plan.waitLimit().orElse(SLICE))));
    }
    if (plan.space().isPresent()) {
      tail.put("space_seconds", Action.seconds(shorter(SLICE, plan.space().get())));
    }
    String text = Json.write(tail);
    return (tail.isEmpty() ? text.substring(1) : "," + text.substring(1))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  private void take(Message message) throws CommandFailure, JsonException, IOException {
    if (submit.isPresent()) {
      if (message instanceof Message.ErrorResponse error
          && error.code() == ErrorCode.QUEUE_FULL.code()) {
        submit = Optional.empty();
        full(Members.of(error.data(), "data"));
        return;
      }
      Optional<Object> result;
      try {
        result = Connection.result(message, submit.get());
      } catch (CommandFailure e) {
        submit = Optional.empty();
        stop(e);
        return;
      }
      if (result.isPresent()) {
        submit = Optional.empty();
        fullSince = Long.MAX_VALUE;
        accept(Members.of(result.get(), "the answer").objects("tasks"));
        return;
      }
    }
    if (question.isPresent()) {
      answered(message, question.get());
    }
  }

  /** Takes note of the first tasks of the chunk, which are in. */
  private void accept(List<Members> tasks) throws CommandFailure, JsonException, IOException {
    TaskChunk sent = chunk.orElseThrow();
    if (tasks.size() > sent.count()) {
      throw new JsonException("tasks are more than were submitted");
    }
    if (!tasks.isEmpty()) {
      accepted += tasks.size();
      lastLine = sent.drop(tasks.size());
    }
    if (sent.count() == 0) {
      chunk = Optional.empty();
    }
    for (Members task : tasks) {
      boolean isDone = !plan.waits() || (open.isEmpty() && SubmitOutput.isWhole(task));
      if (isDone) {
        show(task, task.bool("new", true));
      } else {
        open.add(new Open(task.string("id"), task.bool("new", true)));
      }
    }
  }

  /** There was no room for all. */
  private void full(Members data) throws CommandFailure, JsonException, IOException {
    List<Members> tasks = data.objects("accepted");
    accept(tasks);
    long now = waiting.elapsedNanos();
    if (!tasks.isEmpty()) {
      fullSince = now;
    } else if (fullSince == Long.MAX_VALUE) {
      fullSince = sentAt;
    }
    if (plan.space().isPresent() && now - fullSince < plan.space().get().toNanos()) {
      return; // It is asked again.
    }
    String holds = " (it holds " + data.optionalLong("capacity").orElse(0) + " tasks)";
    stop(
        new CommandFailure(
            ExitCode.TRY_AGAIN,
            plan.space().isPresent()
                ? "there was no room in the queue of "
                    + plan.pool()
                    + " for "
                    + Durations.format(plan.space().get())
                    + holds
                    + ". Try again later."
                : "the queue of "
                    + plan.pool()
                    + " is full"
                    + holds
                    + ". Try again later, or wait for room: --wait-for-space 1m."));
  }

  /** Puts nothing more in; what is in goes on, and is still waited for. */
  private void stop(CommandFailure why) throws CommandFailure, IOException {
    if (accepted == 0) {
      throw why;
    }
    waiting.eraseLine();
    session.notice(withWhatIsIn(why));
    worst = worst.worst(why.exitCode());
    inputIsOver = true;
    chunk = Optional.empty();
  }

  private String withWhatIsIn(CommandFailure failure) {
    String sentence = failure.sentence();
    boolean isComplete = sentence.endsWith(".") || sentence.endsWith("?");
    return sentence + (isComplete ? " " : ". ") + whatIsIn();
  }

  private String whereToSee() {
    return plan.isBatch() || open.isEmpty()
        ? "task list " + plan.pool()
        : "task show " + open.getFirst().id();
  }

  /** For somebody who wants to go on with the rest. */
  private String whatIsIn() {
    StringBuilder text = new StringBuilder();
    if (plan.isBatch()) {
      text.append(
          accepted == 0
              ? "No task is in"
              : accepted == 1 ? "1 task is in" : accepted + " tasks are in");
      text.append(accepted == 0 ? "." : ", up to line " + lastLine + ".");
    } else if (accepted > 0) {
      text.append("The task is in and goes on.");
    }
    if (submit.isPresent() && chunk.isPresent()) {
      text.append(text.isEmpty() ? "" : " ");
      long first = chunk.get().firstLine();
      long last = chunk.get().lastLine();
      if (plan.isBatch() && first == last) {
        text.append("Whether line ").append(first).append(" is in is not known.");
      } else if (plan.isBatch()) {
        text.append("Whether the lines ").append(first).append(" to ").append(last);
        text.append(" are in is not known.");
      } else {
        text.append("Whether the task is in is not known.");
      }
    }
    return text.toString();
  }

  // Collecting results.

  private void ask() throws CommandFailure {
    if (question.isPresent()
        || open.isEmpty()
        || interrupted
        || waiting.elapsedNanos() >= deadline()) {
      return;
    }
    int most = firstIsAwaited ? 1 : mostAsked;
    List<Object> ids = new ArrayList<>();
    for (Iterator<Open> each = open.iterator(); each.hasNext() && ids.size() < most; ) {
      ids.add(each.next().id());
    }
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("ids", ids);
    if (!firstIsAwaited) {
      params.put("wait_seconds", 0L);
    }
    question = Optional.of(connection.send(Method.TASK_AWAIT, params));
  }

  private void answered(Message message, Id asked)
      throws CommandFailure, JsonException, IOException {
    if (message instanceof Message.ErrorResponse error
        && error.code() == ErrorCode.NO_MATCH.code()) {
      question = Optional.empty();
      onlyResult = false;
      forgotten(Members.of(error.data(), "data").string("selector"), error.message());
      return;
    }
    Optional<Object> result = Connection.result(message, asked);
    if (result.isEmpty()) {
      return;
    }
    question = Optional.empty();
    mostAsked = MOST_ASKED;
    firstIsAwaited = false;
    if (onlyResult) {
      onlyResult = false;
      showResult(Members.of(result.get(), "the answer"));
      return;
    }
    for (Members task : Members.of(result.get(), "the answer").objects("tasks")) {
      if (open.isEmpty() || !open.getFirst().id().equals(task.string("id"))) {
        throw new JsonException("tasks are not those that were asked for");
      }
      if (!SubmitOutput.hasEnded(task)) {
        firstIsAwaited = true;
        return;
      }
      if (!SubmitOutput.isWhole(task)) {
        // Long ones are left out of an answer about many.
        askForResult(task.string("id"));
        return;
      }
      show(task, open.removeFirst().isNew());
    }
  }

  private void askForResult(String id) throws CommandFailure {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("id", id);
    params.put("only", "result");
    onlyResult = true;
    question = Optional.of(connection.send(Method.TASK_SHOW, params));
  }

  private void showResult(Members answer) throws CommandFailure, JsonException, IOException {
    Map<String, Object> task = new LinkedHashMap<>();
    task.put("id", answer.string("id"));
    task.put("state", "SUCCEEDED");
    task.put("result", answer.value("result").orElse(Json.NULL));
    show(new Members(task), open.removeFirst().isNew());
  }

  /** A task has ended so long ago that nothing is known of it. */
  private void forgotten(String id, String why) throws CommandFailure, JsonException, IOException {
    int before = 0;
    for (Open each : open) {
      if (each.id().equals(id)) {
        break;
      }
      before++;
    }
    if (before > 0) {
      mostAsked = before;
      return;
    }
    Map<String, Object> task = new LinkedHashMap<>();
    task.put("id", id);
    task.put("state", Json.NULL);
    task.put("error", why);
    show(new Members(task), open.removeFirst().isNew());
  }

  private void show(Members task, boolean isNew) throws CommandFailure, JsonException, IOException {
    waiting.eraseLine();
    ended += plan.waits() ? 1 : 0;
    worst = worst.worst(output.show(task, isNew));
  }

  private void timedOut() throws IOException {
    waiting.eraseLine();
    String limit = Durations.format(plan.waitLimit().orElse(Duration.ZERO));
    session.notice(
        plan.isBatch()
            ? open.size()
                + " of "
                + accepted
                + " tasks have not ended within "
                + limit
                + ". They go on; see: pmctl task list "
                + plan.pool()
            : open.getFirst().id()
                + " has not ended within "
                + limit
                + ". It goes on; see: pmctl task show "
                + open.getFirst().id());
    worst = worst.worst(ExitCode.TIMED_OUT);
  }

  // What is shown meanwhile.

  @Override
  public Method method() {
    return isOneTask() ? Method.TASK_SHOW : Method.PING;
  }

  @Override
  public Map<String, Object> params() {
    return isOneTask() ? Map.of("id", open.getFirst().id()) : Map.of();
  }

  private boolean isOneTask() {
    return !plan.isBatch() && !open.isEmpty();
  }

  @Override
  public String text(Members answer) throws JsonException {
    if (isOneTask()) {
      return answer.has("state") ? TaskTable.inShort(answer) : open.getFirst().id();
    }
    if (fullSince < Long.MAX_VALUE || (submit.isPresent() && plan.space().isPresent())) {
      String in =
          accepted == 0 ? "" : "; " + accepted + (accepted == 1 ? " task is in" : " are in");
      return "room in the queue of " + plan.pool() + in;
    }
    if (!open.isEmpty()) {
      return open.size() + (open.size() == 1 ? " task" : " tasks") + "; " + ended + " have ended";
    }
    return submit.isPresent() ? "the daemon" : "";
  }

  /** Ctrl-C: what is under way is answered first, so that the user can be told what is in. */
  private final class Farewell extends Thread {
    Farewell() {
      super("farewell");
    }

    @Override
    public void run() {
      interrupted = true;
      connection.wakeUp();
      try {
        if (!told.await(LAST_ANSWER.toMillis(), TimeUnit.MILLISECONDS)) {
          session.err().line("pmctl: interrupted. " + whatIsIn());
          session.err().flush();
        }
      } catch (InterruptedException | IOException e) {
        // Nobody is left to be told.
      }
    }
  }
}
