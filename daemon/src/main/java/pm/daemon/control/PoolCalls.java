package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.protocol.ErrorCode;
import pm.protocol.JsonException;

/** Calls about pools. Loop thread only, but for making text. */
final class PoolCalls {
  private final ControlPorts ports;
  private final Queries queries;
  private final Answers answers;
  private final Requests requests;
  private final Actors actors;
  private final PoolNames names;

  PoolCalls(
      ControlPorts ports,
      Queries queries,
      Answers answers,
      Requests requests,
      Actors actors,
      PoolNames names) {
    this.ports = ports;
    this.queries = queries;
    this.answers = answers;
    this.requests = requests;
    this.actors = actors;
    this.names = names;
  }

  /** A page of pools. */
  void list(Call call) throws JsonException {
    List<String> wanted = call.params().strings("pools");
    Optional<String> cursor = call.params().optionalString("cursor");
    Moment now = ports.time().now();
    List<PoolView> all = ports.tasks().pools(now);
    for (String name : wanted) {
      if (all.stream().noneMatch(pool -> pool.name().equals(name))) {
        names.noPool(call, name);
        return;
      }
    }
    List<PoolView> shown =
        all.stream()
            .filter(pool -> wanted.isEmpty() || wanted.contains(pool.name()))
            .filter(pool -> cursor.isEmpty() || pool.name().compareTo(cursor.get()) > 0)
            .toList();
    queries.answer(
        call,
        () -> {
          Page page = new Page("pools");
          for (PoolView pool : shown) {
            if (!page.add(pool.name(), PoolJson.pool(pool, now))) {
              break;
            }
          }
          return page.end(Optional.empty());
        });
  }

  void pause(Call call) throws JsonException {
    command(call, true, (request, asked) -> new TaskCommand.Pause(request, asked.by, asked.pools));
  }

  void resume(Call call) throws JsonException {
    command(call, true, (request, asked) -> new TaskCommand.Resume(request, asked.by, asked.pools));
  }

  void drain(Call call) throws JsonException {
    Command.Patience patience = Params.patience(call.params());
    command(
        call,
        false,
        (request, asked) -> new TaskCommand.Drain(request, asked.by, asked.pools, patience));
  }

  /** Who wants it, of which pools. */
  private record Asked(Actor by, List<String> pools) {}

  private void command(Call call, boolean isDone, BiFunction<Long, Asked, TaskCommand> maker)
      throws JsonException {
    List<String> pools = List.copyOf(new LinkedHashSet<>(call.params().strings("pools")));
    if (pools.isEmpty()) {
      throw new JsonException("pools is missing: name pools");
    }
    for (String name : pools) {
      if (!names.isPool(name)) {
        names.noPool(call, name);
        return;
      }
    }
    boolean waits = call.params().bool("wait", true);
    actors.with(
        call,
        requests,
        actor -> {
          long request =
              requests.await(
                  call,
                  (asked, answer) -> {
                    if (isDone || !waits) {
                      answered(asked, answer, pools, isDone ? "done" : "accepted");
                    } else {
                      answered(asked, answer, pools, "timed_out");
                    }
                  });
          ports.commands().submit(maker.apply(request, new Asked(actor, pools)));
        });
  }

  /**
   * Answers with how the pools are now.
   *
   * @param otherwise the result of a pool that has still tasks
   */
  private void answered(Call call, Answer answer, List<String> pools, String otherwise) {
    switch (answer) {
      case Answer.Outcomes _, Answer.Tasks _ -> {
        List<Object> outcomes = new ArrayList<>();
        for (PoolView pool : ports.tasks().pools(ports.time().now())) {
          if (pools.contains(pool.name())) {
            outcomes.add(outcome(pool, otherwise));
          }
        }
        call.result(Map.of("outcomes", outcomes));
      }
      case Answer.NoMatch noMatch -> names.noPool(call, noMatch.selector());
      case Answer.TryAgain later -> call.error(ErrorCode.BUSY, later.why());
      case Answer.Refused refused -> answers.refused(call, refused);
      case Answer.QueueFull _, Answer.Applied _ -> throw TaskCalls.impossible(answer);
    }
  }

  private static Map<String, Object> outcome(PoolView pool, String otherwise) {
    long queued = PoolJson.queued(pool);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("pool", pool.name());
    json.put("result", queued == 0 && pool.running() == 0 ? "done" : otherwise);
    json.put("intake", PoolJson.intake(pool));
    json.put("queued", queued);
    json.put("running", (long) pool.running());
    return json;
  }
}
