/**
 * Keeps what was decided: the records of running instances in the runtime folder, which survive a
 * killed daemon, and the operators' decisions and the events in the state folder.
 */
@NullMarked
package pm.daemon.store;

import org.jspecify.annotations.NullMarked;
