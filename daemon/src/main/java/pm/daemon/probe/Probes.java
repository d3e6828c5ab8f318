package pm.daemon.probe;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;

/**
 * Checks programs from outside and runs commands beside them: carries out the effects that are
 * about that. What comes of it comes back as a {@link Report}. Loop thread only.
 */
public final class Probes implements AutoCloseable {
  private static final int THREADS = 4;
  private static final int LOOK_UPS = 1_024;

  /** Hooks at a time; each has a thread that waits for its end. */
  private static final int MOST_HOOKS = 16;

  private static final int MOST_PROBE_COMMANDS = 16;

  private final BlockingPool names;
  private final BlockingPool commands;
  private final CommandRunner probeCommands;
  private final CommandRunner hookCommands;
  private final Checks checks;
  private final HookRunner hooks;

  /**
   * @param deadlines passed by the loop's owner
   * @param folder for pipes; nobody else may write to it
   * @param reports gets what happens, on the loop thread
   */
  public Probes(
      EventLoop loop,
      Deadlines deadlines,
      SystemTime time,
      Plans plans,
      Neighbours neighbours,
      Path folder,
      Consumer<Report> reports) {
    names = new BlockingPool(loop, THREADS, LOOK_UPS);
    commands = new BlockingPool(loop, THREADS, 2 * LOOK_UPS);
    probeCommands =
        new CommandRunner(
            loop, commands, deadlines, time, plans, neighbours, folder, MOST_PROBE_COMMANDS);
    hookCommands =
        new CommandRunner(loop, commands, deadlines, time, plans, neighbours, folder, MOST_HOOKS);
    Connector connector = new Connector(loop, new Names(names));
    checks =
        new Checks(
            commands,
            deadlines,
            time,
            plans,
            new HttpProbe(loop, connector, names),
            new TcpProbe(connector),
            new ExecProbe(probeCommands),
            reports);
    EarlierHooks.removePipes(folder);
    hooks =
        new HookRunner(
            hookCommands, new EarlierHooks(commands, deadlines, time, neighbours), reports);
  }

  /** Carries out a check; comes back as Checked. */
  public void check(Effect.Check effect) {
    checks.check(effect);
  }

  /** Runs a hook; comes back as HookEnded. */
  public void runHook(Effect.RunHook effect) {
    hooks.run(effect);
  }

  /** Kills the hooks of an invocation; nothing is heard of them any more. */
  public void endHooks(Effect.EndHooks effect) {
    hooks.end(effect);
  }

  /** The invocation is over: nothing is checked for it any more. */
  public void release(InvocationId invocation) {
    checks.end(invocation);
  }

  /** Returns the invocations whose hooks run or wait to. */
  public List<InvocationId> invocationsWithHooks() {
    return hooks.invocations();
  }

  /** Begins nothing more. Commands that run are left as they are. */
  @Override
  public void close() {
    probeCommands.close();
    hookCommands.close();
    names.close();
    commands.close();
  }
}
