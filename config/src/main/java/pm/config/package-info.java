/**
 * The configuration of {@code pmd}: what both kinds of YAML files say, as immutable records, and
 * how they are read, checked, written and compared. Needs no daemon, so that {@code pmctl config
 * check} can use it too.
 */
@NullMarked
package pm.config;

import org.jspecify.annotations.NullMarked;
