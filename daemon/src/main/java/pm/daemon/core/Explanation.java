package pm.daemon.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartStep;

/** Tells in sentences why an instance is where it is, and what happens next. */
final class Explanation {

  private final InstanceView view;
  private final Moment now;
  private final List<String> sentences = new ArrayList<>();

  private Explanation(InstanceView view, Moment now) {
    this.view = view;
    this.now = now;
  }

  static List<String> of(
      InstanceView view,
      List<String> chain,
      Optional<String> off,
      StartSlots slots,
      int inHand,
      Moment now) {
    Explanation explanation = new Explanation(view, now);
    Instance instance = view.instance();
    switch (instance.phase()) {
      case Phase.Dead dead -> explanation.dead(dead, chain, off, slots);
      case Phase.Starting starting -> explanation.starting(starting);
      case Phase.Up up -> explanation.up(up);
      case Phase.Stopping stopping -> explanation.stopping(stopping);
    }
    if (inHand > 0) {
      explanation.say("It has " + Draft.count(inHand, "task") + " in hand.");
    }
    for (Problem problem : view.problems()) {
      // What keeps it down has been said first.
      if (!problem.toString().equals(view.detail())) {
        explanation.say("Its newest definition has an error: " + problem);
      }
    }
    if (!view.problems().isEmpty()) {
      explanation.say("Mend it, then run: pmctl apply");
    }
    return List.copyOf(explanation.sentences);
  }

  private void dead(Phase.Dead dead, List<String> chain, Optional<String> off, StartSlots slots) {
    String name = view.instance().name().toString();
    String why = name + " is not running (" + dead.reason().word() + ")" + colon(view.detail());
    say(why.endsWith("?") ? why : why + ".");
    view.instance().lastEnd().ifPresent(this::lastRun);
    switch (dead.reason()) {
      case NEW ->
          say(
              Demand.isOnDemand(dead)
                  ? "Its pool starts it when its tasks need more workers. To start it now: pmctl"
                      + " start "
                      + name
                  : "It has not been started. To start it: pmctl start " + name);
      case DISABLED ->
          say(
              "It is disabled "
                  + (off.isEmpty() || off.get().startsWith("by ")
                      ? off.orElse("")
                      : "since " + off.get())
                  + ". To allow it again: pmctl enable "
                  + name);
      case WAITING -> {
        if (!chain.isEmpty()) {
          say(String.join("; ", chain) + ".");
          say("It starts by itself when what it waits for is there.");
        } else {
          say(
              "It starts as soon as one of the "
                  + slots.most()
                  + " start slots is free ("
                  + slots.inUse()
                  + " in use; max_concurrent_starts).");
        }
      }
      case SCHEDULED -> say("It starts at its time.");
      case STOPPED ->
          say(
              Demand.isOnDemand(dead)
                  ? "Its pool starts it again when its tasks need more workers. To start it now:"
                      + " pmctl start "
                      + name
                  : "It stays down until: pmctl start " + name);
      case COMPLETED ->
          say("It ended with success and is not restarted. To run it again: pmctl start " + name);
      case BACKOFF -> {
        say(restartsSoFar());
        say(
            "It is started again in "
                + Wording.duration(dead.startAt() - now.nanos())
                + ", at "
                + clock(dead.startAt())
                + ".");
      }
      case FAILED -> {
        say(restartsSoFar());
        say(
            dead.startAt() == Moment.NEVER
                ? "It stays down until somebody starts it. Look at: pmctl logs "
                    + name
                    + ". Then: pmctl start "
                    + name
                : "It is tried again in "
                    + Wording.duration(dead.startAt() - now.nanos())
                    + " (restart.retry_after), at "
                    + clock(dead.startAt())
                    + ".");
      }
      case INVALID -> say("It cannot be started before its definition is right.");
    }
  }

