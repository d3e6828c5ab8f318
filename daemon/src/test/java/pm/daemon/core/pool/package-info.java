/** Tests of who gets which task. */
@NullMarked
package pm.daemon.core.pool;

import org.jspecify.annotations.NullMarked;
