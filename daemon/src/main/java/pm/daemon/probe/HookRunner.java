package pm.daemon.probe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InvocationId;

/** Runs the hooks of programs. Their output goes line by line to the daemon's log. Loop only. */
final class HookRunner {
  private static final Logger LOG = LoggerFactory.getLogger("pmd");

  private final CommandRunner runner;
  private final Consumer<Report> reports;
  private final EarlierHooks earlier;
  private final UnderWay underWay = new UnderWay();

  HookRunner(CommandRunner runner, EarlierHooks earlier, Consumer<Report> reports) {
    this.runner = runner;
    this.earlier = earlier;
    this.reports = reports;
  }

  /** Carries out the effect. */
  void run(Effect.RunHook effect) {
    if (!earlier.defer(effect.invocation(), () -> begin(effect))) {
      begin(effect);
    }
  }

  private void begin(Effect.RunHook effect) {
    String name = effect.kind().word();
    InvocationId invocation = effect.invocation();
    underWay.add(
        invocation,
        done ->
            runner.run(
                new CommandOrder(
                    effect.spec(),
                    effect.instance(),
                    invocation,
                    effect.hook().command(),
                    name,
                    variables(effect.facts()),
                    effect.hook().timeout(),
                    isLast(effect.kind()),
                    line -> LOG.info("{} {}: {}", effect.instance(), name, line)),
                end -> {
                  done.run();
                  reports.accept(
                      new Report.HookEnded(
                          effect.instance(), invocation, effect.kind(), hookEnd(end)));
                }));
  }

  private static HookEnd hookEnd(CommandEnd end) {
    return new HookEnd(
        end.exitCode(),
        end.timedOut() ? Optional.of("KILL") : Optional.empty(),
        end.timedOut(),
        end.timedOut() ? "" : end.problem(),
        end.output());
  }

  private static Map<String, String> variables(HookFacts facts) {
    Map<String, String> variables = new HashMap<>();
    variables.put("PM_EXIT_CODE", text(facts.exitCode()));
    variables.put("PM_SIGNAL", facts.signal().orElse(""));
    variables.put("PM_REASON", facts.reason());
    variables.put("PM_PID", text(facts.mainPid()));
    return variables;
  }

  private static String text(OptionalInt number) {
    return number.isPresent() ? Integer.toString(number.getAsInt()) : "";
  }

  /** Nothing of the invocation is left when these run, and nobody will look again. */
  private static boolean isLast(HookKind kind) {
    return switch (kind) {
      case POST_STOP, ON_FAILURE -> true;
      case PRE_START, POST_START, PRE_STOP, STOP_COMMAND, RELOAD, BEFORE_KILL -> false;
    };
  }

  /** Carries out the effect. */
  void end(Effect.EndHooks effect) {
    underWay.cancel(effect.invocation());
    earlier.drop(effect.invocation());
    if (effect.earlier().isPresent()) {
      earlier.end(effect.invocation(), effect.earlier().get());
    }
  }

  /** Returns the invocations whose hooks run or wait. */
  List<InvocationId> invocations() {
    List<InvocationId> all = new ArrayList<>(underWay.invocations());
    all.addAll(earlier.invocations());
    return all;
  }
}
