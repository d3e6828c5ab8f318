@NullMarked
package pm.daemon.core;

import org.jspecify.annotations.NullMarked;
