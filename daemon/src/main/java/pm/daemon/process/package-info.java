/**
 * Turns what is to be done with processes into calls of the kernel, and what the kernel tells of
 * them into reports: spawning, waiting, signals, what a process leaves behind, and taking over what
 * a daemon before us started.
 *
 * <p>{@link pm.daemon.process.Processes} is the way in.
 */
@NullMarked
package pm.daemon.process;

import org.jspecify.annotations.NullMarked;
