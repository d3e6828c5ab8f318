/** Configuration files: checked records, and every problem at its line and column. */
@NullMarked
package pm.config;

import org.jspecify.annotations.NullMarked;
