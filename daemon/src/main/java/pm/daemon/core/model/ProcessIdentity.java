package pm.daemon.core.model;

/**
 * What tells a process from any other of the same boot.
 *
 * @param pid its number, which the kernel uses again
 * @param startTicks its start time, field 22 of {@code /proc/PID/stat}, in clock ticks since boot
 * @param inode the inode of a pidfd for it (Linux 6.9 and later), else 0
 */
public record ProcessIdentity(int pid, long startTicks, long inode) {}
