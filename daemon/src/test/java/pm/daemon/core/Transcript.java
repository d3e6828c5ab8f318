package pm.daemon.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.TaskOutcome;

/**
 * Writes events and decisions as lines for people. Invocations are numbered in the order in which
 * they are first told: i1, i2.
 */
public final class Transcript {

  private final Map<InvocationId, String> names = new LinkedHashMap<>();

  /** Returns the short name of an invocation. */
  public String name(InvocationId id) {
    return names.computeIfAbsent(id, key -> "i" + (names.size() + 1));
  }

  /** Returns the invocation that was told by this short name. */
  public Optional<InvocationId> invocation(String name) {
    return names.entrySet().stream()
        .filter(entry -> entry.getValue().equals(name))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Tells a decision: first what is kept, then what is done. */
  public List<String> lines(Decision decision, Moment now) {
    List<String> lines = new ArrayList<>();
    for (Entry entry : decision.entries()) {
      lines.add("keep   " + entry(entry, now));
    }
    for (TaskEntry entry : decision.taskEntries()) {
      lines.add("keep   " + TaskWords.entry(entry, this::name));
    }
    for (Effect effect : decision.effects()) {
      lines.add(effect(effect));
    }
    return lines;
  }

  /** Tells an event. */
  public String event(Event event) {
    return switch (event) {
      case Command.Begin begin -> "begin " + begin.decisions().stopped();
      case Command.Resume resume -> "resume";
      case Command.Start start -> "start " + start.selectors() + asker(start) + start.patience();
      case Command.Stop stop -> "stop " + stop.selectors() + asker(stop) + stop.patience();
      case Command.Restart restart ->
          "restart " + restart.selectors() + asker(restart) + restart.patience();
      case Command.Signal signal ->
          "signal " + signal.signalName() + " " + signal.selectors() + asker(signal);
      case Command.Reset reset -> "reset " + reset.selectors() + asker(reset);
      case Command.Apply apply ->
          "apply " + (apply.dryRun() ? "--dry-run" : "") + asker(apply) + apply.patience();
      case Command.Reload reload ->
          "reload " + reload.selectors() + asker(reload) + reload.patience();
      case Command.Enable enable ->
          "enable " + enable.selectors() + asker(enable) + enable.patience();
      case Command.Disable disable ->
          "disable " + disable.selectors() + asker(disable) + disable.patience();
      case Command.Scale scale -> "scale " + scale.counts() + asker(scale) + scale.patience();
      case Command.RollingRestart roll ->
          "roll " + roll.selectors() + asker(roll) + roll.pause() + " " + roll.patience();
      case Command.Await await ->
          "await " + await.awaited() + " " + await.selectors() + asker(await) + await.patience();
      case Command.Run run -> "run " + run.program().name() + asker(run) + run.patience();
      case Command.Shutdown shutdown -> "shutdown" + asker(shutdown);
      case Report.Spawned spawned ->
          "spawned " + name(spawned.invocation()) + " pid " + spawned.process().pid();
      case Report.SpawnFailed failed ->
          "spawn-failed " + name(failed.invocation()) + (failed.shortage() ? " (shortage)" : "");
      case Report.Exited exited ->
          "exited "
              + name(exited.invocation())
              + " "
              + exited.status()
              + (exited.remains() ? " and leaves remains" : "");
      case Report.RemainsGone gone -> "remains-gone " + name(gone.invocation());
      case Report.RemainsLeft left -> "remains-left " + name(left.invocation()) + left.pids();
      case Report.Adopted adopted -> "adopted " + name(adopted.invocation());
      case Report.NeverSpawned never -> "never-spawned " + name(never.invocation());
      case Report.BecameReady ready -> "became-ready " + name(ready.invocation());
      case Report.Notified notified -> "notified " + name(notified.invocation());
      case Report.Checked checked ->
          "checked "
              + name(checked.invocation())
              + " "
              + checked.number()
              + (checked.passed() ? " passed" : " failed");
      case Report.Used used -> "used " + name(used.invocation());
      case Report.HookEnded ended ->
          "hook-ended "
              + name(ended.invocation())
              + " "
              + ended.kind().word()
              + " "
              + ended.end().inWords();
      case Report.OutputBlocked blocked -> "output-blocked " + blocked.instance();
      case Report.OutputFlows flows -> "output-flows " + flows.instance();
      case Report.Remarked remarked -> "remarked " + remarked.instance() + " " + remarked.type();
      case TimePassed passed -> "time passed";
      case TaskEvent task -> task.toString();
    };
  }

  private static String asker(Command command) {
    return command.request() == Command.UNANSWERED ? " " : " #" + command.request() + " ";
  }

  private static String decisions(Decisions decisions) {
    String text = "stopped " + decisions.stopped().keySet();
    if (!decisions.disabled().isEmpty()) {
      text += ", disabled " + decisions.disabled().keySet();
    }
    if (!decisions.enabled().isEmpty()) {
      text += ", enabled " + decisions.enabled().keySet();
    }
    for (var scaled : decisions.scaled().entrySet()) {
      text +=
          ", "
              + scaled.getKey()
              + " x"
              + scaled.getValue().bounds()
              + " in place of "
              + scaled.getValue().configured();
    }
    for (var held : decisions.held().entrySet()) {
      text += ", " + held.getKey() + " " + word(held.getValue().intake());
    }
    return text;
  }

  private String entry(Entry entry, Moment now) {
    return switch (entry) {
      case Entry.InstanceKept kept -> instance(kept.instance(), now);
      case Entry.InstanceForgotten forgotten -> forgotten.name() + " is forgotten";
      case Entry.ConfigurationKept kept ->
          "configuration " + kept.configuration().programs().keySet();
      case Entry.DecisionsKept kept ->
          "decisions " + kept.number() + ": " + decisions(kept.decisions());
      case Entry.CleanEnd end -> "clean end";
    };
  }

  /** Tells an instance with what the core remembers of it. */
  public String instance(Instance instance, Moment now) {
    StringBuilder text = new StringBuilder(instance.name().toString()).append(' ');
    text.append(phase(instance.phase()));
    instance
        .run()
        .ifPresent(
            run -> {
              text.append(' ').append(name(run.invocation()));
              run.process().ifPresent(process -> text.append(" pid ").append(process.pid()));
            });
    long deadline = instance.phase().deadline();
    if (deadline != Moment.NEVER) {
      text.append(" until ");
      text.append(deadline <= now.nanos() ? "now" : "+" + Wording.duration(deadline - now.nanos()));
    }
    if (!instance.window().restarts().isEmpty() || instance.streak() > 0) {
      text.append("; restarts ").append(instance.window().restarts().size());
      text.append(", in a row ").append(instance.streak());
    }
    return text.toString();
  }

  private static String phase(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead -> "DEAD/" + dead.reason().word();
      case Phase.Starting starting ->
          switch (starting.step()) {
            case SPAWNING, READYING -> "STARTING";
            case PRE_START, POST_START -> "STARTING/" + word(starting.step());
          };
      case Phase.Up up -> up.state().toString();
      case Phase.Stopping stopping ->
          "STOPPING/"
              + word(stopping.step())
              + (stopping.exit().isPresent() ? "/ended" : "")
              + ", then "
              + word(stopping.after());
    };
  }

