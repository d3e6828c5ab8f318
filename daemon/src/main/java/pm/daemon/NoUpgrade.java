package pm.daemon;

import java.util.Optional;
import java.util.function.Consumer;
import pm.daemon.control.Upgrade;
import pm.daemon.core.model.Actor;

/** For a daemon that cannot become another version without being restarted. */
final class NoUpgrade implements Upgrade {
  @Override
  public void begin(Actor actor, Consumer<Answer> answer) {
    answer.accept(
        new Answer.Refused(
            "this pmd cannot be replaced while it runs; restart it: programs go on meanwhile after"
                + " kill -9, and are taken over"));
  }

  @Override
  public Optional<Last> last() {
    return Optional.empty();
  }
}
