package pm.daemon;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.notify.NotifySockets;
import pm.daemon.notify.ReadyPipes;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Stdio;
import pm.daemon.process.Provider;
import pm.daemon.process.Provision;
import pm.daemon.process.ProvisionRefusedException;

/**
 * What programs say of themselves, from their start to their end: by sd_notify, or on a descriptor.
 * Loop thread only, but for {@link #provide}.
 */
final class OwnWords implements Provider, AutoCloseable {

  private static final String STAGE = "readiness";
  private static final long NANOS_PER_MICRO = 1_000;
  private static final int NO_FD = -1;

  private final NotifySockets sockets;
  private final ReadyPipes pipes;

  OwnWords(NotifySockets sockets, ReadyPipes pipes) {
    this.sockets = sockets;
    this.pipes = pipes;
  }

  /** Removes what served invocations that are over. Before the loop runs. */
  void removeStale(Set<InvocationId> claimed) throws IOException {
    sockets.removeStale(claimed);
    pipes.removeStale(claimed);
  }

  /**
   * Gives a child its socket, and its descriptor. {@code WATCHDOG_PID} is left out: nobody knows
   * the pid before there is the process, and without it the watchdog is meant for whoever looks.
   */
  @Override
  public Provision provide(ProgramSpec spec, SpawnPlan plan) throws ProvisionRefusedException {
    Map<String, String> variables = new HashMap<>();
    try {
      Optional<Liveness> watchdog =
          spec.liveness().filter(check -> check.kind() instanceof LivenessKind.Watchdog);
      if (watchdog.isPresent() || spec.readiness() instanceof Readiness.Notify) {
        variables.put(
            "NOTIFY_SOCKET",
            sockets.make(
                plan.instance(), plan.invocation(), plan.account().uid(), plan.account().gid()));
      }
      if (watchdog.isPresent()) {
        long micros = watchdog.get().period().toNanos() / NANOS_PER_MICRO;
        variables.put("WATCHDOG_USEC", Long.toString(micros));
      }
      if (spec.readiness() instanceof Readiness.FdLine line) {
        int fd =
            pipes.make(
                plan.instance(),
                plan.invocation(),
                line.fd(),
                plan.account().uid(),
                plan.account().gid());
        return new Given(variables, Map.of(line.fd(), new Stdio.Descriptor(fd)), fd);
      }
      return new Given(variables, Map.of(), NO_FD);
    } catch (ErrnoException refused) {
      String reason =
          refused.errno() == Errno.ENAMETOOLONG
              ? "the path of its socket is too long: "
                  + refused.argument()
                  + "; give pmd a shorter runtime folder, by --home DIR"
              : String.valueOf(refused.getMessage());
      throw new ProvisionRefusedException(STAGE, reason, refused.isShortage(), refused);
    }
  }

  /** What one child is given. */
  private record Given(Map<String, String> environment, Map<Integer, Stdio> descriptors, int fd)
      implements Provision {
    @Override
    public void close() {
      if (fd == NO_FD) {
        return;
      }
      try {
        Fd.close(fd);
      } catch (ErrnoException refused) {
        throw new IllegalStateException("a pipe's end cannot be closed", refused);
      }
    }
  }

  /** A process of a daemon before us is looked for: it may speak from now on. */
  void adopt(Effect.Adopt adopt) {
    if (adopt.exited()) {
      return;
    }
    InvocationId invocation = adopt.run().invocation();
    sockets.remake(adopt.instance(), invocation);
    if (adopt.spec().readiness() instanceof Readiness.FdLine line) {
      pipes.reopen(adopt.instance(), invocation, line.fd());
    }
  }

  /** Hears what happens to processes, after it has been queued for the core. */
  void observe(Report report) {
    switch (report) {
      case Report.Spawned spawned -> listen(spawned.invocation());
      case Report.Adopted adopted -> listen(adopted.invocation());
      case Report.SpawnFailed failed -> release(failed.invocation());
      case Report.NeverSpawned never -> release(never.invocation());
      case Report.Exited exited -> {}
      case Report.RemainsGone gone -> {}
      case Report.RemainsLeft left -> {}
      case Report.BecameReady ready -> {}
      case Report.Notified notified -> {}
      case Report.Checked checked -> {}
      case Report.Used used -> {}
      case Report.HookEnded ended -> {}
      case Report.OutputBlocked blocked -> {}
      case Report.OutputFlows flows -> {}
      case Report.Remarked remarked -> {}
    }
  }

  private void listen(InvocationId invocation) {
    sockets.listen(invocation);
    pipes.listen(invocation);
  }

  /** The invocation is over. */
  void release(InvocationId invocation) {
    sockets.release(invocation);
    pipes.release(invocation);
  }

  /** Makes the sockets anew that have been removed under us. */
  void restore() {
    sockets.restore();
  }

  /** Returns how many messages did not count. */
  long dropped() {
    return sockets.dropped();
  }

  @Override
  public void close() {
    sockets.close();
    pipes.close();
  }
}
