package pm.daemon.core.instance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import pm.config.RestartPolicy;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.StopStep;

/** {@code docs/states.md}, made of the tables that the tests hold the code to. */
final class StatesDocument {

  private final StringBuilder text = new StringBuilder();

  private StatesDocument() {}

  static String of(MachineTable table, List<RestartRuleTest.Row> policies) {
    StatesDocument document = new StatesDocument();
    document.states();
    document.reasons();
    document.transitions(table);
    document.afterDeath();
    document.policies(policies);
    document.stopSequence();
    document.crash();
    document.cells(table);
    return document.text.toString();
  }

  private void states() {
    line("# States of an instance");
    line("");
    line("<!-- Made from daemon/src/test/resources/tables; a test compares it. To make it anew:");
    line("     mvn -pl daemon -am test -Dtest=InstanceMachineTest -Dtables.rewrite=true -->");
    line("");
    line(
        "An instance (`web@1`) is one slot of a program and holds at most one live process. It is");
    line(
        "always in one of six states. `pmctl status` shows it, `pmctl why web@1` explains it, and");
    line("every change of it is an event (`pmctl events`).");
    line("");
    line("| state | means |");
    line("| --- | --- |");
    for (InstanceState state : InstanceState.values()) {
      line("| `" + state + "` | " + meaning(state) + " |");
    }
    line("");
  }

  private static String meaning(InstanceState state) {
    return switch (state) {
      case STARTING ->
          "its start is decided (its process is being spawned, or is up) and it is not ready yet";
      case IDLE -> "up and ready, no task in hand; a program that takes no tasks is `IDLE` when up";
      case BUSY -> "up, working on at least one task";
      case UNHEALTHY -> "up, but its liveness is lost";
      case STOPPING -> "asked to stop, or what it left behind is being killed; not gone yet";
      case DEAD -> "nothing that it started runs any more";
    };
  }

  private void reasons() {
    line("`DEAD` has a reason, and a sentence that says the rest:");
    line("");
    line("| reason | means | what you can do |");
    line("| --- | --- | --- |");
    for (DeadReason reason : DeadReason.values()) {
      line("| `" + reason.word() + "` | " + meaning(reason) + " |");
    }
    line("");
  }

  private static String meaning(DeadReason reason) {
    return switch (reason) {
      case NEW ->
          "never started; a worker of a pool: its pool starts it when it needs it | `pmctl start`";
      case DISABLED ->
          "somebody disabled it, or its definition says `enabled: false`"
              + " | `pmctl enable`, or change it, then `pmctl apply`";
      case WAITING ->
          "it starts by itself as soon as something else allows it, such as a start slot |"
              + " `pmctl why` names it; `pmctl stop` if it shall not";
      case SCHEDULED -> "it starts at its time | `pmctl start` starts it now";
      case STOPPED ->
          "somebody stopped it, which holds until somebody starts it, or its pool did not need it |"
              + " `pmctl start`";
      case COMPLETED -> "it ended with success and is not restarted | `pmctl start` runs it again";
      case BACKOFF ->
          "it is started again, at the time that is shown | `pmctl start` starts it now,"
              + " `pmctl stop` ends the trying";
      case FAILED ->
          "it cannot be started, or is not restarted any more | `pmctl why`, `pmctl logs`, then"
              + " `pmctl start`";
      case INVALID -> "its definition has an error | `pmctl config check`, then `pmctl apply`";
    };
  }

  private void transitions(MachineTable table) {
    line("## Transitions");
    line("");
    line("There are no others, and `DEAD` is passed between any two invocations.");
    line("");
    line("| from | to | when |");
    line("| --- | --- | --- |");
    Map<String, Set<String>> sources = new LinkedHashMap<>();
    for (MachineTable.Cell cell : table.cells()) {
      if (cell.isTransition()) {
        sources
            .computeIfAbsent(
                "| " + ends(cell) + " | " + cell.why() + " |", key -> new LinkedHashSet<>())
            .add(cell.from());
      }
    }
    sources.forEach((rest, from) -> line("| " + String.join(", ", from) + " " + rest));
    line("");
  }

