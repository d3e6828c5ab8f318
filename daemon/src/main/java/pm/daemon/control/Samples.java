package pm.daemon.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;

/** Measures the processes of instances. Threads of the pool. */
final class Samples {
  /** See proc(5); "kB" are 1,024 bytes there. */
  private static final Path OWN_STATUS = Path.of("/proc/self/status");

  private static final String RESIDENT = "VmRSS:";

  private final ProcessSampler sampler;
  private final CpuMeter meter = new CpuMeter();

  Samples(ProcessSampler sampler) {
    this.sampler = sampler;
  }

  /** Returns what is measured of the instance's process, empty if there is none. Blocks. */
  Optional<InstanceJson.Measured> of(InstanceView view, Moment now) {
    return view.instance()
        .run()
        .flatMap(run -> run.process().flatMap(process -> measure(process, run, now)));
  }

  private Optional<InstanceJson.Measured> measure(ProcessIdentity process, Run run, Moment now) {
    return sampler
        .usage(process)
        .map(
            usage ->
                new InstanceJson.Measured(
                    meter.percent(process, usage.cpuNanos(), run.spawnedNanos(), now.nanos()),
                    usage.memoryBytes()));
  }

  /**
   * Returns the cgroup of the instance's process, as its path below the mount point; empty if there
   * is no process. Blocks.
   */
  Optional<String> cgroup(InstanceView view) {
    return view.instance().run().flatMap(Run::process).flatMap(Samples::cgroup);
  }

  /** See cgroups(7): the line of version 2 has neither number nor controllers. */
  private static Optional<String> cgroup(ProcessIdentity process) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", process.pid() + "", "cgroup"))) {
        if (line.startsWith("0::")) {
          return Optional.of(line.substring("0::".length()));
        }
      }
    } catch (IOException e) {
      return Optional.empty(); // It has ended.
    }
    return Optional.empty();
  }

  /** Returns the resident memory of this process, in bytes. Blocks. */
  static Optional<Long> ownMemoryBytes() throws IOException {
    for (String line : Files.readAllLines(OWN_STATUS)) {
      if (line.startsWith(RESIDENT)) {
        String kibibytes = line.substring(RESIDENT.length(), line.lastIndexOf(' ')).strip();
        return Optional.of(Long.parseLong(kibibytes) * 1024);
      }
    }
    return Optional.empty();
  }
}
