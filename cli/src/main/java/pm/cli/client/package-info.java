/** The connection to {@code pmd}: its socket, requests, responses and streams. */
@NullMarked
package pm.cli.client;

import org.jspecify.annotations.NullMarked;