  /** The state that follows; of a process that ended, which reason it gets is told apart. */
  private static String ends(MachineTable.Cell cell) {
    String to = cell.to();
    boolean byPolicy = cell.event().startsWith("exited") && !cell.from().equals("STOPPING");
    if (to.startsWith("DEAD") && cell.from().equals("STOPPING")) {
      return "DEAD";
    }
    if (to.startsWith("DEAD")) {
      return byPolicy ? "DEAD, by the restart policy" : "DEAD: `" + to.substring(5) + "`";
    }
    int slash = to.indexOf('/');
    return slash < 0 ? to : to.substring(0, slash);
  }

  private void afterDeath() {
    line("What `STOPPING` ends in depends on why it was stopped:");
    line("");
    line("| stopped because | then |");
    line("| --- | --- |");
    line("| an operator stopped it, or the daemon shuts down | `DEAD`: `stopped` |");
    line(
        "| an operator restarts it, or its definition changed | `DEAD`, then `STARTING` at once |");
    line("| its definition went away, or has fewer instances | it is gone |");
    line("| somebody disabled it, or its definition says `enabled: false` | `DEAD`: `disabled` |");
    line(
        "| its pool needs fewer, or has replaced it | `DEAD`: `stopped`, until the pool needs it |");
    line(
        "| a task exceeded its limit, or its pool is stuck | `DEAD`, then `STARTING` at once, which"
            + " uses up no room in the restart window |");
    line("| it was not ready in time, or lost its liveness | the restart policy decides |");
    line("| its process ended by itself and left others | the restart policy decides |");
    line("");
  }

  private void policies(List<RestartRuleTest.Row> rows) {
    line("## Restart");
    line("");
    line("What becomes of an instance that ended without being asked to. `backoff` needs room in");
    line(
        "the restart window (`max_restarts` within `window`); where there is none it is `failed`.");
    line("A host that is short of processes, descriptors or memory gives `backoff` under every");
    line("policy and uses up no room; a command that cannot be executed is `failed` at once.");
    line("");
    StringBuilder head = new StringBuilder("| it ended by | in `restart.prevent` |");
    StringBuilder rule = new StringBuilder("| --- | --- |");
    for (RestartPolicy policy : RestartPolicy.values()) {
      head.append(" `").append(policy.word()).append("` |");
      rule.append(" --- |");
    }
    line(head.toString());
    line(rule.toString());
    Set<String> lines = new LinkedHashSet<>();
    for (RestartRuleTest.Row row : rows) {
      StringBuilder line = new StringBuilder("| ").append(inWords(row));
      line.append(" | ").append(row.prevented() ? "yes" : "no").append(" |");
      row.cells().forEach(cell -> line.append(' ').append(cell).append(" |"));
      lines.add(line.toString());
    }
    lines.forEach(this::line);
    line("");
  }

  private static String inWords(RestartRuleTest.Row row) {
    return switch (row.cause()) {
      case CLEAN -> "an exit code of `success_exit_codes`";
      case EXIT -> "another exit code";
      case SIGNAL -> "a signal, with or without a core dump";
      case START_TIMEOUT -> "`start_timeout`, however it then ended";
      case UNHEALTHY -> "lost liveness, however it then ended";
      case TIME_LIMIT -> "a time limit, however it then ended";
      case OOM -> "want of memory";
      case UNKNOWN -> "unknown: a daemon before had started it, and the kernel no longer tells";
      case REQUESTED, RECYCLE, EXEC_ERROR, SPAWN_ERROR ->
          throw new IllegalArgumentException("the policy does not judge " + row);
    };
  }

  private void stopSequence() {
    line("## Stop");
    line("");
    line("| step | what is done | until |");
    line("| --- | --- | --- |");
    for (StopStep step : StopStep.values()) {
      line(
          "| "
              + step.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " | "
              + told(step)
              + " |");
    }
    line("");
    line("Whenever nothing of it is left, the rest of the steps is left out.");
    line("");
  }

