package pm.daemon.core.model;

import java.util.Locale;

/**
 * What became of one instance in answer to a request.
 *
 * @param instance which
 * @param result how it went
 * @param detail the same in words
 * @param state its state by then
 * @param invocation the invocation that failed, empty text where none did; its output explains it
 */
public record Outcome(
    InstanceName instance, Result result, String detail, InstanceState state, String invocation) {

  /** How it went. */
  public enum Result {
    /** What was asked for is so now. */
    DONE,
    /** It was so already. */
    UNCHANGED,
    /** It is begun; nobody waits for it. */
    ACCEPTED,
    /** It went wrong. */
    FAILED,
    /** It was not so in time. */
    TIMED_OUT;

    /** Returns the word that users see. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
