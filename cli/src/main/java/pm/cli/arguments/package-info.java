/** What may stand on the command line of each command, and reading it. */
@NullMarked
package pm.cli.arguments;

import org.jspecify.annotations.NullMarked;