  private static String told(StopStep step) {
    return switch (step) {
      case AWAIT_DEPENDANTS ->
          "nothing: what depends on it is on its way out | that is gone, or cannot be killed";
      case AWAIT_SPAWN ->
          "nothing: its process is just being spawned | it is spawned, or could not be, or"
              + " `stop.timeout` and "
              + Wording.duration(StopSequence.STUCK_BOUND.toNanos())
              + " are over";
      case DRAIN ->
          "a worker with tasks in hand gets no more, and is told to finish them and exit | nothing is"
              + " in hand, or `stop.drain` is over; when the daemon shuts down, at the latest"
              + " `shutdown.timeout` after that began";
      case BEFORE_KILL ->
          "`liveness.before_kill` of an instance that is UNHEALTHY, or of a pool that is stuck: its signal to the main process,"
              + " or its command | "
              + Wording.duration(StopSequence.BEFORE_KILL_WAIT.toNanos())
              + " is over, or the command has ended";
      case PRE_STOP ->
          "`hooks.pre_stop` runs, if it was ready | it has ended, or its `timeout` is over";
      case COMMAND ->
          "`stop.command` runs in place of the signal | `stop.timeout` is over; a command that"
              + " fails is followed by the signal";
      case SIGNALLED ->
          "`stop.signal` to its process group, then CONT; what outlives its main process gets the"
              + " signal too | `stop.timeout` is over";
      case KILLED ->
          "KILL to everything in `stop.scope` | "
              + Wording.duration(InstanceMachine.KILL_BOUND.toNanos())
              + " are over";
      case KILLED_AGAIN ->
          "what is left of it is looked for, and killed once more | some of it is found, or nobody"
              + " could look for "
              + Wording.duration(StopSequence.LOOK_BOUND.toNanos());
      case STUCK ->
          "killing did not help, or the spawn does not end: it is listed with its pids, an event is raised, and whoever waits is told that it"
              + " failed | it is gone after all";
      case POST_STOP ->
          "nothing of it is left: `hooks.post_stop` runs, however it ended | it has ended, or its"
              + " `timeout` is over";
    };
  }

  private void crash() {
    line("## When the daemon is killed");
    line("");
    line("Every decision is written down before it is carried out. The next daemon reads them and");
    line(
        "goes on where the last one was: a process that still runs is taken over in its state, one");
    line(
        "that has ended meanwhile is judged by the policy (its exit code may be unknown), a start");
    line("that was decided and never carried out is carried out, a stop is gone on with.");
    line("");
  }

  private void cells(MachineTable table) {
    line("## Every cell");
    line("");
    line(
        "What each event does in each state, as the code is tested. What is not listed for a state");
    line("is impossible there and refused; an event that changes nothing is not listed either.");
    line("");
    Map<String, List<MachineTable.Cell>> states = new LinkedHashMap<>();
    for (MachineTable.Cell cell : table.cells()) {
      states.computeIfAbsent(cell.state(), key -> new ArrayList<>()).add(cell);
    }
    states.forEach(
        (state, cells) -> {
          line("### " + heading(state));
          line("");
          line("| event | then | effects |");
          line("| --- | --- | --- |");
          for (MachineTable.Cell cell : cells) {
            if (cell.to().equals("impossible") || cell.outcome().equals("same")) {
              continue;
            }
            line(
                "| "
                    + event(cell.event())
                    + " | "
                    + (cell.to().equals("same") ? "the same" : "`" + cell.to() + "`")
                    + " | "
                    + cell.effects().replace("+", "")
                    + " |");
          }
          line("");
        });
    text.setLength(text.length() - 1);
  }

