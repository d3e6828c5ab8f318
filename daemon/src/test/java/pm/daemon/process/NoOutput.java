package pm.daemon.process;

import java.util.OptionalInt;
import pm.config.LogSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.posix.Stdio;

/** Children write to nowhere. */
public final class NoOutput implements ChildOutput {
  @Override
  public Ends open(SpawnPlan plan) {
    return new Ends() {
      @Override
      public Stdio stdout() {
        return new Stdio.Null();
      }

      @Override
      public Stdio stderr() {
        return new Stdio.Null();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Runnable holdUnread(InstanceName instance, InvocationId invocation) {
    return () -> {};
  }

  @Override
  public void reattach(
      InstanceName instance, InvocationId invocation, OptionalInt pid, LogSpec logs) {}

  @Override
  public void drain(InvocationId invocation, Runnable whenDone) {
    whenDone.run();
  }

  @Override
  public void release(InvocationId invocation) {}
}
