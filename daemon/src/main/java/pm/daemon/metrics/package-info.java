/** Counters, and all that is measured, as text for a monitoring system. */
@NullMarked
package pm.daemon.metrics;

import org.jspecify.annotations.NullMarked;
