package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;

/** This process and the machine under it. Any thread may call. */
public final class Host {
  private static final int CLOCK_MONOTONIC = 1;
  private static final int CLOCK_BOOTTIME = 7;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int M_MMAP_THRESHOLD = -3;

  /** From this size on; what glibc begins with. */
  private static final int LARGE_BYTES = 128 * 1024;

  private static final long GETPID = Libc.function("getpid");
  private static final long GETUID = Libc.function("getuid");
  private static final long GETEUID = Libc.function("geteuid");
  private static final long GETEGID = Libc.function("getegid");
  private static final long GETGROUPS = Libc.function("getgroups");
  private static final long PRCTL = Libc.function("prctl");
  private static final long GETRLIMIT = Libc.function("getrlimit");
  private static final long SETRLIMIT = Libc.function("setrlimit");
  private static final long CLOCK_GETTIME = Libc.function("clock_gettime");
  private static final long GETRANDOM = Libc.function("getrandom");

  private Host() {}

  /** This process; getpid(2). */
  public static int pid() {
    return (int) Libc.call(GETPID);
  }

  /** Who started it; getuid(2). */
  public static int uid() {
    return (int) Libc.call(GETUID);
  }

  /** With whose rights it acts; geteuid(2). */
  public static int euid() {
    return (int) Libc.call(GETEUID);
  }

  /** With which group's rights it acts; getegid(2). */
  public static int egid() {
    return (int) Libc.call(GETEGID);
  }

  /** Its supplementary groups; getgroups(2). */
  public static List<Integer> groups() throws ErrnoException {
    while (true) {
      int count = (int) Libc.call(GETGROUPS, 0, 0);
      ByteBuffer memory = ByteBuffer.allocateDirect(4 * Math.max(count, 1));
      memory.order(java.nio.ByteOrder.nativeOrder());
      int read = (int) Libc.call(GETGROUPS, count, Libc.address(memory));
      if (read >= 0) {
        List<Integer> groups = new ArrayList<>();
        for (int i = 0; i < read && count > 0; i++) {
          groups.add(memory.getInt(4 * i));
        }
        return List.copyOf(groups);
      }
      int errno = Libc.errno();
      if (errno != Errno.EINVAL) {
        throw new ErrnoException("getgroups", "", errno);
      }
      // Another thread has added groups between the two calls.
    }
  }

  /** The permissions that new files do not get; {@code Umask} in proc(5), Linux 4.7. */
  public static int umask() throws ErrnoException {
    return Integer.parseInt(SelfStatus.field("Umask"), 8);
  }

  /** Tells whether a capability is in force; {@code CapEff} in proc(5). */
  public static boolean hasCapability(Capability capability) throws ErrnoException {
    return capability.isIn(SelfStatus.mask("CapEff"));
  }

  /**
   * Has descendants whose parent ends become our children instead of those of PID 1;
   * PR_SET_CHILD_SUBREAPER of prctl(2), Linux 3.4.
   */
  public static void becomeChildSubreaper() throws ErrnoException {
    if ((int) Libc.call(PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
      throw new ErrnoException("prctl", "PR_SET_CHILD_SUBREAPER", Libc.errno());
    }
  }

  /**
   * Has the C library give large pieces of memory back to the kernel as soon as they are free;
   * mallopt(3). Without this glibc comes to keep them, and as many as there are arenas: eight for
   * each processor, which threads that live for a moment take in turns. Others have no such choice.
   */
  public static void giveBackLargeMemory() {
    OptionalLong mallopt = Libc.find("mallopt");
    if (mallopt.isPresent()) {
      Libc.call(mallopt.getAsLong(), M_MMAP_THRESHOLD, LARGE_BYTES);
    }
  }

  /**
   * Has the C library give whole pages back to the kernel that are free by now, in all its arenas;
   * malloc_trim(3). Takes some milliseconds, in which others who want memory wait. Other libraries
   * have no such function.
   */
  public static void giveBackFreeMemory() {
    OptionalLong trim = Libc.find("malloc_trim");
    if (trim.isPresent()) {
      Libc.call(trim.getAsLong(), 0);
    }
  }

  /** Returns a limit; getrlimit(2). */
  public static ResourceLimit limit(ResourceLimit.Resource resource) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    if ((int) Libc.call(GETRLIMIT, resource.number(), scratch.address()) != 0) {
      throw new ErrnoException("getrlimit", resource.name(), Libc.errno());
    }
    return new ResourceLimit(scratch.buffer().getLong(0), scratch.buffer().getLong(8));
  }

  /** Changes a limit of this process, and of all children after; setrlimit(2). */
  public static void setLimit(ResourceLimit.Resource resource, ResourceLimit limit)
      throws ErrnoException {
    Scratch scratch = Scratch.mine();
    scratch.buffer().putLong(0, limit.soft()).putLong(8, limit.hard());
    if ((int) Libc.call(SETRLIMIT, resource.number(), scratch.address()) != 0) {
      throw new ErrnoException("setrlimit", resource.name(), Libc.errno());
    }
  }

  /**
   * Nanoseconds of the kernel's clock that only goes forward and counts no suspension;
   * CLOCK_MONOTONIC of clock_gettime(2). Every process of this boot sees the same.
   */
  public static long monotonicNanos() {
    return nanos(CLOCK_MONOTONIC);
  }

  /**
   * Nanoseconds since boot, suspension counted; CLOCK_BOOTTIME of clock_gettime(2). The kernel says
   * by this clock when a process began.
   */
  public static long bootNanos() {
    return nanos(CLOCK_BOOTTIME);
  }

  private static long nanos(long clock) {
    Scratch scratch = Scratch.mine();
    Libc.call(CLOCK_GETTIME, clock, scratch.address());
    return scratch.buffer().getLong(0) * 1_000_000_000L + scratch.buffer().getLong(8);
  }

  /** Names this boot of the machine; random(4). */
  public static String bootId() throws ErrnoException {
    return SelfStatus.read("/proc/sys/kernel/random/boot_id").strip();
  }

  /** Returns 128 random bits in 32 hexadecimal digits; getrandom(2), Linux 3.17. */
  public static String randomHex() throws ErrnoException {
    Scratch scratch = Scratch.mine();
    byte[] bytes = new byte[16];
    while (Libc.call(GETRANDOM, scratch.address(), bytes.length, 0) != bytes.length) {
      // Only an interruption before the kernel has seeded its generator can bring us here.
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw new ErrnoException("getrandom", "", errno);
      }
    }
    scratch.buffer().get(0, bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** How many processors this process may use, as the JVM sees it. */
  public static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }
}
