package pm.daemon;

import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.output.OutputListener;

/** Reports that output cannot be written, and that it can be again; ends us if nobody writes it. */
final class BlockedOutput implements OutputListener {
  private static final Logger LOG = LoggerFactory.getLogger(BlockedOutput.class);

  private static final int MOST_SHOWN = 200;

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

  @Override
  public void found(InvocationId invocation, String line) {
    loop.post(() -> queue.add(new Report.BecameReady(invocation, "log line: " + cut(line))));
  }

  private static String cut(String line) {
    return line.length() <= MOST_SHOWN ? line : line.substring(0, MOST_SHOWN) + "…";
  }

  @Override
  public void failed(Throwable cause) {
    LOG.error("the writer of logs has failed; pmd ends, its programs go on", cause);
    DaemonLog.close();
    // Nothing is run down: what is kept is kept, and the next daemon goes on with everything.
    Runtime.getRuntime().halt(ExitCode.FAULT);
  }
}
