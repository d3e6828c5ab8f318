/**
 * What programs say of themselves: sd_notify(3) and readiness descriptors; and what we say to the
 * service manager that started us.
 */
@NullMarked
package pm.daemon.notify;

import org.jspecify.annotations.NullMarked;
