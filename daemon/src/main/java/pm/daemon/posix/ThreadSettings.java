package pm.daemon.posix;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import pm.daemon.posix.SpawnException.Stage;

/**
 * The part of {@link ChildSettings} that belongs to a thread, applied to the calling thread, whose
 * children inherit it. The constructor prepares everything; {@link #applyAsOurselves} and {@link
 * #applyAsChild} only call the kernel with numbers; {@link #failure} puts what was refused into
 * words.
 */
final class ThreadSettings {
  private static final int PRIO_PROCESS = 0;
  private static final int IOPRIO_WHO_PROCESS = 1;
  private static final int PR_CAPBSET_READ = 23;
  private static final int PR_CAPBSET_DROP = 24;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int PR_CAP_AMBIENT = 47;
  private static final int PR_CAP_AMBIENT_RAISE = 2;
  private static final int CAPABILITY_VERSION_3 = 0x20080522;
  private static final int CPU_SET_BYTES = ChildSettings.MOST_CPUS / Byte.SIZE;
  private static final int HEADER_BYTES = 8;
  private static final int DATA_BYTES = 24;

  /** Room that an instance takes in its block, in bytes. */
  static final int SIZE = 2 * CPU_SET_BYTES + 2 * 16 + 32;

  private static final long PRCTL = Libc.function("prctl");

  private final ChildSettings settings;
  private final NativeBlock block;
  private final boolean hasNice;
  private final int nice;
  private final boolean hasIoPriority;
  private final int ioPriority;
  private final boolean hasCpus;
  private final long cpus;
  private final long cpusInForce;
  private final boolean hasCapabilities;
  private final long keptCapabilities;
  private final long header;
  private final long data;
  private final boolean noNewPrivileges;

  private What refused = What.NOTHING;
  private int errno;
  private int capability;

  private enum What {
    NOTHING,
    NICE,
    IO_PRIORITY,
    CPUS,
    CPU,
    BOUNDING,
    INHERITABLE,
    AMBIENT,
    NO_NEW_PRIVILEGES
  }

  /**
   * @throws SpawnException if a capability is wanted that this process does not have itself
   */
  ThreadSettings(ChildSettings settings, NativeBlock block) throws SpawnException {
    this.settings = settings;
    this.block = block;
    hasNice = settings.nice().isPresent();
    nice = settings.nice().orElse(0);
    hasIoPriority = settings.ioPriority().isPresent();
    ioPriority = settings.ioPriority().orElse(0);
    hasCpus = !settings.cpus().isEmpty();
    cpus = block.take(CPU_SET_BYTES);
    cpusInForce = block.take(CPU_SET_BYTES);
    for (int cpu : settings.cpus()) {
      long at = cpus + cpu / Byte.SIZE;
      block.putByte(at, block.getByte(at) | 1 << (cpu % Byte.SIZE));
    }
    hasCapabilities = settings.capabilities().isPresent();
    long kept = 0;
    for (Capability wanted : settings.capabilities().orElse(Set.of())) {
      kept |= wanted.bit();
    }
    keptCapabilities = kept;
    header = block.take(HEADER_BYTES);
    data = block.take(DATA_BYTES);
    block.putInt(header, CAPABILITY_VERSION_3);
    noNewPrivileges = settings.noNewPrivileges();
    checkCapabilities();
  }

  private void checkCapabilities() throws SpawnException {
    if (keptCapabilities == 0) {
      return;
    }
    long own;
    try {
      own = SelfStatus.mask("CapPrm");
    } catch (ErrnoException refusedToRead) {
      throw new SpawnException(Stage.SECURITY, refusedToRead);
    }
    for (Capability wanted : settings.capabilities().orElse(Set.of())) {
      if (!wanted.isIn(own)) {
        throw new SpawnException(
            Stage.SECURITY,
            Errno.EPERM,
            "capability " + wanted.word() + " cannot be given: pmd does not have it itself");
      }
    }
  }

  /** Sets what needs our own rights. Before the user is changed. */
  boolean applyAsOurselves() {
    if (hasNice && call(Layout.SYS_SETPRIORITY, PRIO_PROCESS, 0, nice) != 0) {
      return fail(What.NICE, Libc.errno());
    }
    if (hasIoPriority && call(Layout.SYS_IOPRIO_SET, IOPRIO_WHO_PROCESS, 0, ioPriority) != 0) {
      return fail(What.IO_PRIORITY, Libc.errno());
    }
    if (hasCpus && !applyCpus()) {
      return false;
    }
    return !hasCapabilities || dropBounding();
  }

