package pm.daemon.store;

import java.util.Optional;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.protocol.Times;

/**
 * An event as users read it: in the file, and on the socket as {@code docs/control-protocol.md}
 * describes it. What does not apply is left out.
 */
final class EventJson {
  private EventJson() {}

  /** Returns the instance that it is about, if it is about one. */
  static Optional<InstanceName> instance(Happening happening) {
    return switch (happening) {
      case Happening.StateChanged changed -> Optional.of(changed.instance());
      case Happening.InstanceNote note -> Optional.of(note.instance());
      case Happening.DaemonNote _, Happening.PoolNote _ -> Optional.empty();
    };
  }

  /** Returns one line of JSON, without its line feed. */
  static String write(long seq, Happening happening) {
    StringBuilder out = new StringBuilder(320);
    JsonLine line =
        new JsonLine(out)
            .object()
            .put("seq", seq)
            .word("time", Times.format(happening.at().wall()));
    switch (happening) {
      case Happening.StateChanged changed -> stateChanged(line, changed);
      case Happening.InstanceNote note -> {
        name(line.put("kind", note.type()), note.instance())
            .put("message", note.detail())
            .put("grave", note.grave());
        actor(line, note.actor());
      }
      case Happening.DaemonNote note -> {
        line.put("kind", note.type()).put("message", note.detail()).put("grave", note.grave());
        actor(line, note.actor());
      }
      case Happening.PoolNote note -> {
        line.put("kind", note.type()).put("pool", note.pool());
        if (!note.task().isEmpty()) {
          line.put("task", note.task());
        }
        line.put("message", note.detail()).put("grave", note.grave());
        actor(line, note.actor());
      }
    }
    line.end();
    return out.toString();
  }

  private static void stateChanged(JsonLine line, Happening.StateChanged changed) {
    name(line.word("kind", "state"), changed.instance())
        .put("message", changed.detail())
        .put("from", changed.from());
    changed.fromReason().ifPresent(reason -> line.word("from_reason", reason.word()));
    line.put("to", changed.to());
    changed.reason().ifPresent(reason -> line.word("reason", reason.word()));
    if (changed.pid() > 0) {
      line.put("pid", changed.pid());
    }
    changed.invocation().ifPresent(invocation -> line.word("invocation_id", invocation.hex()));
    changed.cause().ifPresent(cause -> line.word("cause", cause.word()));
    if (changed.status().isPresent()) {
      switch (changed.status().get()) {
        case ExitStatus.Code code -> line.put("exit_code", code.code());
        case ExitStatus.Signalled signalled -> line.put("exit_signal", signalled.signal());
        case ExitStatus.Unknown _ -> line.put("exit_unknown", true);
      }
    }
    changed.actor().ifPresent(actor -> actor(line, actor));
  }

  private static JsonLine name(JsonLine line, InstanceName name) {
    return line.put("instance", name.toString()).put("program", name.program());
  }

  private static void actor(JsonLine line, Actor actor) {
    line.object("actor").put("name", actor.name());
    if (actor.uid() >= 0) {
      line.put("uid", actor.uid());
    }
    if (actor.pid() > 0) {
      line.put("pid", actor.pid());
    }
    line.end();
  }
}
