package pm.daemon.store;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StartStep;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.model.Told;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Times;

/**
 * An entry as one line of JSON, and back. Nothing is left out and nothing has a default, so what is
 * read equals what was written. A change of this form is a new {@link RunRecords#VERSION}.
 */
final class RecordCodec {
  /** Characters of a text that is not understood in the sentence that says so. */
  private static final int MOST_SHOWN = 100;

  private RecordCodec() {}

  /**
   * What a line says.
   *
   * @param entry what is kept
   * @param more whether it holds only together with the next line
   */
  record Line(Content entry, boolean more) {}

  /** An entry, or the file that stands for one that is too large for a line. */
  sealed interface Content {
    /** An entry as it is. */
    record Whole(Entry entry) implements Content {}

    /** The configuration in force is in this file. */
    record ConfigurationIn(String file) implements Content {}
  }

  /** Appends the line, without its line feed, that says where the configuration is. */
  static void encodeConfiguration(String file, boolean more, StringBuilder out) {
    end(new JsonLine(out).object().put("configuration", file), more);
  }

  /** Appends the line of an entry, without its line feed. */
  static void encode(Entry entry, boolean more, StringBuilder out) {
    JsonLine line = new JsonLine(out).object();
    switch (entry) {
      case Entry.InstanceKept kept -> instance(line.object("instance"), kept.instance()).end();
      case Entry.InstanceForgotten forgotten -> line.put("forgotten", forgotten.name().toString());
      case Entry.DecisionsKept kept -> decisions(line.object("decisions"), kept).end();
      case Entry.CleanEnd _ -> line.put("clean_end", true);
      case Entry.ConfigurationKept _ ->
          throw new IllegalArgumentException("the configuration is kept in a file of its own");
    }
    end(line, more);
  }

  private static void end(JsonLine line, boolean more) {
    if (more) {
      line.put("more", true);
    }
    line.end();
  }

  /**
   * Reads a line.
   *
   * @throws JsonException if it is not one that {@link #encode} writes
   */
  static Line decode(byte[] utf8) throws JsonException {
    Members line = Members.of(Json.parse(utf8), "a record");
    Content content =
        line.has("configuration")
            ? new Content.ConfigurationIn(line.string("configuration"))
            : new Content.Whole(entry(line));
    return new Line(content, line.bool("more", false));
  }

  private static Entry entry(Members line) throws JsonException {
    if (line.has("instance")) {
      return new Entry.InstanceKept(instance(object(line, "instance")));
    } else if (line.has("forgotten")) {
      return new Entry.InstanceForgotten(instanceName(line.string("forgotten")));
    } else if (line.has("decisions")) {
      Members kept = object(line, "decisions");
      for (String member : new String[] {"stopped", "disabled", "enabled", "scaled"}) {
        object(kept, member);
      }
      return new Entry.DecisionsKept(decisions(kept), number(kept, "number"));
    } else if (line.bool("clean_end", false)) {
      return new Entry.CleanEnd();
    }
    throw new JsonException("a record of an unknown kind");
  }

  /** Appends what was decided as members. */
  static JsonLine decided(JsonLine line, Decisions decisions) {
    who(line, "stopped", decisions.stopped());
    who(line, "disabled", decisions.disabled());
    who(line, "enabled", decisions.enabled());
    line.object("scaled");
    decisions
        .scaled()
        .forEach(
            (program, scaled) ->
                bounds(
                        bounds(line.objectOf(program), "", scaled.bounds()),
                        "configured_",
                        scaled.configured())
                    .put("by", scaled.by())
                    .end());
    line.end().object("held");
    decisions
        .held()
        .forEach(
            (pool, held) ->
                line.objectOf(pool).put("intake", held.intake()).put("by", held.by()).end());
    return line.end();
  }

  private static JsonLine bounds(JsonLine line, String prefix, InstanceBounds bounds) {
    return line.put(prefix + "min", bounds.min()).put(prefix + "max", bounds.max());
  }

  private static InstanceBounds bounds(Members kept, String prefix, String former)
      throws JsonException {
    // Daemons before there were pools wrote one number.
    if (kept.has(former)) {
      return InstanceBounds.of(smallNumber(kept, former));
    }
    int min = smallNumber(kept, prefix + "min");
    int max = smallNumber(kept, prefix + "max");
    if (min < 0 || max < min) {
      throw new JsonException("bounds out of order: " + min + ".." + max);
    }
    return new InstanceBounds(min, max);
  }

