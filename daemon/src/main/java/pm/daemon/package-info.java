/** {@code pmd}: what wires the parts together and starts them. */
@NullMarked
package pm.daemon;

import org.jspecify.annotations.NullMarked;
