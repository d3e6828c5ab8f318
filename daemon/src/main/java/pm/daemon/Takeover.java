package pm.daemon;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.control.Upgrade;
import pm.daemon.core.model.Actor;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.SystemTime;
import pm.daemon.process.ForeignChildren;

/**
 * Prepares that the installed version takes over: asks it, as a child that reads the real records,
 * whether it can; waits until nothing is under way whose result only this daemon would learn; ends
 * the loop. What comes after is {@link Main}'s. Loop thread only.
 */
final class Takeover implements Upgrade {

  private static final Logger LOG = LoggerFactory.getLogger("pmd");
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final Succession succession;
  private final BlockingPool pool;
  private final SystemTime time;
  private final Ending ending;
  private final ForeignChildren children;
  private final Supplier<List<String>> underWay;
  private final BooleanSupplier isEnding;
  private final Optional<Last> last;

  private Optional<Pending> pending = Optional.empty();

  /** One that was asked for. */
  private record Pending(
      Actor actor,
      Consumer<Answer> answer,
      Optional<InstalledVersion.Answer.Ready> installed,
      long patientUntil) {
    Pending ready(InstalledVersion.Answer.Ready version, long until) {
      return new Pending(actor, answer, Optional.of(version), until);
    }
  }

  /**
   * Nothing is prepared before {@link #begin}.
   *
   * @param children learns of the child that is asked
   * @param underWay tells in words what must end first
   * @param isEnding whether the daemon shuts down
   */
  Takeover(
      Succession succession,
      BlockingPool pool,
      SystemTime time,
      Ending ending,
      ForeignChildren children,
      Supplier<List<String>> underWay,
      BooleanSupplier isEnding) {
    this.succession = succession;
    this.pool = pool;
    this.time = time;
    this.ending = ending;
    this.children = children;
    this.underWay = underWay;
    this.isEnding = isEnding;
    Instant now = time.now().wall();
    last =
        succession
            .inheritance()
            .map(
                from ->
                    from.failure().isEmpty()
                        ? new Last(from.from(), BuildInfo.version(), now, "")
                        : new Last(BuildInfo.version(), from.from(), now, from.failure()));
  }

  @Override
  public Optional<Last> last() {
    return last;
  }

  @Override
  public void begin(Actor actor, Consumer<Answer> answer) {
    if (pending.isPresent()) {
      answer.accept(new Answer.Refused("an upgrade is under way already"));
      return;
    }
    Optional<InstalledVersion> installed = succession.installed();
    if (installed.isEmpty()) {
      answer.accept(
          new Answer.Refused(
              "this pmd was not started by bin/pmd, so it does not know where the installed"
                  + " version is"));
      return;
    }
    pending = Optional.of(new Pending(actor, answer, Optional.empty(), 0));
    boolean taken =
        pool.submit(
            () -> installed.get().ask(children),
            this::asked,
            thrown -> refuse("the installed version could not be asked: " + thrown));
    if (!taken) {
      refuse("there is too much to do; try again");
    }
  }

  private void asked(InstalledVersion.Answer answer) {
    switch (answer) {
      case InstalledVersion.Answer.Unable unable -> refuse(unable.why());
      case InstalledVersion.Answer.Ready ready ->
          pending = pending.map(each -> each.ready(ready, time.nanos() + PATIENCE_NANOS));
    }
  }

  /** Everything of this turn is done: the moment at which the records say all there is to say. */
  void endOfBatch() {
    if (pending.flatMap(Pending::installed).isEmpty()) {
      return;
    }
    if (isEnding.getAsBoolean()) {
      refuse("the daemon is shutting down");
      return;
    }
    Pending ready = pending.get();
    InstalledVersion.Answer.Ready next = ready.installed().orElseThrow();
    List<String> first = underWay.get();
    if (!first.isEmpty()) {
      if (time.nanos() > ready.patientUntil()) {
        refuse("it takes too long: " + String.join(", ", first));
      }
      return;
    }
    pending = Optional.empty();
    LOG.info("becomes version {}, asked for by {}", next.version(), ready.actor());
    ready.answer().accept(new Answer.Accepted(next.version()));
    ending.upgrade(next.words());
  }

  private void refuse(String why) {
    Optional<Pending> refused = pending;
    pending = Optional.empty();
    refused.ifPresent(
        each -> {
          LOG.warn("stays version {}: {}", BuildInfo.version(), why);
          each.answer().accept(new Answer.Refused(why));
        });
  }
}
