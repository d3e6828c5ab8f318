/** The one thread that decides, what wakes it, and the pool for what would block it. */
@NullMarked
package pm.daemon.loop;

import org.jspecify.annotations.NullMarked;
