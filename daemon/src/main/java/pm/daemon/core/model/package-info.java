/**
 * Ids and values of the core: instances and their phases, invocations, ends of processes, moments.
 */
@NullMarked
package pm.daemon.core.model;

import org.jspecify.annotations.NullMarked;
