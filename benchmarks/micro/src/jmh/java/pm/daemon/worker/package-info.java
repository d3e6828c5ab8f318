/** Measures the frames that workers hear and say. */
@NullMarked
package pm.daemon.worker;

import org.jspecify.annotations.NullMarked;
