/** Selection of instances, the difference between two configurations, the plan of a spawn. */
@NullMarked
package pm.daemon.core.plan;

import org.jspecify.annotations.NullMarked;