  private static void who(JsonLine line, String member, SortedMap<InstanceName, String> by) {
    line.object(member);
    by.forEach((name, who) -> line.putOf(name.toString(), who));
    line.end();
  }

  /** Reads what {@link #decided} wrote; what is missing was not decided. */
  static Decisions decisions(Members kept) throws JsonException {
    TreeMap<String, Decisions.Scaled> scaled = new TreeMap<>();
    Optional<Members> counts = kept.optionalObject("scaled");
    if (counts.isPresent()) {
      for (String program : counts.get().values().keySet()) {
        Members scale = object(counts.get(), program);
        scaled.put(
            program,
            new Decisions.Scaled(
                bounds(scale, "", "count"),
                bounds(scale, "configured_", "configured"),
                scale.string("by")));
      }
    }
    return new Decisions(
        who(kept, "stopped"), who(kept, "disabled"), who(kept, "enabled"), scaled, held(kept));
  }

  private static SortedMap<String, Decisions.Held> held(Members kept) throws JsonException {
    TreeMap<String, Decisions.Held> held = new TreeMap<>();
    Optional<Members> pools = kept.optionalObject("held");
    if (pools.isPresent()) {
      for (String pool : pools.get().values().keySet()) {
        Members each = object(pools.get(), pool);
        PoolView.Intake intake = word(PoolView.Intake.class, each, "intake");
        if (intake == PoolView.Intake.OPEN) {
          throw new JsonException("a pool is held and open: " + shown(pool));
        }
        held.put(pool, new Decisions.Held(intake, each.string("by")));
      }
    }
    return held;
  }

  private static SortedMap<InstanceName, String> who(Members kept, String member)
      throws JsonException {
    TreeMap<InstanceName, String> by = new TreeMap<>();
    Optional<Members> names = kept.optionalObject(member);
    if (names.isPresent()) {
      for (String name : names.get().values().keySet()) {
        by.put(instanceName(name), names.get().string(name));
      }
    }
    return by;
  }

  private static JsonLine decisions(JsonLine line, Entry.DecisionsKept kept) {
    return decided(line.put("number", kept.number()), kept.decisions());
  }

  private static JsonLine instance(JsonLine line, Instance instance) {
    line.put("name", instance.name().toString());
    phase(line.object("phase"), instance.phase()).end();
    line.array("window");
    for (long restart : instance.window().restarts()) {
      line.element(restart);
    }
    line.endArray().put("streak", instance.streak()).put("restarts", instance.restarts());
    line.array("past");
    for (PastInvocation past : instance.past()) {
      past(line.object(), past).end();
    }
    return line.endArray();
  }

  private static Instance instance(Members instance) throws JsonException {
    List<PastInvocation> past = new ArrayList<>();
    for (Members each : instance.objects("past")) {
      past.add(past(each));
    }
    List<Long> window = new ArrayList<>();
    for (Object restart : instance.list("window")) {
      window.add(integer(restart, "window"));
    }
    return new Instance(
        instanceName(instance.string("name")),
        phase(object(instance, "phase")),
        new RestartWindow(window),
        smallNumber(instance, "streak"),
        number(instance, "restarts"),
        past);
  }

  private static JsonLine phase(JsonLine line, Phase phase) {
    return switch (phase) {
      case Phase.Dead dead ->
          actor(
              line.word("is", "dead")
                  .put("reason", dead.reason())
                  .put("detail", dead.detail())
                  .put("start_at", dead.startAt())
                  .put("kind", dead.kind()),
              dead.actor());
      case Phase.Starting starting ->
          run(line.word("is", "starting"), starting.current())
              .put("step", starting.step())
              .put("awaits", starting.awaits())
              .put("until", starting.until())
              .put("give_up_at", starting.giveUpAt());
      case Phase.Up up ->
          run(line.word("is", "up"), up.current())
              .put("state", up.state())
              .put("ready_nanos", up.readyNanos())
              .put("detail", up.detail());
      case Phase.Stopping stopping -> {
        run(line.word("is", "stopping"), stopping.current())
            .put("cause", stopping.cause())
            .put("detail", stopping.detail());
        actor(line, stopping.actor()).put("step", stopping.step()).put("until", stopping.until());
        status(line, "exit", stopping.exit());
        line.put("after", stopping.after()).put("ready_since", stopping.readySince());
        if (stopping.hookCode().isPresent()) {
          line.put("hook_code", stopping.hookCode().getAsInt());
        }
        line.array("leftovers");
        for (int pid : stopping.leftovers()) {
          line.element(pid);
        }
        yield line.endArray();
      }
    };
  }

