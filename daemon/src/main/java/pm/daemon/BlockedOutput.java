package pm.daemon;

import java.nio.file.Path;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.loop.EventLoop;
import pm.daemon.output.OutputListener;

/** Reports that output cannot be written, and that it can be again. */
final class BlockedOutput implements OutputListener {

  private final EventLoop loop;
  private final EventQueue queue;

  BlockedOutput(EventLoop loop, EventQueue queue) {
    this.loop = loop;
    this.queue = queue;
  }

  @Override
  public void blocked(InstanceName instance, Path file, String reason) {
    loop.post(() -> queue.add(new Report.OutputBlocked(instance, file.toString(), reason)));
  }

  @Override
  public void flows(InstanceName instance, Path file) {
    loop.post(() -> queue.add(new Report.OutputFlows(instance, file.toString())));
  }
}
