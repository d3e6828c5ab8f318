package pm.daemon.control;

import java.util.Optional;
import pm.daemon.core.model.InstanceView;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;

/** Measures the processes of instances. Threads of the pool. */
final class Samples {
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

  /** Returns the resident memory of a process. Blocks. */
  Optional<Long> memoryBytes(ProcessIdentity process) {
    return sampler.usage(process).map(ProcessSampler.Usage::memoryBytes);
  }
}
