package pm.daemon.process;

/**
 * What a process uses.
 *
 * @param cpuTicks processor time since it began, in clock ticks of {@link
 *     HostFacts#ticksPerSecond()}
 * @param residentBytes its memory, shared pages included
 */
public record Usage(long cpuTicks, long residentBytes) {}