  private String effect(Effect effect) {
    return switch (effect) {
      case Effect.Spawn spawn ->
          "effect Spawn "
              + spawn.instance()
              + " "
              + name(spawn.invocation())
              + command(spawn.spec());
      case Effect.Signal signal ->
          "effect Signal "
              + signal.signal()
              + (signal.thenContinue() ? " CONT " : " ")
              + name(signal.invocation())
              + " pid "
              + signal.process().pid()
              + " "
              + signal.scope().word();
      case Effect.KillRemains kill ->
          "effect KillRemains " + name(kill.invocation()) + " " + kill.scope().word();
      case Effect.SignalRemains signal ->
          "effect SignalRemains "
              + signal.signal()
              + " "
              + name(signal.invocation())
              + " "
              + signal.scope().word();
      case Effect.Release release -> "effect Release " + name(release.invocation());
      case Effect.Adopt adopt ->
          "effect Adopt "
              + name(adopt.run().invocation())
              + (adopt.exited() ? ", whose end is known" : "");
      case Effect.Follow follow ->
          "effect Follow " + name(follow.invocation()) + " pid " + follow.process().pid();
      case Effect.Check check ->
          "effect Check "
              + name(check.invocation())
              + " #"
              + check.number()
              + " "
              + probe(check.probe())
              + " within "
              + Wording.duration(check.timeout().toNanos());
      case Effect.Ping ping -> "effect Ping " + name(ping.invocation()) + " #" + ping.number();
      case Effect.RunHook hook ->
          "effect RunHook "
              + hook.kind().word()
              + " "
              + name(hook.invocation())
              + ": "
              + String.join(" ", hook.hook().command().argv())
              + " within "
              + Wording.duration(hook.hook().timeout().toNanos())
              + facts(hook.facts());
      case Effect.EndHooks end ->
          "effect EndHooks "
              + name(end.invocation())
              + end.earlier().map(kind -> " earlier " + kind.word()).orElse("");
      case Effect.ReadUsage read -> "effect ReadUsage " + name(read.invocation());
      case Effect.ChangeLogs logs -> "effect ChangeLogs " + logs.instance();
      case Effect.Publish publish -> happening(publish.happening());
      case Effect.Reply reply ->
          "reply  #"
              + reply.request()
              + (reply.afterDecision() == 0 ? "" : " after decision " + reply.afterDecision())
              + (reply.afterTasks() ? " once tasks are safe" : "")
              + ": "
              + answer(reply.answer());
      case Effect.Exit exit -> "effect Exit " + exit.code();
      case TaskEffect task -> TaskWords.effect(task, this::name);
    };
  }

