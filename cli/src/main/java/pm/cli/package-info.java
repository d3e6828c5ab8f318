/** {@code pmctl}, the client of {@code pmd}. */
@NullMarked
package pm.cli;

import org.jspecify.annotations.NullMarked;
