@NullMarked
package pm.daemon.core.plan;

import org.jspecify.annotations.NullMarked;
