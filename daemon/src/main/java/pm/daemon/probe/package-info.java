/**
 * Asks programs from outside whether they work, and runs commands beside them. Results come back as
 * reports. The only package that knows of zt-exec, whose classes are loaded when the first command
 * is run.
 */
@NullMarked
package pm.daemon.probe;

import org.jspecify.annotations.NullMarked;
