/**
 * The only door to the kernel: system calls and the few functions of the C library that the daemon
 * needs, called through jffi.
 *
 * <p>Classes without state of their own offer static methods; what owns a descriptor is an object
 * that closes it. A call that fails throws {@link pm.daemon.posix.ErrnoException}, which names the
 * call, its argument and the error. A call that a signal interrupted is made again here. All
 * descriptors are made close-on-exec. The least that is needed is Linux 5.4 and glibc 2.34; what
 * newer kernels offer is used where it is found.
 */
@NullMarked
package pm.daemon.posix;

import org.jspecify.annotations.NullMarked;
