/** Measures the queue of tasks. */
@NullMarked
package pm.daemon.core.task;

import org.jspecify.annotations.NullMarked;
