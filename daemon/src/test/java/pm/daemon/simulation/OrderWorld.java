package pm.daemon.simulation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;

/**
 * Processes as far as order among them needs them: they come up, end by themselves, and end when
 * they are told to. What is told of them waits until the daemon hears it.
 */
final class OrderWorld {

  /** A process, from the decision to start it until it is released. */
  private static final class Life {
    final InvocationId invocation;
    final ProcessIdentity process;
    boolean isSpawned;
    boolean isAlive = true;
    boolean isTold;
    boolean isAskedToEnd;
    boolean isKilled;
    ExitStatus status = new ExitStatus.Code(0);

    Life(InvocationId invocation, int pid) {
      this.invocation = invocation;
      this.process = new ProcessIdentity(pid, 5, 5);
    }
  }

  private final Map<InvocationId, Life> lives = new LinkedHashMap<>();
  private final List<Report> waiting = new ArrayList<>();
  private boolean isCalm;
  private int pids = 100;

  /** Nothing ends by itself or fails any more. */
  void calm(boolean calm) {
    isCalm = calm;
  }

  /** What is under way can be heard of. */
  boolean isQuiet() {
    return waiting.isEmpty() && lives.values().stream().noneMatch(this::canHappen);
  }

  private boolean canHappen(Life life) {
    return !life.isSpawned || (life.isAlive && (life.isAskedToEnd || life.isKilled));
  }

  void carryOut(Effect effect) {
    switch (effect) {
      case Effect.Spawn spawn ->
          lives.put(spawn.invocation(), new Life(spawn.invocation(), ++pids));
      case Effect.Signal signal -> {
        Life life = lives.get(signal.invocation());
        if (life != null && signal.thenContinue()) {
          life.isAskedToEnd = true;
        }
      }
      case Effect.KillRemains kill -> {
        Life life = lives.get(kill.invocation());
        if (life == null || (!life.isAlive && life.isTold)) {
          waiting.add(new Report.RemainsGone(kill.invocation()));
        } else {
          life.isKilled = true;
        }
      }
      case Effect.Release release -> lives.remove(release.invocation());
      case Effect.Adopt adopt -> adopt(adopt);
      case Effect.RunHook hook ->
          waiting.add(
              new Report.HookEnded(
                  hook.instance(), hook.invocation(), hook.kind(), HookEnd.code(0)));
      case Effect.SignalRemains remains ->
          waiting.add(new Report.RemainsGone(remains.invocation()));
      case Effect.ChangeLogs change -> {}
      case Effect.Publish publish -> {}
      case Effect.Reply reply -> {}
      case Effect.Exit exit -> {}
      case TaskEffect task -> throw new IllegalStateException("no pools: " + task);
      case Effect.Follow follow -> {}
      case Effect.Check check -> {}
      case Effect.Ping ping -> {}
      case Effect.EndHooks end -> {}
      case Effect.ReadUsage read -> {}
    }
  }

  private void adopt(Effect.Adopt adopt) {
    if (adopt.exited()) {
      return;
    }
    InvocationId id = adopt.run().invocation();
    Life life = lives.get(id);
    if (life == null || (!life.isSpawned && adopt.run().process().isEmpty())) {
      lives.remove(id);
      waiting.add(
          adopt.run().process().isEmpty()
              ? new Report.NeverSpawned(id)
              : new Report.Exited(id, new ExitStatus.Unknown(), false));
    } else if (!life.isAlive) {
      life.isTold = true;
      waiting.add(new Report.Exited(id, life.status, false));
    } else if (adopt.run().process().isEmpty()) {
      waiting.add(new Report.Spawned(id, life.process));
    } else {
      waiting.add(new Report.Adopted(id, life.process));
    }
  }

  /** The daemon is killed: what it was about to hear is lost, what it was spawning too. */
  void daemonDies() {
    waiting.clear();
    lives.values().removeIf(life -> !life.isSpawned);
  }

  /** Lets one thing happen, if anything can. */
  void happens(SplittableRandom random) {
    List<Life> able = new ArrayList<>();
    for (Life life : lives.values()) {
      if (canHappen(life) || (!isCalm && life.isAlive && random.nextInt(6) == 0)) {
        able.add(life);
      }
    }
    if (able.isEmpty()) {
      return;
    }
    Life life = able.get(random.nextInt(able.size()));
    if (!life.isSpawned) {
      if (!isCalm && random.nextInt(12) == 0) {
        lives.remove(life.invocation);
        waiting.add(
            new Report.SpawnFailed(life.invocation, "exec", "No such file", random.nextBoolean()));
        return;
      }
      life.isSpawned = true;
      waiting.add(new Report.Spawned(life.invocation, life.process));
      return;
    }
    life.isAlive = false;
    life.isTold = true;
    life.status =
        life.isAskedToEnd || life.isKilled
            ? new ExitStatus.Signalled("TERM", 15, false)
            : new ExitStatus.Code(isCalm ? 0 : random.nextInt(3));
    waiting.add(new Report.Exited(life.invocation, life.status, false));
  }

  /** Lets oneshots come to their end, which nobody asks for. */
  void ends(InvocationId invocation) {
    Life life = lives.get(invocation);
    if (life != null && life.isSpawned && life.isAlive) {
      life.isAlive = false;
      life.isTold = true;
      waiting.add(new Report.Exited(invocation, life.status, false));
    }
  }

  /** Returns what the daemon hears next. */
  Optional<Report> heard() {
    return waiting.isEmpty() ? Optional.empty() : Optional.of(waiting.removeFirst());
  }
}