  private static Phase phase(Members phase) throws JsonException {
    String is = phase.string("is");
    return switch (is) {
      case "dead" ->
          new Phase.Dead(
              word(DeadReason.class, phase, "reason"),
              phase.string("detail"),
              number(phase, "start_at"),
              word(StartKind.class, phase, "kind"),
              actor(phase));
      case "starting" ->
          new Phase.Starting(
              run(phase),
              word(StartStep.class, phase, "step"),
              phase.string("awaits"),
              number(phase, "until"),
              number(phase, "give_up_at"),
              Health.NONE);
      case "up" -> up(phase);
      case "stopping" -> stopping(phase);
      default -> throw new JsonException("a phase of an unknown kind: " + shown(is));
    };
  }

  private static Phase.Up up(Members phase) throws JsonException {
    InstanceState state = word(InstanceState.class, phase, "state");
    return switch (state) {
      case IDLE, BUSY, UNHEALTHY ->
          new Phase.Up(
              run(phase), state, number(phase, "ready_nanos"), phase.string("detail"), Health.NONE);
      case STARTING, STOPPING, DEAD -> throw new JsonException(state + " is no state of being up");
    };
  }

  private static Phase.Stopping stopping(Members phase) throws JsonException {
    List<Integer> leftovers = new ArrayList<>();
    for (Object pid : phase.list("leftovers")) {
      leftovers.add(small(integer(pid, "leftovers"), "leftovers"));
    }
    return new Phase.Stopping(
        run(phase),
        word(StopCause.class, phase, "cause"),
        phase.string("detail"),
        actor(phase),
        word(StopStep.class, phase, "step"),
        number(phase, "until"),
        status(phase, "exit"),
        word(AfterStop.class, phase, "after"),
        number(phase, "ready_since"),
        leftovers,
        phase.has("hook_code")
            ? OptionalInt.of(smallNumber(phase, "hook_code"))
            : OptionalInt.empty());
  }

  private static JsonLine actor(JsonLine line, Actor actor) {
    return line.object("actor")
        .put("name", actor.name())
        .put("uid", actor.uid())
        .put("pid", actor.pid())
        .end();
  }

  private static Actor actor(Members phase) throws JsonException {
    Members actor = object(phase, "actor");
    return new Actor(actor.string("name"), smallNumber(actor, "uid"), smallNumber(actor, "pid"));
  }

  private static JsonLine run(JsonLine line, Run run) {
    line.object("run")
        .word("invocation", run.invocation().hex())
        .put("intended", run.intendedNanos());
    run.process().ifPresent(process -> process(line, process));
    if (run.leader().isPresent()) {
      process(line.object("leader"), run.leader().get()).end();
    }
    line.put("spawned", run.spawnedNanos())
        .word("spawned_at", Times.formatWhole(run.spawnedAt()))
        .put("started_by", run.startedBy())
        .put("adopted", run.adopted())
        .put("enforced", run.isEnforced())
        .array("notes");
    for (String note : run.notes()) {
      line.element(note);
    }
    line.endArray()
        .put("ready", run.told().ready())
        .put("status", run.told().status())
        .put("reloading", run.told().reloading());
    line.put("ended", run.endedNanos());
    run.told().watchdogNanos().ifPresent(nanos -> line.put("watchdog", nanos));
    return line.end();
  }

  private static JsonLine process(JsonLine line, ProcessIdentity process) {
    return line.put("pid", process.pid())
        .put("start_ticks", process.startTicks())
        .put("inode", process.inode());
  }

  private static ProcessIdentity process(Members parent) throws JsonException {
    return new ProcessIdentity(
        smallNumber(parent, "pid"), number(parent, "start_ticks"), number(parent, "inode"));
  }

  private static Run run(Members phase) throws JsonException {
    Members run = object(phase, "run");
    Optional<ProcessIdentity> process =
        run.has("pid") ? Optional.of(process(run)) : Optional.empty();
    Optional<ProcessIdentity> leader =
        run.has("leader") ? Optional.of(process(object(run, "leader"))) : Optional.empty();
    List<String> notes = new ArrayList<>();
    for (Object note : run.list("notes")) {
      notes.add(text(note, "notes"));
    }
    return new Run(
        invocation(run),
        number(run, "intended"),
        process,
        number(run, "spawned"),
        instant(run, "spawned_at"),
        run.string("started_by"),
        truth(run, "adopted"),
        leader,
        notes,
        truth(run, "enforced"),
        new Told(
            truth(run, "ready"),
            run.string("status"),
            truth(run, "reloading"),
            run.optionalLong("watchdog")),
        number(run, "ended"));
  }

