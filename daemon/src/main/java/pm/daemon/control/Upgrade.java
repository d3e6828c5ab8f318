package pm.daemon.control;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import pm.daemon.core.model.Actor;

/** How the running daemon becomes the version that is installed. Loop thread only. */
public interface Upgrade {
  /**
   * Finds out whether the installed version can take over. If so it does, soon after {@code answer}
   * was told so: {@link ControlServer#closeForUpgrade()} comes before.
   *
   * @param actor who wants it
   * @param answer gets exactly one answer, on the loop thread, at any time
   */
  void begin(Actor actor, Consumer<Answer> answer);

  /** Returns how the last one went, empty if there was none since the daemon was started. */
  Optional<Last> last();

  /** Whether it is going to be. */
  sealed interface Answer {
    /** The installed version has said yes, and takes over now. */
    record Accepted(String version) implements Answer {}

    /** Nothing has changed; the reason is a sentence. */
    record Refused(String why) implements Answer {}
  }

  /**
   * An upgrade that was accepted.
   *
   * @param from the version before
   * @param to the version that was installed
   * @param at when
   * @param failure why the version before is still, or again, in charge; empty if it is not
   */
  record Last(String from, String to, Instant at, String failure) {}
}
