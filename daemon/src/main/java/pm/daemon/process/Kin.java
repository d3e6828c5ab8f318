package pm.daemon.process;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import pm.config.StopScope;
import pm.daemon.posix.ErrnoException;

/**
 * What belongs to one invocation, as far as it can be told. Pure.
 *
 * <p>A process belongs to it if it is the main process, or its session is that of the main process,
 * or it is in the control group of the invocation, or its environment or a pipe of its shows the
 * invocation, or its parent belongs to it. What is in doubt does not belong: it could be a
 * stranger's.
 *
 * <p>The number of a session is its leader's pid, and the kernel does not use it again while the
 * session has a process. So it says something only while the main process is held, or if one in the
 * session began before the main process ended, or shows the invocation itself.
 *
 * @param invocation its id
 * @param mainPid the pid of its main process; 0 if that is not known
 * @param isMainHeld whether that pid is the main process's for sure, because it is not reaped
 * @param endTicks before when the main process was not gone, in clock ticks since boot; 0 if that
 *     is not known
 * @param isOurs whether what it leaves behind becomes our child, because we started it
 * @param known others that are known to belong to it, with their start times, by pid
 */
record Kin(
    String invocation,
    int mainPid,
    boolean isMainHeld,
    long endTicks,
    boolean isOurs,
    Map<Integer, Long> known) {
  private static final int KERNEL_THREADS = 2;

  /**
   * Finds its living processes, the main process first.
   *
   * @param self this process, which belongs to nobody, nor does what it starts
   * @param mains the main processes of all invocations, shared by all who look: one each would be a
   *     million entries for a thousand
   * @param members what is in its control group
   * @throws ErrnoException if the machine is short of something, so that we know nothing
   */
  List<ProcessStat> in(
      ProcessTable table, StopScope scope, int self, Set<Integer> mains, Set<Integer> members)
      throws ErrnoException {
    Map<Integer, ProcessStat> found = new LinkedHashMap<>();
    if (isMainHeld) {
      table.get(mainPid).filter(main -> !main.isZombie()).ifPresent(m -> found.put(m.pid(), m));
    }
    boolean sessionIsOurs = scope != StopScope.PROCESS && isSessionOurs(table, self, mains);
    switch (scope) {
      case PROCESS -> {}
      case GROUP -> {
        for (ProcessStat process : table.all()) {
          if (sessionIsOurs && process.group() == mainPid && mayBelong(process, self, mains)) {
            found.putIfAbsent(process.pid(), process);
          }
        }
      }
      case TREE -> {
        for (ProcessStat process : table.all()) {
          if (mayBelong(process, self, mains)
              && ((sessionIsOurs && process.session() == mainPid)
                  || isKnown(process)
                  || members.contains(process.pid())
                  || shows(table, process, self))) {
            found.putIfAbsent(process.pid(), process);
          }
        }
        addDescendants(table, found, self, mains);
      }
    }
    return List.copyOf(found.values());
  }

  private boolean isSessionOurs(ProcessTable table, int self, Set<Integer> mains)
      throws ErrnoException {
    if (mainPid == 0 || isMainHeld) {
      return isMainHeld;
    }
    if (table.get(mainPid).isPresent()) {
      // Its number is another's already, so its session had ended before.
      return false;
    }
    for (ProcessStat process : table.all()) {
      if (process.session() == mainPid
          && mayBelong(process, self, mains)
          && (process.startTicks() < endTicks || table.proves(process, invocation))) {
        return true;
      }
    }
    return false;
  }

  private boolean isKnown(ProcessStat process) {
    Long startTicks = known.get(process.pid());
    return startTicks != null && startTicks == process.startTicks();
  }

  private boolean shows(ProcessTable table, ProcessStat process, int self) throws ErrnoException {
    // Those whose parent lives are found through it, or belong to another.
    boolean isOrphanOfOurs = process.parent() == self;
    return isOrphanOfOurs == isOurs && table.proves(process, invocation);
  }

  private void addDescendants(
      ProcessTable table, Map<Integer, ProcessStat> found, int self, Set<Integer> mains) {
    Deque<ProcessStat> parents = new ArrayDeque<>(found.values());
    for (ProcessStat parent = parents.poll(); parent != null; parent = parents.poll()) {
      for (ProcessStat child : table.childrenOf(parent.pid())) {
        if (mayBelong(child, self, mains) && found.putIfAbsent(child.pid(), child) == null) {
          parents.add(child);
        }
      }
    }
  }

  private boolean mayBelong(ProcessStat process, int self, Set<Integer> mains) {
    boolean isOfKernel = process.pid() == KERNEL_THREADS || process.parent() == KERNEL_THREADS;
    return !process.isZombie()
        && !(isOfKernel && process.session() == 0)
        && process.pid() != self
        && process.pid() != 1
        && (process.pid() == mainPid || isKnown(process) || !mains.contains(process.pid()));
  }
}
