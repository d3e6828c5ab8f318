package pm.daemon.core.event;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import pm.config.Configuration;
import pm.config.ProgramSpec;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.InstanceBounds;

/** What somebody asks for. Each is answered with one {@link Effect.Reply} of the same request. */
public sealed interface Command extends Event {

  /** Returns who asks. */
  Actor actor();

  /** Returns the number under which the answer is awaited; {@link #UNANSWERED} if by nobody. */
  long request();

  /** The request number of commands that nobody waits for. */
  long UNANSWERED = 0;

  /**
   * How long the asker waits.
   *
   * @param untilDone whether the answer comes when all is done, else as soon as it is begun
   * @param timeoutNanos the longest wait in nanoseconds, {@link Long#MAX_VALUE} for ever
   */
  record Patience(boolean untilDone, long timeoutNanos) {
    /** Answer as soon as it is begun. */
    public static final Patience NONE = new Patience(false, Long.MAX_VALUE);

    /** Answer when all is done, however long it takes. */
    public static final Patience ENDLESS = new Patience(true, Long.MAX_VALUE);
  }

  /** Start what the selectors name. */
  record Start(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /** Stop what the selectors name; it stays so until somebody starts it. */
  record Stop(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /** Stop, then start, what the selectors name. */
  record Restart(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /**
   * Send a signal to the main processes of what the selectors name.
   *
   * @param signal its number
   * @param signalName its name without SIG
   */
  record Signal(long request, Actor actor, List<String> selectors, int signal, String signalName)
      implements Command {}

  /** Clear the restart history, and {@code failed}, of what the selectors name. */
  record Reset(long request, Actor actor, List<String> selectors) implements Command {}

  /**
   * Make this the configuration in force, program by program.
   *
   * @param configuration what was read from the files
   * @param dryRun only say what would change
   */
  record Apply(
      long request, Actor actor, Configuration configuration, boolean dryRun, Patience patience)
      implements Command {}

  /**
   * Begin: the first event of a daemon that finds nothing to take over.
   *
   * @param configuration what was read from the files
   * @param decisions what operators decided before
   */
  record Begin(Actor actor, Configuration configuration, Decisions decisions) implements Command {
    @Override
    public long request() {
      return UNANSWERED;
    }
  }

  /** After what a daemon goes on. */
  enum Resumption {
    /** The daemon before it ended without a word. */
    CRASH,
    /** The daemon before it became this version. */
    UPGRADE,
    /** The daemon before it became another version, which could not start. */
    FAILED_UPGRADE
  }

  /**
   * Go on: the first event of a daemon after one that did not stop everything. What it kept has
   * been replayed before; now its processes are looked for.
   */
  record Resume(Actor actor, Resumption after) implements Command {
    /** After a crash. */
    public Resume(Actor actor) {
      this(actor, Resumption.CRASH);
    }

    @Override
    public long request() {
      return UNANSWERED;
    }
  }

  /** Send the reload signal, or run the reload command, of what the selectors name. */
  record Reload(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /** Allow what the selectors name to be started again; it is not started by that. */
  record Enable(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /** Stop what the selectors name, and allow no start until it is enabled. */
  record Disable(long request, Actor actor, List<String> selectors, Patience patience)
      implements Command {}

  /**
   * Give programs other numbers of instances than the files do.
   *
   * @param counts the number of each program, by name
   */
  record Scale(
      long request, Actor actor, SortedMap<String, InstanceBounds> counts, Patience patience)
      implements Command {
    public Scale {
      counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }
  }

  /**
   * Restart what the selectors name one instance after the other, each ready before the next; the
   * first failure ends it.
   *
   * @param pause how long to wait between two
   */
  record RollingRestart(
      long request, Actor actor, List<String> selectors, Duration pause, Patience patience)
      implements Command {}

  /** Wait until what the selectors name is in a state; nothing is done about it. */
  record Await(
      long request, Actor actor, List<String> selectors, AwaitedState awaited, Patience patience)
      implements Command {}

  /**
   * Start a program that no file defines. It is gone once it has ended with success or was stopped.
   *
   * @param program its definition; {@code location().file()} is {@link #RUN}
   */
  record Run(long request, Actor actor, ProgramSpec program, Patience patience)
      implements Command {}

  /** The file that stands in the location of a program that no file defines. */
  String RUN = "pmctl run";

  /** Stop everything and end the daemon; a second one kills instead of waiting. */
  record Shutdown(long request, Actor actor) implements Command {}
}
