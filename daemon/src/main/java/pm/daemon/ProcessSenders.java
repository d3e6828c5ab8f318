package pm.daemon;

import java.util.Optional;
import java.util.function.Consumer;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.notify.Senders;
import pm.daemon.process.Membership;

/** Tells by their processes who sends messages to programs' sockets. */
final class ProcessSenders implements Senders {

  private final Membership membership;

  ProcessSenders(Membership membership) {
    this.membership = membership;
  }

  @Override
  public void ask(InvocationId invocation, int pid, Consumer<Standing> then) {
    membership.ask(
        invocation,
        pid,
        standing ->
            then.accept(
                switch (standing) {
                  case OWN -> Standing.OWN;
                  case STRANGER, NOBODYS -> Standing.STRANGER;
                  case GONE -> Standing.GONE;
                }));
  }

  @Override
  public Optional<ProcessIdentity> identity(int pid) {
    return membership.identity(pid);
  }
}
