package pm.daemon.posix;

/**
 * What differs between the architectures, and the layouts of structures: offsets and sizes in
 * bytes, numbers of system calls. Taken from the headers of glibc 2.36 and Linux 6.18; only 64-bit
 * little-endian x86_64 and aarch64 are supported.
 */
final class Layout {
  private static final boolean X86_64 = isX86();

  // struct epoll_event is packed on x86_64 only.
  static final int EPOLL_EVENT_SIZE = either(12, 16);
  static final int EPOLL_DATA = either(4, 8);

  // struct stat
  static final int STAT_SIZE = 144;
  static final int STAT_DEVICE = 0;
  static final int STAT_INODE = 8;
  static final int STAT_MODE = either(24, 16);
  static final int STAT_UID = either(28, 24);
  static final int STAT_GID = either(32, 28);
  static final int STAT_LENGTH = 48;
  static final int STAT_MODIFIED_SECONDS = 88;
  static final int STAT_MODIFIED_NANOS = 96;

  // struct statx, the same everywhere
  static final int STATX_MASK = 0;
  static final int STATX_BORN_SECONDS = 80;
  static final int STATX_BORN_NANOS = 88;

  // siginfo_t as waitid fills it
  static final int SIGINFO_SIZE = 128;
  static final int SIGINFO_CODE = 8;
  static final int SIGINFO_PID = 16;
  static final int SIGINFO_STATUS = 24;

  // struct passwd and struct group
  static final int PASSWD_SIZE = 48;
  static final int PASSWD_NAME = 0;
  static final int PASSWD_UID = 16;
  static final int PASSWD_GID = 20;
  static final int PASSWD_HOME = 32;
  static final int PASSWD_SHELL = 40;
  static final int GROUP_SIZE = 32;
  static final int GROUP_NAME = 0;
  static final int GROUP_GID = 16;

  // posix_spawn_file_actions_t, posix_spawnattr_t, sigset_t
  static final int SPAWN_ACTIONS_SIZE = 80;
  static final int SPAWN_ATTRIBUTES_SIZE = 336;
  static final int SIGNAL_SET_SIZE = 128;

  // struct pidfd_info, and the request that names its size of 72
  static final long PIDFD_GET_INFO = 0xc048ff0bL;
  static final int PIDFD_INFO_SIZE = 72;
  static final int PIDFD_INFO_EXIT_CODE = 60;

  // open(2)
  static final int O_DIRECTORY = either(0x10000, 0x4000);
  static final int O_NOFOLLOW = either(0x20000, 0x8000);

  // System calls without a wrapper, or whose wrapper changes every thread
  static final int SYS_RT_SIGPROCMASK = either(14, 135);
  static final int SYS_UMASK = either(95, 166);
  static final int SYS_SETFSUID = either(122, 151);
  static final int SYS_SETFSGID = either(123, 152);
  static final int SYS_SETGROUPS = either(116, 159);
  static final int SYS_SETRESUID = either(117, 147);
  static final int SYS_SETRESGID = either(119, 149);
  static final int SYS_UNSHARE = either(272, 97);
  static final int SYS_SETPRIORITY = either(141, 140);
  static final int SYS_SCHED_SETAFFINITY = either(203, 122);
  static final int SYS_SCHED_GETAFFINITY = either(204, 123);
  static final int SYS_IOPRIO_SET = either(251, 30);
  static final int SYS_CAPGET = either(125, 90);
  static final int SYS_CAPSET = either(126, 91);
  static final int SYS_PRLIMIT64 = either(302, 261);
  static final int SYS_PIDFD_SEND_SIGNAL = 424;
  static final int SYS_PIDFD_OPEN = 434;
  static final int SYS_OPENAT2 = 437;
  static final int SYS_EPOLL_PWAIT2 = 441;

  private Layout() {}

  private static int either(int onX86, int onAarch64) {
    return X86_64 ? onX86 : onAarch64;
  }

  private static boolean isX86() {
    String architecture = System.getProperty("os.arch", "");
    return switch (architecture) {
      case "amd64", "x86_64" -> true;
      case "aarch64" -> false;
      default ->
          throw new UnsupportedOperationException(
              "pmd runs on x86_64 and aarch64, not on " + architecture);
    };
  }
}
