package pm.daemon.control;

import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.protocol.ErrorCode;
import pm.protocol.JsonException;
import pm.protocol.MalformedJsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.MessageCodec;
import pm.protocol.MessageException;
import pm.protocol.Method;

/**
 * What each line of a client means: checks it against the table of methods and the rights of the
 * peer, and makes a command, a query or a stream of it. Loop thread only.
 */
final class Calls {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  private final Reads reads;
  private final Queries queries;
  private final Requests requests;
  private final Actions actions;
  private final TaskCalls tasks;
  private final PoolCalls pools;
  private final StreamCalls streams;
  private final SubmitReader submits = new SubmitReader();

  Calls(ControlPorts ports, Reads reads, Watchers watchers, int daemonUid) {
    this.reads = reads;
    this.requests = new Requests(ports.commands()::left);
    Output output = new Output(ports.logs());
    Samples samples = new Samples(ports.sampler());
    this.queries = new Queries(ports, reads, samples, output);
    Answers answers = new Answers(ports.supervisor(), ports.time(), queries, output);
    Actors actors = new Actors(queries);
    PoolNames names = new PoolNames(ports);
    this.actions = new Actions(ports, reads, queries, answers, requests, actors, daemonUid);
    this.tasks = new TaskCalls(ports, queries, answers, requests, actors, names);
    this.pools = new PoolCalls(ports, queries, answers, requests, actors, names);
    this.streams = new StreamCalls(ports, reads, queries, samples, watchers);
  }

  /** Handles a line of a client. */
  void line(Connection connection, byte[] line, int connections) {
    Optional<Submission> submission;
    try {
      submission = submits.read(line);
    } catch (MalformedJsonException e) {
      refuse(connection, line, ErrorCode.PARSE_ERROR, "not JSON");
      return;
    } catch (JsonException e) {
      refuse(connection, line, ErrorCode.INVALID_PARAMS, "submit: " + e.sentence());
      return;
    }
    if (submission.isPresent()) {
      submit(connection, submission.get());
    } else {
      other(connection, line, connections);
    }
  }

  private void submit(Connection connection, Submission submission) {
    try {
      tasks.submit(connection, submission);
    } catch (RuntimeException e) {
      LOG.error("submit failed", e);
      submission
          .id()
          .ifPresent(
              id ->
                  connection.send(
                      Wire.error(Optional.of(id), ErrorCode.INTERNAL_ERROR, Queries.DEFECT)));
    }
  }

  /**
   * Answers that a submit cannot be done. What is wrong with it as a message is said first, for
   * then its id may not be known.
   */
  private static void refuse(Connection connection, byte[] line, ErrorCode code, String sentence) {
    try {
      if (MessageCodec.decode(line) instanceof Message.Request request) {
        connection.send(Wire.error(Optional.of(request.id()), code, sentence));
      }
    } catch (MessageException e) {
      connection.send(MessageCodec.encode(e.answer()));
    }
  }

  private void other(Connection connection, byte[] line, int connections) {
    Message message;
    try {
      message = MessageCodec.decode(line);
    } catch (MessageException e) {
      connection.send(MessageCodec.encode(e.answer()));
      return;
    }
    switch (message) {
      case Message.Request request ->
          call(
              connection,
              Optional.of(request),
              request.method(),
              request.params(),
              line.length,
              connections);
      case Message.Notification notification ->
          call(
              connection,
              Optional.empty(),
              notification.method(),
              notification.params(),
              line.length,
              connections);
      case Message.Response _, Message.ErrorResponse _ ->
          connection.send(
              Wire.error(
                  Optional.empty(),
                  ErrorCode.INVALID_REQUEST,
                  "nothing was asked of you: send requests"));
    }
  }

  /** Answers the request of a command; nothing happens if who asked has gone. */
  void reply(long request, Answer answer) {
    requests.reply(request, answer);
  }

  /** Forgets the requests of a connection that is closed. */
  void forget(Connection connection) {
    requests.forget(connection);
  }