  private static JsonLine past(JsonLine line, PastInvocation past) {
    line.word("invocation", past.invocation().hex())
        .put("pid", past.pid())
        .word("started_at", Times.formatWhole(past.startedAt()))
        .word("ended_at", Times.formatWhole(past.endedAt()))
        .put("ran", past.ranNanos())
        .put("ready", past.wasReady());
    status(line, "status", past.status());
    return line.put("cause", past.cause()).put("summary", past.summary());
  }

  private static PastInvocation past(Members past) throws JsonException {
    return new PastInvocation(
        invocation(past),
        smallNumber(past, "pid"),
        instant(past, "started_at"),
        instant(past, "ended_at"),
        number(past, "ran"),
        truth(past, "ready"),
        status(past, "status"),
        word(ExitCause.class, past, "cause"),
        past.string("summary"));
  }

  private static void status(JsonLine line, String name, Optional<ExitStatus> status) {
    if (status.isEmpty()) {
      return;
    }
    line.object(name);
    switch (status.get()) {
      case ExitStatus.Code code -> line.put("code", code.code());
      case ExitStatus.Signalled signalled ->
          line.put("signal", signalled.signal())
              .put("number", signalled.number())
              .put("core", signalled.core());
      case ExitStatus.Unknown _ -> line.put("unknown", true);
    }
    line.end();
  }

  private static Optional<ExitStatus> status(Members parent, String name) throws JsonException {
    if (!parent.has(name)) {
      return Optional.empty();
    }
    Members status = object(parent, name);
    if (status.has("code")) {
      return Optional.of(new ExitStatus.Code(smallNumber(status, "code")));
    } else if (status.has("signal")) {
      return Optional.of(
          new ExitStatus.Signalled(
              status.string("signal"), smallNumber(status, "number"), truth(status, "core")));
    } else if (status.has("unknown")) {
      return Optional.of(new ExitStatus.Unknown());
    }
    throw new JsonException(name + " is of an unknown kind");
  }

  /** A part of a sentence, whatever stands in the file. */
  private static String shown(String text) {
    return Json.write(text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text);
  }

  private static InvocationId invocation(Members parent) throws JsonException {
    String hex = parent.string("invocation");
    if (hex.length() != 32) {
      throw new JsonException("an invocation id has 32 digits, not " + hex.length());
    }
    for (int i = 0; i < hex.length(); i++) {
      if ("0123456789abcdef".indexOf(hex.charAt(i)) < 0) {
        throw new JsonException("an invocation id has hexadecimal digits only");
      }
    }
    return new InvocationId(hex);
  }

  private static InstanceName instanceName(String text) throws JsonException {
    return InstanceName.parse(text)
        .orElseThrow(() -> new JsonException("no instance name: " + shown(text)));
  }

  private static Members object(Members parent, String name) throws JsonException {
    return parent.optionalObject(name).orElseThrow(() -> new JsonException(name + " is missing"));
  }

  private static Instant instant(Members parent, String name) throws JsonException {
    String text = parent.string(name);
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new JsonException(name + " is no time: " + shown(text));
    }
  }

  private static boolean truth(Members parent, String name) throws JsonException {
    if (!parent.has(name)) {
      throw new JsonException(name + " is missing");
    }
    return parent.bool(name, false);
  }

  private static long number(Members parent, String name) throws JsonException {
    return parent.optionalLong(name).orElseThrow(() -> new JsonException(name + " is missing"));
  }

  private static int smallNumber(Members parent, String name) throws JsonException {
    return small(number(parent, name), name);
  }

  private static int small(long number, String name) throws JsonException {
    if (number != (int) number) {
      throw new JsonException(name + " is out of range: " + number);
    }
    return (int) number;
  }

  private static String text(Object value, String name) throws JsonException {
    if (value instanceof String text) {
      return text;
    }
    throw new JsonException(name + " must be texts");
  }

  private static long integer(Object value, String name) throws JsonException {
    if (value instanceof Long number) {
      return number;
    }
    throw new JsonException(name + " must be integers");
  }

  private static <E extends Enum<E>> E word(Class<E> type, Members parent, String name)
      throws JsonException {
    String word = parent.string(name);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(word)) {
        return constant;
      }
    }
    throw new JsonException(name + " is unknown: " + shown(word));
  }
}
