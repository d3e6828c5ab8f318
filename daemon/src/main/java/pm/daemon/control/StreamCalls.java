package pm.daemon.control;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.plan.Selection;
import pm.daemon.core.plan.Selector;
import pm.protocol.ErrorCode;
import pm.protocol.JsonException;

/** Calls that begin or end a stream. Loop thread only. */
final class StreamCalls {
  private static final int DEFAULT_LINES = 10;
  private static final int MOST_LINES = 100_000;
  private static final int MOST_LAST = 1_000;
  private static final int MOST_NOTES = 20;
  private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(2);
  private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(500);

  private final ControlPorts ports;
  private final Reads reads;
  private final Queries queries;
  private final Samples samples;
  private final Watchers watchers;

  StreamCalls(
      ControlPorts ports, Reads reads, Queries queries, Samples samples, Watchers watchers) {
    this.ports = ports;
    this.reads = reads;
    this.queries = queries;
    this.samples = samples;
    this.watchers = watchers;
  }

  /** The response comes first; then, as soon as this turn is over, the first picture. */
  void watch(Call call) throws JsonException {
    List<String> selectors = call.params().strings("selectors");
    Duration interval = Params.seconds(call.params(), "interval_seconds").orElse(DEFAULT_INTERVAL);
    if (!interval.isZero() && interval.compareTo(SHORTEST_INTERVAL) < 0) {
      throw new JsonException("interval_seconds must be 0 or at least 0.5");
    }
    if (queries.select(call, selectors).isEmpty() || call.id().isEmpty()) {
      return;
    }
    if (watchers.isFull()) {
      call.error(
          ErrorCode.BUSY, "the status is watched by " + Bounds.WATCHERS + " already; try again");
      return;
    }
    subscribe(
        call,
        number ->
            new StatusStream(
                call.connection(),
                number,
                ports,
                reads,
                samples,
                watchers,
                selectors,
                interval.isZero() ? Long.MAX_VALUE : interval.toNanos()));
  }

  void events(Call call) throws JsonException {
    List<String> selectors = call.params().strings("selectors");
    OptionalLong since = call.params().optionalLong("since");
    boolean follow = call.params().bool("follow", false);
    if (since.isPresent() && since.getAsLong() < 0) {
      throw new JsonException("since must not be negative");
    }
    OptionalLong last = call.params().optionalLong("last");
    if (last.isPresent() && (last.getAsLong() < 0 || last.getAsLong() > MOST_LAST)) {
      throw new JsonException("last must be from 0 to " + MOST_LAST);
    }
    if (queries.select(call, selectors).isEmpty() || call.id().isEmpty()) {
      return;
    }
    long start = since.orElse(follow && last.isEmpty() ? ports.events().lastSeq() : 0);
    Predicate<Optional<InstanceName>> filter = filter(selectors);
    subscribe(
        call,
        number ->
            new EventStream(
                call.connection(),
                number,
                ports.events(),
                reads,
                ports.time(),
                filter,
                Math.min(start, ports.events().lastSeq()),
                last.isPresent() ? OptionalInt.of((int) last.getAsLong()) : OptionalInt.empty(),
                follow));
  }

  /** Returns which events are wanted; those of the daemon only where everything is. */
  private Predicate<Optional<InstanceName>> filter(List<String> selectors) {
    if (selectors.isEmpty() || selectors.contains("all")) {
      return instance -> true;
    }
    Map<String, Set<String>> groups = new HashMap<>();
    for (ProgramSpec spec : ports.supervisor().configuration().programs().values()) {
      groups.put(spec.name(), Set.copyOf(spec.groups()));
    }
    // By name and not by what exists now: what has been removed had its events too.
    return instance ->
        instance.isPresent()
            && selectors.stream()
                .anyMatch(
                    selector ->
                        Selector.select(
                                List.of(selector),
                                List.of(instance.get()),
                                (program, group) ->
                                    groups.getOrDefault(program, Set.of()).contains(group))
                            instanceof Selection.Found);
  }

