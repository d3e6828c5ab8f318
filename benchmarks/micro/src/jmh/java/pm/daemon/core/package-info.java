/** Measures the core as a whole. */
@NullMarked
package pm.daemon.core;

import org.jspecify.annotations.NullMarked;
