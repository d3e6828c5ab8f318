@NullMarked
package pm.daemon.core.instance;

import org.jspecify.annotations.NullMarked;