  private void call(
      Connection connection,
      Optional<Message.Request> request,
      String name,
      Map<String, Object> params,
      int lineBytes,
      int connections) {
    Optional<Method> method = Method.of(name);
    if (method.isEmpty()) {
      request.ifPresent(
          each ->
              connection.send(
                  Wire.error(
                      Optional.of(each.id()),
                      ErrorCode.METHOD_NOT_FOUND,
                      "there is no method " + Params.shortened(name))));
      return;
    }
    Call call =
        new Call(connection, request.map(Message.Request::id), method.get(), new Members(params));
    if (!connection.peer().role().may(method.get().access())) {
      call.error(ErrorCode.NOT_PERMITTED, name + " is only for root and the user that pmd runs as");
      return;
    }
    if (isRead(call.method()) && !reads.hasRoom()) {
      await(call, lineBytes, connections);
    } else {
      answer(call, connections);
    }
  }

  /** Has it wait for its turn, and later requests of its connection with it. */
  private void await(Call call, int bytes, int connections) {
    boolean waits =
        bytes <= Bounds.WAITING_READ_BYTES
            && reads.await(
                () -> {
                  if (call.connection().isOpen()) {
                    answer(call, connections);
                  }
                  call.connection().resume();
                  call.connection().done();
                });
    if (waits) {
      call.connection().begin();
      call.connection().pause();
    } else {
      call.error(ErrorCode.BUSY, Queries.TOO_MUCH);
    }
  }

  private void answer(Call call, int connections) {
    try {
      call.params().only(call.method().parameters());
      dispatch(call, connections);
    } catch (JsonException e) {
      call.error(ErrorCode.INVALID_PARAMS, call.method().wireName() + ": " + e.sentence());
    } catch (RuntimeException e) {
      queries.failed(call, e);
      requests.drop(call);
    }
  }

  /** Returns whether it is answered with what is read or made text of off the loop. */
  private static boolean isRead(Method method) {
    return switch (method) {
      case STATUS,
          DESCRIBE,
          CONFIG_SHOW,
          DAEMON_STATUS,
          TASK_LIST,
          TASK_SHOW,
          POOL_LIST,
          METRICS,
          LOGS ->
          true;
      case PING,
          VERSION,
          WHY,
          NAMES,
          START,
          STOP,
          RESTART,
          RELOAD,
          ENABLE,
          DISABLE,
          SCALE,
          WAIT,
          RUN,
          SIGNAL,
          RESET,
          APPLY,
          SUBMIT,
          TASK_AWAIT,
          TASK_CANCEL,
          TASK_RETRY,
          POOL_PAUSE,
          POOL_RESUME,
          POOL_DRAIN,
          DAEMON_SHUTDOWN,
          DAEMON_UPGRADE,
          EVENTS,
          STATUS_WATCH,
          UNSUBSCRIBE ->
          false;
    };
  }

  private void dispatch(Call call, int connections) throws JsonException {
    switch (call.method()) {
      case PING -> queries.ping(call);
      case VERSION -> queries.version(call);
      case STATUS -> queries.status(call);
      case DESCRIBE -> queries.describe(call);
      case WHY -> queries.why(call);
      case NAMES -> queries.names(call);
      case CONFIG_SHOW -> queries.configShow(call);
      case DAEMON_STATUS -> queries.daemonStatus(call, connections);
      case START -> actions.start(call);
      case STOP -> actions.stop(call);
      case RESTART -> actions.restart(call);
      case RELOAD -> actions.reload(call);
      case ENABLE -> actions.enable(call);
      case DISABLE -> actions.disable(call);
      case SCALE -> actions.scale(call);
      case WAIT -> actions.awaitState(call);
      case RUN -> actions.run(call);
      case SIGNAL -> actions.signal(call);
      case RESET -> actions.reset(call);
      case APPLY -> actions.apply(call);
      case SUBMIT -> throw new IllegalStateException("a submit is read before all others");
      case TASK_LIST -> tasks.list(call);
      case TASK_SHOW -> tasks.show(call);
      case TASK_AWAIT -> tasks.await(call);
      case TASK_CANCEL -> tasks.cancel(call);
      case TASK_RETRY -> tasks.retry(call);
      case POOL_LIST -> pools.list(call);
      case POOL_PAUSE -> pools.pause(call);
      case POOL_RESUME -> pools.resume(call);
      case POOL_DRAIN -> pools.drain(call);
      case METRICS -> queries.metrics(call);
      case DAEMON_SHUTDOWN -> actions.shutdown(call);
      case DAEMON_UPGRADE -> actions.upgrade(call);
      case LOGS -> streams.logs(call);
      case EVENTS -> streams.events(call);
      case STATUS_WATCH -> streams.watch(call);
      case UNSUBSCRIBE -> streams.unsubscribe(call);
    }
  }
}
