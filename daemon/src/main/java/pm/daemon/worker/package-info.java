/**
 * Talks JSON-RPC 2.0 with programs of type {@code worker}, through named pipes that outlive the
 * daemon. Knows nothing of health or tasks: it says what came and sends what it is told.
 */
@NullMarked
package pm.daemon.worker;

import org.jspecify.annotations.NullMarked;
