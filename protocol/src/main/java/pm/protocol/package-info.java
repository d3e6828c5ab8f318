/**
 * What travels between {@code pmctl} and {@code pmd}: JSON values, JSON-RPC 2.0 messages, their
 * framing as lines, the fixed table of methods, error codes and exit codes. Used by both sides; no
 * type here knows a socket.
 */
@NullMarked
package pm.protocol;

import org.jspecify.annotations.NullMarked;
