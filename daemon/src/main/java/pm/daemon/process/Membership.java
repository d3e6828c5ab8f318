package pm.daemon.process;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.loop.BlockingPool;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.PidFd;

/**
 * Tells whether a process belongs to an invocation. Loop thread only.
 *
 * <p>It does if it is the main process, if its session is that of the main process, if one of its
 * ancestors is the main process, or if it lost its parent to us (or, where the main process is not
 * our child, to anybody) and shows the invocation: by its control group, if the invocation has one,
 * which nobody can choose for himself. Else by its environment or its pipes, unless it is in the
 * control group of another. What a process shows of its own will is believed only as far as an id
 * is not known to others.
 */
public final class Membership {
  /** What can be told of a process. */
  public enum Standing {
    /** It belongs to the invocation. */
    OWN,
    /** It does not. */
    STRANGER,
    /** There is no such process any more, so nothing can be told. */
    GONE,
    /** The invocation has no process that is known. */
    NOBODYS
  }

  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

  /** Deeper trees than this are nobody's. */
  private static final int MOST_ANCESTORS = 64;

  private final ProcFs proc = new ProcFs();
  private final BlockingPool pool;
  private final Map<InvocationId, Child> children;
  private final int self;

  Membership(BlockingPool pool, Map<InvocationId, Child> children, int self) {
    this.pool = pool;
    this.children = children;
    this.self = self;
  }

  /**
   * Asks about a process.
   *
   * @param then gets the answer, at once or later, on the loop thread
   */
  public void ask(InvocationId invocation, int pid, Consumer<Standing> then) {
    Child child = children.get(invocation);
    if (child == null || child.identity().pid() == 0 || !child.isCertain) {
      then.accept(Standing.NOBODYS);
      return;
    }
    try {
      Optional<ProcessStat> process = proc.stat(pid);
      if (process.isEmpty()) {
        then.accept(Standing.GONE);
        return;
      }
      Optional<Standing> atHand = atHand(child, process.get());
      if (atHand.isPresent()) {
        then.accept(atHand.get());
        return;
      }
      prove(invocation, child.group().isPresent(), process.get(), then);
    } catch (ErrnoException refused) {
      LOG.warn("process {} cannot be looked at: {}", pid, refused.getMessage());
      then.accept(Standing.STRANGER);
    }
  }

  private Optional<Standing> atHand(Child child, ProcessStat process) throws ErrnoException {
    int main = child.identity().pid();
    int leader = child.leader().map(Held::pid).orElse(main);
    Set<Integer> otherMains = mains(main);
    ProcessStat at = process;
    for (int i = 0; i < MOST_ANCESTORS; i++) {
      if (at.pid() == main
          || at.session() == main
          || at.pid() == leader
          || at.session() == leader) {
        // While its invocation is known the main process is not reaped, so the number is its own.
        return Optional.of(Standing.OWN);
      }
      if (at.pid() == self || at.pid() <= 1 || otherMains.contains(at.pid())) {
        return Optional.of(Standing.STRANGER);
      }
      if (at.parent() == self || (at.parent() <= 1 && !child.isOurs())) {
        return Optional.empty();
      }
      Optional<ProcessStat> parent = proc.stat(at.parent());
      if (parent.isEmpty()) {
        return Optional.of(Standing.STRANGER);
      }
      at = parent.get();
    }
    return Optional.of(Standing.STRANGER);
  }

  private Set<Integer> mains(int except) {
    Map<Integer, Boolean> mains = new HashMap<>();
    for (Child other : children.values()) {
      int pid = other.identity().pid();
      if (pid != except && pid != 0) {
        mains.put(pid, true);
      }
    }
    return mains.keySet();
  }

  private void prove(
      InvocationId invocation, boolean hasGroup, ProcessStat process, Consumer<Standing> then) {
    Set<String> others = new HashSet<>();
    children.keySet().forEach(each -> others.add(each.hex()));
    others.remove(invocation.hex());
    boolean taken =
        pool.submit(
            () -> {
              ProcFs own = new ProcFs();
              return isProven(
                  invocation.hex(),
                  hasGroup,
                  others,
                  own.groups(process.pid()),
                  ProcessTable.proof(own, process));
            },
            isOwn -> then.accept(isOwn ? Standing.OWN : Standing.STRANGER),
            thrown -> {
              LOG.warn("process {} cannot be told from a stranger", process.pid(), thrown);
              then.accept(Standing.STRANGER);
            });
    if (!taken) {
      LOG.warn("process {} cannot be told from a stranger: too much is looked at", process.pid());
      then.accept(Standing.STRANGER);
    }
  }

  /**
   * Weighs what a process shows.
   *
   * @param hasGroup whether the invocation has a control group
   * @param others the other invocations that live
   * @param groups in whose groups the process is
   * @param shown what it shows in any way
   */
  static boolean isProven(
      String invocation,
      boolean hasGroup,
      Set<String> others,
      Set<String> groups,
      Set<String> shown) {
    if (groups.contains(invocation)) {
      return true;
    }
    return !hasGroup && groups.stream().noneMatch(others::contains) && shown.contains(invocation);
  }

  /** Returns what tells a living process from any other; empty if it is gone. */
  public Optional<ProcessIdentity> identity(int pid) {
    try (PidFd pidFd = PidFd.open(pid)) {
      Optional<ProcessStat> stat = proc.stat(pid);
      if (stat.isEmpty() || stat.get().isZombie()) {
        return Optional.empty();
      }
      return Optional.of(
          new ProcessIdentity(pid, stat.get().startTicks(), pidFd.inode().orElse(0)));
    } catch (ErrnoException gone) {
      return Optional.empty();
    }
  }
}
