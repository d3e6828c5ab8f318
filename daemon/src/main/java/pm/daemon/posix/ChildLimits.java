package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import pm.daemon.posix.ResourceLimit.Resource;
import pm.daemon.posix.SpawnException.Stage;

/**
 * The part of {@link ChildSettings} that belongs to a process, set on a child that exists already:
 * limits, the OOM score, the control group.
 *
 * <p>Limits that we are refused are tried again with the child's user as our real user, for whom
 * prlimit(2) asks for no capability as long as nothing is raised: a root without CAP_SYS_RESOURCE,
 * as containers have it, can lower the limits of another user's process in this way only.
 */
final class ChildLimits {
  private static final int RLIMIT_BYTES = 16;

  private final List<Resource> resources = new ArrayList<>();
  private final List<ResourceLimit> limits = new ArrayList<>();
  private final int count;
  private final int[] numbers;
  private final long[] values;
  private final int[] errors;
  private final OptionalInt oomScore;
  private final OptionalInt cgroupProcs;
  private final boolean isExact;

  /** Returns the room that an instance takes in its block, in bytes. */
  static int sizeOf() {
    return Resource.values().length * RLIMIT_BYTES;
  }

  ChildLimits(ChildSettings settings, NativeBlock block) {
    isExact = settings.needsGate();
    Map<Resource, ResourceLimit> all = new EnumMap<>(Resource.class);
    settings.filesGivenBack().ifPresent(limit -> all.put(Resource.FILES, limit));
    all.putAll(settings.limits());
    all.forEach(
        (resource, limit) -> {
          resources.add(resource);
          limits.add(limit);
        });
    count = all.size();
    numbers = new int[count];
    values = new long[count];
    errors = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = resources.get(i).number();
      values[i] = block.take(RLIMIT_BYTES);
      block.putLong(values[i], limits.get(i).soft());
      block.putLong(values[i] + Long.BYTES, limits.get(i).hard());
    }
    oomScore = settings.oomScore();
    cgroupProcs = settings.cgroupProcs();
  }

  private int set(int pid, int i) {
    int result = (int) Libc.call(Libc.SYSCALL, Layout.SYS_PRLIMIT64, pid, numbers[i], values[i], 0);
    return result == 0 ? 0 : Libc.errno();
  }

  /**
   * Sets everything. As ourselves.
   *
   * @param realUser the child's user if it is not ours
   * @throws SpawnException if something cannot be had; the child lives
   */
  void set(int pid, OptionalInt realUser) throws SpawnException {
    boolean isRefused = false;
    for (int i = 0; i < count; i++) {
      errors[i] = set(pid, i);
      isRefused |= errors[i] == Errno.EPERM;
    }
    if (isRefused && realUser.isPresent()) {
      tryAs(realUser.getAsInt(), pid);
    }
    for (int i = 0; i < count; i++) {
      // A child that is not held back may be over. And it may keep more than it should have: only
      // what was asked for is worth its life.
      if (errors[i] != 0 && errors[i] != Errno.ESRCH && isExact) {
        throw new SpawnException(
            Stage.LIMITS, errors[i], sentence(resources.get(i), limits.get(i), errors[i]));
      }
    }
    if (oomScore.isPresent()) {
      setOomScore(pid, oomScore.getAsInt());
    }
    if (cgroupProcs.isPresent()) {
      join(pid, cgroupProcs.getAsInt());
    }
  }

  /** Takes another real user, which changes no right of ours, and the own one back. */
  private void tryAs(int realUser, int pid) {
    int own = Host.uid();
    if ((int) Libc.call(Libc.SYSCALL, Layout.SYS_SETRESUID, realUser, -1, -1) == 0) {
      for (int i = 0; i < count; i++) {
        errors[i] = errors[i] == 0 ? 0 : set(pid, i);
      }
      Libc.call(Libc.SYSCALL, Layout.SYS_SETRESUID, own, -1, -1);
    }
  }

  private static String sentence(Resource resource, ResourceLimit wanted, int error) {
    String what = resource.word() + ": cannot be set to " + wanted + ": ";
    if (error == Errno.EPERM) {
      try {
        long own = Host.limit(resource).hard();
        if (!wanted.fitsBelow(own)) {
          return what
              + "the hard limit of pmd itself is "
              + ResourceLimit.text(own)
              + ", and it may not raise it";
        }
        if (resource == Resource.FILES) {
          return what
              + "this machine allows at most "
              + SelfStatus.read("/proc/sys/fs/nr_open").strip()
              + " (sysctl fs.nr_open)";
        }
      } catch (ErrnoException noReason) {
        return what + Errno.message(error) + " (" + noReason.getMessage() + ")";
      }
    }
    return what + Errno.message(error);
  }

  private static void setOomScore(int pid, int score) throws SpawnException {
    try {
      write("/proc/" + pid + "/oom_score_adj", Integer.toString(score));
    } catch (ErrnoException refused) {
      String reason =
          refused.errno() == Errno.EACCES || refused.errno() == Errno.EPERM
              ? "it may only be raised without CAP_SYS_RESOURCE"
              : Errno.message(refused.errno());
      if (refused.errno() != Errno.ENOENT && refused.errno() != Errno.ESRCH) {
        throw new SpawnException(
            Stage.LIMITS,
            refused.errno(),
            "oom_score_adj: cannot be set to " + score + ": " + reason);
      }
      // The child is over already: it has no score any more.
    }
  }

  private static void write(String path, String text) throws ErrnoException {
    int fd = Fd.open(path, OpenFlags.WRONLY, 0);
    try {
      Fd.writeFully(fd, bytes(text));
    } finally {
      Fd.close(fd);
    }
  }

  private static void join(int pid, int procs) throws SpawnException {
    try {
      Fd.writeFully(procs, bytes(Integer.toString(pid)));
    } catch (ErrnoException refused) {
      // ESRCH: it is over already, killed while it was held back.
      if (refused.errno() != Errno.ESRCH) {
        throw new SpawnException(
            Stage.LIMITS,
            refused.errno(),
            "it cannot be put into its control group: " + Errno.message(refused.errno()));
      }
    }
  }

  private static ByteBuffer bytes(String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocateDirect(ascii.length).put(ascii).flip();
  }
}
