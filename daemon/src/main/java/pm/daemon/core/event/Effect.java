package pm.daemon.core.event;

import java.time.Duration;
import java.util.Optional;
import pm.config.Hook;
import pm.config.LogSpec;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;

/** What is to be done. None of them answers; what comes of it comes back as a {@link Report}. */
public sealed interface Effect
    permits Effect.Spawn,
        Effect.Signal,
        Effect.KillRemains,
        Effect.SignalRemains,
        Effect.Release,
        Effect.Adopt,
        Effect.Follow,
        Effect.Check,
        Effect.Ping,
        Effect.RunHook,
        Effect.EndHooks,
        Effect.ReadUsage,
        Effect.ChangeLogs,
        Effect.Publish,
        Effect.Reply,
        Effect.Exit,
        TaskEffect {

  /** Start a process; answered by Spawned or SpawnFailed. */
  record Spawn(InstanceName instance, InvocationId invocation, ProgramSpec spec)
      implements Effect {}

  /**
   * Send a signal.
   *
   * @param signal its name without SIG
   * @param scope PROCESS: to the main process; GROUP and TREE: to its process group
   * @param thenContinue whether a CONT follows, so that a stopped process can act on it
   */
  record Signal(
      InvocationId invocation,
      ProcessIdentity process,
      String signal,
      StopScope scope,
      boolean thenContinue)
      implements Effect {}

  /**
   * Kill all that belongs to the invocation, its main process included, until none is left;
   * answered by Exited when the main process ends (unless it has been reported before), by
   * RemainsLeft after a look that still finds some, and by RemainsGone at last. Asked for again, it
   * looks and kills again.
   */
  record KillRemains(InstanceName instance, InvocationId invocation, StopScope scope)
      implements Effect {}

  /**
   * Send {@code signal} to what belongs to the invocation and outlived its main process; answered
   * by RemainsGone when none is left.
   */
  record SignalRemains(
      InstanceName instance, InvocationId invocation, StopScope scope, String signal)
      implements Effect {}

  /** The invocation is over and kept as such: reap its main process, drop all that served it. */
  record Release(InstanceName instance, InvocationId invocation) implements Effect {}

  /**
   * Look for the process that a daemon before us started; answered by Adopted, Spawned,
   * NeverSpawned or Exited. Where the end of its main process is known already, nothing is
   * answered: a KillRemains or SignalRemains follows, and is.
   *
   * @param exited whether the end of its main process is known already
   */
  record Adopt(InstanceName instance, Run run, ProgramSpec spec, boolean exited)
      implements Effect {}

  /**
   * The process that was spawned has named another as the main one: from now on that is watched,
   * and its end is reported by Exited. The one before is reaped when it ends, and nothing is said
   * of it.
   */
  record Follow(InstanceName instance, InvocationId invocation, ProcessIdentity process)
      implements Effect {}

  /**
   * Ask from outside whether it does its work; answered by Checked with the same number, at the
   * latest when {@code timeout} is over.
   */
  record Check(
      InstanceName instance,
      InvocationId invocation,
      long number,
      Probe probe,
      Duration timeout,
      ProgramSpec spec)
      implements Effect {}

  /** Ping a worker; answered by Checked with the same number if an answer comes. */
  record Ping(InstanceName instance, InvocationId invocation, long number, ProgramSpec spec)
      implements Effect {}

  /** Run a hook; answered by HookEnded, unless EndHooks comes before. */
  record RunHook(
      InstanceName instance,
      InvocationId invocation,
      HookKind kind,
      Hook hook,
      HookFacts facts,
      ProgramSpec spec)
      implements Effect {}

  /**
   * Kill the hooks of an invocation; nothing is heard of them any more. Those that are run after it
   * begin when they are gone.
   *
   * @param earlier what a daemon before us may have left running: it is looked for as well
   */
  record EndHooks(InvocationId invocation, Optional<HookKind> earlier) implements Effect {
    /** Only hooks that we have begun. */
    public EndHooks(InvocationId invocation) {
      this(invocation, Optional.empty());
    }
  }

  /** Read what it uses; answered by Used. */
  record ReadUsage(InstanceName instance, InvocationId invocation) implements Effect {}

  /** The rules of its log files changed while it runs. */
  record ChangeLogs(InstanceName instance, LogSpec logs) implements Effect {}

  /** Tell the world. */
  record Publish(Happening happening) implements Effect {}

  /**
   * Answer a request.
   *
   * @param afterDecision the {@link Entry.DecisionsKept#number()} that must be flushed first; 0 for
   *     none
   * @param afterTasks whether all that was kept of tasks up to now must survive a loss of power
   *     first
   */
  record Reply(long request, Answer answer, long afterDecision, boolean afterTasks)
      implements Effect {
    /** One that waits for no task. */
    public Reply(long request, Answer answer, long afterDecision) {
      this(request, answer, afterDecision, false);
    }
  }

  /** End the daemon. */
  record Exit(int code) implements Effect {}
}
