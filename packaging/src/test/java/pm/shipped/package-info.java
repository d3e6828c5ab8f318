/** The programs as they are shipped, run from the assembled tree. */
@NullMarked
package pm.shipped;

import org.jspecify.annotations.NullMarked;
