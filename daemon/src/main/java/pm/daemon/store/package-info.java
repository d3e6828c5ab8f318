/**
 * Keeps what was decided: the records of running instances in the runtime folder, which survive a
 * killed daemon; and in the state folder tasks, operators' decisions and events.
 */
@NullMarked
package pm.daemon.store;

import org.jspecify.annotations.NullMarked;
