@NullMarked
package pm.daemon.simulation;

import org.jspecify.annotations.NullMarked;
