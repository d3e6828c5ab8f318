/**
 * What comes into the core (commands, reports, the passing of time) and what goes out (entries,
 * effects).
 */
@NullMarked
package pm.daemon.core.event;

import org.jspecify.annotations.NullMarked;
