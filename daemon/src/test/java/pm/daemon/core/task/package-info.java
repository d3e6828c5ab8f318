/** Tests of the life of tasks and of their queues. */
@NullMarked
package pm.daemon.core.task;

import org.jspecify.annotations.NullMarked;