  private void starting(Phase.Starting starting) {
    say(
        view.instance().name()
            + " is starting: "
            + view.detail()
            + ". Started by "
            + starting.current().startedBy()
            + ".");
    if (view.instance().restarts() > 0) {
      view.instance().lastEnd().ifPresent(this::lastRun);
      say(restartsSoFar());
    }
    if (starting.giveUpAt() != Moment.NEVER
        && (starting.step() == StartStep.READYING || starting.step() == StartStep.SPAWNING)) {
      say(
          "If it is not ready in "
              + Wording.duration(starting.giveUpAt() - now.nanos())
              + " (start_timeout), it is stopped and counts as failed.");
    }
  }

  private void up(Phase.Up up) {
    Run run = up.current();
    say(
        view.instance().name()
            + " is up ("
            + up.state()
            + ") as pid "
            + run.process().map(process -> process.pid()).orElse(0)
            + " since "
            + run.spawnedAt().truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
            + ", started by "
            + run.startedBy()
            + ".");
    if (up.state() == InstanceState.UNHEALTHY) {
      say("Its liveness is lost: " + Wording.detail(up, now) + ".");
    } else if (!Wording.detail(up, now).isEmpty()) {
      say("It says: " + Wording.detail(up, now) + ".");
    }
    for (String note : run.notes()) {
      say("Not enforced: " + note + ".");
    }
    if (run.adopted()) {
      say("A daemon before this one started it; it was taken over as it was.");
    }
    if (view.instance().restarts() > 0) {
      view.instance().lastEnd().ifPresent(this::lastRun);
      say(restartsSoFar());
    }
    say(policy());
  }

  private void stopping(Phase.Stopping stopping) {
    say(view.instance().name() + " is being stopped: " + view.detail() + ".");
    say(
        switch (stopping.after()) {
          case STAY ->
              stopping.actor().equals(Actor.POOL)
                  ? "Then it stays down until its pool needs it."
                  : "Then it stays down.";
          case START -> "Then it is started again.";
          case FORGET -> "Then it is gone: it is no longer part of the configuration.";
          case POLICY -> "Then the restart policy decides.";
        });
    if (stopping.after() == AfterStop.POLICY) {
      say(policy());
    }
  }

  private void lastRun(PastInvocation past) {
    say(
        "Its last run ended at "
            + past.endedAt().truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
            + ": "
            + past.summary()
            + (past.pid() == 0 ? "" : " (pid " + past.pid() + ", " + past.cause().word() + ")")
            + ".");
  }

  private String restartsSoFar() {
    Instance instance = view.instance();
    if (view.spec().isEmpty()) {
      return "It was restarted " + times(instance.restarts()) + ".";
    }
    ProgramSpec spec = view.spec().get();
    int within = instance.window().within(spec.restart().window(), now.nanos());
    return "It was restarted "
        + times(instance.restarts())
        + " since an operator last started it, "
        + times(within)
        + " in the last "
        + Wording.duration(spec.restart().window().toNanos())
        + (spec.restart().maxRestarts().isPresent()
            ? " (at most " + spec.restart().maxRestarts().getAsInt() + ")."
            : " (unlimited).");
  }

  private String policy() {
    if (view.spec().isEmpty()) {
      return "";
    }
    return switch (view.spec().get().restart().policy()) {
      case ALWAYS -> "If it ends by itself, it is started again (restart.policy: always).";
      case ON_FAILURE ->
          "If it fails, it is started again; if it ends with success, not (restart.policy:"
              + " on-failure).";
      case ON_ABNORMAL ->
          "If a signal or a timeout ends it, it is started again; if it exits, not"
              + " (restart.policy: on-abnormal).";
      case NEVER -> "If it ends, it stays down (restart.policy: never).";
    };
  }

  private String clock(long deadline) {
    return now.wallAt(deadline).truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString();
  }

  private static String times(long count) {
    return count == 1 ? "once" : count + " times";
  }

  private static String colon(String text) {
    return text.isEmpty() ? "" : ": " + text;
  }

  private void say(String sentence) {
    if (!sentence.isEmpty()) {
      sentences.add(sentence);
    }
  }
}