  void logs(Call call) throws JsonException {
    boolean follow = call.params().bool("follow", false);
    long lines = call.params().optionalLong("lines").orElse(-1);
    Optional<Duration> since = Params.seconds(call.params(), "since_seconds");
    if (call.params().has("lines") && (lines < 0 || lines > MOST_LINES)) {
      throw new JsonException("lines must be from 0 to " + MOST_LINES);
    }
    LogSource.Stream stream =
        call.params().bool("stderr", false) ? LogSource.Stream.ERR : LogSource.Stream.OUT;
    Optional<List<InstanceName>> names = queries.select(call, call.params().strings("selectors"));
    if (names.isEmpty()) {
      return;
    }
    Instant now = ports.time().now().wall();
    OptionalInt most =
        lines >= 0
            ? OptionalInt.of((int) lines)
            : since.isPresent() ? OptionalInt.empty() : OptionalInt.of(DEFAULT_LINES);
    LogSource.From from = new LogSource.From(most, since.map(now::minus), !follow);
    if (call.id().isEmpty()) {
      // Nobody could tell what belongs to the stream.
      return;
    }
    List<LogStream.Wanted> wanted = wanted(names.get(), stream);
    Map<String, Object> notes = notes(names.get(), stream);
    queries.onPool(
        call,
        () -> LogStream.open(wanted, ports.logs(), from, follow, ports.loop()),
        opened -> {
          boolean begun =
              subscribe(
                  call,
                  notes,
                  number ->
                      new LogStream(
                          call.connection(), number, reads, ports.time(), opened, follow));
          if (!begun) {
            LogStream.letGo(opened);
          }
        });
  }

  private List<LogStream.Wanted> wanted(List<InstanceName> names, LogSource.Stream stream) {
    List<LogStream.Wanted> wanted = new ArrayList<>();
    for (InstanceName name : names) {
      Optional<ProgramSpec> spec = ports.supervisor().view(name, ports.time().now()).spec();
      Optional<Path> file = spec.flatMap(each -> ports.logs().file(name, each, stream));
      file.ifPresent(path -> wanted.add(new LogStream.Wanted(name, stream, path)));
    }
    return wanted;
  }

  /** Says of programs whose output is in no file where it is. */
  private Map<String, Object> notes(List<InstanceName> names, LogSource.Stream stream) {
    Map<String, String> byProgram = new LinkedHashMap<>();
    for (InstanceName name : names) {
      Optional<ProgramSpec> found = ports.supervisor().view(name, ports.time().now()).spec();
      found
          .filter(spec -> ports.logs().file(name, spec, stream).isEmpty())
          .flatMap(spec -> ports.logs().elsewhere(spec, stream))
          .ifPresent(where -> byProgram.put(name.program(), where));
    }
    if (byProgram.isEmpty()) {
      return Map.of();
    }
    String output =
        switch (stream) {
          case OUT -> "output";
          case ERR -> "stderr";
        };
    List<String> notes = new ArrayList<>();
    byProgram.forEach((program, where) -> notes.add(program + ": its " + output + " " + where));
    int left = notes.size() - MOST_NOTES;
    if (left > 0) {
      notes.subList(MOST_NOTES, notes.size()).clear();
      notes.add("and " + left + " more whose " + output + " is in no file");
    }
    return Map.of("notes", notes);
  }

  static void tooManyStreams(Call call) {
    call.error(
        ErrorCode.BUSY,
        "this connection has " + Bounds.SUBSCRIPTIONS + " streams; end one of them first");
  }

  private static boolean subscribe(Call call, LongFunction<Subscription> maker) {
    return subscribe(call, Map.of(), maker);
  }

  /**
   * Begins a stream; returns false if that is not possible, which is answered.
   *
   * @param more what the answer has beside the number of the stream
   */
  private static boolean subscribe(
      Call call, Map<String, Object> more, LongFunction<Subscription> maker) {
    if (!call.connection().isOpen()) {
      return false;
    }
    OptionalLong number = call.connection().subscribe(maker);
    if (number.isEmpty()) {
      tooManyStreams(call);
      return false;
    }
    Map<String, Object> answer = new LinkedHashMap<>(more);
    answer.put("subscription", number.getAsLong());
    call.result(answer);
    call.connection().pumpStream(number.getAsLong());
    return true;
  }

  void unsubscribe(Call call) throws JsonException {
    long number =
        call.params()
            .optionalLong("subscription")
            .orElseThrow(() -> new JsonException("subscription is missing"));
    if (!call.connection().hasStream(number)) {
      call.error(ErrorCode.REFUSED, "this connection has no stream " + number);
      return;
    }
    boolean drain = call.params().bool("drain", false);
    call.result(Map.of());
    if (!drain || !call.connection().drain(number)) {
      call.connection().unsubscribe(number, "unsubscribed");
    }
  }
}
