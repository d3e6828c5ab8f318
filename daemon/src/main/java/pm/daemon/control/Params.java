package pm.daemon.control;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.event.Command;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** Parameters that several methods take, read and checked. */
final class Params {
  private static final long MOST_SECONDS = Duration.ofDays(36_500).toSeconds();

  private Params() {}

  /** Returns the selectors of a method that must not mean everything by saying nothing. */
  static List<String> someSelectors(Members params) throws JsonException {
    List<String> selectors = params.strings("selectors");
    if (selectors.isEmpty()) {
      throw new JsonException("selectors is missing: name programs or instances, or all");
    }
    return selectors;
  }

  /** Returns how long the caller waits: {@code wait} and {@code timeout_seconds}. */
  static Command.Patience patience(Members params) throws JsonException {
    boolean wait = params.bool("wait", true);
    Optional<Duration> timeout = seconds(params, "timeout_seconds");
    return wait
        ? new Command.Patience(true, timeout.map(Duration::toNanos).orElse(Long.MAX_VALUE))
        : Command.Patience.NONE;
  }

  /** Returns a length of time, which may have a fraction. */
  static Optional<Duration> seconds(Members params, String name) throws JsonException {
    Optional<Number> number = params.optionalNumber(name);
    if (number.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(nanos(new BigDecimal(number.get().toString()), name)));
  }

  /** Returns a length of time in nanoseconds; {@code name} names it in the error. */
  static long nanos(BigDecimal seconds, String name) throws JsonException {
    if (seconds.signum() < 0 || seconds.compareTo(BigDecimal.valueOf(MOST_SECONDS)) > 0) {
      throw new JsonException(name + " must be from 0 to " + MOST_SECONDS);
    }
    return seconds.movePointRight(9).longValue();
  }

  /** Returns what a client sent, as an answer or the log may repeat it. */
  static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }
}
