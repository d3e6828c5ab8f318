/** The supervisor: finds the instance, asks its machine, gathers the decision. */
@NullMarked
package pm.daemon.core;

import org.jspecify.annotations.NullMarked;
