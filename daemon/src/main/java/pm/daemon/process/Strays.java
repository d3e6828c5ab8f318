package pm.daemon.process;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;

/**
 * Kills what a command that was run beside a program has started. Reads all of {@code /proc}: not
 * for the loop; one thread at a time.
 *
 * <p>What is to be killed is stopped first and looked for again until nothing new is found, as in
 * {@link Sweep}.
 */
public final class Strays {
  private static final int MOST_ROUNDS = 10;
  private static final int MOST_ENVIRONMENT = 256 * 1024;

  /**
   * Whose processes.
   *
   * @param session the pid of the command, which leads a session of its own
   * @param startTicks when it began; empty if it was over before that could be seen
   * @param invocation beside which it was run
   * @param hook the value of its {@code PM_HOOK}
   * @param escaped whether those are meant too that left the session and are nobody's children any
   *     more: they are known by their environment
   */
  public record Of(
      int session,
      OptionalLong startTicks,
      InvocationId invocation,
      String hook,
      boolean escaped) {}

  private static final int NO_SESSION = -1;

  private final ProcFs proc = new ProcFs();
  private final ByteBuffer environment = ByteBuffer.allocateDirect(MOST_ENVIRONMENT);
  private final int self = Host.pid();

  /** Returns when a process began, in clock ticks since boot; empty if it is gone. */
  public OptionalLong startTicks(int pid) throws ErrnoException {
    Optional<ProcessStat> stat = proc.stat(pid);
    return stat.isPresent() ? OptionalLong.of(stat.get().startTicks()) : OptionalLong.empty();
  }

  /**
   * Kills all that is found.
   *
   * @return how many there were
   * @throws ErrnoException if the machine is short of something; some may be left
   */
  public int kill(Of whose) throws ErrnoException {
    return kill(whose, false);
  }

  /**
   * Kills what a command of a daemon before this one has started, itself included: whatever shows
   * its mark, and what that has started.
   *
   * @param hook the value of its {@code PM_HOOK}
   * @return how many there were
   * @throws ErrnoException if the machine is short of something; some may be left
   */
  public int killEarlier(InvocationId invocation, String hook) throws ErrnoException {
    return kill(new Of(NO_SESSION, OptionalLong.empty(), invocation, hook, true), true);
  }

  private int kill(Of whose, boolean earlier) throws ErrnoException {
    Map<Integer, Held> found = new LinkedHashMap<>();
    try {
      for (int round = 0; round < MOST_ROUNDS && find(whose, earlier, found); round++) {
        found.values().forEach(held -> held.send(Signals.STOP));
      }
      found.values().forEach(held -> held.send(Signals.KILL));
      return found.size();
    } finally {
      found.values().forEach(Held::close);
    }
  }

  private boolean find(Of whose, boolean earlier, Map<Integer, Held> found) throws ErrnoException {
    ProcessTable table = ProcessTable.read(proc);
    Optional<ProcessStat> leader = table.get(whose.session());
    // The number of a session is not used again while it has a process.
    boolean isSessionOurs =
        leader.isEmpty()
            || (whose.startTicks().isPresent()
                && leader.get().startTicks() == whose.startTicks().getAsLong());
    Deque<ProcessStat> belonging = new ArrayDeque<>();
    for (ProcessStat process : table.all()) {
      boolean isOfSession = isSessionOurs && process.session() == whose.session();
      if (isOfSession || (whose.escaped() && hasEscaped(process, earlier, whose))) {
        belonging.add(process);
      }
    }
    boolean isNew = false;
    for (ProcessStat next = belonging.poll(); next != null; next = belonging.poll()) {
      if (next.isZombie() || next.pid() == self || found.containsKey(next.pid())) {
        continue;
      }
      Optional<Held> held = hold(next);
      if (held.isPresent()) {
        found.put(next.pid(), held.get());
        isNew = true;
        belonging.addAll(table.childrenOf(next.pid()));
      }
    }
    return isNew;
  }

  /**
   * Those whose parent lives are found as its descendants; who is the parent of what another daemon
   * ran cannot be known.
   */
  private boolean hasEscaped(ProcessStat process, boolean earlier, Of whose) {
    return (earlier || process.parent() == self)
        && process.pid() != self
        && !process.isZombie()
        && process.state() != 'D'
        && hasEnvironment(process.pid(), whose);
  }

  private boolean hasEnvironment(int pid, Of whose) {
    environment.clear();
    try {
      int fd = Fd.open("/proc/" + pid + "/environ", OpenFlags.RDONLY, 0);
      try {
        int count;
        do {
          count = Fd.read(fd, environment);
        } while (count > 0 && environment.hasRemaining());
      } finally {
        Fd.close(fd);
      }
    } catch (ErrnoException goneOrHidden) {
      // Then it is no evidence.
      return false;
    }
    String text = '\0' + StandardCharsets.ISO_8859_1.decode(environment.flip()).toString() + '\0';
    return text.contains("\0PM_INVOCATION_ID=" + whose.invocation() + '\0')
        && text.contains("\0PM_HOOK=" + whose.hook() + '\0');
  }

  private Optional<Held> hold(ProcessStat process) throws ErrnoException {
    PidFd pidFd;
    try {
      pidFd = PidFd.open(process.pid());
    } catch (ErrnoException refused) {
      if (refused.isShortage()) {
        throw refused;
      }
      return Optional.empty();
    }
    boolean isIt = false;
    try {
      isIt =
          proc.stat(process.pid())
              .filter(now -> now.startTicks() == process.startTicks())
              .isPresent();
    } finally {
      if (!isIt) {
        pidFd.close();
      }
    }
    return isIt
        ? Optional.of(new Held(process.pid(), process.startTicks(), pidFd))
        : Optional.empty();
  }
}
