/**
 * The control socket: who may connect, what they may ask, and what they are answered. Requests that
 * change something become commands; queries read the supervisor; streams read what is kept. The
 * protocol is described in {@code docs/control-protocol.md}.
 */
@NullMarked
package pm.daemon.control;

import org.jspecify.annotations.NullMarked;
