package pm.daemon.process;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Waits;

/**
 * The children that we did not start: what our children had started and left to us when they ended.
 * Reaps the dead, and tells to which invocation each of the living belongs, where that can be told.
 * Loop thread only.
 *
 * <p>The look itself only reads what the kernel has at hand. Where it needs the environment or the
 * descriptors of a process, they are read on the pool.
 */
final class Orphans {
  private static final Logger LOG = LoggerFactory.getLogger(Orphans.class);

  /**
   * A living orphan.
   *
   * @param owner the invocation that it belongs to; empty if that cannot be told
   */
  record Orphan(ProcessStat process, Optional<Child> owner) {}

  /**
   * What a look has found.
   *
   * @param isComplete whether all could be looked at
   */
  record Seen(List<Orphan> living, boolean isComplete) {

    /** Whether something of {@code child} lives, or may live. */
    boolean mayHave(Child child) {
      return !isComplete
          || living.stream().anyMatch(orphan -> orphan.owner().filter(child::equals).isPresent());
    }
  }

  private record Known(long startTicks, Child owner) {}

  private final ProcFs proc;
  private final OwnChildren ownChildren;
  private final BlockingPool pool;
  private final SpawnsInFlight inFlight;
  private final IntPredicate isForeign;
  private final Map<Integer, Child> mains = new HashMap<>();
  private final Map<InvocationId, Child> children;
  private final Map<Integer, Known> known = new HashMap<>();
  private boolean hasLeftDead;
  private boolean isComplete = true;

  /**
   * @param children all that are not released
   * @param isForeign whether a child of this process is waited for by somebody else
   */
  Orphans(
      ProcFs proc,
      OwnChildren ownChildren,
      BlockingPool pool,
      SpawnsInFlight inFlight,
      Map<InvocationId, Child> children,
      IntPredicate isForeign) {
    this.proc = proc;
    this.ownChildren = ownChildren;
    this.pool = pool;
    this.inFlight = inFlight;
    this.children = children;
    this.isForeign = isForeign;
  }

  /** A child of ours is no orphan. */
  void add(Child main) {
    mains.put(main.identity().pid(), main);
  }

  /** Its main process is reaped. */
  void remove(Child main) {
    mains.values().removeIf(child -> child == main);
    known.values().removeIf(orphan -> orphan.owner() == main);
  }

  /** The process that was spawned is none either, while another is the main one. */
  void addLeader(int pid, Child child) {
    mains.put(pid, child);
  }

  /** The process that was spawned is reaped, and another is the main one. */
  void removeLeader(int pid, Child child) {
    mains.remove(pid, child);
  }

  /** Returns the orphans that are known to belong to a child, with their start times, by pid. */
  Map<Integer, Long> knownOf(Child child) {
    Map<Integer, Long> found = new HashMap<>();
    known.forEach(
        (pid, orphan) -> {
          if (orphan.owner() == child) {
            found.put(pid, orphan.startTicks());
          }
        });
    return Map.copyOf(found);
  }

  /** Whether the last look left a dead one alone, because it may belong to a spawn in flight. */
  boolean hasLeftDead() {
    return hasLeftDead;
  }

  /**
   * Looks once: reaps the dead and hands over the living.
   *
   * @param needsOwners whether it must be found out to whom they belong, which may take a moment;
   *     else only what is at hand is told
   * @param then called on the loop thread, at once or later
   */
  void look(boolean needsOwners, Consumer<Seen> then) {
    List<ProcessStat> living = lookAtHand(needsOwners);
    List<ProcessStat> unknown =
        living.stream().filter(process -> ownerOf(process).isEmpty()).toList();
    if (!needsOwners || unknown.isEmpty()) {
      then.accept(seen(living));
      return;
    }
    boolean accepted =
        pool.submit(
            () -> proofs(unknown),
            proofs -> {
              learn(unknown, proofs);
              then.accept(seen(living));
            },
            thrown -> {
              LOG.warn("orphans cannot be told apart", thrown);
              isComplete = false;
              then.accept(seen(living));
            });
    if (!accepted) {
      isComplete = false;
      then.accept(seen(living));
    }
  }

  /**
   * @param isLivingWanted whether what is known of the living must be read: of thousands that takes
   *     a while
   */
  private List<ProcessStat> lookAtHand(boolean isLivingWanted) {
    hasLeftDead = false;
    isComplete = true;
    List<ProcessStat> living = new ArrayList<>();
    List<Integer> pids;
    try {
      pids = ownChildren.list();
    } catch (ErrnoException refused) {
      LOG.warn("our children cannot be listed: {}", refused.getMessage());
      isComplete = false;
      return living;
    }
    for (int pid : pids) {
      if (mains.containsKey(pid) || isForeign.test(pid)) {
        continue;
      }
      try {
        if (!isLivingWanted && isLiving(pid)) {
          continue;
        }
        Optional<ProcessStat> process = proc.stat(pid);
        if (process.isPresent()) {
          if (process.get().isZombie()) {
            reap(process.get());
          } else {
            living.add(process.get());
          }
        }
      } catch (ErrnoException refused) {
        isComplete = false;
        LOG.warn("an orphan cannot be looked at: {}", refused.getMessage());
      }
    }
    known.keySet().retainAll(Set.copyOf(pids));
    return living;
  }

  /** Asks with one call of the kernel where reading {@code /proc} takes three. */
  private static boolean isLiving(int pid) throws ErrnoException {
    try {
      return Waits.peekPid(pid).isEmpty();
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ECHILD) {
        // Its owner has reaped it in the meantime.
        return true;
      }
      throw refused;
    }
  }

  private void reap(ProcessStat dead) throws ErrnoException {
    if (inFlight.mayHaveStarted(dead.startTicks())) {
      hasLeftDead = true;
      return;
    }
    try {
      Waits.reapPid(dead.pid());
      LOG.debug("reaped orphan {}", dead.pid());
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ECHILD) {
        throw refused;
      }
    }
  }

  private Optional<Child> ownerOf(ProcessStat process) {
    // The main process of a child of ours is not reaped, so the number of its session is its own.
    Child leader = mains.get(process.session());
    if (leader != null) {
      return Optional.of(leader);
    }
    Known before = known.get(process.pid());
    return before != null && before.startTicks() == process.startTicks()
        ? Optional.of(before.owner())
        : Optional.empty();
  }

  private Seen seen(List<ProcessStat> living) {
    return new Seen(
        living.stream().map(process -> new Orphan(process, ownerOf(process))).toList(), isComplete);
  }

  private static Map<Integer, Set<String>> proofs(List<ProcessStat> processes)
      throws ErrnoException {
    ProcFs proc = new ProcFs();
    Map<Integer, Set<String>> proofs = new HashMap<>();
    for (ProcessStat process : processes) {
      proofs.put(process.pid(), ProcessTable.proof(proc, process));
    }
    return proofs;
  }

  private void learn(List<ProcessStat> processes, Map<Integer, Set<String>> proofs) {
    for (ProcessStat process : processes) {
      for (String hex : proofs.getOrDefault(process.pid(), Set.of())) {
        Child owner = children.get(new InvocationId(hex));
        if (owner != null) {
          known.put(process.pid(), new Known(process.startTicks(), owner));
        }
      }
    }
  }
}
