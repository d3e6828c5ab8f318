package pm.daemon.process;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Children of this process that somebody else starts and waits for. Nobody here reaps them: their
 * exit codes would be lost. Any thread.
 */
public final class ForeignChildren {
  private final Set<Integer> pids = ConcurrentHashMap.newKeySet();
  private final SpawnsInFlight inFlight;
  private final Runnable look;

  /**
   * @param look has our own children looked at again; any thread
   */
  ForeignChildren(SpawnsInFlight inFlight, Runnable look) {
    this.inFlight = inFlight;
    this.look = look;
  }

  /**
   * One is about to be started: until its pid is known, no dead child that nobody knows is ours.
   */
  public Start begin() {
    return new Start();
  }

  /** Its owner has waited for it: the number may be anybody's from now on. */
  public void ended(int pid) {
    pids.remove(pid);
    look.run();
  }

  boolean contains(int pid) {
    return pids.contains(pid);
  }

  /** A start that is under way. */
  public final class Start {
    private Start() {
      inFlight.begin(this, 0);
    }

    /** It has this pid, and is its owner's until {@link ForeignChildren#ended}. */
    public void started(int pid) {
      pids.add(pid);
      inFlight.end(this);
      look.run();
    }

    /** There is none. */
    public void failed() {
      inFlight.end(this);
      look.run();
    }
  }
}
