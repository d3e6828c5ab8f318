/** The life of a task, and the queues in which tasks wait. */
@NullMarked
package pm.daemon.core.task;

import org.jspecify.annotations.NullMarked;
