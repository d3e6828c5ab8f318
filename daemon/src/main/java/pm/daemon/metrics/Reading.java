package pm.daemon.metrics;

import java.util.function.LongSupplier;

/**
 * A number that a part of the daemon has.
 *
 * @param name such as {@code pm_events_lost_total}; one that ends so only grows
 * @param help what it means, a sentence
 * @param value read on the loop thread
 */
public record Reading(String name, String help, LongSupplier value) {
  Exposition.Type type() {
    return name.endsWith("_total") ? Exposition.Type.COUNTER : Exposition.Type.GAUGE;
  }
}
