package pm.daemon.core.instance;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import pm.config.Hook;
import pm.daemon.core.event.Effect;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;

/** How hooks are asked for, and what their ends mean. */
final class Hooks {

  /** How much longer than its timeout a hook is waited for: whoever runs it ends it in time. */
  static final Duration GRACE = Duration.ofSeconds(5);

  private Hooks() {}

  /** Returns when a hook that begins now is given up. */
  static long until(Hook hook, Moment now) {
    return Moment.after(now.after(hook.timeout()), GRACE);
  }

  /** Returns the effect that runs a hook while the process is up, or before it is. */
  static Effect run(Scene scene, Run run, HookKind kind, Hook hook, String reason) {
    return effect(
        scene,
        run,
        kind,
        hook,
        new HookFacts(
            OptionalInt.empty(),
            Optional.empty(),
            reason,
            run.process().isPresent()
                ? OptionalInt.of(run.process().get().pid())
                : OptionalInt.empty()));
  }

  /** Returns the effect that runs a hook when the process has ended, or never was. */
  static Effect after(
      Scene scene,
      Run run,
      HookKind kind,
      Hook hook,
      ExitCause cause,
      Optional<ExitStatus> status) {
    OptionalInt code =
        status.isPresent() && status.get() instanceof ExitStatus.Code exit
            ? OptionalInt.of(exit.code())
            : OptionalInt.empty();
    Optional<String> signal =
        status
            .filter(ExitStatus.Signalled.class::isInstance)
            .map(end -> ((ExitStatus.Signalled) end).signal());
    return effect(
        scene, run, kind, hook, new HookFacts(code, signal, cause.word(), OptionalInt.empty()));
  }

  private static Effect effect(Scene scene, Run run, HookKind kind, Hook hook, HookFacts facts) {
    return new Effect.RunHook(
        scene.instance().name(), run.invocation(), kind, hook, facts, scene.spec());
  }

  /** Returns the effect that ends a hook which a daemon before us may have left running. */
  static Effect endEarlier(Run run, HookKind kind) {
    return new Effect.EndHooks(run.invocation(), Optional.of(kind));
  }

  /** Returns whether a start goes on after this end of a hook. */
  static boolean goesOn(Hook hook, HookEnd end) {
    return end.isSuccess() || hook.ignoreFailure();
  }

  /** Returns why a start ends with this end of its hook. */
  static StopCause failure(HookEnd end) {
    if (end.timedOut()) {
      return StopCause.HOOK_TIMEOUT;
    }
    return end.problem().isEmpty() && end.signal().isPresent()
        ? StopCause.HOOK_KILLED
        : StopCause.HOOK_FAILED;
  }
}
