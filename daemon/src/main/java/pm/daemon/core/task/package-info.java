/** The life of one task, and the queues of those that wait. */
@NullMarked
package pm.daemon.core.task;

import org.jspecify.annotations.NullMarked;
