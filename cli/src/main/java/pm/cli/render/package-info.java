/** Values from the daemon as text: tables, JSON, YAML, and what a terminal may be sent. */
@NullMarked
package pm.cli.render;

import org.jspecify.annotations.NullMarked;
