/** Measures the restart window. */
@NullMarked
package pm.daemon.core.model;

import org.jspecify.annotations.NullMarked;
