/** The life of one instance: transitions, restart rules, the stop sequence. */
@NullMarked
package pm.daemon.core.instance;

import org.jspecify.annotations.NullMarked;
