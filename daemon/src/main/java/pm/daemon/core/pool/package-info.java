/** Who gets which task, and how many workers there are for them. */
@NullMarked
package pm.daemon.core.pool;

import org.jspecify.annotations.NullMarked;