  /** The kernel leaves out what it cannot give, without a word, as long as one remains. */
  private boolean applyCpus() {
    if (call(Layout.SYS_SCHED_SETAFFINITY, 0, CPU_SET_BYTES, cpus) != 0) {
      return fail(What.CPUS, Libc.errno());
    }
    if (call(Layout.SYS_SCHED_GETAFFINITY, 0, CPU_SET_BYTES, cpusInForce) < 0) {
      return fail(What.CPUS, Libc.errno());
    }
    for (int i = 0; i < CPU_SET_BYTES; i++) {
      if (block.getByte(cpus + i) != block.getByte(cpusInForce + i)) {
        return fail(What.CPU, Errno.EINVAL);
      }
    }
    return true;
  }

  private boolean dropBounding() {
    for (int i = 0; i < Capability.MOST; i++) {
      int has = (int) Libc.call(PRCTL, PR_CAPBSET_READ, i, 0, 0, 0);
      if (has < 0) {
        // Past the last that this kernel knows.
        return true;
      }
      boolean isKept = (keptCapabilities & (1L << i)) != 0;
      if (has == 1 && !isKept && (int) Libc.call(PRCTL, PR_CAPBSET_DROP, i, 0, 0, 0) != 0) {
        capability = i;
        return fail(What.BOUNDING, Libc.errno());
      }
    }
    return true;
  }

  /**
   * Sets what is to outlive the change of user. After it, with the permitted capabilities that the
   * saved user still gives us.
   *
   * @param isRoot whether the child's user is root, whom exec gives what is in the bounding set
   */
  boolean applyAsChild(boolean isRoot) {
    if (hasCapabilities && !inherit(isRoot)) {
      return false;
    }
    if (noNewPrivileges && (int) Libc.call(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
      return fail(What.NO_NEW_PRIVILEGES, Libc.errno());
    }
    return true;
  }

  private boolean inherit(boolean isRoot) {
    if (call(Layout.SYS_CAPGET, header, data, 0) != 0) {
      return fail(What.INHERITABLE, Libc.errno());
    }
    block.putInt(data + 8, (int) keptCapabilities);
    block.putInt(data + 20, (int) (keptCapabilities >>> 32));
    if (call(Layout.SYS_CAPSET, header, data, 0) != 0) {
      return fail(What.INHERITABLE, Libc.errno());
    }
    for (int i = 0; i < Capability.MOST && !isRoot; i++) {
      if ((keptCapabilities & (1L << i)) != 0
          && (int) Libc.call(PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) {
        capability = i;
        return fail(What.AMBIENT, Libc.errno());
      }
    }
    return true;
  }

  private static int call(int number, long a, long b, long c) {
    return (int) Libc.call(Libc.SYSCALL, number, a, b, c);
  }

  private boolean fail(What what, int error) {
    refused = what;
    errno = error;
    return false;
  }

  /** Says what {@link #applyAsOurselves} or {@link #applyAsChild} was refused. */
  SpawnException failure() {
    String message = Errno.message(errno);
    return switch (refused) {
      case NOTHING -> throw new IllegalStateException("nothing was refused");
      case NICE -> limits("nice: cannot be set to " + nice + ": " + message);
      case IO_PRIORITY -> limits("io_class: cannot be set: " + message);
      case CPUS ->
          limits("cpu_affinity: none of the processors " + settings.cpus() + " can be used here");
      case CPU ->
          limits("cpu_affinity: these processors cannot be used here: " + missing(settings.cpus()));
      case BOUNDING ->
          security(
              "capabilities: "
                  + Capability.word(capability)
                  + " cannot be taken away, which only root may: "
                  + message);
      case INHERITABLE -> security("capabilities: cannot be set: " + message);
      case AMBIENT ->
          security("capabilities: " + Capability.word(capability) + " cannot be given: " + message);
      case NO_NEW_PRIVILEGES -> security("no_new_privileges: cannot be set: " + message);
    };
  }

  private String missing(List<Integer> wanted) {
    List<String> missing = new ArrayList<>();
    for (int cpu : new TreeSet<>(wanted)) {
      if ((block.getByte(cpusInForce + cpu / Byte.SIZE) & 1 << (cpu % Byte.SIZE)) == 0) {
        missing.add(Integer.toString(cpu));
      }
    }
    return String.join(", ", missing);
  }

  private SpawnException limits(String detail) {
    return new SpawnException(Stage.LIMITS, errno, detail);
  }

  private SpawnException security(String detail) {
    return new SpawnException(Stage.SECURITY, errno, detail);
  }
}
