/**
 * One class a command: what it takes, what it asks the daemon for, what it prints and exits with.
 */
@NullMarked
package pm.cli.command;

import org.jspecify.annotations.NullMarked;
