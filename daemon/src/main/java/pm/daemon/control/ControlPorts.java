package pm.daemon.control;

import pm.daemon.core.Supervisor;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;

/**
 * All that the control socket is connected with.
 *
 * @param supervisor what queries read
 * @param commands where changes go
 * @param loop whose thread does all this
 * @param pool for what blocks
 * @param time of the same clock as the loop's
 * @param configuration the files
 * @param events what happened
 * @param logs what programs printed
 * @param tasks pools and tasks
 * @param metrics numbers for a monitoring system
 * @param sampler measures processes
 * @param facts what the daemon says of itself
 * @param upgrade how it becomes the installed version
 */
public record ControlPorts(
    Supervisor supervisor,
    CommandSink commands,
    EventLoop loop,
    BlockingPool pool,
    SystemTime time,
    ConfigurationSource configuration,
    EventSource events,
    LogSource logs,
    TaskSource tasks,
    MetricsSource metrics,
    ProcessSampler sampler,
    DaemonFacts facts,
    Upgrade upgrade) {}