  private static String probe(Probe probe) {
    return switch (probe) {
      case Probe.Http http -> "http " + http.url();
      case Probe.Tcp tcp -> "tcp " + tcp.address();
      case Probe.Exec exec -> "exec " + String.join(" ", exec.command().argv());
    };
  }

  private static String facts(HookFacts facts) {
    return "; reason "
        + facts.reason()
        + (facts.exitCode().isPresent() ? ", exit code " + facts.exitCode().getAsInt() : "")
        + facts.signal().map(signal -> ", signal " + signal).orElse("")
        + (facts.mainPid().isPresent() ? ", main pid " + facts.mainPid().getAsInt() : "");
  }

  private static String command(ProgramSpec spec) {
    return ": " + String.join(" ", spec.command().argv());
  }

  private String happening(Happening happening) {
    return switch (happening) {
      case Happening.StateChanged change ->
          change.instance()
              + " "
              + state(change.from(), change.fromReason())
              + " -> "
              + state(change.to(), change.reason())
              + (change.detail().isEmpty() ? "" : ": " + change.detail())
              + change.invocation().map(id -> " (" + name(id)).orElse(" (")
              + (change.pid() == 0 ? "" : ", pid " + change.pid())
              + change.cause().map(cause -> ", " + cause.word()).orElse("")
              + change.status().map(Transcript::status).orElse("")
              + change.actor().map(actor -> ", by " + actor).orElse("")
              + ")";
      case Happening.InstanceNote note ->
          (note.grave() ? "alarm  " : "note   ")
              + note.instance()
              + " "
              + note.type()
              + ": "
              + note.detail();
      case Happening.DaemonNote note ->
          (note.grave() ? "alarm  " : "note   ")
              + note.type()
              + ": "
              + note.detail()
              + ", by "
              + note.actor();
      case Happening.PoolNote note ->
          (note.grave() ? "alarm  " : "note   ")
              + note.pool()
              + " "
              + note.type()
              + (note.task().isEmpty() ? "" : " " + note.task())
              + ": "
              + note.detail();
    };
  }

  private static String status(ExitStatus status) {
    return switch (status) {
      case ExitStatus.Code code -> " " + code.code();
      case ExitStatus.Signalled signalled ->
          " SIG" + signalled.signal() + (signalled.core() ? " core" : "");
      case ExitStatus.Unknown unknown -> "";
    };
  }

  private static String state(InstanceState state, Optional<DeadReason> reason) {
    return state + reason.map(found -> "/" + found.word()).orElse("");
  }

  private String answer(Answer answer) {
    return switch (answer) {
      case Answer.Outcomes outcomes -> outcomes(outcomes.outcomes());
      case Answer.Applied applied -> plan(applied.plan()) + "; " + outcomes(applied.outcomes());
      case Answer.Tasks tasks -> "tasks" + tasks(tasks.outcomes());
      case Answer.QueueFull full -> full.pool() + " is full, in are" + tasks(full.accepted());
      case Answer.TryAgain later -> "try again: " + later.why();
      case Answer.NoMatch none -> none.selector() + " matches nothing";
      case Answer.Refused refused -> "refused: " + refused.why();
    };
  }

  private static String tasks(List<TaskOutcome> outcomes) {
    StringBuilder text = new StringBuilder();
    for (TaskOutcome task : outcomes) {
      text.append(text.isEmpty() ? " " : ", ").append(task.id()).append(' ').append(task.state());
      if (!task.detail().isEmpty()) {
        text.append(" (").append(task.detail()).append(')');
      }
    }
    return text.toString();
  }

  private static String plan(ApplyPlan plan) {
    StringBuilder text = new StringBuilder("plan");
    for (ApplyPlan.ProgramStep step : plan.programs()) {
      text.append(' ').append(word(step.action())).append(' ').append(step.program());
    }
    return text.toString();
  }

  private String outcomes(List<Outcome> outcomes) {
    if (outcomes.isEmpty()) {
      return "nothing";
    }
    StringBuilder text = new StringBuilder();
    for (Outcome outcome : outcomes) {
      text.append(text.isEmpty() ? "" : "; ");
      text.append(outcome.instance()).append(' ').append(outcome.result().word());
      text.append(outcome.detail().isEmpty() ? "" : ": " + outcome.detail());
      if (!outcome.invocation().isEmpty()) {
        text.append(" (see ").append(name(new InvocationId(outcome.invocation()))).append(')');
      }
    }
    return text.toString();
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
