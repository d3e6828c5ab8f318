/** The lines between {@code pmd} and its clients: JSON-RPC 2.0, one message a line. */
@NullMarked
package pm.protocol;

import org.jspecify.annotations.NullMarked;
