package pm.daemon;

import java.io.IOException;
import java.util.OptionalLong;
import pm.daemon.core.model.InvocationId;
import pm.daemon.probe.Neighbours;
import pm.daemon.process.ForeignChildren;
import pm.daemon.process.Strays;

/** Has the children of hooks and probes left to them, and what they leave behind killed. */
public final class ProcessNeighbours implements Neighbours {

  private final ForeignChildren children;

  /**
   * @param children gets the pids that are not ours to reap
   */
  public ProcessNeighbours(ForeignChildren children) {
    this.children = children;
  }

  @Override
  public Start begin() {
    ForeignChildren.Start start = children.begin();
    return new Start() {
      @Override
      public void started(int pid) {
        start.started(pid);
      }

      @Override
      public void failed() {
        start.failed();
      }
    };
  }

  @Override
  public void ended(int pid) {
    children.ended(pid);
  }

  @Override
  public OptionalLong startTicks(int pid) throws IOException {
    return new Strays().startTicks(pid);
  }

  @Override
  public int killStrays(
      int session, OptionalLong startTicks, InvocationId invocation, String hook, boolean escaped)
      throws IOException {
    return new Strays().kill(new Strays.Of(session, startTicks, invocation, hook, escaped));
  }

  @Override
  public int killEarlier(InvocationId invocation, String hook) throws IOException {
    return new Strays().killEarlier(invocation, hook);
  }
}
