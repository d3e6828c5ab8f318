package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import pm.daemon.core.model.InstanceName;

/**
 * Says what is wrong with what a worker sends: the first time at once, then at most once a minute,
 * with the count of what was not said. Loop thread only.
 */
final class Remarks {
  private static final long INTERVAL_NANOS = 60_000_000_000L;
  private static final int EXCERPT_BYTES = 80;

  private final InstanceName instance;
  private final String type;
  private final String sentence;
  private final WorkerListener listener;
  private final LongSupplier clock;

  private boolean hasSpoken;
  private long lastNanos;
  private long unsaid;

  /**
   * @param sentence what is wrong; the excerpt follows
   */
  Remarks(
      InstanceName instance,
      String type,
      String sentence,
      WorkerListener listener,
      LongSupplier clock) {
    this.instance = instance;
    this.type = type;
    this.sentence = sentence;
    this.listener = listener;
    this.clock = clock;
  }

  /** It has happened, with these bytes. */
  void note(byte[] bytes, int from, int to) {
    long now = clock.getAsLong();
    if (hasSpoken && now - lastNanos < INTERVAL_NANOS) {
      unsaid++;
      return;
    }
    String before = unsaid == 0 ? "" : "; " + unsaid + " more since the last such event";
    hasSpoken = true;
    lastNanos = now;
    unsaid = 0;
    listener.remarked(instance, type, sentence + ": " + excerpt(bytes, from, to) + before);
  }

  /** Says how often it has happened since it was said last. */
  void close() {
    if (unsaid > 0) {
      listener.remarked(instance, type, sentence + ", " + unsaid + " more times");
      unsaid = 0;
    }
  }

  private static String excerpt(byte[] bytes, int from, int to) {
    int count = Math.min(to - from, EXCERPT_BYTES);
    StringBuilder text = new StringBuilder("\"");
    new String(bytes, from, count, StandardCharsets.UTF_8)
        .strip()
        .codePoints()
        .forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '\ufffd' : c));
    return text.append(to - from > EXCERPT_BYTES ? "…\"" : "\"").toString();
  }
}
