package pm.daemon.notify;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What {@code campaigns/lines/fuzz-notify} calls with each of its inputs, a message by sd_notify.
 */
public final class NotifyFuzzer {
  private NotifyFuzzer() {}

  /** Judges one input; throws if something is wrong. */
  public static void fuzzerTestOneInput(byte[] input) {
    Optional<NotifyMessage> message = NotifyMessage.parse(input);
    if (message.isEmpty()) {
      return;
    }
    String status = message.get().says().status().orElse("");
    if (status.length() > NotifyMessage.MOST_STATUS
        || status.chars().anyMatch(Character::isISOControl)) {
      throw new AssertionError("a status that cannot be shown: " + status);
    }
    if (message.get().mainPid().orElse(1) < 1) {
      throw new AssertionError("pid " + message.get().mainPid());
    }
    notNegative(message.get().says().extendTimeoutNanos());
    notNegative(message.get().says().watchdogNanos());
  }

  private static void notNegative(OptionalLong nanos) {
    if (nanos.orElse(0) < 0) {
      throw new AssertionError(nanos + " ns");
    }
  }
}
