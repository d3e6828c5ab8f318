package pm.daemon.process;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

/** What tests ask of {@code /proc}. */
final class Proc {
  private Proc() {}

  static boolean isAlive(int pid) throws ErrnoException {
    return new ProcFs().stat(pid).filter(stat -> !stat.isZombie()).isPresent();
  }

  static char state(int pid) {
    try {
      return new ProcFs().stat(pid).map(ProcessStat::state).orElse('-');
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  /** Counts our children that are dead and not reaped. */
  static long zombies() {
    return table().childrenOf(Host.pid()).stream().filter(ProcessStat::isZombie).count();
  }

  static ProcessTable table() {
    try {
      return ProcessTable.read(new ProcFs());
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  static boolean shows(ProcessTable table, ProcessStat process, InvocationId invocation) {
    try {
      return table.proves(process, invocation.hex());
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  static int descriptors() {
    String[] names = new java.io.File("/proc/self/fd").list();
    return names == null ? -1 : names.length;
  }

  /** Waits for what nothing tells us of. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not in time: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }
}
