/**
 * Moves what programs print from their pipes to log files, and reads it back for {@code pmctl
 * logs}.
 */
@NullMarked
package pm.daemon.output;

import org.jspecify.annotations.NullMarked;
