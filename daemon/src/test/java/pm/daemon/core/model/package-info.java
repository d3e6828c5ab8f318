@NullMarked
package pm.daemon.core.model;

import org.jspecify.annotations.NullMarked;