  private static String heading(String state) {
    int dash = state.indexOf('-');
    return dash < 0
        ? state.toUpperCase(Locale.ROOT)
        : state.substring(0, dash).toUpperCase(Locale.ROOT)
            + ", "
            + switch (state) {
              case "dead-lasting" -> "until somebody acts";
              case "dead-with-a-time" -> "to be started at a known time";
              case "starting-being-spawned" -> "its process being spawned";
              case "starting-ready-soon" -> "up, about to be ready";
              case "starting-timeout-soon" -> "up, about to run out of time";
              case "starting-pre-start" -> "its pre_start runs";
              case "starting-awaiting-word" -> "up, with `readiness: notify`";
              case "starting-checked" -> "up, being asked whether it is ready";
              case "starting-post-start" -> "ready, its post_start runs";
              case "idle-with-checks" -> "with a liveness check under way, and every hook";
              case "unhealthy-to-be-stopped" -> "with `on_failure: restart`, and every hook";
              case "idle-worker" -> "a worker of a pool";
              case "busy-worker" -> "a worker of a pool";
              case "unhealthy-worker" -> "a worker of a pool";
              case "stopping-drain" -> "a worker that finishes its tasks";
              case "stopping-drain-unfound" ->
                  "a worker that finishes its tasks, not found yet by a later daemon";
              case "stopping-await-dependants" -> "waits for its dependants";
              case "stopping-before-kill" -> "its before_kill runs";
              case "stopping-pre-stop" -> "its pre_stop runs";
              case "stopping-pre-stop-ended" -> "its pre_stop runs, its main process has ended";
              case "stopping-command" -> "its stop.command was run";
              case "stopping-post-stop" -> "gone, its post_stop runs";
              case "stopping-await-spawn" -> "its process being spawned";
              case "stopping-signalled" -> "signalled";
              case "stopping-signalled-ended" -> "signalled, its main process has ended";
              case "stopping-killed" -> "killed";
              case "stopping-killed-ended" -> "killed, its main process has ended";
              case "stopping-killed-again" -> "killed again";
              case "stopping-killed-again-ended" -> "killed again, its main process has ended";
              case "stopping-stuck-spawn" -> "stuck, its process still being spawned";
              case "stopping-stuck" -> "stuck";
              case "stopping-stuck-ended" -> "stuck, its main process has ended";
              default -> throw new IllegalArgumentException(state);
            };
  }

  private static String event(String event) {
    return switch (event) {
      case "start" -> "start";
      case "stop" -> "stop";
      case "hurry" -> "wait no longer";
      case "spawned" -> "its process runs";
      case "spawned-no-uptime" -> "its process runs, which is ready at once";
      case "exec-failed" -> "its command cannot be executed";
      case "host-short" -> "the host is short of something";
      case "exited" -> "its process fails, nothing remains";
      case "exited-clean" -> "its process ends with success, nothing remains";
      case "exited-remains" -> "its process ends, something remains";
      case "remains-gone" -> "nothing of it is left";
      case "remains-left" -> "something is left although it was killed";
      case "adopted" -> "its process was found by a later daemon";
      case "never-spawned" -> "a later daemon finds that it was never spawned";
      case "time-before" -> "time before its deadline";
      case "time-after" -> "its deadline";
      case "stop-after-dependants" -> "stop, once what depends on it is gone";
      case "proceed" -> "what depends on it is gone";
      case "oom-killed" -> "the kernel kills its process for want of memory, something remains";
      case "became-ready" -> "a newline on its descriptor, a line that matches, or `ready`";
      case "says-ready" -> "`READY=1`";
      case "says-stopping" -> "`STOPPING=1`";
      case "says-broken" -> "`WATCHDOG=trigger`";
      case "names-another" -> "`MAINPID=`";
      case "check-passed" -> "its check passes";
      case "check-failed" -> "its check fails";
      case "over-memory" -> "it is seen over `limits.memory`";
      case "hook-done" -> "the hook ends with success";
      case "hook-failed" -> "the hook fails";
      case "time-late" -> "its deadline, noticed a minute late";
      case "gets-work" -> "it gets a task";
      case "work-done" -> "the last task in hand ends";
      case "scaled-down" -> "its pool needs fewer";
      case "recycled" -> "its pool replaces it";
      case "stalled" -> "its pool is stuck";
      case "task-overdue" -> "its task exceeds its limit, and it does not answer";
      case "resume" -> "a later daemon begins";
      default -> throw new IllegalArgumentException(event);
    };
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
